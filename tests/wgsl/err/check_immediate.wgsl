// check: --pipeline
struct Large { a: mat4x4f, b: f32 }
var<immediate> large: Large;
@compute @workgroup_size(1) fn main() { _ = large.b; }
