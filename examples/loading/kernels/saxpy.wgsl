@group(0) @binding(0) var<storage, read>       x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;

struct P { a: f32, n: u32 }
@group(0) @binding(2) var<uniform> p: P;

@compute @workgroup_size(256)
fn saxpy(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < p.n) {
    y[id.x] = p.a * x[id.x] + y[id.x];
  }
}
