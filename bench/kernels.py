"""The work of all subjects: y = a x + y on N elements, a launch that is nearly nothing but overhead."""

N = 256  # elements of the small arrays: 1 KB
BIG = 64 << 20  # bytes of the large one
GROUPS = N // 64

WGSL = """
@group(0) @binding(0) var<storage, read>       x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
struct P { a: f32, n: u32 }
@group(0) @binding(2) var<uniform> p: P;
@compute @workgroup_size(64)
fn step(@builtin(global_invocation_id) id: vec3u) { if (id.x < p.n) { y[id.x] = p.a * x[id.x] + y[id.x]; } }
"""
