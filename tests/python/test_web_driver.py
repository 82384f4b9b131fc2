"""The driver test of the c ring (tests/c/test_driver.c) on the web driver, which exists in Pyodide alone."""

import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "emscripten", reason="the web driver is for WebAssembly")


def test_keeps_the_contract_of_the_driver_table():
    ctest = pytest.importorskip("_weft_ctest")
    from weft import _web

    assert ctest.run(_web.driver()) == 0
