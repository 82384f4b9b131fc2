// Components of swizzles are references like others (8.5.1.3): they can be incremented. What a chain comes to decides
// whether all components are assigned.
fn components(p: ptr<private, vec4u>) {
  var u: vec4u;
  var i = 1;
  u.xy.x++;
  u.xy[1]--;
  u.wz[i]++;
  p.xy.y++;
}
@compute @workgroup_size(4) fn main(@builtin(local_invocation_index) i: u32) {
  var u = vec2u(i);
  u.xyx.zy = vec2u(1);
  if (u.x == 1) { workgroupBarrier(); }
}
