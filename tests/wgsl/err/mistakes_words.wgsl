// What newcomers to WGSL write most often, part 4: the words of other languages.
@group(0) @binding(0) var<storage, read_write> flags: array<bool>;
@compute @workgroup_size(64)
fn main() {
  let i = global_id.x;
  let a: float = lerp(0.0, 1.0, frac(2.5));
  let v: float3 = vec3f(PI);
  let bits = asuint(a);
  var big: double = 1.0;
  printf(i);
  barrier();
  let spelt = Vec3f(noramlize(v));
}
