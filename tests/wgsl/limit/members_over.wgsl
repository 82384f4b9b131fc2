struct S {
  m#: u32, // repeat: 16384
}
