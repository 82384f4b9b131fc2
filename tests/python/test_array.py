"""Array: attributes, views, writing, reading, and what it refuses."""

import array

import pytest
import weft
from kernels import affine, values


def rows(n=6):
    return weft.asarray([[10 * i + j for j in range(3)] for i in range(n)])


# ---- attributes ------------------------------------------------------------------------------------------------------


def test_attributes_and_repr():
    x = weft.zeros((4, 3), "int16")
    assert (x.shape, x.ndim, x.size, x.itemsize, x.nbytes, len(x)) == ((4, 3), 2, 12, 2, 24, 4)
    assert x.dtype is weft.int16 and x.device is weft.device()
    assert repr(x) == "<weft.Array (4, 3) int16>"
    with pytest.raises(TypeError, match="0-d array has no len"):
        len(weft.asarray(1))
    with pytest.raises(AttributeError):
        x.shape = (12,)
    with pytest.raises(TypeError):
        weft.Array()


def test_repr_does_not_read():
    x = weft.zeros(3)
    before = weft.stats()["read_bytes"], weft.stats()["submits"]
    repr(x), str(x), f"{x}"
    assert (weft.stats()["read_bytes"], weft.stats()["submits"]) == before


# ---- views -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "key", [slice(None), slice(2, 5), slice(-2, None), slice(3, 3), slice(5, 2), slice(0, 100), slice(1, None, 1)]
)
def test_slices_are_the_rows_they_name(key):
    host = [[10 * i + j for j in range(3)] for i in range(6)]
    x = weft.asarray(host)
    assert x[key].shape == (len(host[key]), 3)
    if host[key]:
        assert values(x[key]) == host[key]


def test_an_index_is_a_row_and_an_element():
    x = rows()
    assert values(x[2]) == [20, 21, 22] and x[2].shape == (3,)
    assert values(x[-1]) == [50, 51, 52] and values(x[1][2]) == 12 and x[1][2].shape == ()
    assert values(x[...]) == values(x) and values(x[()]) == values(x) and values(x[2,]) == [20, 21, 22]


def test_views_share_memory():
    x = rows()
    view = x[1:3]
    view[1:].fill(7)
    assert values(x[1:4]) == [[10, 11, 12], [7, 7, 7], [30, 31, 32]]
    del x
    assert values(view) == [[10, 11, 12], [7, 7, 7]]


@pytest.mark.parametrize(
    "key, words",
    [
        (
            slice(None, None, 2),
            "views have step 1, got step 2; take the elements on the host: weft.asarray(x.to_numpy()[::2].copy())",
        ),
        (slice(None, None, -1), "step -1"),
        ((slice(None), 1), "is not a contiguous part of the first axis"),
        (6, "index 6 is out of bounds for an axis of 6"),
        (-7, "index -7 is out of bounds"),
        ([0, 1], "is not a contiguous part"),
        (None, ".copy()"),
        (1.5, "1.5 is not a contiguous part"),
        (True, "True is not a contiguous part"),
    ],
)
def test_other_indices_raise(key, words):
    x = rows()
    with pytest.raises(IndexError) as e:
        x[key]
    assert words in str(e.value)
    assert values(x[5]) == [50, 51, 52]


def test_numpy_integers_index_and_arrays_of_them_do_not():
    np = pytest.importorskip("numpy")
    x = rows()
    assert values(x[np.int64(2)]) == values(x[np.array(2)]) == values(x[2])
    assert values(x[np.int8(1) : np.uint64(3)]) == values(x[1:3])
    for key in (np.array([0, 1]), np.array([1]), np.ones(6, bool)):
        with pytest.raises(IndexError, match="is not a contiguous part of the first axis"):
            x[key]


def test_a_0d_array_has_nothing_to_index():
    x = weft.asarray(5)
    with pytest.raises(IndexError, match="0-d array has no axis"):
        x[0]
    assert values(x[...]) == 5


# ---- writing ---------------------------------------------------------------------------------------------------------


def test_write_replaces_all_elements():
    x = weft.zeros(3)
    x.write([1, 2.5, 3])
    assert values(x) == [1.0, 2.5, 3.0]
    x.write(array.array("f", [4, 5, 6]))
    assert values(x) == [4.0, 5.0, 6.0]
    x.write(weft.asarray([7.0, 8.0, 9.0]))
    assert values(x) == [7.0, 8.0, 9.0]


def test_fill_with_every_dtype():
    for dtype, value, result in [
        ("bool", True, True),
        ("int8", -5, -5),
        ("int16", -500, -500),
        ("int32", -(2**31), -(2**31)),
        ("uint8", 255, 255),
        ("uint16", 65535, 65535),
        ("uint32", 2**32 - 1, 2**32 - 1),
        ("float32", 1.5, 1.5),
        ("complex64", 1 + 2j, [1.0, 2.0]),
    ]:
        x = weft.zeros(5, dtype)
        x.fill(value)
        assert values(x) == [result] * 5
        x[1:4].fill(0)
        assert values(x)[0] == result and values(x)[4] == result and values(x)[1] in (0, [0.0, 0.0])


