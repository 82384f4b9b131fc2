"""WGSL that several tests use, and small helpers."""

import weft

SAXPY = """
  @group(0) @binding(0) var<storage, read>       x: array<f32>;
  @group(0) @binding(1) var<storage, read_write> y: array<f32>;
  struct P { a: f32, n: u32 }
  @group(0) @binding(2) var<uniform> p: P;
  @compute @workgroup_size(64)
  fn saxpy(@builtin(global_invocation_id) id: vec3u) { if (id.x < p.n) { y[id.x] = p.a * x[id.x] + y[id.x]; } }
"""

# y = 2 x + 1, element by element; T is one of f32, i32, u32.
AFFINE = """
  @group(0) @binding(0) var<storage, read>       x: array<T>;
  @group(0) @binding(1) var<storage, read_write> y: array<T>;
  @compute @workgroup_size(64)
  fn affine(@builtin(global_invocation_id) id: vec3u) {
    if (id.x < arrayLength(&y)) { y[id.x] = x[id.x] * T(2) + T(1); }
  }
"""

# Adds one to every element, so that each call shows.
STEP = """
  @group(0) @binding(0) var<storage, read_write> x: array<u32>;
  @compute @workgroup_size(64)
  fn step(@builtin(global_invocation_id) id: vec3u) { if (id.x < arrayLength(&x)) { x[id.x] += 1u; } }
"""

# Copies 32-bit words and counts those it was given.
WORDS = """
  @group(0) @binding(0) var<storage, read>       x: array<u32>;
  @group(0) @binding(1) var<storage, read_write> y: array<u32>;
  @group(0) @binding(2) var<storage, read_write> count: array<u32>;
  @compute @workgroup_size(64)
  fn words(@builtin(global_invocation_id) id: vec3u) {
    if (id.x < arrayLength(&x)) { y[id.x] = x[id.x]; }
    if (id.x == 0u) { count[0] = arrayLength(&x); }
  }
"""

# Some milliseconds of work, so that others have time to run while it is waited for; and what it makes of v.
SLOW = """
  @group(0) @binding(0) var<storage, read_write> x: array<u32>;
  @compute @workgroup_size(64) fn slow(@builtin(global_invocation_id) id: vec3u) {
    var v = x[id.x];
    for (var i = 0u; i < 20000u; i++) { v = v * 1664525u + 1013904223u; }
    x[id.x] = v;
  }
"""


def slowly(v, times):
    """What `times` runs of SLOW make of v: its 20000 steps are one of the same kind, found by doubling."""
    n, a, c, factor, addend = 20000 * times, 1664525, 1013904223, 1, 0
    while n:
        if n & 1:
            factor, addend = factor * a & 0xFFFFFFFF, (addend * a + c) & 0xFFFFFFFF
        n, a, c = n >> 1, a * a & 0xFFFFFFFF, (a + 1) * c & 0xFFFFFFFF
    return (v * factor + addend) & 0xFFFFFFFF


def affine(scalar="f32"):
    return weft.kernel(AFFINE.replace("T", scalar))


def echo(declaration, expressions, **options):
    """A kernel that writes f32(each expression) over the uniform `p` to `out`, and the array it writes to."""
    lines = "".join(f"out[{i}] = f32({e});\n" for i, e in enumerate(expressions))
    source = f"""
      {declaration}
      @group(0) @binding(0) var<storage, read_write> out: array<f32>;
      @group(0) @binding(1) var<uniform> p: P;
      @compute @workgroup_size(1) fn echo() {{ {lines} }}"""
    return weft.kernel(source, **options), weft.zeros(len(expressions))


def values(array):
    """The elements as nested lists, without NumPy."""
    return array.to_memoryview().tolist()
