// 8: members, indices, operators.
struct S { alpha: f32 }
fn f(s: S, v: vec4f, n: i32) {
  var a = array<f32, 4>();
  _ = s.alhpa;
  _ = n.x;
  _ = n[0];
  _ = v.xr;
  _ = v.xyzwx;
  _ = a[-1];
  _ = a[4];
  _ = v[4];
  _ = a[1.5];
  _ = a[v];
  _ = &n;
  _ = &v.x;
  _ = *n;
  _ = v + n;
  _ = !n;
  _ = -true;
  _ = n << 1.5;
  _ = 1u << 33;
  _ = v<f32>;
}
