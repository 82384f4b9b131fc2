"""Buffer: raw bytes."""

import array

import pytest
import weft
from kernels import values


def test_a_buffer_of_bytes_and_of_zeros():
    b = weft.Buffer(b"12345")
    assert (b.nbytes, len(b), b.to_bytes(), repr(b)) == (5, 5, b"12345", "<weft.Buffer of 5 bytes>")
    assert b.device is weft.device()
    assert weft.Buffer(7).to_bytes() == bytes(7) and weft.Buffer(0).to_bytes() == b""
    assert weft.Buffer(array.array("f", [1.0])).to_bytes() == b"\x00\x00\x80\x3f"
    assert weft.Buffer(memoryview(b"abcdef")[::2]).to_bytes() == b"ace"


def test_a_buffer_of_a_numpy_array():
    np = pytest.importorskip("numpy")
    for host in (np.array([1.5]), np.array([7]), np.arange(3, dtype="u1"), np.zeros(2, "f4,i4"), np.arange(6.0)[::2], np.zeros((), "f4,u4")):
        assert weft.Buffer(host).to_bytes() == host.tobytes()
    assert weft.Buffer(np.int64(12)).nbytes == weft.Buffer(np.array(12)).nbytes == 12


def test_a_reused_buffer_is_zero():
    b = weft.Buffer(b"\xff" * 4096)
    del b
    assert weft.Buffer(4096).to_bytes() == bytes(4096)


def test_write_at_an_offset():
    b = weft.Buffer(12)
    b.write(b"abcd", 4)
    b.write(array.array("H", [0x3231, 0x3433]), offset=8)
    assert b.to_bytes() == b"\0\0\0\0abcd1234"
    whole = weft.Buffer(5)
    whole.write(b"vwxyz")
    assert whole.to_bytes() == b"vwxyz"


@pytest.mark.parametrize(
    "data, offset, error, words",
    [
        (b"abcd", 2, ValueError, "offset and size must be multiples of 4 bytes, got offset 2 and 4 bytes"),
        (b"abc", 0, ValueError, "got offset 0 and 3 bytes"),
        (b"abcd", 12, ValueError, "bytes 12 to 16 are outside the buffer, which has 12 bytes"),
        (b"x" * 16, 0, ValueError, "bytes 0 to 16 are outside"),
        (b"abcd", -4, ValueError, "the offset is negative: -4"),
        ("abcd", 0, TypeError, "wants bytes or another object with the buffer protocol, got str"),
        (7, 0, TypeError, "got int"),
    ],
)
def test_wrong_writes_raise_and_change_nothing(data, offset, error, words):
    b = weft.Buffer(b"123456789abc")
    with pytest.raises(error) as e:
        b.write(data, offset)
    assert words in str(e.value)
    assert b.to_bytes() == b"123456789abc"
    b.write(b"good", 8)
    assert b.to_bytes() == b"12345678good"


def test_slices_are_views():
    b = weft.Buffer(b"0123456789abcdef")
    part = b[4:12]
    assert (len(part), part.to_bytes(), part[2:].to_bytes(), b[3:6].to_bytes()) == (8, b"456789ab", b"6789ab", b"345")
    part.write(b"XXXX", 4)
    assert b.to_bytes() == b"01234567XXXXcdef"
    with pytest.raises(ValueError, match="got offset 5 and 4 bytes"):
        b[5:].write(b"1234")
    for key, words in [(slice(None, None, 2), "step 2"), (3, "indexed by slices of bytes, got int")]:
        with pytest.raises((IndexError, TypeError), match=words):
            b[key]
    with pytest.raises(TypeError, match=r"b.to_bytes\(\)"):
        list(b)


def test_view_gives_arrays():
    b = weft.Buffer(array.array("f", [1, 2, 3, 4]))
    assert values(b.view("float32")) == [1, 2, 3, 4]
    assert values(b.view(weft.float32, (2, 2))) == [[1, 2], [3, 4]]
    assert values(b.view("u4", 1)) == [0x3F800000]
    assert values(b[4:12].view("f4")) == [2, 3]
    assert b[:6].view("uint16").shape == (3,) and b[1:4].view("uint8").shape == (3,)
    view = b.view("f4", (2,))
    view.fill(0)
    assert b.view("f4").to_memoryview().tolist() == [0, 0, 3, 4]


@pytest.mark.parametrize(
    "start, stop, arguments, error, words",
    [
        (2, 6, ("f4",), ValueError, "byte 2 of the buffer is not a multiple of the 4 bytes of float32"),
        (0, 6, ("f4",), ValueError, "shape (1,) of float32 takes 4 bytes, the buffer has 6"),
        (0, 16, ("f4", 5), ValueError, "shape (5,) of float32 takes 20 bytes, the buffer has 16"),
        (0, 16, ("f8",), TypeError, "not a dtype of devices"),
        (0, 16, ("f4", -1), ValueError, "negative"),
    ],
)
def test_wrong_views_raise(start, stop, arguments, error, words):
    b = weft.Buffer(16)
    with pytest.raises(error) as e:
        b[start:stop].view(*arguments)
    assert words in str(e.value)
    assert b.view("f4").shape == (4,)


@pytest.mark.parametrize(
    "argument, error, words",
    [
        (-1, ValueError, "a Buffer has at least 0 bytes, got -1"),
        ("text", TypeError, "wants a number of bytes or an object with the buffer protocol, got str"),
        (1.5, TypeError, "got float"),
        ([1], TypeError, "got list"),
        (2**70, ValueError, "a Buffer of 1180591620717411303424 bytes is more than can be addressed"),
    ],
)
def test_wrong_contents_raise(argument, error, words):
    with pytest.raises(error) as e:
        weft.Buffer(argument)
    assert words in str(e.value)


def test_a_buffer_is_bound_anywhere():
    b = weft.Buffer(array.array("I", [1, 2, 3]))
    out = weft.Buffer(12)
    source = """
      struct Pair { a: u32, b: f32 }
      @group(0) @binding(0) var<storage, read> x: array<u32>;
      @group(0) @binding(1) var<storage, read_write> y: array<u32>;
      @compute @workgroup_size(4) fn copy(@builtin(local_invocation_index) i: u32) { if (i < arrayLength(&x)) { y[i] = x[i]; } }"""
    weft.kernel(source)(x=b, y=out, threads=4)
    assert out.to_bytes() == b.to_bytes()


async def test_to_bytes_async():
    await weft.device_async()
    b = weft.Buffer(b"12345678")
    assert await b.to_bytes_async() == b"12345678" and await b[1:4].to_bytes_async() == b"234"
