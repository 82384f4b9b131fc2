// 7.4: variables of functions.
fn f() {
  var a;
  var<private> b: f32;
  var c: array<f32>;
  var d: sampler;
  let e: i32 = 1.0;
  var g: f32 = true;
  let h = 3000000000;
}
