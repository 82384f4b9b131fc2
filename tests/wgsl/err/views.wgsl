// 17.14: buffer views.
@group(0) @binding(0) var<storage, read_write> raw: buffer;
@group(0) @binding(1) var<storage> fixed: buffer<64>;
struct Tail { a: u32, b: array<vec2u> }
fn f(n: i32) {
  _ = bufferLength(n);
  _ = bufferLength(raw);
  _ = bufferLength(&raw, 1);
  _ = bufferView(&raw, 0);
  _ = bufferView<u32>(&raw, 1.5);
  _ = bufferView<u32>(&raw, -4);
  _ = bufferView<vec4f>(&raw, 8);
  _ = bufferView<atomic<u32>>(&raw, 0);
  _ = bufferView<bool>(&raw, 0);
  _ = bufferView<array<u32, 16>>(&fixed, 4);
  _ = bufferArrayView<u32>(&raw, 0, 4);
  _ = bufferArrayView<Tail>(&raw, 0, 18);
  _ = bufferArrayView<Tail>(&raw, 0, n);
}
