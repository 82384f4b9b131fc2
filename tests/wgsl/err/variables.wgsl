// 7.4: address spaces and what may be in them.
var a: f32;
var<private> b: array<f32>;
var<workgroup> c: f32 = 1;
@group(0) @binding(0) var<storage, write> d: f32;
@group(0) @binding(1) var<uniform, read> e: f32;
@group(0) @binding(2) var<storage> f: bool;
@group(0) @binding(3) var<uniform> g: array<f32>;
@group(0) @binding(4) var<storage> h: atomic<u32>;
var<function> i: f32;
var<f32> l: f32;
@group(0) var<uniform> m: vec4f;
var<storage> n: vec4f;
@group(0) @binding(5) var<private> o: f32;
@group(0) @binding(-1) var<uniform> p: f32;
var<private> q;
