// 6.1.2: pointers to buffers become pointers to smaller ones, or to ones of unknown size, as arguments.
requires buffer_view, unrestricted_pointer_parameters;
@group(0) @binding(0) var<storage, read_write> raw: buffer<64>;
@group(0) @binding(1) var<uniform> table: buffer<32>;
var<workgroup> room: buffer<128>;
fn any(p: ptr<storage, buffer, read_write>) -> u32 { return bufferLength(p) + *bufferView<u32>(p, 4); }
fn half(p: ptr<storage, buffer<32>, read_write>) { bufferView<array<u32>>(p, 0)[2] = 1; }
fn same(p: ptr<uniform, buffer<32>>) -> vec4f { return *bufferView<vec4f>(p, 16); }
@compute @workgroup_size(1) fn main() {
  half(&raw);
  let view = bufferView<array<u32, 32>>(&room, 0);
  view[1] = any(&raw) + u32(same(&table).x);
}
