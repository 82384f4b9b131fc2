"""What goes in: weft.asarray, and the functions that make arrays."""

import array
import struct

import pytest
import weft
from kernels import values

# ---- Python values ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value, dtype, shape",
    [
        ([1, 2, 3], "int32", (3,)),
        ([1.5, 2], "float32", (2,)),
        ([True, False], "bool", (2,)),
        ([[1, 2], [3, 4], [5, 6]], "int32", (3, 2)),
        (((1.0,), (2.0,)), "float32", (2, 1)),
        (7, "int32", ()),
        (2.5, "float32", ()),
        ([], "float32", (0,)),
        ([[], []], "float32", (2, 0)),
        (range(4), "int32", (4,)),
        (True, "bool", ()),
        (-1, "int32", ()),
    ],
)
def test_numbers_and_nested_sequences(value, dtype, shape):
    x = weft.asarray(value)
    assert (x.dtype, x.shape) == (dtype, shape)
    if 0 not in shape:
        expected = [list(row) if isinstance(row, tuple) else row for row in value] if shape else value
        assert values(x) == expected


def test_complex_numbers_come_back_as_pairs():
    x = weft.asarray([1 + 2j, 3])
    assert x.dtype == "complex64" and values(x) == [[1.0, 2.0], [3.0, 0.0]]


def test_numbers_with_a_dtype():
    assert values(weft.asarray([1, 2], "uint8")) == [1, 2]
    assert values(weft.asarray([1, 2], dtype="float32")) == [1.0, 2.0]
    assert values(weft.asarray([2**32 - 1], "uint32")) == [2**32 - 1]
    assert values(weft.asarray([0, 1, 2], bool)) == [False, True, True]
    halves = weft.asarray([1.0, -2.0, 65504.0, 2.0**-24, 1 / 3], "float16").to_memoryview()
    assert halves.tobytes() == struct.pack("<5e", 1.0, -2.0, 65504.0, 2.0**-24, 1 / 3)


@pytest.mark.parametrize(
    "value, dtype, error, words",
    [
        ([1, 300], "uint8", OverflowError, "`[1]`: 300 is out of the range of uint8"),
        ([-1], "uint32", OverflowError, "`[0]`: -1 is out of the range of uint32"),
        ([2**31], None, OverflowError, "`[0]`: 2147483648 is out of the range of int32"),
        ([1e39], None, OverflowError, "`[0]`: 1e+39 is out of the range of float32"),
        ([65520.0], "float16", OverflowError, "`[0]`: 65520.0 is out of the range of float16"),
        ([1.5], "int32", TypeError, "`[0]`: wants an integer of type int32, got 1.5"),
        ([1j], "float32", TypeError, "`[0]`: wants a number of type float32, got 1j"),
        ([[1, 2], [3]], None, ValueError, "ragged: axis 1 has 2 elements in one place and 1 in another"),
        ([[1], 2], None, ValueError, "ragged: numbers stand at different depths"),
        (
            "text",
            None,
            TypeError,
            "wants numbers, nested sequences of numbers or an object with the buffer protocol, got str",
        ),
        ([None], None, TypeError, "got NoneType"),
        ({}, None, TypeError, "got dict"),
        (object, None, TypeError, "got type"),
    ],
)
def test_wrong_numbers_raise(value, dtype, error, words):
    with pytest.raises(error) as e:
        weft.asarray(value, dtype)
    assert words in str(e.value)
    assert values(weft.asarray([1, 2])) == [1, 2]


def test_deep_nesting_raises():
    value = 1
    for _ in range(2000):
        value = [value]
    with pytest.raises(ValueError, match="nested more than 32 deep"):
        weft.asarray(value)
    loop = []
    loop.append(loop)
    with pytest.raises(ValueError, match="nested more than 32 deep"):
        weft.asarray(loop)


def test_a_list_that_changes_while_it_is_read_raises():
    rows = [[1.0, 2.0], [3.0, 4.0]]

    class Sly(float):
        def __complex__(self):
            rows[1].append(5.0)
            return 1j

    rows[0][0] = Sly(1.0)
    with pytest.raises(ValueError, match="changed while it was read"):
        weft.asarray(rows, "complex64")


# ---- buffers ---------------------------------------------------------------------------------------------------------


def test_objects_with_the_buffer_protocol():
    assert weft.asarray(b"abc").dtype == "uint8" and values(weft.asarray(b"abc")) == [97, 98, 99]
    assert values(weft.asarray(bytearray(b"ab"))) == [97, 98]
    assert values(weft.asarray(array.array("h", [-1, 2, 3]))) == [-1, 2, 3]
    assert values(weft.asarray(memoryview(bytes(range(12))).cast("I", (3, 1)))) == [
        [0x03020100],
        [0x07060504],
        [0x0B0A0908],
    ]
    assert values(weft.asarray(memoryview(array.array("f", range(6)))[::2])) == [0.0, 2.0, 4.0]


