"""Input that must work, and input that must raise: what raises says what was wanted and what came, leaves earlier results
as they were, and lets the next call work. What the tests of single types have already is not here again."""

import array
import ctypes
import keyword
import sys

import pytest
import weft
from kernels import SAXPY, STEP, affine, values

# ---- must work -------------------------------------------------------------------------------------------------------


def test_every_object_with_the_buffer_protocol():
    floats = array.array("f", [1, 2, 3, 4])
    objects = [
        floats,
        memoryview(floats),
        memoryview(floats).toreadonly(),
        memoryview(floats).cast("B").cast("f", (2, 2)),
        floats.tobytes(),
        bytearray(floats.tobytes()),
        (ctypes.c_float * 4)(1, 2, 3, 4),
        ((ctypes.c_float * 2) * 2)((1, 2), (3, 4)),
        weft.Buffer(floats),
        weft.asarray(floats),
    ]
    k = affine()
    for given in objects:
        y = weft.zeros(4)
        k(x=given, y=y, threads=4)
        assert values(y) == [3, 5, 7, 9], type(given)


@pytest.mark.parametrize("threads, shape", [((7, 5), (5, 7)), ((3, 4, 5), (5, 4, 3)), ((1, 1, 9), (9, 1, 1))])
def test_grids_of_two_and_three_dimensions(threads, shape):
    k = weft.kernel("""
      @group(0) @binding(0) var<storage, read_write> out: array<u32>;
      @group(0) @binding(1) var<uniform> n: vec3u;
      @compute @workgroup_size(4, 2, 1) fn index(@builtin(global_invocation_id) i: vec3u) {
        if (all(i < n)) { out[(i.z * n.y + i.y) * n.x + i.x] = i.x + 100u * i.y + 10000u * i.z; } }""")
    x, y, z = (*threads, 1)[:3]
    out = weft.zeros(x * y * z, "uint32")
    k(out=out, n=(x, y, z), threads=threads)
    assert values(out) == [i + 100 * j + 10000 * m for m in range(z) for j in range(y) for i in range(x)]


def test_memory_may_grow_between_calls():
    k, host = affine(), array.array("f", range(1000))
    x, y = weft.asarray(host), weft.zeros(1000)
    grown = []
    for i in range(6):
        k(x=host if i % 2 else x, y=y, threads=1000)
        grown.append(bytearray(16 << 20))
        assert values(y) == [2.0 * v + 1 for v in host]
        y.fill(0)


def test_names_that_are_keywords():
    names = [n for n in keyword.kwlist if n in ("lambda", "is", "not", "in", "def", "pass", "raise", "global")]
    worked = 0
    for name in names:
        try:
            k = weft.kernel(STEP.replace(" x:", f" {name}:").replace("&x", f"&{name}").replace("x[id", f"{name}[id"))
        except weft.ShaderError as e:
            assert name in str(e)  # reserved in WGSL as well
            continue
        x = weft.zeros(2, "uint32")
        k(**{name: x}, threads=2)
        with weft.record() as g:
            k({name: x}, threads=2)
        g.replay(**{name: x})
        worked += values(x) == [2, 2]
    assert worked


def test_no_threads_are_checked_and_do_nothing():
    k, x = weft.kernel(STEP), weft.zeros(2, "uint32")
    before = weft.stats()["dispatches"]
    k(x=x, threads=0)
    k(x=weft.zeros(0, "uint32"), threads=0)
    k(x=x, groups=(1, 0))
    assert weft.stats()["dispatches"] == before and values(x) == [0, 0]
    with pytest.raises(TypeError, match="`x` is array<u32>: it wants uint32, not float32"):
        k(x=weft.zeros(2), threads=0)
    with pytest.raises(TypeError, match="misses `x`"):
        k(threads=0)


