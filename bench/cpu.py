"""The cases of weft's cpu, in one process: cpu.py SUBJECT CASE…

native          cpu-vs-swiftshader-<computation>: cpu and Dawn on SwiftShader, all cores, turn by turn
                cpu-vs-numpy-<computation>: cpu with one thread and NumPy, turn by turn
a name          cpu-wasm-vs-native-<computation>: cpu with one thread, its times under this name
"""

import os
import sys
import time

import computations
import measure
import numpy as np
import weft

TURNS = {"matmul-naive": 5, "matmul-tiled": 5}  # others 15
ENOUGH = 0.02  # seconds that a sample lasts at least


def sample(work, device, clock=time.perf_counter):
    """Seconds that one launch takes until it is done."""
    done = lambda: (work.launch(), weft.synchronize(device))  # noqa: E731
    done()
    work.check()
    again = max(1, int(ENOUGH / max(measure.timed(done), 1e-6)))

    def several():
        for _ in range(again):
            work.launch()
        weft.synchronize(device)

    return lambda: measure.timed(several, clock) / again


def with_one_thread():
    os.environ["WEFT_THREADS"] = "1"
    try:
        return weft.device("cpu", new=True)
    finally:
        del os.environ["WEFT_THREADS"]


def numpy_sample(name):
    n = 1 << 22
    x, y, z = computations.floats(n), computations.floats(n), np.zeros(n, "f4")
    if name == "copy":
        once = lambda: np.copyto(z, x)  # noqa: E731
    elif name == "saxpy":
        once = lambda: np.add(np.multiply(x, np.float32(2.5), out=z), y, out=z)  # noqa: E731
    else:
        once = x.sum
    again = max(1, int(ENOUGH / measure.timed(once)))
    return lambda: measure.timed(lambda: [once() for _ in range(again)], time.process_time) / again


def native(cases):
    cpu = weft.device("cpu")
    for case in cases:
        name = case.split("-", 3)[3]
        if case.startswith("cpu-vs-swiftshader-"):
            dawn = weft.device("dawn")
            if "SwiftShader" not in dawn.name:
                measure.missing(case, "SwiftShader", f"Dawn runs on {dawn.name} here")
                continue
            pair = {
                "weft cpu": (cpu, computations.make(name, cpu)),
                "SwiftShader": (dawn, computations.make(name, dawn)),
            }
            subjects = {who: sample(work, device) for who, (device, work) in pair.items()}
        else:
            one = with_one_thread()
            # few workgroups read memory nearly in order, as one thread should
            sum_of = {"groups": 16} if name == "sum" else {}
            work = computations.make("reduction" if name == "sum" else name, one, **sum_of)
            subjects = {"weft cpu, one thread": sample(work, one, time.process_time), "NumPy": numpy_sample(name)}
        measure.interleave(case, "ms", subjects, TURNS.get(name, 15), 1e3)


def alone(subject, cases):
    cpu = with_one_thread()
    for case in cases:
        name = case.removeprefix("cpu-wasm-vs-native-")
        measure.interleave(case, "ms", {subject: sample(computations.make(name, cpu), cpu)}, 5, 1e3)


def main(subject, *cases):
    if subject == "native":
        native(cases)
    else:
        alone(subject, cases)


main(*sys.argv[1:])
