struct P { n: u32, rate: f32 }

@group(0) @binding(0) var<storage, read>       now:  array<f32>;
@group(0) @binding(1) var<storage, read_write> next: array<f32>;
@group(0) @binding(2) var<uniform> p: P;

// one step of the heat equation; the rim keeps its temperature
@compute @workgroup_size(8, 8)
fn heat(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= p.n || id.y >= p.n) { return; }
  let i = id.y * p.n + id.x;
  if (id.x == 0u || id.y == 0u || id.x == p.n - 1u || id.y == p.n - 1u) {
    next[i] = now[i];
    return;
  }
  let around = now[i - 1u] + now[i + 1u] + now[i - p.n] + now[i + p.n];
  next[i] = now[i] + p.rate * (around - 4.0 * now[i]);
}
