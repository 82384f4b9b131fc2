fn f(
  p#: u32, // repeat: 256
) {}
