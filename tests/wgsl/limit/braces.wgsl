// 2.4: 127 nested braces in a function.
fn f() {
  { // repeat: 126
  } // repeat: 126
}
