// 17.1: every way to make a value.
enable f16;
struct Pair { a: f32, b: array<u32, 2> }
const zero = Pair();
const pair = Pair(1, array(2, 3));
const list = array(1, 2u, 3);
const nested = array<vec2f, 2>(vec2(1), vec2(2, 3));
const vectors = vec4(vec2(1, 2), 3, 4).xyz + vec3(vec2f(1), 2) + vec3f(1, 2, 3).zyx;
const converted = vec3u(vec3f(1.9, -1, 3)) + vec3u(vec3<bool>(true, false, true));
const matrices = mat2x3(vec3f(), vec3(1)) + mat2x3f(1, 2, 3, 4, 5, 6) + mat2x3f(mat2x3h());
const scalars = f32(1u) + f32(true) + f32(2h) + f32(i32(3.7)) + f32(u32(-1i)) + f32(bool(0.5));
const_assert converted.x == 2 && converted.y == 0;
const_assert u32(1e20f) == 4294967040u && i32(-1e20f) == -2147483648;
const_assert pair.b[1] == 3 && list[1] == 2u && nested[0].y == 1;
const_assert scalars == 4294967295.0 + 9;
@compute @workgroup_size(1) fn main() {
  let f = 1.5;
  var v = vec4(f);
  v = vec4f(v.xy, vec2(0));
  _ = array<f32, 2>(f, 1);
  _ = Pair(f, array<u32, 2>());
  _ = mat3x3f(v.xyz, v.yzw, vec3f(f));
}