def test_assignment_takes_arrays_buffers_numbers_and_lists():
    x = weft.zeros(8)
    x[2:5] = 7
    x[0] = -1.5
    x[5:] = [1, 2, 3]
    assert values(x) == [-1.5, 0, 7, 7, 7, 1, 2, 3]
    x[:2] = array.array("f", [8, 9])
    x[2:4] = x[6:8]
    x[4:] = weft.asarray([4.0, 5.0, 6.0, 7.0])
    assert values(x) == [8, 9, 2, 3, 4, 5, 6, 7]
    x[...] = 0
    assert values(x) == [0] * 8
    y = weft.zeros((2, 2), "uint8")
    y[1] = [3, 4]
    y[0][1] = 9
    assert values(y) == [[0, 9], [3, 4]]


def test_copies_are_made_on_the_device():
    x = rows()
    before = weft.stats()["upload_bytes"], weft.stats()["read_bytes"]
    y = x.copy()
    z = weft.empty_like(x)
    z[:] = x
    w = weft.zeros((2, 3), "int32")
    w.copy_from(x[4:])
    assert (weft.stats()["upload_bytes"], weft.stats()["read_bytes"]) == before
    x.fill(0)
    assert values(y) == values(z) == values(rows()) and values(w) == values(rows())[4:]


@pytest.mark.parametrize("dtype", ["int8", "uint8", "bool", "int16", "uint16", "int32"])
def test_unaligned_views_merge_their_edges(dtype):
    """Slices of 1- and 2-byte elements begin and end inside a word of the device."""
    base = [i % 2 if dtype == "bool" else i + 1 for i in range(23)]
    for start in range(5):
        for stop in (start, start + 1, start + 2, start + 7, 20, 23):
            x = weft.asarray(base, dtype)
            part = x[start:stop]
            assert part.size == stop - start
            if part.size:
                assert values(part) == base[start:stop]
            new = [1 - v if dtype == "bool" else v + 100 for v in base[start:stop]]
            if start % 2:
                part[:] = weft.asarray(new, dtype)
            else:
                part.write(new)
            expected = [*base]
            expected[start:stop] = new
            assert values(x) == expected
            part.fill(0)
            expected[start:stop] = [0] * (stop - start)
            assert values(x) == expected


@pytest.mark.parametrize(
    "data, error, words",
    [
        ([1.0, 2.0], ValueError, "the array has shape (3,), what is written has shape (2,)"),
        ([[1.0, 2.0, 3.0]], ValueError, "shape (1, 3)"),
        (
            array.array("i", [1, 2, 3]),
            TypeError,
            'wants float32, got int32; convert on the host: weft.asarray(a, dtype="float32")',
        ),
        (
            array.array("d", [1, 2, 3]),
            TypeError,
            'wants float32, got float64; convert on the host: weft.asarray(a, dtype="float32")',
        ),
        (["a"], TypeError, "wants numbers"),
        (None, TypeError, "got NoneType"),
        ([1e300] * 3, OverflowError, "`[0]`: 1e+300 is out of the range of float32"),
    ],
)
def test_wrong_data_raises_and_changes_nothing(data, error, words):
    x = weft.asarray([1.0, 2.0, 3.0])
    for put in (lambda: x.write(data), lambda: x.__setitem__(slice(None), data)):
        with pytest.raises(error) as e:
            put()
        assert words in str(e.value)
    assert values(x) == [1.0, 2.0, 3.0]


def test_wrong_arrays_raise():
    x = weft.zeros(3)
    for call in (x.write, x.copy_from, lambda y: x.__setitem__(..., y)):
        with pytest.raises(TypeError, match="the array is float32, what is written is int32; convert on the host"):
            call(weft.zeros(3, "int32"))
        with pytest.raises(ValueError, match=r"the array has shape \(3,\), what is written has shape \(4,\)"):
            call(weft.zeros(4))
    with pytest.raises(TypeError, match="copy_from wants a weft array, got list"):
        x.copy_from([1, 2, 3])
    with pytest.raises(TypeError, match="wants a number of type float32, got 'a'"):
        x.fill("a")
    with pytest.raises(TypeError, match="cannot be deleted"):
        del x[0]
    x[:] = weft.asarray([1.0, 2.0, 3.0])
    assert values(x) == [1, 2, 3]


def test_overlapping_copies_raise_and_disjoint_ones_do_not():
    x = weft.asarray([0, 1, 2, 3, 4, 5, 6, 7])
    with pytest.raises(ValueError, match="overlap"):
        x[1:5] = x[0:4]
    assert values(x) == [0, 1, 2, 3, 4, 5, 6, 7]
    x[4:] = x[:4]
    x[:] = x
    assert values(x) == [0, 1, 2, 3, 0, 1, 2, 3]


# ---- reading ---------------------------------------------------------------------------------------------------------


