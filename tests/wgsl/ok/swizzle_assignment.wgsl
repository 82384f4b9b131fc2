// The language feature swizzle_assignment: several components at once, and of components.
requires swizzle_assignment;
@group(0) @binding(0) var<storage, read_write> x: array<vec4f>;
@compute @workgroup_size(1) fn main() {
  var v = vec4f();
  let p = &v;
  v.xy = vec2f(1);
  v.zyx *= 2;
  (v.rg) += vec2f(1, 2);
  v *= mat4x4f();
  p.wx = v.xw;
  (*p).xyz.zx = vec2f(3);
  v.xyz.y = 1;
  v.xx.x = 1;
  v.wzy[1] += 1;
  x[0].bgr = vec3f(v.xyz.zx, v.xy[1]);
}
