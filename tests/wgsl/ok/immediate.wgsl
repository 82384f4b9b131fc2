// 14.3: an immediate variable has no binding.
requires immediate_address_space;
struct P { n: u32, scale: f32 }
var<immediate> p: P;
@group(0) @binding(0) var<storage, read_write> y: array<f32>;
fn scaled(v: f32) -> f32 { return v * p.scale; }
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) { y[id.x] = scaled(y[id.x]); }
@compute @workgroup_size(64) fn without() { y[0] = 1; }
