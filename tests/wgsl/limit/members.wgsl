// 2.4: 1023 members of a structure.
struct S {
  m#: u32, // repeat: 1023
}
var<private> s: S;
@compute @workgroup_size(1) fn main() { _ = s.m1022; }
