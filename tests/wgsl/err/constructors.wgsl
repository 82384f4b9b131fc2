// 17.1: value constructors.
struct Unsized { n: u32, tail: array<f32> }
struct Pair { a: f32, b: u32 }
const nothing = array();
const mixed = array(1u, 2i);
const pair = Pair(1.0);
const swapped = Pair(1u, 1.0);
const short = array<f32, 3>(1, 2);
const long = vec2f(1, 2, 3);
const few = vec3f(1, 2);
const matrix = mat2x2f(1, 2, 3);
const whole = Unsized();
const counter = atomic<u32>();
const word = vec3(true, 1);
const scalar = u32(vec2u());
const texture = texture_2d<f32>();
fn f(p: ptr<function, u32>) {
  let a = 1;
  _ = a(2);
}
