// 3.9: which `<` opens a template list.
const a = 1;
const b = 2;
const c = 3;
const d = 4;
const_assert a < b;
const_assert a<b;
const_assert (a < b || d > (c));
const_assert a<b||c<d;
const_assert 1 << b == 4;
const_assert 8 >> a >= 4;
alias Shifted = array<i32, a<<b>;
alias Compared = array<i32, select(2, 3, b>a)>;
alias Nested = array<array<vec2<f32>, 2>,3>;
@group(0) @binding(0) var<storage> x: array<Shifted>;
@group(0) @binding(1) var<storage> y: Compared;
@group(0) @binding(2) var<storage> z:Nested;
fn f(i: i32) -> bool {
  var v = array<vec2<f32>, 2>();
  let p = bitcast<u32>(i)>>1u;
  let q = vec2<bool>(i<2, (i>1));
  v[0].x += 1; v[0].y -= 1;
  return (i<3 && p>=1) || false == q.x;
}
@compute @workgroup_size(1) fn main() { _ = f(x[0][0] + y[0] + i32(z[0][0].x)); }
