// 17: calls of builtin functions that no overload takes, or that come too early.
@group(0) @binding(0) var<storage, read_write> x: array<u32>;
const early = workgroupBarrier;
const length = arrayLength(&x);
const halves = bitcast<u32, f32>(1);
const wide = bitcast<vec2u>(1.0);
const listed = max<f32>(1.0, 2.0);
fn named() -> u32 { return 1u; }
const called = named();
const plain = named<u32>();
var<private> later: u32 = x[0];
fn f(v: vec3f, i: i32) {
  _ = dot(v, vec2f());
  _ = cross(vec2f(), vec2f());
  _ = clamp(v, 0.0, 1.0);
  _ = select(v, v, vec2<bool>());
  _ = extractBits(i, 0, 1);
  _ = ldexp(v, i);
  _ = mix(v, v, i);
  _ = pack4x8unorm(v);
  _ = named(1u);
}