def test_sixty_four_mebibytes():
    n = 16 << 20
    x = weft.zeros(n, "uint32")
    k = weft.kernel(
        STEP.replace("x[id.x] += 1u", "x[i] += i").replace("{ if (id.x", "{ let i = id.x + id.y * 8192u; if (i")
    )
    k(x=x, threads=(8192, n // 8192))
    back = x.to_memoryview()
    assert (len(back), back[0], back[1], back[n // 2 + 3], back[n - 1]) == (n, 0, 1, n // 2 + 3, n - 1)


# ---- must raise ------------------------------------------------------------------------------------------------------


def too_large():
    n = weft.device().limits["maxBufferSize"] // 4 + (1 << 18)
    if 4 * n > sys.maxsize:
        pytest.skip("this device takes larger buffers than can be addressed here")
    return weft.zeros(n)


@pytest.mark.parametrize(
    "change, error, words",
    [
        ({"x": lambda: weft.zeros(4, "int32")}, TypeError, "`x` is array<f32>: it wants float32, not int32"),
        ({"x": lambda: array.array("i", [1])}, TypeError, "`x` is array<f32>: it wants float32, not int32"),
        ({"x": lambda: array.array("h", [1, 2])}, TypeError, "`x` is array<f32>: it wants float32, not int16"),
        ({"x": lambda: array.array("q", [1])}, TypeError, '`x`: int64 is not a dtype of devices; convert on the host: weft.asarray(a, dtype="int32")'),
        ({"x": lambda: array.array("d", [1])}, TypeError, '`x`: float64 is not a dtype of devices; convert on the host: weft.asarray(a, dtype="float32")'),
        ({"x": lambda: weft.zeros(0)}, ValueError, "`x` has no elements, and WebGPU binds no empty buffer"),
        ({"y": lambda: array.array("f", [1])}, TypeError, "`y` is var<storage, read_write> array<f32>: it wants a weft array or Buffer (weft.asarray(a) makes one), got array"),
        ({"z": lambda: 1}, TypeError, "saxpy() has no binding `z`"),
        ({"thraeds": lambda: 1}, TypeError, "saxpy() has no binding `thraeds` (did you mean `threads`?)"),
        ({"p": lambda: {"a": 1, "m": 2}}, TypeError, "`p`: P has no member `m`; there are a, n"),
        ({"p": lambda: {"a": 1}}, TypeError, "`p`: member `n` (u32) of P is missing"),
        ({"p": lambda: {"a": 1, "n": -1}}, OverflowError, "`p.n`: -1 is out of the range of u32"),
        ({"p": lambda: {"a": "2", "n": 1}}, TypeError, "`p.a`: wants a number of type f32, got '2'"),
        ({"threads": lambda: 64 * 65535 + 1}, ValueError, "65536 workgroups in x; a launch takes at most 65535 in each dimension. Use a second one: threads=(2097152, 2)"),
        ({"threads": lambda: None}, TypeError, "saxpy() wants exactly one of `threads` and `groups`, got neither"),
        ({"groups": lambda: 1}, TypeError, "saxpy() wants exactly one of `threads` and `groups`, got both"),
        ({"threads": lambda: (1, 65536)}, ValueError, "65536 workgroups in y"),
        ({"threads": lambda: -1}, ValueError, "`threads` wants numbers from 0 to 2**63 - 1, got -1"),
        ({"x": too_large}, (ValueError, MemoryError), "maxBufferSize"),
    ],
)
def test_wrong_calls(change, error, words):
    k, y = weft.kernel(SAXPY), weft.asarray([1.0, 2.0])
    good = {"x": weft.asarray([10.0, 20.0]), "y": y, "p": {"a": 2.0, "n": 2}, "threads": 2}
    k(**good)
    with pytest.raises(error) as e:
        k(**{**good, **{name: value() for name, value in change.items()}})
    if words != "maxBufferSize":
        assert words in str(e.value)
    assert values(y) == [21, 42]
    k(**good)
    assert values(y) == [41, 82]


def test_elements_that_devices_do_not_have():
    np = pytest.importorskip("numpy")
    k, y = affine(), weft.asarray([1.0])
    for host, words in [
        (np.zeros(1, ">f4"), "`x`: the elements are byte-swapped"),
        (np.zeros(1, "f8"), '`x`: float64 is not a dtype of devices; convert on the host: weft.asarray(a, dtype="float32")'),
        (np.zeros(1, "u8"), "`x`: uint64 is not a dtype of devices"),
        (np.zeros(1, "c16"), "`x`: complex128 is not a dtype of devices"),
        (np.array([None]), "`x`: "),
        (np.array(["a"]), "`x`: "),
        (np.zeros(1, "M8[s]"), "`x`"),
    ]:
        with pytest.raises((TypeError, ValueError)) as e:
            k(x=host, y=y, threads=1)
        assert words in str(e.value), host.dtype
        assert values(y) == [1]
    k(x=np.ones(1, "f4"), y=y, threads=1)
    assert values(y) == [3]


def test_what_is_given_instead_of_a_mapping():
    for wrong in (3, "ab", [1], [("a", 1)]):
        with pytest.raises(TypeError, match="`constants` wants a mapping, got"):
            weft.kernel(STEP, constants=wrong)
    x = weft.zeros(1, "uint32")
    weft.kernel(STEP, constants={})(x=x, threads=1)
    assert values(x) == [1]
