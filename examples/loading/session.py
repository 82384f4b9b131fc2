"""The pages' side in Python: runs a program of kernels/*.py with its WGSL, times it, draws it. Called by the pages' scripts.

A program is run with `n` and `wgsl` set and defines upload() -> arrays, compute(*arrays) -> array, on_numpy() -> ndarray
and, where the result is no image, picture(*arrays) -> array; also colormap, a name. A simulation can compute and be
computed on_numpy(rounds=…) several times in a row. What goes to JavaScript is JSON.
"""

import asyncio
import contextlib
import io
import json
import linecache
import os
import re
import time
import traceback

import numpy as np
import watch
import weft
from pyodide.code import eval_code_async

NAME = "program.py"
REPEATS = 5
SHORT = 0.005  # seconds: what is shorter is timed by several calls
LONG = 0.2  # seconds: what takes longer is timed once
SMOOTH = 8  # milliseconds that a submit may keep the GPU, which the screen needs too


class EndlessError(TimeoutError):
    """A kernel, or the program around it, took so long that its device was given up."""


class Session:
    def __init__(self):
        self.program, self.arrays = {}, ()

    async def open(self, patience):
        """patience: the seconds that a kernel may take."""
        self.patience = patience
        self.device = await weft.device_async()
        return {name: getattr(self.device, name) for name in ("name", "kind", "library", "driver")} | {"why": await self.why()}

    async def why(self):
        """Why the device is weft's own one on the CPU, "" where it is not."""
        if self.device.driver != "cpu":
            return ""
        if os.environ["WEFT_DEVICE"]:
            return "The address of this page asks for it."
        try:
            return f"All that the browser offers is {(await weft.device_async('web')).name}, which computes on the CPU too."
        except weft.Error as error:
            return str(error)

    async def load(self, source, wgsl, n):
        """Runs the program's top level; its output is the answer."""
        self.program, self.arrays = {"n": n, "wgsl": wgsl, "__name__": "__main__"}, ()
        linecache.cache[NAME] = (len(source), None, source.splitlines(True), NAME)
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            await eval_code_async(source, globals=self.program, filename=NAME)
        for name in ("upload", "compute", "on_numpy"):
            if not callable(self.program.get(name)):
                raise NameError(f"the program defines no function {name}()")
        return out.getvalue()

    @contextlib.contextmanager
    def patiently(self):
        """Gives the device up when what is done with it takes too long; `reopen` opens another."""
        watch.start(self.patience + 1)  # where the kernel keeps this thread busy, on the CPU; else the wait ends before
        try:
            yield
        except (TimeoutError, KeyboardInterrupt) as error:
            self.device.destroy()
            lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == NAME]
            what, where = ("program", f"; it was in line {lines[-1]}") if lines else ("kernel", "")
            raise EndlessError(f"The {what} had not ended after {self.patience:g} seconds{where}.") from None
        finally:
            watch.stop()

    async def finish(self):
        await asyncio.wait_for(weft.synchronize_async(self.device), self.patience)

    async def once(self, times):
        clock = time.perf_counter
        began = clock()
        with self.patiently():
            arrays = as_tuple(self.program["upload"]())
            await self.finish()
            uploaded = clock()
        with self.patiently():
            result = self.program["compute"](*arrays)
            await self.finish()
            computed = clock()
        host = await result.to_numpy_async()
        for name, seconds in zip(("upload", "compute", "read"), np.diff([began, uploaded, computed, clock()])):
            times[name].append(seconds)
        return arrays, host

    async def measure(self):
        times = {"upload": [], "compute": [], "read": [], "numpy": []}
        self.arrays, result = await self.once({name: [] for name in times})  # the first round also warms up
        for _ in range(REPEATS):
            _, again = await self.once(times)
            if sum(times["compute"]) > 1:
                break
        while len(times["numpy"]) < REPEATS:
            began, calls = time.perf_counter(), 0
            while time.perf_counter() - began < SHORT:  # browsers give clocks of 0.1 ms
                expected = self.program["on_numpy"]()
                calls += 1
            times["numpy"].append((time.perf_counter() - began) / calls)
            if sum(times["numpy"]) > LONG:
                break
        same = alike(result, expected)
        head = np.array2string(result, precision=4, threshold=6)
        figures = {name: float(np.median(seconds)) * 1e3 for name, seconds in times.items()}
        return figures | {"same": same, "shape": result.shape, "dtype": str(result.dtype), "head": head}

    def image(self):
        """What is to be seen now, an array of two dimensions, or None."""
        if "picture" in self.program:
            return self.program["picture"](*self.arrays)
        found = [a for a in self.arrays if a.ndim == 2]
        return found[0] if found else None

    async def draw(self, canvas):
        image = self.image() if self.arrays else None
        if image is None:
            return False
        weft.show(image, canvas, self.program.get("colormap", "viridis"))
        return True

    async def simulate(self, canvas, rounds, every, ran):
        """A long batch: computes `rounds` times, draws every few, calls ran(n) for n more dispatches, checks the result."""
        self.arrays = as_tuple(self.program["upload"]())
        with weft.batch(max_ms_per_submit=SMOOTH, progress=Bar(ran)):
            for i in range(rounds):
                self.program["compute"](*self.arrays)
                if i % every == 0:
                    await self.draw(canvas)
        await self.draw(canvas)
        return alike(await self.arrays[0].to_numpy_async(), self.program["on_numpy"](rounds))

    async def bytes(self):
        return await self.arrays[0].to_memoryview_async()

    async def frame(self, canvas):
        with self.patiently():
            self.program["compute"](*self.arrays)
            await self.draw(canvas)
            await self.finish()

    async def stats(self, name):
        return weft.stats(self.device)[name]

    async def lose(self):
        self.device.destroy()

    async def reopen(self):
        self.program, self.arrays = {}, ()
        return await self.open(self.patience)


