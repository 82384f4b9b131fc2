"""docs/from-the-raw-pattern.md: its two programs are run on the same numbers. Prints their times."""

import pathlib
import re
import statistics
import sys
import time

import pytest
import weft

pytestmark = pytest.mark.skipif(sys.platform != "emscripten", reason="the raw program is one for Pyodide")
DOCUMENT = pathlib.Path(__file__).parents[2] / "docs" / "from-the-raw-pattern.md"
N, CALLS = 100_000, 11


@pytest.fixture(autouse=True)
def webgpu():
    if weft.device().driver != "web":
        pytest.skip("the raw program needs WebGPU")


def programs():
    """{"raw": compute_on_gpu, "weft": compute_on_gpu}, as they stand in the document."""
    blocks = dict(re.findall(r"<!-- (\w+) -->\n```python(?: browser)?\n(.*?)```", DOCUMENT.read_text(), re.S))
    found = {}
    for name in ("raw", "weft"):
        scope = {}
        exec(compile(blocks["kernel"] + blocks[name], f"{DOCUMENT.name}: {name}", "exec"), scope)
        found[name] = scope["compute_on_gpu"]
    return found


async def test_both_programs_give_what_numpy_gives_and_take_their_time(capsys):
    np = pytest.importorskip("numpy")
    given = [i / 7 for i in range(N)]
    expected = np.float32(2) * np.array(given, "f4") + np.float32(1)
    times = {"list to NumPy": [], "raw": [], "weft": []}
    both = programs()
    for turn in range(CALLS + 1):
        began = time.perf_counter()
        np.array(given, dtype=np.float32)
        times["list to NumPy"].append(time.perf_counter() - began)
        for name in list(both)[:: 1 if turn % 2 else -1]:
            began = time.perf_counter()
            result = await both[name](given)
            times[name].append(time.perf_counter() - began)
            assert result.dtype == np.float32 and np.array_equal(result, expected), name
    row = " | ".join(f"{statistics.median(seconds[1:]) * 1e3:.1f} ms" for seconds in times.values())
    with capsys.disabled():
        print(f"\n| {weft.device().library} | {row} |")


async def test_a_mistake_shows():
    raw, ours = programs().values()
    for compute in (raw, ours):
        compute.__globals__["WGSL"] = compute.__globals__["WGSL"].replace("2.0 * x", "2.0 * z")
    with pytest.raises(weft.ShaderError, match=r"2\.0 \* z\[id\.x\]"):
        await ours([1.0])
    with pytest.raises(Exception, match=r"\[Invalid ShaderModule.*\] is invalid due to a previous error"):
        await raw([1.0])
