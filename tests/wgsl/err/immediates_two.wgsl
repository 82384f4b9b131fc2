// 14.3: an entry point uses one immediate variable.
var<immediate> p: f32;
var<immediate> q: f32;
fn f() -> f32 { return q; }
@compute @workgroup_size(1) fn main() { _ = p + f(); }
@compute @workgroup_size(1) fn fine() { _ = p; }
