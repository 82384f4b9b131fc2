// 13.3.2: two resources of one entry point with the same binding.
@group(0) @binding(1) var<storage> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
fn f() -> f32 { return x[0]; }
@compute @workgroup_size(1) fn main() { y[0] = f(); }
@compute @workgroup_size(1) fn fine() { y[0] = 1; }
