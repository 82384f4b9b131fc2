// 15.2.3: a part of the components, or an operator: what was there before still counts.
@compute @workgroup_size(4) fn some(@builtin(local_invocation_index) i: u32) {
  var v = vec3u(i);
  v.yx = vec2u(1);
  if (v.x == 1) { workgroupBarrier(); }
}
@compute @workgroup_size(4) fn changed(@builtin(local_invocation_index) i: u32) {
  var v = vec2u(i);
  v.yx += vec2u(1);
  if (v.x == 1) { workgroupBarrier(); }
}
@compute @workgroup_size(4) fn of_an_element(@builtin(local_invocation_index) i: u32) {
  var v = array(vec2u(i));
  v[0].yx = vec2u(1);
  if (v[0].x == 1) { workgroupBarrier(); }
}
@compute @workgroup_size(4) fn somewhere(@builtin(local_invocation_index) i: u32) {
  var v = vec2u(1);
  v.yx[i] = 1;
  if (v.x == 1) { workgroupBarrier(); }
}
