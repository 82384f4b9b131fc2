"""weft._web: the web driver as Python sees it, and the driver test (tests/c/test_driver.c) run on it."""

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


def test_without_news_a_wait_waits():
    from pyodide.ffi import JsPromise

    wait = _web.promise()
    assert isinstance(wait, JsPromise)


def test_a_second_import_reaches_the_same_driver():
    import importlib

    again = importlib.reload(_web)
    assert again.object_count() == _web.object_count()


def test_fail_next_takes_a_name():
    _web.fail_next("submit")
    _web.fail_next(None)


def test_the_driver_test():
    ctest = pytest.importorskip("_weft_ctest", reason="the driver test is not built into this ring")
    assert ctest.run(_web.driver()) == 0
