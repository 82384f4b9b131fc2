"""Ten computations in WGSL, each with its data, its dispatches and what NumPy makes of the same data.

    work = computations.make("scan", device)
    work.launch()                 enqueues its dispatches; they may be repeated
    work.check()                  compares what they made with NumPy's result

They are written as one writes for a GPU, not for a processor: a thread for each element, tiles in workgroup memory,
barriers, atomics.
"""

import numpy as np
import weft

COPY = """
@group(0) @binding(0) var<storage, read>       x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3u) { if (id.x < arrayLength(&y)) { y[id.x] = x[id.x]; } }
"""

SAXPY = """
@group(0) @binding(0) var<storage, read>       x: array<f32>;
@group(0) @binding(1) var<storage, read>       y: array<f32>;
@group(0) @binding(2) var<storage, read_write> z: array<f32>;
@group(0) @binding(3) var<uniform>             a: f32;
@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < arrayLength(&z)) { z[id.x] = a * x[id.x] + y[id.x]; }
}
"""

MANDELBROT = """
@group(0) @binding(0) var<storage, read_write> turns: array<u32>;
struct P { width: u32, height: u32, most: u32 }
@group(0) @binding(1) var<uniform> p: P;
@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= p.width || id.y >= p.height) { return; }
  let c = vec2f(f32(id.x) / f32(p.width) * 3.0 - 2.25, f32(id.y) / f32(p.height) * 2.5 - 1.25);
  var z = vec2f();
  var n = 0u;
  while (n < p.most && dot(z, z) < 4.0) {
    z = vec2f(z.x * z.x - z.y * z.y, 2.0 * z.x * z.y) + c;
    n++;
  }
  turns[id.y * p.width + id.x] = n;
}
"""

MATMUL_NAIVE = """
@group(0) @binding(0) var<storage, read>       a: array<f32>;
@group(0) @binding(1) var<storage, read>       b: array<f32>;
@group(0) @binding(2) var<storage, read_write> c: array<f32>;
@group(0) @binding(3) var<uniform>             n: u32;
@compute @workgroup_size(16, 16)
fn main(@builtin(global_invocation_id) id: vec3u) {
  var sum = 0.0;
  for (var k = 0u; k < n; k++) { sum += a[id.y * n + k] * b[k * n + id.x]; }
  c[id.y * n + id.x] = sum;
}
"""

MATMUL_TILED = """
@group(0) @binding(0) var<storage, read>       a: array<f32>;
@group(0) @binding(1) var<storage, read>       b: array<f32>;
@group(0) @binding(2) var<storage, read_write> c: array<f32>;
@group(0) @binding(3) var<uniform>             n: u32;
var<workgroup> left: array<array<f32, 16>, 16>;
var<workgroup> right: array<array<f32, 16>, 16>;
@compute @workgroup_size(16, 16)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(local_invocation_id) me: vec3u) {
  var sum = 0.0;
  for (var tile = 0u; tile < n; tile += 16u) {
    left[me.y][me.x] = a[id.y * n + tile + me.x];
    right[me.y][me.x] = b[(tile + me.y) * n + id.x];
    workgroupBarrier();
    for (var k = 0u; k < 16u; k++) { sum += left[me.y][k] * right[k][me.x]; }
    workgroupBarrier();
  }
  c[id.y * n + id.x] = sum;
}
"""

REDUCTION = """
@group(0) @binding(0) var<storage, read>       x: array<f32>;
@group(0) @binding(1) var<storage, read_write> sums: array<f32>;
var<workgroup> part: array<f32, 256>;
@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(local_invocation_index) me: u32,
        @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  var sum = 0.0;
  for (var i = id.x; i < arrayLength(&x); i += groups.x * 256u) { sum += x[i]; }
  part[me] = sum;
  workgroupBarrier();
  for (var half = 128u; half > 0u; half /= 2u) {
    if (me < half) { part[me] += part[me + half]; }
    workgroupBarrier();
  }
  if (me == 0u) { sums[group.x] = part[0]; }
}
"""

SCAN = """
@group(0) @binding(0) var<storage, read>       x: array<u32>;
@group(0) @binding(1) var<storage, read_write> y: array<u32>;
@group(0) @binding(2) var<storage, read_write> totals: array<u32>;
var<workgroup> part: array<u32, 256>;
@compute @workgroup_size(256)
fn blocks(@builtin(global_invocation_id) id: vec3u, @builtin(local_invocation_index) me: u32,
          @builtin(workgroup_id) group: vec3u) {
  part[me] = x[id.x];
  workgroupBarrier();
  for (var step = 1u; step < 256u; step *= 2u) {
    var left = 0u;
    if (me >= step) { left = part[me - step]; }
    workgroupBarrier();
    part[me] += left;
    workgroupBarrier();
  }
  y[id.x] = part[me];
  if (me == 255u) { totals[group.x] = part[me]; }
}
@group(0) @binding(3) var<storage, read> before: array<u32>;
@compute @workgroup_size(256)
fn add(@builtin(global_invocation_id) id: vec3u, @builtin(workgroup_id) group: vec3u) {
  if (group.x > 0u) { y[id.x] += before[group.x - 1u]; }
}
"""