def test_buffers_are_converted_on_request():
    doubles = array.array("d", [1.0, 2.5, -3.0])
    assert values(weft.asarray(doubles, dtype="float32")) == [1.0, 2.5, -3.0]
    assert values(weft.asarray(doubles, dtype="int32")) == [1, 2, -3]
    assert values(weft.asarray(array.array("q", [1, 2**31 - 1]), "int32")) == [1, 2**31 - 1]
    assert values(weft.asarray(array.array("b", [-1, 0, 1]), "float32")) == [-1.0, 0.0, 1.0]
    assert values(weft.asarray(array.array("I", [0, 7]), bool)) == [False, True]


@pytest.mark.parametrize(
    "value, dtype, error, words",
    [
        (
            array.array("d", [1]),
            None,
            TypeError,
            'float64 is not a dtype of devices; convert on the host: weft.asarray(a, dtype="float32")',
        ),
        (
            array.array("q", [1]),
            None,
            TypeError,
            'int64 is not a dtype of devices; convert on the host: weft.asarray(a, dtype="int32")',
        ),
        (
            array.array("Q", [1]),
            None,
            TypeError,
            'uint64 is not a dtype of devices; convert on the host: weft.asarray(a, dtype="uint32")',
        ),
        (
            array.array("q", [0] * 200 + [2**31]),
            "int32",
            OverflowError,
            "element 200 is 2147483648, which int32 cannot hold",
        ),
        (
            array.array("Q", [2**64 - 1]),
            "int32",
            OverflowError,
            "element 0 is 18446744073709551615, which int32 cannot hold",
        ),
        (array.array("d", [0, float("nan")]), "int32", OverflowError, "element 1 is nan, which int32 cannot hold"),
        (array.array("d", [1e300]), "float32", OverflowError, "element 0 is 1e+300, which float32 cannot hold"),
        (array.array("h", [-1]), "uint8", OverflowError, "element 0 is -1, which uint8 cannot hold"),
    ],
)
def test_wrong_buffers_raise(value, dtype, error, words):
    with pytest.raises(error) as e:
        weft.asarray(value, dtype)
    assert words in str(e.value)
    assert values(weft.asarray(array.array("f", [1]))) == [1.0]


# ---- NumPy -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["bool", "i1", "i2", "i4", "u1", "u2", "u4", "f2", "f4", "c8"])
@pytest.mark.parametrize("shape", [(), (0,), (1,), (7,), (3, 5), (2, 3, 4), (0, 4)])
def test_numpy_arrays_come_back_the_same(dtype, shape):
    np = pytest.importorskip("numpy")
    host = (np.arange(np.prod(shape, dtype=int)) % 3).astype(dtype).reshape(shape)
    x = weft.asarray(host)
    assert (x.shape, x.size, x.nbytes, x.ndim, x.dtype, x.itemsize) == (
        shape,
        host.size,
        host.nbytes,
        host.ndim,
        host.dtype,
        host.itemsize,
    )
    back = x.to_numpy()
    assert back.dtype == host.dtype and back.shape == shape and back.flags.writeable
    np.testing.assert_array_equal(back, host)


def test_numpy_arrays_of_any_layout():
    np = pytest.importorskip("numpy")
    base = np.arange(60, dtype="f4").reshape(5, 12)
    read_only = base.copy()
    read_only.flags.writeable = False
    for host in (
        base[:, ::3],
        base.T,
        base[::-1],
        np.asfortranarray(base),
        np.broadcast_to(base[0], (3, 12)),
        read_only,
        base[2:4, 3:5],
    ):
        np.testing.assert_array_equal(weft.asarray(host).to_numpy(), host)


def test_numpy_arrays_that_devices_do_not_have_raise():
    np = pytest.importorskip("numpy")
    for host, words in [
        (np.zeros(3), 'float64 is not a dtype of devices; convert on the host: weft.asarray(a, dtype="float32")'),
        (
            np.zeros(3, "c16"),
            'complex128 is not a dtype of devices; convert on the host: weft.asarray(a, dtype="complex64")',
        ),
        (np.zeros(3, ">f4"), "the elements are byte-swapped"),
        (np.zeros(3, "O"), "elements of the buffer format 'O' are no dtype of devices"),
        (np.zeros(3, "S3"), "elements of the buffer format '3s' are no dtype of devices"),
    ]:
        with pytest.raises(TypeError) as e:
            weft.asarray(host)
        assert words in str(e.value)
    assert weft.asarray(np.zeros(3), dtype="float32").shape == (3,)


