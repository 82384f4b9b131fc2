// 11.4: a view reaches what its buffer is.
requires buffer_view, unrestricted_pointer_parameters;
@group(0) @binding(0) var<storage, read_write> raw: buffer<64>;
fn copy_first(a: ptr<storage, buffer<64>, read_write>, b: ptr<storage, buffer<64>, read_write>) {
  let from_ = bufferView<u32>(a, 0);
  let to = bufferArrayView<array<u32>>(b, 16, 16);
  to[0] = *from_;
}
fn measure(a: ptr<storage, buffer<64>, read_write>, b: ptr<storage, buffer<64>, read_write>) -> u32 {
  *bufferView<u32>(a, 0) = 1;
  return bufferLength(b);
}
@compute @workgroup_size(1) fn main() { _ = measure(&raw, &raw); copy_first(&raw, &raw); }
