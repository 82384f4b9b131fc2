"""How fast WGSL is checked: check.py LABEL   in Pyodide, or on this machine, where Tint is asked too.

check.wgsl is 200 lines; `wgsl-check-MBps` takes 32 copies of it with names of their own in one module. Natively Tint takes
turns: Dawn's createShaderModule on the null backend, timed in JavaScript, where it does nothing but check.
"""

import contextlib
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import measure
import weft
from weft import _core

HERE = pathlib.Path(__file__).parent
COPIES, ROUNDS = 32, 31


def texts():
    """The cases: name, unit, source, what turns seconds into the unit."""
    source = (HERE / "check.wgsl").read_text()
    large = "\n".join(re.sub(r"_0\b", f"_{i}", source) for i in range(COPIES))
    assert not weft.check(source) and not weft.check(large)
    megabytes = len(large.encode()) / 1e6
    return {
        "wgsl-check-200-lines-us": ("µs", source, lambda seconds: seconds * 1e6),
        "wgsl-check-MBps": ("MB/s", large, lambda seconds: megabytes / seconds),
    }


def ours(text):
    """Seconds of one check; short ones are repeated, for clocks that are coarse."""
    data, n = text.encode(), max(1, 200_000 // len(text))
    began = time.perf_counter()
    for _ in range(n):
        _core.check(data, None, None, (), False)
    return (time.perf_counter() - began) / n


@contextlib.contextmanager
def tint():
    """A function path -> seconds of one check."""
    sys.path.insert(0, str(HERE.parent / "tools"))
    import pyodide_job

    command = [pyodide_job.node(), "tests/wgsl/tint.mjs", "--time"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=HERE.parent, **pipes) as process:

        def ask(path):
            process.stdin.write(f"{path}\n")
            process.stdin.flush()
            while not (answer := process.stdout.readline()).startswith("= "):
                if not answer:
                    raise RuntimeError("tint.mjs ended")
            return float(answer[2:]) / 1e3

        yield ask
        process.stdin.close()


def native(label):
    with tempfile.TemporaryDirectory() as folder, tint() as ask:
        for case, (unit, text, convert) in texts().items():
            path = pathlib.Path(folder) / f"{case}.wgsl"
            path.write_text(text)
            subjects = {"weft": lambda text=text: ours(text), "Tint": lambda path=path: ask(path)}
            measure.interleave(f"{case}{label}", unit, subjects, ROUNDS, convert)


def main(label=""):
    label = f"@{label}" if label else ""
    if sys.platform != "emscripten":
        native(label)
        return
    for case, (unit, text, convert) in texts().items():
        measure.interleave(f"{case}{label}", unit, {"weft": lambda text=text: ours(text)}, ROUNDS, convert)


main(*sys.argv[1:])
