// 5: declarations that need themselves.
const a = b;
const b = c + 1;
const c = a;
alias T = array<T, 2>;
struct S { next: ptr<private, S> }
fn f() { g(); }
fn g() { h(); }
fn h() { f(); }
fn lonely() { lonely(); }
var<private> v: array<f32, v>;
