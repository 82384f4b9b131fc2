// check: --pipeline n=-1
override n: i32;
var<private> a: array<u32, 4>;
@compute @workgroup_size(1) fn main() { a[n] = 1; }
