"""The program of the README, and the same without NumPy."""

import array

import pytest
import weft
from kernels import SAXPY, values


def test_saxpy_on_a_million_elements():
    np = pytest.importorskip("numpy")
    host = np.arange(1e6, dtype="f4")
    x = weft.asarray(host)
    y = weft.zeros(x.shape, dtype="f4")
    saxpy = weft.kernel(SAXPY)
    saxpy(x=x, y=y, p={"a": 2.0, "n": x.size}, threads=x.size)
    result = y.to_numpy()
    assert result.dtype == np.float32 and result.shape == (1000000,)
    np.testing.assert_array_equal(result, 2 * host)


async def test_saxpy_awaited():
    np = pytest.importorskip("numpy")
    await weft.device_async()
    x = weft.asarray(np.arange(1000, dtype="f4"))
    y = weft.asarray(np.ones(1000, dtype="f4"))
    saxpy = await weft.kernel_async(SAXPY)
    saxpy(x=x, y=y, p={"a": 3.0, "n": x.size}, threads=x.size)
    np.testing.assert_array_equal(await y.to_numpy_async(), 3 * np.arange(1000, dtype="f4") + 1)


def test_saxpy_without_numpy():
    x = weft.asarray(array.array("f", range(100)))
    y = weft.asarray([1.0] * 100)
    weft.kernel(SAXPY)(x=x, y=y, p={"a": 2.0, "n": 100}, threads=100)
    assert values(y) == [2.0 * i + 1 for i in range(100)]
