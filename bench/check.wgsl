// What wgsl-check-* read: 200 lines as people write them. A tiled matrix product, softmax of rows, an inclusive scan,
// bodies that attract each other, and noise for a picture; module-scope names end in _0, so that copies can be made.

struct Shape_0 { rows: u32, columns: u32, inner: u32, scale: f32 }
struct Body_0 { position: vec3f, mass: f32, velocity: vec3f, pad: f32 }
struct Scan_0 { flag: atomic<u32>, sum: f32, prefix: f32 }

const TILE_0 = 16u;
const LANES_0 = 256u;
const SOFTENING_0: f32 = 1e-4;
override rounds_0: u32 = 4;

@group(0) @binding(0) var<storage, read> a_0: array<f32>;
@group(0) @binding(1) var<storage, read> b_0: array<f32>;
@group(0) @binding(2) var<storage, read_write> c_0: array<f32>;
@group(0) @binding(3) var<uniform> shape_0: Shape_0;
@group(1) @binding(0) var<storage, read_write> bodies_0: array<Body_0>;
@group(1) @binding(1) var<storage, read_write> scan_0: array<Scan_0>;
@group(1) @binding(2) var<storage, read_write> pixels_0: array<u32>;

var<workgroup> tile_a_0: array<array<f32, TILE_0 + 1>, TILE_0>;
var<workgroup> tile_b_0: array<array<f32, TILE_0 + 1>, TILE_0>;
var<workgroup> shared_0: array<f32, LANES_0>;

// ---- matrix product: one output a thread, tiles in workgroup memory -------------------------------------------------

fn load_a_0(row: u32, column: u32) -> f32 {
  if (row >= shape_0.rows || column >= shape_0.inner) {
    return 0.0;
  }
  return a_0[row * shape_0.inner + column];
}

fn load_b_0(row: u32, column: u32) -> f32 {
  if (row >= shape_0.inner || column >= shape_0.columns) {
    return 0.0;
  }
  return b_0[row * shape_0.columns + column];
}

@compute @workgroup_size(TILE_0, TILE_0)
fn matmul_0(@builtin(global_invocation_id) id: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let row = id.y;
  let column = id.x;
  let tiles = (shape_0.inner + TILE_0 - 1u) / TILE_0;
  var sum = 0.0;
  for (var t = 0u; t < tiles; t++) {
    tile_a_0[local.y][local.x] = load_a_0(row, t * TILE_0 + local.x);
    tile_b_0[local.y][local.x] = load_b_0(t * TILE_0 + local.y, column);
    workgroupBarrier();
    for (var k = 0u; k < TILE_0; k += 4u) {
      let left = vec4f(tile_a_0[local.y][k], tile_a_0[local.y][k + 1u], tile_a_0[local.y][k + 2u], tile_a_0[local.y][k + 3u]);
      let right = vec4f(tile_b_0[k][local.x], tile_b_0[k + 1u][local.x], tile_b_0[k + 2u][local.x], tile_b_0[k + 3u][local.x]);
      sum += dot(left, right);
    }
    workgroupBarrier();
  }
  if (row < shape_0.rows && column < shape_0.columns) {
    c_0[row * shape_0.columns + column] = sum * shape_0.scale;
  }
}

// ---- softmax: a workgroup a row --------------------------------------------------------------------------------------

fn reduce_max_0(lane: u32, value: f32) -> f32 {
  shared_0[lane] = value;
  workgroupBarrier();
  for (var stride = LANES_0 / 2u; stride > 0u; stride >>= 1u) {
    if (lane < stride) {
      shared_0[lane] = max(shared_0[lane], shared_0[lane + stride]);
    }
    workgroupBarrier();
  }
  return workgroupUniformLoad(&shared_0[0]);
}

fn reduce_sum_0(lane: u32, value: f32) -> f32 {
  shared_0[lane] = value;
  workgroupBarrier();
  for (var stride = LANES_0 / 2u; stride > 0u; stride >>= 1u) {
    if (lane < stride) {
      shared_0[lane] += shared_0[lane + stride];
    }
    workgroupBarrier();
  }
  return workgroupUniformLoad(&shared_0[0]);
}

