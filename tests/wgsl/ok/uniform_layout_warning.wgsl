// 14.4.4: fine where uniform_buffer_standard_layout is a language feature, told where it may not be.
struct Inner { x: f32 }
struct Outer { a: Inner, b: f32 }
@group(0) @binding(0) var<uniform> list: array<f32, 4>;
@group(0) @binding(1) var<uniform> outer: Outer;
@compute @workgroup_size(1) fn main() { _ = list[0]; _ = outer.b; }
