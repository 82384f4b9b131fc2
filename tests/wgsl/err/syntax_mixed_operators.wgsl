// 8.19: operators that need parentheses between them.
fn f(a: bool, b: bool, c: i32) -> bool {
  let x = a && b || a;
  let y = c << 1 << 2;
  let z = c + 1 << 2;
  let w = c & 1 == 0;
  let v = c < 1 < 2;
  return a || b && x;
}