@compute @workgroup_size(LANES_0)
fn softmax_0(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let start = group.x * shape_0.columns;
  var largest = -3.4e38;
  for (var i = lane; i < shape_0.columns; i += LANES_0) {
    largest = max(largest, a_0[start + i]);
  }
  let top = reduce_max_0(lane, largest);
  var sum = 0.0;
  for (var i = lane; i < shape_0.columns; i += LANES_0) {
    let e = exp(a_0[start + i] - top);
    c_0[start + i] = e;
    sum += e;
  }
  let total = reduce_sum_0(lane, sum);
  for (var i = lane; i < shape_0.columns; i += LANES_0) {
    c_0[start + i] /= total;
  }
}

// ---- inclusive scan: partitions look back at the ones before ---------------------------------------------------------

fn scan_workgroup_0(lane: u32, value: f32) -> f32 {
  var sum = value;
  shared_0[lane] = value;
  workgroupBarrier();
  for (var offset = 1u; offset < LANES_0; offset <<= 1u) {
    var add = 0.0;
    if (lane >= offset) {
      add = shared_0[lane - offset];
    }
    workgroupBarrier();
    sum += add;
    shared_0[lane] = sum;
    workgroupBarrier();
  }
  return sum;
}

@compute @workgroup_size(LANES_0)
fn scan_partitions_0(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let index = group.x * LANES_0 + lane;
  let count = arrayLength(&a_0);
  let value = select(0.0, a_0[min(index, count - 1u)], index < count);
  let sum = scan_workgroup_0(lane, value);
  if (lane == LANES_0 - 1u) {
    scan_0[group.x].sum = sum;
    atomicStore(&scan_0[group.x].flag, 1u);
    var before = 0.0;
    var at = i32(group.x) - 1;
    loop {
      if (at < 0 || atomicLoad(&scan_0[at].flag) == 0u) {
        break;
      }
      before += scan_0[at].sum;
      at -= 1;
    }
    scan_0[group.x].prefix = before;
  }
  workgroupBarrier();
  if (index < count) {
    c_0[index] = sum + scan_0[group.x].prefix;
  }
}

// ---- bodies ----------------------------------------------------------------------------------------------------------

fn attraction_0(at: vec3f, other: Body_0) -> vec3f {
  let away = other.position - at;
  let squared = dot(away, away) + SOFTENING_0;
  return away * (other.mass * inverseSqrt(squared * squared * squared));
}

@compute @workgroup_size(64)
fn step_0(@builtin(global_invocation_id) id: vec3u) {
  let n = arrayLength(&bodies_0);
  if (id.x >= n) {
    return;
  }
  var body = bodies_0[id.x];
  var force = vec3f();
  for (var i = 0u; i < n; i++) {
    force += attraction_0(body.position, bodies_0[i]);
  }
  body.velocity = clamp(body.velocity + force * shape_0.scale, vec3f(-10), vec3f(10));
  body.position += body.velocity * shape_0.scale;
  bodies_0[id.x] = body;
}

// ---- noise -----------------------------------------------------------------------------------------------------------

fn hash_0(seed: u32) -> u32 {
  var x = seed * 747796405u + 2891336453u;
  x = ((x >> ((x >> 28u) + 4u)) ^ x) * 277803737u;
  return (x >> 22u) ^ x;
}

@compute @workgroup_size(8, 8)
fn noise_0(@builtin(global_invocation_id) id: vec3u) {
  var state = hash_0(id.x + id.y * shape_0.columns);
  var colour = vec4f(0, 0, 0, 1);
  for (var round = 0u; round < rounds_0; round++) {
    state = hash_0(state);
    colour = vec4f(colour.rgb + vec3f(f32(state & 0xffu), f32((state >> 8u) & 0xffu), f32(state >> 24u)) / 255.0, 1.0);
  }
  switch state % 3u {
    case 0u { colour.r = smoothstep(0.0, 1.0, colour.r); }
    case 1u { colour.g = pow(abs(colour.g), 2.2); }
    default { colour = mix(colour, vec4f(colour.bgr, 1), 0.5); }
  }
  pixels_0[id.y * shape_0.columns + id.x] = pack4x8unorm(colour / f32(rounds_0));
}
