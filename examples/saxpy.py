"""saxpy: y = a * x + y for a million numbers on the best device, checked against the host, with times.

Run it natively (python examples/saxpy.py) or in Pyodide. With NumPy where there is one, else on array.array.
"""

import array
import time

import weft

try:
    import numpy as np
except ImportError:
    np = None

N = 1_000_000
A = 2.0

saxpy = weft.kernel("""
  @group(0) @binding(0) var<storage, read>       x: array<f32>;
  @group(0) @binding(1) var<storage, read_write> y: array<f32>;
  struct P { a: f32, n: u32 }
  @group(0) @binding(2) var<uniform> p: P;
  @compute @workgroup_size(64)
  fn saxpy(@builtin(global_invocation_id) id: vec3u) { if (id.x < p.n) { y[id.x] = p.a * x[id.x] + y[id.x]; } }
""")


def inputs():
    """x = 0, 1, 2, ... and y = 1, 1, 1, ... on the host."""
    if np is not None:
        return np.arange(N, dtype="f4"), np.ones(N, dtype="f4")
    return array.array("f", range(N)), array.array("f", [1.0]) * N


def wrong(result):
    """How many elements differ from a * x + 1, rounded to float32 as the device does."""
    if np is not None:
        return int(np.count_nonzero(result != np.float32(A) * np.arange(N, dtype="f4") + np.float32(1)))
    return sum(got != want for got, want in zip(result, array.array("f", (A * i + 1.0 for i in range(N)))))


def main():
    host_x, host_y = inputs()
    times = {}

    def timed(name, work):
        start = time.perf_counter()
        out = work()
        weft.synchronize()
        times[name] = (time.perf_counter() - start) * 1e3
        return out

    for _ in range(2):  # the first round also compiles
        x, y = timed("upload", lambda: (weft.asarray(host_x), weft.asarray(host_y)))
        timed("compute", lambda: saxpy(x=x, y=y, p={"a": A, "n": N}, threads=N))
        result = timed("read", lambda: y.to_numpy() if np is not None else y.to_memoryview())

    bad = wrong(result)
    print(f"device   {weft.device()}")
    print(f"result   {'correct' if not bad else f'{bad} of {N} elements are wrong'}, on {'NumPy' if np else 'array.array (no NumPy here)'}")
    print("times    " + ", ".join(f"{name} {ms:.2f} ms" for name, ms in times.items()) + f" for {N:,} float32")
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main())
