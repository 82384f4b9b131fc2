// 8.9, 15.7: values that do not fit, also beside values that come later.
const a = 1i << 31;
const b = 0x40000000i << 1;
const c = 1 << 64;
const d = 2147483647i + 1;
const e = u32(-1);
const g = i32(4294967295);
const h = 3.40282347e38 * 1f;
const k = 1e38f * 1e38f;
fn f(i: i32, u: u32, x: f32) {
  _ = i < 4294967296;
  _ = u > -1;
  _ = x == 1e39;
  _ = i / 0;
  _ = u % 0;
  _ = i << 32;
  var v = array<u32, 2>();
  v[3000000000] = 1;
}
const l = 3 << 62;
