"""weft._web: the web driver as Python sees it."""

import contextlib
import gc
import importlib
import inspect
import os
import sys

import pytest

if sys.platform != "emscripten":
    pytest.skip("the web driver exists in WebAssembly only", allow_module_level=True)
if os.environ.get("WEFT_DEVICE") != "web":
    pytest.skip("the web driver is not tested: WebGPU is hidden, the page a strict one", allow_module_level=True)

import weft
from weft import _web


def test_the_capsule_is_a_driver():
    assert "weft.driver" in repr(_web.driver())


def test_promise_can_be_awaited():
    assert inspect.isawaitable(_web.promise())


def test_wait_says_so_where_nothing_can_wait():
    from pyodide.code import run_js
    from pyodide.ffi import can_run_sync

    raised = []

    def entered_from_javascript():
        assert not can_run_sync()
        with pytest.raises(RuntimeError) as error:
            _web.wait()
        raised.append(str(error.value))

    run_js("(f) => f()")(entered_from_javascript)
    assert "stack switch" in raised[0]


def test_a_second_import_reaches_the_same_driver():
    again = importlib.reload(_web)
    assert again.object_count() == _web.object_count()


def test_fail_next_takes_a_name():
    _web.fail_next("submit")
    _web.fail_next(None)


SOURCE = """
@group(0) @binding(0) var<storage, read_write> x: array<f32>;
override by: f32;
@compute @workgroup_size(64) fn scale(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < arrayLength(&x)) { x[id.x] *= by; }
}"""


def scale(by):
    """Three numbers times `by`, on a device of its own."""
    device = weft.device("web")
    try:
        x = weft.asarray([1.0, 2.0, 3.0], dtype="float32", device=device)
        weft.kernel(SOURCE, constants={"by": by}, device=device)(x, threads=3)
        return list(x.to_memoryview())
    finally:
        device.destroy()


ENTRIES = """open buffer_create buffer_write module_create layout_create pipeline_create submit map_start
map_read""".split()


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_javascript_exception_is_a_python_exception(entry):
    for _ in range(2):  # the second replaces a device that earlier tests may have left
        assert scale(4.0) == [4.0, 8.0, 12.0]
        gc.collect()
    before = _web.object_count(), _web.device_count()
    _web.fail_next(entry)
    try:
        with pytest.raises(weft.Error, match=f"TypeError: thrown on request in {entry}"):
            scale(2.0)
    finally:
        _web.fail_next(None)
    gc.collect()
    assert scale(3.0) == [3.0, 6.0, 9.0]
    assert (_web.object_count(), _web.device_count()) == before


@pytest.mark.parametrize("entry", ["release", "poll", "map_finish", "text", "query"])
def test_a_javascript_exception_where_no_error_can_be_told_ends_nothing(entry):
    _web.fail_next(entry)
    try:
        with contextlib.suppress(weft.Error, ValueError):  # a device without limits refuses sizes
            scale(2.0)
    finally:
        _web.fail_next(None)
    assert scale(3.0) == [3.0, 6.0, 9.0]


async def test_a_device_without_a_clock():
    from pyodide.code import run_js

    restore = run_js("""(() => {
      const request = navigator.gpu.requestAdapter;
      navigator.gpu.requestAdapter = async function (wish) {
        const adapter = await request.call(this, wish);
        const features = new Set([...adapter.features].filter((name) => name !== "timestamp-query"));
        return { info: adapter.info, limits: adapter.limits, features, requestDevice: (d) => adapter.requestDevice(d) };
      };
      return () => { navigator.gpu.requestAdapter = request; };
    })()""")
    try:
        device = await weft.device_async("web", new=True)
    finally:
        restore()
    assert "timestamp-query" not in device.features
    t = weft.timer(device)
    with pytest.raises(weft.UnsupportedError, match="no clock to time with .the feature timestamp-query"), t:
        pass
    with pytest.raises(weft.StateError, match="nothing has been timed yet"):
        t.seconds()
    x = weft.asarray([1.0, 2.0], dtype="float32", device=device)
    weft.kernel(SOURCE, constants={"by": 2}, device=device)(x, threads=2)  # and the rest of it works
    assert list(await x.to_memoryview_async()) == [2.0, 4.0]
    device.destroy()
