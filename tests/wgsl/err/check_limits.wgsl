// check: --pipeline
struct Many { a: array<vec4f, 4>, b: f32 }
@group(4) @binding(0) var<uniform> group: f32;
@group(0) @binding(1000) var<uniform> binding: f32;
var<workgroup> room: array<vec4f, 1025>;
@compute @workgroup_size(1, 257) fn tall() {}
@compute @workgroup_size(16, 17) fn wide() { _ = group + binding; }
@compute @workgroup_size(1) fn large() { room[0] = vec4f(); }
