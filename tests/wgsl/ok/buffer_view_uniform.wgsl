// 17.14, 14.4.4: a view of a uniform is told of like a variable of its type.
requires buffer_view;
struct Inner { x: f32 }
struct Outer { a: Inner, b: f32 }
@group(0) @binding(0) var<uniform> table: buffer<64>;
var<workgroup> room: buffer<64>;
@compute @workgroup_size(1) fn main() {
  _ = bufferView<array<f32, 4>>(&table, 0)[1];
  let p = &table;
  _ = bufferView<Outer>(p, 16).b;
  _ = bufferArrayView<array<vec4f>>(p, 16, 32)[1];
  _ = bufferView<array<f32, 4>>(&room, 0)[1];
}
