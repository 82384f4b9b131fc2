struct View { centre: vec2f, width: f32, n: u32, limit: u32 }

@group(0) @binding(0) var<storage, read_write> image: array<f32>;
@group(0) @binding(1) var<uniform> view: View;

@compute @workgroup_size(8, 8)
fn mandelbrot(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= view.n || id.y >= view.n) { return; }
  let c = view.centre + view.width * ((vec2f(id.xy) + 0.5) / f32(view.n) - 0.5);
  var z = vec2f();
  var steps = 0u;
  while (steps < view.limit && dot(z, z) <= 4.0) {
    z = vec2f(z.x * z.x - z.y * z.y, 2.0 * z.x * z.y) + c;
    steps++;
  }
  // what never escapes is black
  image[id.y * view.n + id.x] = select(0.0, log2(f32(steps) + 1.0), steps < view.limit);
}
