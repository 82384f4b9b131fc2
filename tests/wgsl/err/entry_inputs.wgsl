@compute @workgroup_size(64)
fn main(i: u32, @builtin(global_invocation_id) id: vec3f, @builtin(position) p: vec4f, @location(0) l: f32) { }
fn helper() { main(1u, vec3f(), vec4f(), 1.0); }