def test_conversion_agrees_with_numpy():
    np = pytest.importorskip("numpy")
    rng = np.random.default_rng(1)
    for source in ("f8", "f4", "f2", "i8", "i4", "i2", "i1", "u8", "u4", "u2", "u1", "bool", "c16", "c8"):
        host = (rng.random(300) * 100).astype(source)
        for target in ("f4", "f2", "i4", "i2", "i1", "u4", "u2", "u1", "bool", "c8"):
            if np.dtype(source).kind == "c" and target not in ("c8", "bool"):
                with pytest.raises(TypeError, match="cannot convert complex"):
                    weft.asarray(host, target)
            else:
                np.testing.assert_array_equal(weft.asarray(host, target).to_numpy(), host.astype(target))


def test_numpy_scalars_are_numbers():
    np = pytest.importorskip("numpy")
    assert weft.asarray(np.float32(2.5)).dtype == "float32" and weft.asarray(np.float32(2.5)).shape == ()
    assert values(weft.asarray([np.float32(1), np.int64(2)])) == [1.0, 2.0]
    assert values(weft.asarray([np.arange(2), np.arange(2)])) == [[0, 1], [0, 1]]


# ---- making ----------------------------------------------------------------------------------------------------------


def test_empty_zeros_and_their_likes():
    x = weft.zeros((2, 3), "int16")
    assert values(x) == [[0, 0, 0], [0, 0, 0]] and x.device is weft.device()
    assert weft.empty(5).shape == (5,) and weft.empty(5).dtype == "float32"
    assert weft.empty((), "int32").shape == () and weft.empty([2, 0]).size == 0
    like = weft.zeros_like(x)
    assert (like.shape, like.dtype) == ((2, 3), "int16") and values(like) == values(x)
    assert weft.empty_like(x, "float32").dtype == "float32" and weft.empty_like(x, device=weft.device()).shape == (2, 3)
    reused = weft.asarray([5.0] * 1000)
    del reused
    assert values(weft.zeros(1000)) == [0.0] * 1000


def test_numpy_integers_are_shapes():
    np = pytest.importorskip("numpy")
    for shape in (np.array([2, 3]), (np.int64(2), np.uint8(3)), [np.array(2), 3]):
        assert weft.zeros(shape).shape == (2, 3)
    assert weft.zeros(np.int64(4)).shape == weft.zeros(np.array(4)).shape == (4,)
    with pytest.raises(TypeError):
        weft.zeros(np.array([2.0, 3.0]))


def test_zeros_like_a_numpy_array():
    np = pytest.importorskip("numpy")
    assert weft.zeros_like(np.ones((2, 2), "u4")).dtype == "uint32"
    with pytest.raises(TypeError, match="float64 is not a dtype|<f8 is not a dtype|float64"):
        weft.zeros_like(np.ones(2))


@pytest.mark.parametrize(
    "shape, error, words",
    [
        (-1, ValueError, "axis 0 of the shape is negative: -1"),
        ((2, -3), ValueError, "axis 1 of the shape is negative: -3"),
        ("3", TypeError, "a shape is an int or a sequence of ints, got '3'"),
        (2.0, TypeError, "a shape is an int"),
        ((1.5,), TypeError, "a shape is an int or a sequence of ints, got (1.5,)"),
        ((2**30, 2**30, 2**30), ValueError, "more elements than can be addressed"),
        ((1,) * 33, ValueError, "at most 32 axes"),
    ],
)
def test_wrong_shapes_raise(shape, error, words):
    with pytest.raises(error) as e:
        weft.zeros(shape)
    assert words in str(e.value)
    assert weft.zeros((2**15, 2**15, 0)).size == 0


def test_an_array_over_the_limit_raises():
    limit = weft.device().limits["maxBufferSize"]
    with pytest.raises(ValueError, match=f"{limit}|more elements than can be addressed"):
        weft.empty(limit + 16, "uint8")
    with pytest.raises(ValueError, match="more elements than can be addressed"):
        weft.empty((4, 2**70))
    assert weft.empty(4, "uint8").nbytes == 4


def test_asarray_of_an_array_is_that_array():
    x = weft.zeros(3)
    assert weft.asarray(x) is x and weft.asarray(x, "float32") is x and weft.asarray(x, device=weft.device()) is x
    with pytest.raises(TypeError) as e:
        weft.asarray(x, "int32")
    assert 'the array is float32; convert on the host: weft.asarray(x.to_numpy(), dtype="int32")' in str(e.value)


def test_a_wrong_device_argument_raises():
    for make in (
        lambda d: weft.asarray([1], device=d),
        lambda d: weft.zeros(1, device=d),
        lambda d: weft.Buffer(4, device=d),
    ):
        with pytest.raises(TypeError, match=r"`device` wants a weft.Device, got 'native': weft.device\('native'\) gives one"):
            make("native")
        with pytest.raises(TypeError, match="`device` wants a weft.Device .*, got int"):
            make(3)
