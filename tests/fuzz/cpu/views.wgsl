requires buffer_view, unrestricted_pointer_parameters;
struct Tail { head: vec2f, rest: array<vec3u> }
override N: u32 = 64;
@group(0) @binding(0) var<storage, read_write> raw: buffer;
@group(0) @binding(1) var<uniform> table: buffer<64>;
var<workgroup> room: buffer<N>;
var<workgroup> other: array<u32, 4>;
fn put(p: ptr<storage, buffer, read_write>, at: u32) -> u32 {
  let view = bufferView<array<array<u32, 3>>>(p, at);
  view[at][at & 3] += bufferLength(p);
  return arrayLength(view);
}
@compute @workgroup_size(32) fn main(@builtin(global_invocation_id) id: vec3u) {
  let at = *bufferView<u32>(&raw, 4 * id.x) * id.x;
  bufferView<vec4u>(&room, at).zx = bufferView<array<vec4u, 4>>(&table, 0)[at].yw;
  other[at % 4] = 1;
  workgroupBarrier();
  let tail = bufferArrayView<Tail>(&raw, at, 32 + 16 * id.x);
  if (arrayLength(&tail.rest) > 1) { tail.rest[at].y = *bufferView<u32>(&room, at ^ 4) + put(&raw, at); }
  tail.head = bufferView<mat2x2f>(&raw, 8 * id.x)[at & 1];
}
