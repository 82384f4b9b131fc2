// What newcomers to WGSL write most often, part 3: the habits of other languages.
[[block]] struct Old { a: f32 }
struct Particle { float mass; }
void nothing() { }
fn scale(float x) -> f32 { return x; }
fn body(n: i32) {
  float total = 0.0;
  for (int i = 0; i < n; i++) { }
  var list: f32[3];
  var values = [1, 2, 3];
  let next = n++;
  if (n = 1) { }
  let length = values.length();
  let half = 1.5u;
  do { } while (true);
  if (n > 1) return;
  let m = mod(n, 2);
}
