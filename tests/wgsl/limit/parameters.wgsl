// 2.4: 255 parameters of a function.
fn f(
  p#: u32, // repeat: 255
) {}