class Bar:
    """A progress bar that a page draws."""

    def __init__(self, ran):
        self.update = ran


def as_tuple(value):
    return value if isinstance(value, tuple) else (value,)


def alike(result, expected):
    """The share of the elements that agree."""
    return float(np.mean(np.isclose(result, expected, rtol=1e-3, atol=1e-4)))


def shader_mistake(error):
    """What only the device objects to comes as "line:column: message", without the source line."""
    text, line, column = str(error), error.line, error.column
    if not line and (place := re.search(r"\b(\d+):(\d+): ", text)):
        line, column = map(int, place.groups())
    if line and "^" not in text:
        source = (error.source or session.program.get("wgsl", "")).split("\n")
        if line <= len(source):
            text += f"\n{line:5} | {source[line - 1]}\n      | {' ' * (column - 1)}^"
    return {"kind": "wgsl", "text": text, "line": line, "column": column}


def tell(error):
    """An exception as the page shows it: {kind, text, line, column}; line and column from 1, 0 when unknown."""
    if isinstance(error, weft.ShaderError):
        return shader_mistake(error)
    kinds = {weft.DeviceLostError: "lost", EndlessError: "endless"}
    kind = next((kind for of, kind in kinds.items() if isinstance(error, of)), "python")
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == NAME]
    if isinstance(error, weft.DeviceError | weft.UnsupportedError) and kind == "python" and not frames:
        kind = "device"
    line, column = (frames[-1].lineno, (frames[-1].colno or 0) + 1) if frames else (0, 0)
    if isinstance(error, SyntaxError) and error.filename == NAME:
        line, column = error.lineno or 0, error.offset or 1
    if frames or isinstance(error, SyntaxError):
        text = "".join(traceback.format_list(frames) + traceback.format_exception_only(error))
    else:
        text = f"{type(error).__name__}: {error}" if kind == "python" else str(error)
    return {"kind": kind, "text": text.rstrip(), "line": line, "column": column}


session = Session()


async def call(name, *arguments):
    """A method of the session, as JSON: [true, its answer] or [false, what went wrong]."""
    try:
        return json.dumps([True, await getattr(session, name)(*arguments)])
    except Exception as error:  # everything a program can do wrong is shown to the person who wrote it
        return json.dumps([False, tell(error)])
