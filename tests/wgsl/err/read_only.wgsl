// 9.2.1: what is written must be writable.
@group(0) @binding(0) var<storage> x: array<f32>;
@group(0) @binding(1) var<uniform> p: vec4f;
@compute @workgroup_size(1) fn main() { x[0] = 1; p.x += 2; (x)[1]++; }
