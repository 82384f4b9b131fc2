struct P { n: u32, dt: f32, soft: f32, side: u32 }

@group(0) @binding(0) var<storage, read_write> position: array<vec4f>;  // w: mass
@group(0) @binding(1) var<storage, read_write> velocity: array<vec4f>;
@group(0) @binding(2) var<uniform> p: P;
@group(0) @binding(3) var<storage, read_write> image: array<atomic<u32>>;

// every body pulls at every other
@compute @workgroup_size(64)
fn kick(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= p.n) { return; }
  let here = position[id.x].xyz;
  var pull = vec3f();
  for (var j = 0u; j < p.n; j++) {
    let d = position[j].xyz - here;
    let r2 = dot(d, d) + p.soft;
    pull += position[j].w * d / (r2 * sqrt(r2));
  }
  velocity[id.x] += vec4f(pull * p.dt, 0.0);
}

@compute @workgroup_size(64)
fn drift(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < p.n) {
    position[id.x] += vec4f(velocity[id.x].xyz * p.dt, 0.0);
  }
}

// how many bodies each pixel sees
@compute @workgroup_size(64)
fn draw(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= p.n) { return; }
  let at = (position[id.x].xy * 0.3 + 0.5) * f32(p.side);
  if (all(at >= vec2f()) && all(at < vec2f(f32(p.side)))) {
    atomicAdd(&image[u32(at.y) * p.side + u32(at.x)], 1u);
  }
}
