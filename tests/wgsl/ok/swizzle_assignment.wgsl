// The language feature swizzle_assignment: several components at once, and of components.
requires swizzle_assignment;
@group(0) @binding(0) var<storage, read_write> x: array<vec4f>;
@compute @workgroup_size(1) fn main() {
  var v = vec4f();
  let p = &v;
  v.xy = vec2f(1);
  v.zyx *= 2;
  (v.rg) += vec2f(1, 2);
  v *= mat4x4f();
  p.wx = v.xw;
  (*p).xyz.zx = vec2f(3);
  v.xyz.y = 1;
  v.xx.x = 1;
  v.wzy[1] += 1;
  x[0].bgr = vec3f(v.xyz.zx, v.xy[1]);
  var i = 1;
  v.xyz[i] = 1;
  (v.wzy).yx[i] += 1;
  v.xx[i] = 1;
  p.zw[i] = x[i].zy[i];
  var m = mat2x3f();
  m[i].zx[o] = 2;
}
override o = 1u;
// All components assigned: what was there before does not matter any more (15.2.3, full swizzle views).
@compute @workgroup_size(4) fn uniform_again(@builtin(local_invocation_index) i: u32) {
  var u = vec2u(i);
  let p = &u;
  u.yx = vec2u(1);
  if (u.x == 1) { workgroupBarrier(); }
  u.x = i;
  p.yx.yx = vec2u(1);
  if (u.x == 1) { workgroupBarrier(); }
}