STENCIL = """
@group(0) @binding(0) var<storage, read>       x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
struct P { width: i32, height: i32 }
@group(0) @binding(2) var<uniform> p: P;
const weights = array<f32, 9>(0.0625, 0.125, 0.0625, 0.125, 0.25, 0.125, 0.0625, 0.125, 0.0625);
@compute @workgroup_size(16, 16)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let at = vec2i(id.xy);
  if (at.x >= p.width || at.y >= p.height) { return; }
  var sum = 0.0;
  for (var dy = -1; dy <= 1; dy++) {
    for (var dx = -1; dx <= 1; dx++) {
      let near = clamp(at + vec2i(dx, dy), vec2i(), vec2i(p.width, p.height) - 1);
      sum += weights[(dy + 1) * 3 + dx + 1] * x[near.y * p.width + near.x];
    }
  }
  y[at.y * p.width + at.x] = sum;
}
"""

HISTOGRAM = """
@group(0) @binding(0) var<storage, read>       x: array<u32>;
@group(0) @binding(1) var<storage, read_write> counts: array<atomic<u32>>;
var<workgroup> own: array<atomic<u32>, 256>;
@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(local_invocation_index) me: u32,
        @builtin(num_workgroups) groups: vec3u) {
  for (var i = id.x; i < arrayLength(&x); i += groups.x * 256u) { atomicAdd(&own[x[i] & 255u], 1u); }
  workgroupBarrier();
  atomicAdd(&counts[me], atomicLoad(&own[me]));
}
"""

BITONIC = """
@group(0) @binding(0) var<storage, read_write> x: array<u32>;
struct P { run: u32, step: u32 }
@group(0) @binding(1) var<uniform> p: P;
@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let low = (id.x / p.step) * p.step * 2u + id.x % p.step;
  let high = low + p.step;
  let a = x[low];
  let b = x[high];
  if ((a > b) == ((low & p.run) == 0u)) { x[low] = b; x[high] = a; }
}
"""


class Work:
    """What to launch, and what must come of it. `near`: relative error that the order of a sum may make."""

    def __init__(self, launch, result, want, near=0.0):
        self.launch, self.result, self.want, self.near = launch, result, want, near

    def check(self):
        got, want = self.result.to_numpy().ravel(), np.asarray(self.want).ravel()
        wrong = ~np.isclose(got.astype("f8"), want.astype("f8"), rtol=self.near, atol=self.near)
        if wrong.any():
            k = int(np.argmax(wrong))
            raise ArithmeticError(f"element {k} is {got[k]}, not {want[k]}; {wrong.sum()} of {len(got)} are wrong")


def floats(n):
    return np.random.default_rng(1).random(n, "f4")


def words(n):
    return np.random.default_rng(2).integers(0, 2**32, n, "u4")


def copy(device, n=1 << 22):
    host = floats(n)
    x, y, kernel = weft.asarray(host, device=device), weft.zeros(n, device=device), weft.kernel(COPY, device=device)
    return Work(lambda: kernel(x=x, y=y, threads=n), y, host)


def saxpy(device, n=1 << 22):
    kernel = weft.kernel(SAXPY, device=device)
    a, b = floats(2 * n).reshape(2, n)
    x, y, z = weft.asarray(a, device=device), weft.asarray(b, device=device), weft.zeros(n, device=device)
    return Work(lambda: kernel(x=x, y=y, z=z, a=2.5, threads=n), z, np.float32(2.5) * a + b, 1e-6)


def mandelbrot(device, width=512, height=512, most=200):
    kernel = weft.kernel(MANDELBROT, device=device)
    turns = weft.zeros(width * height, dtype="uint32", device=device)
    two, one = np.float32(2), np.float32
    cx = (np.arange(width, dtype="f4") / one(width) * one(3) - one(2.25))[None, :] + np.zeros((height, 1), "f4")
    cy = (np.arange(height, dtype="f4") / one(height) * one(2.5) - one(1.25))[:, None] + np.zeros((1, width), "f4")
    zx, zy, want = np.zeros_like(cx), np.zeros_like(cy), np.zeros(cx.shape, "u4")
    with np.errstate(all="ignore"):
        for _ in range(most):
            inside = zx * zx + zy * zy < 4
            zx, zy = np.where(inside, zx * zx - zy * zy + cx, zx), np.where(inside, two * zx * zy + cy, zy)
            want += inside
    p = {"width": width, "height": height, "most": most}
    return Mandelbrot(lambda: kernel(turns=turns, p=p, threads=(width, height)), turns, want)


