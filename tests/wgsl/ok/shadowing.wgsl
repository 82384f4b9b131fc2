// 5: module names shadow predeclared ones, locals shadow both, each in its own scope.
fn min(a: i32) -> i32 { return a; }
const rgba8unorm = 12;
alias vec3 = array<f32, rgba8unorm>;
@group(0) @binding(0) var<storage> position: vec3;
fn f(f: i32) -> i32 { let min = f; { let f = min; return f; } }
fn g() -> i32 { for (var i = 0; i < 3; i++) { let j = i; } let i = min(1); return i; }
@compute @workgroup_size(1) fn align() { let workgroup_size = position[0]; _ = f(g()); }
