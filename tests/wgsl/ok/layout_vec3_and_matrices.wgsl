// 14.4.1: alignment and size of vectors, matrices, arrays and structures.
struct Inner { a: vec3f, b: f32, c: vec3<u32> }
struct All {
  s: u32,
  v2: vec2<i32>,
  v3: vec3f,
  tight: f32,
  v4: vec4u,
  m22: mat2x2f,
  m23: mat2x3f,
  m24: mat2x4f,
  m32: mat3x2f,
  m33: mat3x3<f32>,
  m34: mat3x4f,
  m42: mat4x2f,
  m43: mat4x3f,
  m44: mat4x4f,
  inner: Inner,
  list: array<vec3f, 3>,
  nested: array<array<Inner, 2>, 2>,
  counter: atomic<u32>,
  rest: array<Inner>,
}
@group(0) @binding(0) var<storage, read_write> all: All;
@compute @workgroup_size(1) fn main() { all.s = 1; }
