// 9: a statement ends in ';'; the next function is still read.
fn f() {
  let a = 1
  let b = 2;
}
fn g() { let c = ; }
