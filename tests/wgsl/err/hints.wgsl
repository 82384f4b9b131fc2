// What the hints say that no other file here has.
enable subgroups;
@group(0) @binding(0) var<storage, read_write> counts: array<atomic<u32>>;
@group(0) @binding(1) var<storage, read_write> data: array<u32, 4>;
fn add(p: ptr<function, i32>) -> i32 { return p + 1; }
@compute @workgroup_size(1) fn main() {
  var a = array<f32, 4>();
  var f = 1.5;
  var i = 1;
  _ = a[f];
  if i && true { return; }
  i = add(i);
  _ = counts[0] + 1;
  _ = arrayLength(data);
  _ = atomicAdd(i, 1);
  _ = subgroupBroadcast(1, i);
}
