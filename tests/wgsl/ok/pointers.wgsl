// 6.4, 8.13, 11.4: pointers to variables and to their parts.
struct S { a: array<vec4f, 3>, n: u32, c: atomic<u32> }
@group(0) @binding(0) var<storage, read_write> s: S;
@group(0) @binding(1) var<uniform> u: array<vec4f, 2>;
var<private> p: array<i32, 4>;
var<workgroup> w: atomic<i32>;
fn add(to: ptr<function, f32>, by: ptr<private, i32>) { *to += f32(*by); }
fn part(v: ptr<storage, vec4f, read_write>) { v.x = 1; (*v).yz = vec2f(2); v[3] = 0; }
fn count(c: ptr<storage, atomic<u32>, read_write>, d: ptr<workgroup, atomic<i32>>) {
  atomicAdd(c, 1);
  atomicMax(d, -1);
}
fn read(v: ptr<uniform, vec4f>) -> f32 { return (*v).w + v.x; }
@compute @workgroup_size(1) fn main() {
  var f = 1.0;
  let q = &f;
  let r = &s.a[1];
  add(q, &p[2]);
  part(r);
  part(&s.a[s.n]);
  count(&s.c, &w);
  *q = read(&u[1]);
  let all = &p;
  all[1] = (*all)[0] + (*&p)[3];
}