def test_to_memoryview_has_format_and_shape():
    view = rows(2).to_memoryview()
    assert (view.format, view.shape, view.readonly) == ("i", (2, 3), False) and view.tolist() == [
        [0, 1, 2],
        [10, 11, 12],
    ]
    assert weft.asarray(2.5).to_memoryview().tolist() == 2.5
    empty = weft.zeros((0, 3)).to_memoryview()
    assert (empty.nbytes, empty.format) == (0, "f")
    halves = weft.asarray([1.0], "float16").to_memoryview()
    assert (halves.format, halves.tolist()) == ("H", [0x3C00])


def test_each_read_is_a_new_array():
    np = pytest.importorskip("numpy")
    x = weft.asarray([1.0, 2.0])
    first, second = x.to_numpy(), x.to_numpy()
    first[0] = 9
    assert second[0] == 1.0 and values(x) == [1.0, 2.0] and isinstance(first, np.ndarray) and first.base is None


async def test_reads_into_a_given_array():
    np = pytest.importorskip("numpy")
    x = weft.asarray(np.arange(6, dtype="i4").reshape(2, 3))
    out = np.zeros((4, 3), "i4")
    got = await x.to_numpy_async(out=out[1:3])
    assert got.base is out and out.tolist() == [[0, 0, 0], [0, 1, 2], [3, 4, 5], [0, 0, 0]]
    if weft.device().driver != "web":
        assert x.to_numpy(out=got) is got and out[2].tolist() == [3, 4, 5]
    assert (await x.to_numpy_async(out=None)).tolist() == [[0, 1, 2], [3, 4, 5]]


def test_what_cannot_be_read_into():
    np = pytest.importorskip("numpy")
    x = weft.zeros((2, 3), "int32")
    fixed = np.zeros((2, 3), "i4")
    fixed.flags.writeable = False
    before = weft.stats()["read_bytes"]
    for out, match in [
        (np.zeros((3, 2), "i4"), r"int32 array of shape \(2, 3\), got int32 of shape \(3, 2\)$"),
        (np.zeros((2, 3), "f4"), r"got float32 of shape \(2, 3\)$"),
        (np.zeros((2, 6), "i4")[:, ::2], "which is not C-contiguous$"),
        (fixed, "which is read-only$"),
    ]:
        with pytest.raises(ValueError, match=match):
            x.to_numpy(out=out)
    with pytest.raises(TypeError, match="out wants a NumPy array, got list"):
        x.to_numpy(out=[1])
    assert weft.stats()["read_bytes"] == before


def test_reads_of_views():
    np = pytest.importorskip("numpy")
    host = np.arange(101, dtype="u1")
    x = weft.asarray(host)
    for key in (slice(0, 1), slice(1, 2), slice(3, 100), slice(97, 101), slice(50, 50)):
        np.testing.assert_array_equal(x[key].to_numpy(), host[key])


def test_a_large_array():
    np = pytest.importorskip("numpy")
    host = np.arange(64 * 1024 * 1024 // 4, dtype="u4")
    np.testing.assert_array_equal(weft.asarray(host).to_numpy(), host)


# ---- what an array refuses -------------------------------------------------------------------------------------------


def test_no_silent_download():
    np = pytest.importorskip("numpy")
    x = weft.zeros(3)
    before = weft.stats()["read_bytes"]
    with pytest.raises(TypeError, match=r"not downloaded by itself: write x.to_numpy\(\)"):
        np.asarray(x)
    with pytest.raises(TypeError, match=r"x.to_numpy\(\)"):
        np.sum(x)
    with pytest.raises(TypeError):
        memoryview(x)
    assert weft.stats()["read_bytes"] == before


def test_truth_and_iteration_raise():
    x = weft.zeros(3)
    with pytest.raises(
        TypeError, match=r"truth of a weft array is not known on the host: read it first with x.to_numpy\(\)"
    ):
        bool(x)
    with pytest.raises(TypeError, match="not iterated over on the device"):
        list(x)
    with pytest.raises(TypeError, match="iterable"):
        0.0 in x  # noqa: B015
    assert values(x) == [0, 0, 0]


def test_padding_does_not_show():
    """The last word of an odd number of small elements is padded with zeros, which kernels see and readers do not."""
    x = weft.asarray([255] * 5, "uint8")
    y = weft.zeros(2, "uint32")
    copy = weft.kernel("""
      @group(0) @binding(0) var<storage, read> x: array<u32>;
      @group(0) @binding(1) var<storage, read_write> y: array<u32>;
      @compute @workgroup_size(2) fn copy(@builtin(local_invocation_index) i: u32) { y[i] = x[i]; }""")
    copy(x=x, y=y, threads=2)
    assert values(y) == [0xFFFFFFFF, 0xFF] and values(x) == [255] * 5


def test_results_of_a_kernel_in_a_view():
    x, y = weft.asarray([1.0, 2.0, 3.0, 4.0]), weft.zeros(8)
    affine()(x=x, y=y[2:6], threads=4)
    assert values(y) == [0, 0, 3, 5, 7, 9, 0, 0]
