fn f(i: i32) {
  switch i {
    case default, default: {}
  }
  1 + 2;
  f(1) = 1;
}
