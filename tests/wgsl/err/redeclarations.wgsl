// 5: one name, one scope, one declaration.
const a = 1;
var<private> a: f32;
fn f(p: i32, p: i32) { var p = 1; let q = 2; let q = 3; for (var i = 0; i < 1; i++) { let i = 2; } }
struct S { m: f32, m: f32 }