class Mandelbrot(Work):
    """A fused multiplication is right too, and changes the count of points at the edge."""

    def check(self):
        wrong = (self.result.to_numpy() != self.want.ravel()).mean()
        if wrong > 0.01:
            raise ArithmeticError(f"{wrong:.1%} of the points have another count")


def matmul(source):
    def make(device, n=512):
        a, b = floats(2 * n * n).reshape(2, n, n)
        kernel, c = weft.kernel(source, device=device), weft.zeros(n * n, device=device)
        x, y = weft.asarray(a.ravel(), device=device), weft.asarray(b.ravel(), device=device)
        return Work(lambda: kernel(a=x, b=y, c=c, n=n, threads=(n, n)), c, a.astype("f8") @ b, 1e-5)

    return make


def reduction(device, n=1 << 22, groups=256):
    kernel, x = weft.kernel(REDUCTION, device=device), weft.asarray(floats(n), device=device)
    sums, total = weft.zeros(groups, device=device), weft.zeros(1, device=device)

    def launch():
        kernel(x=x, sums=sums, groups=groups)
        kernel(x=sums, sums=total, groups=1)

    return Work(launch, total, [floats(n).sum(dtype="f8")], 1e-5)


def scan(device, n=1 << 18):
    blocks = weft.kernel(SCAN, entry="blocks", device=device)
    add = weft.kernel(SCAN, entry="add", device=device)
    host = words(n)
    sizes = [n]
    while sizes[-1] > 256:
        sizes.append(sizes[-1] // 256)
    arrays = [weft.zeros(max(size, 256), dtype="uint32", device=device) for size in [*sizes, 1]]  # zero beyond size
    scanned = [weft.zeros(max(size, 256), dtype="uint32", device=device) for size in sizes]
    arrays[0].write(host)

    def launch():
        for k, size in enumerate(sizes):
            blocks(x=arrays[k], y=scanned[k], totals=arrays[k + 1], groups=max(size // 256, 1))
        for k in range(len(sizes) - 1, 0, -1):
            add(y=scanned[k - 1], before=scanned[k], groups=sizes[k - 1] // 256)

    return Work(launch, scanned[0], np.cumsum(host, dtype="u4"))


def stencil(device, width=1024, height=1024):
    kernel = weft.kernel(STENCIL, device=device)
    host = floats(width * height).reshape(height, width)
    x, y = weft.asarray(host.ravel(), device=device), weft.zeros(width * height, device=device)
    edged, weights = np.pad(host, 1, "edge").astype("f8"), np.outer([1, 2, 1], [1, 2, 1]) / 16
    want = sum(weights[i, j] * edged[i : i + height, j : j + width] for i in range(3) for j in range(3))
    p = {"width": width, "height": height}
    return Work(lambda: kernel(x=x, y=y, p=p, threads=(width, height)), y, want, 1e-5)


def histogram(device, n=1 << 22, groups=64):
    kernel, x = weft.kernel(HISTOGRAM, device=device), weft.asarray(words(n), device=device)
    counts = weft.zeros(256, dtype="uint32", device=device)

    def launch():
        counts.fill(0)
        kernel(x=x, counts=counts, groups=groups)

    return Work(launch, counts, np.bincount(words(n) & 255, minlength=256))


def bitonic(device, n=1 << 17):
    kernel, host = weft.kernel(BITONIC, device=device), weft.asarray(words(n), device=device)
    x = weft.zeros(n, dtype="uint32", device=device)

    def launch():
        x.copy_from(host)
        run = 2
        while run <= n:
            step = run // 2
            while step:
                kernel(x=x, p={"run": run, "step": step}, threads=n // 2)
                step //= 2
            run *= 2

    return Work(launch, x, np.sort(words(n)))


ALL = {
    "copy": copy,
    "saxpy": saxpy,
    "mandelbrot": mandelbrot,
    "matmul-naive": matmul(MATMUL_NAIVE),
    "matmul-tiled": matmul(MATMUL_TILED),
    "reduction": reduction,
    "scan": scan,
    "stencil3x3": stencil,
    "histogram": histogram,
    "bitonic": bitonic,
}


def make(name, device, **sizes):
    return ALL[name](device, **sizes)
