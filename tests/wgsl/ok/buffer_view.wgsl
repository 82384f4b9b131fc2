// 6.3: buffer types.
requires buffer_view;
@group(0) @binding(0) var<storage, read_write> raw: buffer;
@group(0) @binding(1) var<uniform> fixed: buffer<64>;
@compute @workgroup_size(1) fn main() { let p = bufferView<array<u32>>(&raw, 16); let q = bufferLength(&fixed); }
