"""The cases inside Pyodide: web.py DEVICE CASE…   DEVICE "" is Chromium, else what stands behind the @ of the case."""

import gc
import pathlib
import sys

import measure

try:
    import numpy as np
except ImportError:
    measure.missing("all", "everyone", "NumPy for Pyodide cannot be had: WEFT_NUMPY_WHEEL names a wheel of it")
    sys.exit(1)

import pyodide_js
import subjects
import weft

HERE = pathlib.Path(__file__).parent
CALLS = 1000


def opened(make, *args):
    """The subject, or None with the reason printed."""
    try:
        return make(*args)
    except Exception as error:
        measure.missing("all", make.name, f"{type(error).__name__}: {error}")
        return None


def everyone():
    ours = subjects.Weft(weft)
    dawn = opened(subjects.Dawn)
    others = [
        opened(subjects.Bare, ours),
        opened(subjects.JavaScript, (HERE / "raw.mjs").read_text()),
        opened(subjects.Proxies),
        opened(subjects.Cerbsim),
        dawn,
        dawn and subjects.DawnBinding(dawn),
    ]
    return [ours, *(subject for subject in others if subject)]


def leak(suffix):
    """10000 calls with a new array each, values, host arguments and now and then a read: what is left of them."""
    kernel, host = weft.kernel(subjects.WGSL), np.ones(subjects.N, "f4")

    def work(n):
        for i in range(n):
            y = weft.zeros(subjects.N, "f4")
            kernel(x=host, y=y, p={"a": i, "n": subjects.N}, threads=subjects.N)
            if i % 100 == 0:
                y.to_numpy()
        del y
        weft.synchronize()
        gc.collect()

    def handles():
        stats = weft.stats()
        return sum(stats[name] for name in ("buffers", "kernels", "futures", "objects", "driver_objects"))

    def memory():
        stats = weft.stats()
        return stats["used_bytes"] + stats["staging_bytes"] + pyodide_js._module.HEAPU8.length

    work(2000)
    before = memory(), handles()
    work(10000)
    after = memory(), handles()
    for unit, old, new in zip(("bytes", "handles"), before, after):
        measure.put(f"leak-10000{suffix}", unit, {"weft": [new - old]})


CASES = {  # name: (what to call, its argument, rounds, unit, scale)
    "enqueue": ("enqueue", 2000, 15, "µs", 1e6 / 2000),
    "enqueue-values": ("values", 2000, 15, "µs", 1e6 / 2000),
    "dispatch-1000": ("dispatch", CALLS, 31, "ms", 1e3),
    "replay-1000": ("replay", CALLS, 31, "ms", 1e3),
    "upload-64MiB": ("upload", None, 21, "ms", 1e3),
    "read-64MiB": ("read", None, 21, "ms", 1e3),
    "read-1KB": ("read_small", 20, 21, "ms", 1e3 / 20),
}


def main(device, *wanted):
    suffix = f"@{device}" if device else ""
    cases = {name: case for name, case in CASES.items() if name in wanted}
    people = everyone() if cases else []
    for name, (method, argument, rounds, unit, scale) in cases.items():
        if name == "replay-1000" and not hasattr(weft, "record"):
            measure.missing(name + suffix, "weft", "weft.record is not there yet")
            continue
        able = {p.name: getattr(p, method) for p in people if hasattr(p, method)}
        if argument is not None:
            able = {who: lambda work=work: work(argument) for who, work in able.items()}
        measure.interleave(name + suffix, unit, able, rounds, scale)
    if "leak-10000" in wanted:
        leak(suffix)


main(*sys.argv[1:])
