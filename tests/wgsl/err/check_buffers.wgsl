// check: --pipeline
@group(0) @binding(0) var<storage> a: f32;
@group(0) @binding(1) var<storage> b: f32;
@group(0) @binding(2) var<storage> c: f32;
@group(0) @binding(3) var<storage> d: f32;
@group(0) @binding(4) var<storage> e: f32;
@group(0) @binding(5) var<storage> f: f32;
@group(0) @binding(6) var<storage> g: f32;
@group(0) @binding(7) var<storage> h: f32;
@group(0) @binding(8) var<storage> i: f32;
@compute @workgroup_size(1) fn main() { _ = a + b + c + d + e + f + g + h + i; }
