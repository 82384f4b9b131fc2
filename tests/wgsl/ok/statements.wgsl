// 9: every statement.
struct S { v: vec4f, list: array<u32, 4> }
var<private> s: S;
@must_use fn g(p: ptr<function, u32>) -> u32 { *p += 1; return *p; }
fn f(n: u32) -> u32 {
  var i = 0u;
  ;
  { let i = 1f; _ = i; }
  @diagnostic(off, derivative_uniformity) if n > 3 { i = 1; } else if (n < 2) { i++; } else { i--; }
  switch n { case 0 { } case 1, 2u, : { i = 2; } default: { i = 3; } }
  switch (n) { case 4, default { } }
  loop { if i > 3 { break; } i += 1; continuing { i <<= 1; i >>= 2u; i |= 1; i ^= 3; i &= 7; i %= 5; i *= 2; i /= 2; break if i == 9; } }
  for (var k = 0; k < 4; k++) { if k == 2 { continue; } s.list[k] -= 1; }
  for (;;) { break; }
  for (i = 0; i < 2; i += g(&i)) {}
  while i < 3 { i++; }
  s.v.x = f32(i); (s.v).y = -s.v.x; s.list[i & 3]++;
  _ = g(&i);
  const c = 2; let l: u32 = c; var u: vec2<u32>;
  const_assert c == 2;
  return (n << 1) + (l & i) + u[0];
}
@compute @workgroup_size(1) fn main() { let r = f(1); }
