"""weft.float32 and the other dtypes."""

import copy
import pickle

import pytest
import weft

NAMES = ["bool", "int8", "int16", "int32", "uint8", "uint16", "uint32", "float16", "float32", "complex64"]
SIZES = dict(zip(NAMES, [1, 1, 2, 4, 1, 2, 4, 2, 4, 8]))


@pytest.mark.parametrize("name", NAMES)
def test_a_dtype_has_a_name_a_size_and_is_its_name(name):
    dtype = getattr(weft, name)
    assert (dtype.name, dtype.itemsize, str(dtype), repr(dtype)) == (name, SIZES[name], name, f"weft.{name}")
    assert dtype == name and not dtype != name and hash(dtype) == hash(name)
    assert weft.empty(3, dtype).dtype is dtype and weft.empty(3, dtype).nbytes == 3 * SIZES[name]
    assert copy.copy(dtype) is dtype and pickle.loads(pickle.dumps(dtype)) is dtype


@pytest.mark.parametrize("name", NAMES)
def test_numpy_knows_a_dtype_and_the_other_way_round(name):
    np = pytest.importorskip("numpy")
    dtype = getattr(weft, name)
    assert np.dtype(dtype) == np.dtype(name) and dtype == np.dtype(name) and np.dtype(name) == dtype
    assert dtype.kind == np.dtype(name).kind
    scalar = getattr(np, {"bool": "bool_"}.get(name, name))
    assert weft.empty(0, scalar).dtype is dtype and weft.empty(0, np.dtype(name)).dtype is dtype


@pytest.mark.parametrize(
    "spelling, name",
    [
        ("f4", "float32"),
        ("<f4", "float32"),
        ("f", "float32"),
        ("u1", "uint8"),
        ("?", "bool"),
        ("c8", "complex64"),
        ("<i2", "int16"),
        ("|b1", "bool"),
        (float, "float32"),
        (int, "int32"),
        (bool, "bool"),
        (complex, "complex64"),
    ],
)
def test_spellings(spelling, name):
    assert weft.zeros(1, spelling).dtype is getattr(weft, name)


@pytest.mark.parametrize(
    "wrong, words",
    [
        ("float64", 'float64 is not a dtype of devices: use "float32"'),
        ("i8", 'i8 is not a dtype of devices: use "int32"'),
        (">f4", "'>f4' is not a dtype of devices; these are: bool, int8"),
        ("flaot32", "'flaot32' is not a dtype"),
        (3, "3 is not a dtype of devices"),
        (str, "<class 'str'> is not a dtype"),
    ],
)
def test_what_is_no_dtype_raises(wrong, words):
    with pytest.raises(TypeError) as e:
        weft.zeros(1, wrong)
    assert words in str(e.value)
    assert weft.zeros(1, "f4").dtype is weft.float32


def test_numpy_dtypes_that_devices_do_not_have_raise():
    np = pytest.importorskip("numpy")
    for wrong in (np.float64, np.dtype("i8"), np.dtype(">f4"), np.dtype("O"), np.dtype([("a", "f4")])):
        with pytest.raises(TypeError, match="not a dtype of devices"):
            weft.zeros(1, wrong)
    assert weft.float32 != np.dtype(">f4") and weft.float32 != np.dtype("f8")


def test_dtypes_differ_and_cannot_be_made():
    assert weft.float32 != weft.int32 and weft.float32 != "float64" and weft.float32 != 4 and weft.float32 != None  # noqa: E711
    with pytest.raises(TypeError):
        weft.DType()
    with pytest.raises((AttributeError, TypeError)):
        weft.float32.name = "other"
