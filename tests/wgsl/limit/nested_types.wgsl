// 2.4: 15 levels of a composite type.
alias A0 = vec4f;
alias N# = array<A#, 2>; alias A#+1 = N#; // repeat: 14
var<private> deep: A14;
@compute @workgroup_size(1) fn main() { _ = deep[0]; }
