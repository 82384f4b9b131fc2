"""The native cases: native.py LABEL LIMIT CASE…   LIMIT: native_limit.c as a built shared library; "" builds it."""

import ctypes
import importlib.util
import os
import pathlib
import subprocess
import sys
import time

import measure
import numpy as np
import weft
from kernels import BIG, WGSL, N
from weft import _native

HERE = pathlib.Path(__file__).parent
CALLS = 1000


def build():
    """Compiles native_limit.c with the webgpu.h that comes with the package wgpu."""
    out = HERE.parent / "build" / "bench" / "native_limit.so"
    (headers,) = importlib.util.find_spec("wgpu").submodule_search_locations
    out.parent.mkdir(parents=True, exist_ok=True)
    flags = ["-std=c11", "-O2", "-Wall", "-Wextra", "-shared", "-fPIC", f"-I{headers}/resources"]
    subprocess.run([os.environ.get("CC", "cc"), *flags, str(HERE / "native_limit.c"), "-o", str(out), "-ldl"], check=True)
    return out


class Limit:
    name = "a C program"

    def __init__(self, library):
        self.lib = ctypes.CDLL(str(library))
        for name in ("limit_dispatch", "limit_upload", "limit_read"):
            getattr(self.lib, name).restype = ctypes.c_double
        path, address = _native.library()
        opened = self.lib.limit_open(
            (path or "").encode(), ctypes.c_void_p(address), WGSL.encode(), N, ctypes.c_uint64(BIG)
        )
        if opened:
            raise OSError("limit_open found no library or no device")
        self.small, self.host, self.launches = np.zeros(N, "f4"), np.ones(BIG // 4, "f4"), 0

    def took(self, seconds):
        if seconds < 0:
            raise OSError("the C program failed")
        return seconds

    def dispatch(self):
        seconds = self.took(self.lib.limit_dispatch(CALLS, ctypes.c_void_p(self.small.ctypes.data)))
        self.launches += CALLS
        assert self.small[-1] == self.launches, self.small
        return seconds

    def upload(self):
        return self.took(self.lib.limit_upload(ctypes.c_void_p(self.host.ctypes.data)))

    def read(self):
        return self.took(self.lib.limit_read(ctypes.c_void_p(self.host.ctypes.data)))


class Weft:
    name = "weft"

    def __init__(self):
        self.kernel = weft.kernel(WGSL)
        self.x, self.y = weft.asarray(np.ones(N, "f4")), weft.zeros(N, "f4")
        self.host, self.launches = np.ones(BIG // 4, "f4"), 0
        self.big, self.back = weft.asarray(self.host), np.ones(BIG // 4, "f4")

    def dispatch(self):
        k, x, y = self.kernel, self.x, self.y
        start = time.perf_counter()
        for _ in range(CALLS):
            k(x=x, y=y, p={"a": 1.0, "n": N}, threads=N)
        out = y.to_numpy()
        seconds = time.perf_counter() - start
        self.launches += CALLS
        assert out[-1] == self.launches, out
        return seconds

    def upload(self):
        def work():
            self.big.write(self.host)
            weft.synchronize()

        return measure.timed(work)

    def read(self):
        return measure.timed(lambda: self.big.to_numpy(out=self.back))


def main(label, limit, *cases):
    print(weft.device())
    subjects = [Weft(), Limit(limit or build())]
    suffix = f"@{label}" if label else ""
    for case in cases:
        method = case.split("-")[1]
        measure.interleave(case + suffix, "ms", {s.name: getattr(s, method) for s in subjects}, 21, 1e3)


main(*sys.argv[1:])
