// check: --pipeline n=6
// 17.14: what overrides make of a view.
override n: i32;
@group(0) @binding(0) var<storage> raw: buffer;
var<workgroup> room: buffer<64>;
@compute @workgroup_size(1) fn offset() { _ = bufferView<u32>(&raw, n); }
@compute @workgroup_size(1) fn negative() { _ = bufferView<u32>(&raw, 2 - n); }
@compute @workgroup_size(1) fn size() { _ = bufferArrayView<array<vec2u>>(&raw, 0, 2 * n); }
@compute @workgroup_size(1) fn end() { _ = bufferView<vec2u>(&room, n * 12 - 8); }
var<workgroup> odd: buffer<n>;
@compute @workgroup_size(1) fn unit() { _ = bufferView<u32>(&odd, 0); }
var<workgroup> small: buffer<n * 2>;
@compute @workgroup_size(1) fn least() { _ = bufferView<vec4u>(&small, 0); }
@compute @workgroup_size(1) fn fine() { _ = bufferView<vec2u>(&small, 0); }
