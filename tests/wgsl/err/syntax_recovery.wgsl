// One report per mistake: what follows each of them is read again.
fn f(n: i32) {
  for (var i = 0, i < 2; i++) { let a = 1; }
  switch n { else: {} }
  if (n) n = 1;
  foo(1, ;
  let ok = 1;
  { let b = ; let c = 2; }
  @compute { }
}
struct S { a: f32; b: f32 }
struct T { a f32, b: f32 }
fn g(a: i32 b: i32) { return; }
fn h() -> { return 1; }
fn ok() { let x = 1; }
