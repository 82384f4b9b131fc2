// What newcomers to WGSL write most often, part 2: statements.
@group(0) @binding(0) var<storage, read_write> data: array<f32>;
@group(0) @binding(1) var<storage> input: array<f32>;
fn sign_of(x: f32) -> f32 { if (x > 0.0) { return 1.0; } }
fn nothing() { }
@must_use fn pure(x: f32) -> f32 { return x; }
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let x = 1.0;
  x = 2.0;
  id.x = 3u;
  input[0] = 1.0;
  let y = nothing();
  pure(1.0);
  max(1.0, 2.0);
  var f = 1.0;
  f++;
  loop { f = f + 1.0; }
  let z = data[0] == 1 && !5;
  let q = array<f32, 4>(1.0, 2.0);
  var big: i32 = 3000000000;
  let o = q[7];
  return 1.0;
}
