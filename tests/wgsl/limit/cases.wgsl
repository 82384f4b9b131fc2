// 2.4: 1023 case selectors of a switch.
fn f(i: i32) {
  switch i {
    case #: {} // repeat: 1022
    default: {}
  }
}
