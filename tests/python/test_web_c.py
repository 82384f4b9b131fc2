"""Files of the c ring on the web driver: the driver's contract, the core and its fault loops, hostile limits."""

import importlib
import os
import sys

import pytest

if sys.platform != "emscripten":
    pytest.skip("natively they run in the c ring", allow_module_level=True)
if os.environ.get("WEFT_DEVICE") != "web":
    pytest.skip("the web driver is not tested: WebGPU is hidden, the page a strict one", allow_module_level=True)

from weft import _web


@pytest.mark.parametrize("name", ["driver", "core", "core_errors", "graph", "map", "text", "timestamps", "wgsl"])
def test_file_of_the_c_ring(name):
    before = _web.object_count(), _web.device_count()
    module = importlib.import_module(f"_test_{name}")
    assert module.run(_web.driver()) == 0
    assert (_web.object_count(), _web.device_count()) == before
