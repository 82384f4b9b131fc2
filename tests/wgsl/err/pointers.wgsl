// 6.4, 9.2: pointers and what is assigned through them.
@group(0) @binding(0) var<storage> read: array<vec4u>;
fn f(p: ptr<storage, array<vec4u>>, q: ptr<function, vec4f>) {
  (*p)[0].x = 1;
  let one = &read[0];
  (*one).y = 2;
  (*q).xx = vec2f();
  *q = vec3f();
  *&(*q) += 1u;
  q = q;
  _ = &(*q).x;
}
fn g(p: ptr<storage, array<vec4u>>) {
  var v = 1.0;
  &v = 1;
  v *= vec2f();
  vec2f(1, 2);
}
fn h(i: u32) {
  var x = 1;
  var p = &x;
  var a: array<u32, i>;
  let l: array<u32> = read;
  _ = read[-1];
}
