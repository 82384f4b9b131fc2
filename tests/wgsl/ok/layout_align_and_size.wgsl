// 12.1, 12.15: @align and @size move members; their arguments are const-expressions.
const N = 16;
struct S {
  a: f32,
  @align(N) b: f32,
  @size(N * 2) c: vec3f,
  @align(64) @size(4u << 2) d: u32,
}
@group(0) @binding(0) var<storage> s: array<S, 2>;
@compute @workgroup_size(1) fn main() { _ = s[0].a; }
