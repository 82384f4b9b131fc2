"""weft.show: which colours a picture has, as a PNG and on a canvas, and what cannot be shown."""

import array
import struct
import sys
import zlib

import pytest
import weft


def pixels(picture):
    """Rows of RGBA tuples, read back from the PNG."""
    png = picture._repr_png_()
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    at, parts = 8, {}
    while at < len(png):
        (n,), kind = struct.unpack(">I", png[at : at + 4]), png[at + 4 : at + 8]
        parts[kind] = png[at + 8 : at + 8 + n]
        assert struct.unpack(">I", png[at + 8 + n : at + 12 + n])[0] == zlib.crc32(kind + parts[kind])
        at += 12 + n
    width, height = struct.unpack(">II", parts[b"IHDR"][:8])
    rows = zlib.decompress(parts[b"IDAT"])
    assert len(rows) == height * (1 + 4 * width) and (width, height) == (picture.width, picture.height)
    at = [1 + y * (1 + 4 * width) for y in range(height)]
    return [[tuple(rows[a + 4 * x : a + 4 * x + 4]) for x in range(width)] for a in at]


def shaped(values, code, dtype, shape):
    x = weft.empty(shape, dtype)
    x.write(memoryview(array.array(code, values)).cast("B").cast(code, shape))
    return x


LOW, HIGH = (0x44, 0x01, 0x54, 255), (0xFD, 0xE7, 0x25, 255)


@pytest.mark.parametrize("code, dtype", [("f", "float32"), ("i", "int32"), ("h", "int16"), ("b", "int8")])
def test_the_lowest_and_the_highest_number_get_the_ends_of_the_colormap(code, dtype):
    x = shaped([-5, 0, 100, 3, -5, 7], code, dtype, (2, 3))
    rows = pixels(weft.show(x))
    assert rows[0][0] == rows[1][1] == LOW and rows[0][2] == HIGH
    assert rows[0][1] not in (LOW, HIGH)


@pytest.mark.parametrize("code, dtype", [("I", "uint32"), ("H", "uint16"), ("B", "uint8")])
def test_unsigned_numbers_with_limits_given(code, dtype):
    x = shaped([0, 10, 20, 200, 15, 3], code, dtype, (3, 2))
    rows = pixels(x.show(colormap="gray", vmin=10, vmax=20))
    assert [[r[0] for r in row] for row in rows] == [[0, 0], [255, 255], [128, 0]]


def test_what_is_no_number_is_transparent_and_infinities_are_ends():
    x = shaped([float("nan"), float("inf"), float("-inf"), 1, 2, 3], "f", "float32", (1, 6))
    (row,) = pixels(weft.show(x))
    assert row[0] == (0, 0, 0, 0) and row[1] == row[5] == HIGH and row[2] == row[3] == LOW


def test_all_the_same_number_and_none():
    assert pixels(weft.show(weft.zeros((2, 2)))) == [[LOW, LOW], [LOW, LOW]]
    (row,) = pixels(weft.show(shaped([float("nan")] * 2, "f", "float32", (1, 2))))
    assert row == [(0, 0, 0, 0)] * 2


def test_colours_as_they_are():
    x = shaped([1, 0, 0.5, 0.25, 2, -1], "f", "float32", (1, 2, 3))
    assert pixels(weft.show(x)) == [[(255, 0, 128, 255), (64, 255, 0, 255)]]
    x = shaped([10, 20, 30, 40, 255, 0, 1, 0], "B", "uint8", (2, 1, 4))
    assert pixels(weft.show(x)) == [[(10, 20, 30, 40)], [(255, 0, 1, 0)]]


def test_rows_wider_than_a_row_of_padding(tmp_path):
    x = shaped([i % 7 for i in range(3 * 130)], "f", "float32", (3, 130))
    picture = weft.show(x)
    rows = pixels(picture)
    wanted = {i % 7: rows[0][i % 7] for i in range(7)}
    assert rows == [[wanted[(y * 130 + x) % 7] for x in range(130)] for y in range(3)]
    picture.save(tmp_path / "x.png")
    assert (tmp_path / "x.png").read_bytes() == picture._repr_png_()


