// 14.4.1: f16 has size and alignment 2.
enable f16;
struct H { a: f16, b: vec2h, c: f16, d: vec3<f16>, e: f16, f: vec4h, g: mat2x3h, h: mat4x4<f16>, i: array<f16, 3> }
@group(0) @binding(0) var<storage> h: H;
@compute @workgroup_size(1) fn main() { _ = h.a; }
