// 8.5: components of const vectors and arrays, in sizes.
const tile = vec2u(8, 4);
const group: vec3<u32> = vec3(tile, 1);
const steps = array(2, 4, 8);
const zero = vec4i();
const all = vec3(7);
alias Pair = vec2<i32>;
const_assert tile.x * tile.y == 32u && steps[1 + 1] == 8 && zero.w == 0 && all.b == 7 && group.z == 1u;
const_assert Pair(3, 5).y == 5i && vec4(Pair(1, 2), zero.xy)[1] == 2;
const_assert vec3(1, 2u, 3).x == 1u;
const half = u32(ceil(log2(f32(tile.x * 100)) / 2));
const_assert half == 5 && pow(2, 3) == 8 && sqrt(16.0) == 4 && floor(-1.5) == -2 && round(2.5) == 2;
var<workgroup> cache: array<vec4f, group.x * group.y>;
@group(0) @binding(0) var<storage> x: array<f32, steps[2]>;
@compute @workgroup_size(group.x, group.y, group.z) fn main() { cache[0].x = x[0]; }
override wide = 3u;
@compute @workgroup_size(vec2(wide, 2).x, ((vec2(vec2(vec2(1, 2).y, 3).x, 4).x))) fn second() {}
