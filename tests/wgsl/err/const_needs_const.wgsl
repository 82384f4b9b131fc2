// 7.3.1: a constant is made of constants.
override n = 1;
var<private> v = 2;
const a = n;
fn f(p: i32) { const b = p; const c = v + 1; const_assert p == 1; }
const_assert 1 > 2;
const_assert 1;
