// 2.4: 8192 bytes of private and of function variables.
var<private> p: array<u32, 2048>;
@compute @workgroup_size(1) fn main() { var v: array<u32, 2048>; v[0] = p[0]; }
