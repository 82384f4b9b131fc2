// 13.1, 13.3.2: what an entry point uses, through functions, constants and initialisers; two variables may share a binding.
@group(0) @binding(0) var<storage> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(0) var<uniform> z: vec4f;
@group(1) @binding(0) var<storage, read_write> never: array<u32>;
override gain = 2.0;
var<private> start: f32 = gain;
fn leaf() -> f32 { return x[0] + start; }
fn middle() -> f32 { return leaf(); }
@compute @workgroup_size(1) fn first() { y[0] = middle(); }
@compute @workgroup_size(1) fn second() { let x = z; y[1] = x.x; }
@compute @workgroup_size(1) fn third() {}
