"""weft._web: the web driver as Python sees it, and the driver test (tests/c/test_driver.c) run on it."""

import importlib
import inspect
import sys

import pytest

if sys.platform != "emscripten":
    pytest.skip("the web driver exists in WebAssembly only", allow_module_level=True)

from weft import _web


@pytest.fixture(autouse=True)
def nothing_left():
    before = _web.object_count(), _web.device_count()
    yield
    assert (_web.object_count(), _web.device_count()) == before


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


def test_the_driver_test():
    ctest = pytest.importorskip("_weft_ctest", reason="the driver test is not built into this ring")
    assert ctest.run(_web.driver()) == 0
