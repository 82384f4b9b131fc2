"""The ten computations of the benchmark, small, on every device: loops, tiles in workgroup memory, barriers, atomics."""

import pathlib
import sys

import pytest

pytest.importorskip("numpy")
sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "bench"))
import computations

SIZES = {
    "copy": {"n": 1000},
    "saxpy": {"n": 1001},
    "mandelbrot": {"width": 50, "height": 30, "most": 40},
    "matmul-naive": {"n": 48},
    "matmul-tiled": {"n": 48},
    "reduction": {"n": 10007, "groups": 3},
    "scan": {"n": 2048},
    "stencil3x3": {"width": 45, "height": 21},
    "histogram": {"n": 10007, "groups": 3},
    "bitonic": {"n": 1024},
}


@pytest.mark.parametrize("name", computations.ALL)
def test_computation_agrees_with_numpy(name):
    work = computations.make(name, None, **SIZES[name])
    work.launch()
    work.check()
    work.launch()  # again, on arrays that are no longer zero
    work.check()
