// 9: what statements ask for.
@group(0) @binding(0) var<uniform> u: vec4u;
fn half() -> f32 { return 0.5; }
@must_use fn kept() -> u32 { return 1; }
fn f(i: i32, b: bool) {
  var v = vec3f();
  var n = 1u;
  v.xx = vec2f();
  n += 1.5;
  n += 1i;
  *&u.x = 1;
  kept();
  max(1, 2);
  switch 1.5 { default {} }
  switch i { case n {} default {} }
  switch i { case 1, 1: {} default {} }
  if i { }
  while 1 { }
  n++;
  v++;
}
fn g() -> u32 {
  loop { continuing { return 1; } }
}
fn h() {
  loop { if true { break; } continuing { continue; } }
  for (;;) { break; break; }
}
fn skipped(c: bool) {
  loop {
    if c { continue; }
    let late = 1;
    continuing { _ = late; break if c; }
  }
}
