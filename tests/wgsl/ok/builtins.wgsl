enable f16;
enable subgroups;
struct Particle { position: vec3f, mass: f32 }
var<workgroup> shared_sum: atomic<u32>;
var<workgroup> flag: bool;
var<private> seed: u32 = 1u << 4;
@group(0) @binding(0) var<storage, read_write> particles: array<Particle>;
@group(0) @binding(1) var<storage, read_write> counters: array<atomic<i32>, 4>;
@group(0) @binding(2) var<uniform> view: mat4x4f;
const TABLE = array(1, 2, 3);
const UNIT = normalize(vec3(3.0, 0.0, 4.0));
const_assert abs(UNIT.x - 0.6) < 1e-6 && TABLE[2] == 3;
const_assert countOneBits(0xF0u) == 4 && firstLeadingBit(-1) == -1 && reverseBits(1u) == 0x80000000u;
const_assert extractBits(0xABCDu, 4u, 8u) == 0xBC && insertBits(0u, 3u, 4u, 2u) == 0x30;
const_assert all(transpose(mat2x3(1, 2, 3, 4, 5, 6))[0] == vec2(1, 4)) && determinant(mat2x2(1, 2, 3, 4)) == -2;
const_assert frexp(8.0).exp == 4 && modf(1.25).fract == 0.25 && ldexp(1.0, 3) == 8.0;
const_assert pack4x8unorm(vec4f(1, 0, 0, 1)) == 0xFF0000FFu && unpack2x16float(0x3C00u).x == 1;
const_assert bitcast<u32>(1.0f) == 0x3F800000u && bitcast<vec2<f16>>(0x3C003C00u).y == 1.0h;
const_assert dot(vec3(1, 2, 3), vec3(4, 5, 6)) == 32 && all(cross(vec3(1.0, 0, 0), vec3(0, 1.0, 0)) == vec3(0, 0, 1));
const_assert all((mat2x2(1, 2, 3, 4) * vec2(1.0, 1.0)) == vec2(4.0, 6.0)) && select(1, 2, true) == 2;
fn move_by(p: ptr<storage, Particle, read_write>, by: vec3f) { p.position += by * p.mass; }
fn first(p: ptr<function, array<f32, 4>>) -> f32 { return (*p)[0]; }
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(local_invocation_index) li: u32) {
  let n = arrayLength(&particles);
  let old = atomicAdd(&shared_sum, 1u);
  let swapped = atomicCompareExchangeWeak(&counters[li % 4], 0, 1);
  if (swapped.exchanged) { atomicStore(&counters[0], swapped.old_value); }
  workgroupBarrier();
  let total = workgroupUniformLoad(&shared_sum);
  if (total > 3) { storageBarrier(); }
  let sum = subgroupAdd(f32(old));
  if (id.x < n) {
    move_by(&particles[id.x], (view * vec4f(UNIT, sum)).xyz);
    let p = &particles[id.x].position;
    (*p).x = clamp((*p).x, -1.0, 1.0);
    p.yz = smoothstep(vec2f(0), vec2f(1), p.yz);
  }
  var a = array<f32, 4>(1, 2, 3, 4);
  switch (id.y) { case 0u, 1: { seed ^= id.y; } case 2: { return; } default { } }
  loop { if (first(&a) > 2.0) { break; } a[0] += 1; continuing { seed++; break if seed > 7u; } }
  _ = fma(f16(1.5h), 2.0, 1);
}
var<private> unused: i32;