def test_nothing_is_read_before_a_picture_is_looked_at():
    before = weft.stats()["read_bytes"]
    picture = weft.show(weft.zeros((4, 4)))
    assert repr(picture) == "weft.Picture(4 x 4)" and weft.stats()["read_bytes"] == before
    picture._repr_png_()
    assert weft.stats()["read_bytes"] > before


def test_what_cannot_be_shown():
    with pytest.raises(ValueError, match=r"shape \(3,\): a picture has the shape"):
        weft.show(weft.zeros(3))
    with pytest.raises(ValueError, match=r"shape \(2, 2, 2\)"):
        weft.show(weft.zeros((2, 2, 2)))
    with pytest.raises(ValueError, match="nothing to show"):
        weft.show(weft.zeros((0, 4)))
    with pytest.raises(TypeError, match="complex64 has no colours"):
        weft.show(weft.zeros((2, 2), "complex64"))
    with pytest.raises(TypeError, match="`vmin` wants a number, got str"):
        weft.show(weft.zeros((2, 2)), vmin="0")
    with pytest.raises(TypeError, match="got list"):
        weft.show([[1.0]])
    with pytest.raises(ValueError, match="no colormap 'jet'; there are viridis"):
        weft.show(weft.zeros((2, 2)), colormap="jet")


@pytest.mark.skipif(sys.platform == "emscripten", reason="there are canvases here")
def test_no_canvas_outside_the_browser():
    with pytest.raises(TypeError, match="no canvases outside the browser"):
        weft.show(weft.zeros((2, 2)), object())


def canvases():
    import js

    if not hasattr(js, "OffscreenCanvas"):
        pytest.skip("Node has no canvas")
    return js.OffscreenCanvas


def on_canvas(canvas, width, height):
    """Its pixels as RGBA bytes: drawn on a canvas that can be read, in the turn in which it was shown."""
    import js

    context = canvases().new(width, height).getContext("2d")
    context.drawImage(canvas, 0, 0)
    assert js.OffscreenCanvas
    return bytes(context.getImageData(0, 0, width, height).data.to_bytes())


@pytest.mark.skipif(sys.platform != "emscripten", reason="canvases are in browsers")
class TestCanvas:
    def test_it_takes_the_size_and_the_pixels_of_the_array(self):
        canvas = canvases().new(1, 1)
        x = shaped([10, 20, 30, 255, 255, 0, 1, 255], "B", "uint8", (2, 1, 4))
        before = weft.stats()["read_bytes"]
        assert x.show(canvas) is None
        assert (canvas.width, canvas.height) == (1, 2)
        assert on_canvas(canvas, 1, 2) == bytes([10, 20, 30, 255, 255, 0, 1, 255])
        weft.show(weft.zeros((3, 70)), canvas)
        assert on_canvas(canvas, 70, 3) == bytes(LOW) * 210
        assert weft.device().driver == "cpu" or weft.stats()["read_bytes"] == before

    def test_a_canvas_of_size_zero_gets_a_size(self):
        canvas = canvases().new(0, 0)
        weft.show(weft.zeros((2, 2)), canvas)
        assert (canvas.width, canvas.height) == (2, 2)

    def test_a_canvas_with_another_context(self):
        canvas = canvases().new(4, 4)
        canvas.getContext("bitmaprenderer")
        with pytest.raises(ValueError, match="another kind of context"):
            weft.show(weft.zeros((2, 2)), canvas)

    def test_what_is_no_canvas(self):
        import js

        canvases()
        for other in (js.Object.new(), 3, "canvas"):
            with pytest.raises(TypeError, match="no HTMLCanvasElement"):
                weft.show(weft.zeros((2, 2)), other)

    def test_too_large_a_picture(self):
        canvas = canvases().new(4, 4)
        with pytest.raises(ValueError, match="at most"):
            weft.show(weft.zeros((1, 1 << 15)), canvas)
        assert (canvas.width, canvas.height) == (4, 4)

    async def test_a_lost_device_and_then_another(self):
        canvas = canvases().new(1, 1)
        device = await weft.device_async()
        x = weft.zeros((2, 2), device=device)
        weft.show(x, canvas)
        device.destroy()
        with pytest.raises(weft.DeviceLostError):
            weft.show(x, canvas)
        await weft.device_async()
        weft.show(weft.zeros((2, 3)), canvas)
        assert on_canvas(canvas, 3, 2) == bytes(LOW) * 6
