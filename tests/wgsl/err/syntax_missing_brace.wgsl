// 9.1: the '}' of f is missing; g is not blamed.
fn f() {
  if true {
    let a = 1;

@compute @workgroup_size(1)
fn g() {}
