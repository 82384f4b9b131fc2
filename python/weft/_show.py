"""weft.show: arrays as pictures, without reading them where there is a canvas.

    array ──[spread]──▶ lowest, highest ──[range]──▶ ends       only where vmin or vmax is not given
      └──[paint], with the ends ──▶ packed RGBA, padded rows ──▶ canvas: the driver copies it (core/driver.h, `present`),
                                                             │   on the CPU device the canvas's own putImageData does
                                                             └─▶ Picture: read when it is first looked at, a PNG

The kernels are ordinary WGSL, so a picture is the same on every device. `paint` is written out for each dtype and number
of channels: it runs once for each pixel of each frame.
"""

import numbers
import pathlib
import re
import struct
import sys
import zlib
from typing import Any

from weft import _core

__all__ = ["Picture", "show"]

# Ten colours each, evenly spaced, interpolated in between. The first four are matplotlib's, in the public domain (CC0).
COLORMAPS = {
    "viridis": "440154 482878 3e4a89 31688e 26828e 1f9e89 35b779 6dcd59 b4de2c fde725",
    "magma": "000004 180f3d 440f76 721f81 9e2f7f cd4071 f1605d fd9668 feca8d fcfdbf",
    "inferno": "000004 1b0c41 4a0c6b 781c6d a52c60 cf4446 ed6925 fb9b06 f7d13d fcffa4",
    "plasma": "0d0887 46039f 7201a8 9c179e bd3786 d8576b ed7953 fb9f3a fdca26 f0f921",
    "gray": "000000 1c1c1c 393939 555555 717171 8e8e8e aaaaaa c6c6c6 e3e3e3 ffffff",
}

# dtype: what `source` is declared as, and its element i as f32
LOADS = {
    "float32": ("f32", "source[i]"),
    "float16": ("f16", "f32(source[i])"),
    "int32": ("i32", "f32(source[i])"),
    "uint32": ("u32", "f32(source[i])"),
    "int16": ("u32", "f32(extractBits(bitcast<i32>(source[i / 2u]), 16u * (i % 2u), 16u))"),
    "uint16": ("u32", "f32(extractBits(source[i / 2u], 16u * (i % 2u), 16u))"),
    "int8": ("u32", "f32(extractBits(bitcast<i32>(source[i / 4u]), 8u * (i % 4u), 8u))"),
    "uint8": ("u32", "f32(extractBits(source[i / 4u], 8u * (i % 4u), 8u))"),
    "bool": ("u32", "f32(min(extractBits(source[i / 4u], 8u * (i % 4u), 8u), 1u))"),
}

# channels: the colour of a pixel whose first element is i. Colormaps need no premultiplying: alpha is 1, or all is 0.
COLOURS = {
    1: "mapped(load(i))",
    3: "vec4f(scaled(load(i)), scaled(load(i + 1u)), scaled(load(i + 2u)), 1.0)",
    4: "blended(vec4f(scaled(load(i)), scaled(load(i + 1u)), scaled(load(i + 2u)), scaled(load(i + 3u))))",
}

ROW = 64  # pixels: WEFT_ROW_BYTES
STRIDE = 1 << 14  # threads of `spread`
CANVAS_MOST = 1 << 14  # pixels on a side that every browser has

WGSL = """
struct P { width: u32, height: u32, pitch: u32, premultiply: u32, given: vec2u, limits: vec2f }
@group(0) @binding(0) var<storage, read> source: array<ELEMENT>;
@group(0) @binding(1) var<storage, read_write> pixels: array<u32>;
// order-preserving keys of the highest and of minus the lowest value, 0 where there is none
@group(0) @binding(2) var<storage, read_write> found: array<atomic<u32>, 2>;
@group(0) @binding(3) var<uniform> p: P;
// what gets the first colour, and one over the way from there to the last
@group(0) @binding(4) var<storage, read> ends: array<f32, 2>;
@group(0) @binding(4) var<storage, read_write> made: array<f32, 2>;
@group(0) @binding(5) var<storage, read> colours: array<u32, 10>;

fn load(i: u32) -> f32 { return LOAD; }

fn finite(bits: u32) -> bool { return (bits & 0x7f800000u) != 0x7f800000u; }

fn key(bits: u32) -> u32 { return select(bits | 0x80000000u, ~bits, (bits >> 31u) == 1u); }

fn value(key: u32) -> f32 { return bitcast<f32>(select(~key, key & 0x7fffffffu, (key >> 31u) == 1u)); }

@compute @workgroup_size(64)
fn spread(@builtin(global_invocation_id) id: vec3u) {
  var high = 0u;
  var low = 0u;
  for (var i = id.x; i < p.width * p.height; i += THREADSu) {
    let bits = bitcast<u32>(load(i));
    if (finite(bits)) {
      high = max(high, key(bits));
      low = max(low, key(bits ^ 0x80000000u));
    }
  }
  if (high != 0u) {
    atomicMax(&found[0], high);
    atomicMax(&found[1], low);
  }
}

@compute @workgroup_size(1)
fn range() {
  let first = select(-value(atomicLoad(&found[1])), p.limits.x, p.given.x == 1u);
  let way = select(value(atomicLoad(&found[0])), p.limits.y, p.given.y == 1u) - first;
  made[0] = first;
  made[1] = select(0.0, 1.0 / way, way != 0.0);
}

fn scaled(v: f32) -> f32 { return (v - ends[0]) * ends[1]; }

fn mapped(v: f32) -> vec4f {
  let bits = bitcast<u32>(v);
  var t = scaled(v);
  if (!finite(bits)) {
    if ((bits & 0x7fffffu) != 0u) { return vec4f(); } // no number
    t = select(1.0, 0.0, (bits >> 31u) == 1u);
  }
  let at = clamp(t, 0.0, 1.0) * 9.0;
  let i = min(u32(at), 8u);
  return mix(unpack4x8unorm(colours[i]), unpack4x8unorm(colours[i + 1u]), at - f32(i));
}

fn blended(colour: vec4f) -> vec4f {
  return select(colour, vec4f(colour.rgb * colour.a, colour.a), p.premultiply == 1u);
}

@compute @workgroup_size(16, 16)
fn paint(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= p.width || id.y >= p.height) { return; }
  let i = (id.y * p.width + id.x) * CHANNELSu;
  pixels[id.y * p.pitch + id.x] = pack4x8unorm(COLOUR);
}
"""

# by dtype and channels, of the device that showed last: spread, range, paint
_kernels: dict[tuple[str, int], tuple[_core.Kernel, _core.Kernel, _core.Kernel]] = {}


def _kernels_of(x: _core.Array, channels: int) -> tuple[_core.Kernel, _core.Kernel, _core.Kernel]:
    kind = x.dtype.name, channels
    if kind not in _kernels or _kernels[kind][0].device is not x.device:
        element, load = LOADS[x.dtype.name]
        words = {"ELEMENT": element, "LOAD": load, "THREADS": str(STRIDE), "CHANNELS": str(channels), "COLOUR": COLOURS[channels]}
        source = "enable f16;\n" * (element == "f16") + re.sub("|".join(words), lambda word: words[word[0]], WGSL)
        spread, range_, paint = (_core.kernel(source, entry=entry, device=x.device) for entry in ("spread", "range", "paint"))
        _kernels[kind] = spread, range_, paint
    return _kernels[kind]


_tables: dict[str, _core.Array] = {}  # colormaps as RGBA words, of the device that showed last


def _colours(name: str, device: _core.Device) -> _core.Array:
    if name not in COLORMAPS:
        raise ValueError(f"there is no colormap {name!r}; there are {', '.join(COLORMAPS)}")
    if name not in _tables or _tables[name].device is not device:
        words = [int.from_bytes(bytes.fromhex(colour) + b"\xff", "little") for colour in COLORMAPS[name].split()]
        _tables[name] = _core.asarray(words, "uint32", device=device)
    return _tables[name]


def _paint(
    x: _core.Array, colormap: str, vmin: float | None, vmax: float | None, premultiply: bool
) -> tuple[_core.Array, int, int]:
    """The array as packed pixels, with width and height."""
    if not isinstance(x, _core.Array):
        raise TypeError(f"show wants a weft array, got {type(x).__name__}; weft.asarray(...) makes one")
    if not (x.ndim == 2 or (x.ndim == 3 and x.shape[2] in (3, 4))):
        raise ValueError(f"shape {x.shape}: a picture has the shape (height, width), (height, width, 3) or (height, width, 4)")
    if x.size == 0:
        raise ValueError(f"shape {x.shape}: there is nothing to show")
    if x.dtype.name not in LOADS:
        raise TypeError(f"{x.dtype.name} has no colours; show the real part, the imaginary part or the magnitude")
    for name, limit in (("vmin", vmin), ("vmax", vmax)):
        if limit is not None and not isinstance(limit, numbers.Real):
            raise TypeError(f"`{name}` wants a number, got {type(limit).__name__}")
    height, width, channels = (*x.shape, 1)[:3]
    if channels > 1:
        vmin = 0.0 if vmin is None else vmin
        vmax = (255.0 if x.dtype.name == "uint8" else 1.0) if vmax is None else vmax
    pitch = -(-width // ROW) * ROW
    parameters = {
        "width": width,
        "height": height,
        "pitch": pitch,
        "premultiply": int(premultiply),
        "given": (int(vmin is not None), int(vmax is not None)),
        "limits": (vmin or 0.0, vmax or 0.0),
    }
    colours = _colours(colormap, x.device)
    spread, range_, paint = _kernels_of(x, channels)
    pixels = _core.empty((height, pitch), "uint32", device=x.device)
    if vmin is not None and vmax is not None:
        ends = _core.asarray([vmin, 1 / (vmax - vmin) if vmax != vmin else 0.0], "float32", device=x.device)
    else:
        found = _core.zeros(2, "uint32", device=x.device)
        ends = _core.empty(2, "float32", device=x.device)
        spread(source=x, found=found, p=parameters, threads=STRIDE)
        range_(found=found, p=parameters, made=ends, groups=1)
    paint(source=x, pixels=pixels, ends=ends, colours=colours, p=parameters, threads=(width, height))
    return pixels, width, height


class Picture:
    """An array made into pixels, to look at in a notebook or to save. Read from the device when first looked at.

    Attributes
    ----------
    width, height : int
        In pixels.

    Examples
    --------
    >>> picture = weft.show(weft.zeros((2, 3)))
    >>> picture.width, picture.height
    (3, 2)
    """

    __module__ = "weft"

    def __init__(self, pixels: _core.Array, width: int, height: int) -> None:
        self.width = width
        self.height = height
        self._pixels: _core.Array | None = pixels
        self._png = b""

    def __repr__(self) -> str:
        return f"weft.Picture({self.width} x {self.height})"

    def _repr_png_(self) -> bytes:
        if self._pixels is not None:
            self._png = _png(self._pixels.to_memoryview().cast("B"), self._pixels.shape[1] * 4, self.width, self.height)
            self._pixels = None
        return self._png

    def save(self, path: str | pathlib.Path) -> None:
        """Write it as a PNG file.

        Parameters
        ----------
        path : str or path
            The file, which is replaced.

        Raises
        ------
        OSError
            It cannot be written.
        CannotBlockError
            The pixels have not been read yet and nothing can wait here.

        Examples
        --------
        >>> weft.show(weft.zeros((2, 3))).save("zeros.png")
        """
        pathlib.Path(path).write_bytes(self._repr_png_())


def _png(pixels: memoryview, pitch: int, width: int, height: int) -> bytes:
    """RGBA rows of `pitch` bytes as a PNG file."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = b"".join(b"\0" + pixels[y * pitch : y * pitch + width * 4] for y in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows, 6)) + chunk(b"IEND", b"")


def show(
    x: _core.Array,
    canvas: Any = None,
    colormap: str = "viridis",
    *,
    vmin: float | None = None,
    vmax: float | None = None,
) -> Picture | None:
    """Show an array as a picture.

    Parameters
    ----------
    x : Array
        Of shape (height, width), coloured by the colormap, or (height, width, 3 or 4), which is RGB or RGBA: numbers
        from 0 to 1, uint8 from 0 to 255.
    canvas : HTMLCanvasElement or OffscreenCanvas, optional
        In Pyodide: what to draw on, from now on with the array's size. A GPU draws it itself, nothing is read.
    colormap : {"viridis", "magma", "inferno", "plasma", "gray"}
    vmin, vmax : float, optional
        The numbers that get the first and the last colour. Default: the lowest and the highest finite number, found
        on the device. What is no number is transparent.

    Returns
    -------
    Picture or None
        Without a canvas a Picture, which notebooks show, and which `save(path)` writes as PNG; else None.

    Raises
    ------
    ValueError
        The shape is none of a picture, the canvas has a context of another kind, or the picture is too large for it.
    TypeError
        The canvas is none, or the dtype has no colours.

    Examples
    --------
    >>> weft.show(weft.zeros((2, 3)))
    weft.Picture(3 x 2)
    """
    if canvas is None:
        return Picture(*_paint(x, colormap, vmin, vmax, premultiply=False))
    if sys.platform != "emscripten":
        raise TypeError(f"there are no canvases outside the browser, got {type(canvas).__name__}; weft.show(x).save(path)")
    if isinstance(x, _core.Array) and x.device.driver == "cpu":
        if getattr(getattr(canvas, "constructor", None), "name", "") not in ("HTMLCanvasElement", "OffscreenCanvas"):
            raise TypeError(f"{canvas!r} is no HTMLCanvasElement and no OffscreenCanvas")
        _draw(canvas, *_paint(x, colormap, vmin, vmax, premultiply=False))
        return None
    from weft import _web

    number = _web.canvas(canvas)
    if not number:
        raise TypeError(f"{canvas!r} is no HTMLCanvasElement and no OffscreenCanvas")
    pixels, width, height = _paint(x, colormap, vmin, vmax, premultiply=True)
    _core.present(pixels, number, width, height)
    return None


def _draw(canvas: Any, pixels: _core.Array, width: int, height: int) -> None:
    """Put pixels on a canvas of the page without a GPU."""
    import js  # type: ignore[import-not-found]

    if max(width, height) > CANVAS_MOST:
        raise ValueError(f"a picture of {width} x {height} pixels; at most {CANVAS_MOST} on a side can be shown")
    context = canvas.getContext("2d")
    if not context:
        raise ValueError("the canvas has another kind of context")
    rows, pitch = pixels.to_memoryview().cast("B"), pixels.shape[1] * 4
    data = js.Uint8ClampedArray.new(width * height * 4)
    data.assign(b"".join(rows[y * pitch : y * pitch + width * 4] for y in range(height)))
    canvas.width, canvas.height = width, height
    context.putImageData(js.ImageData.new(data, width, height), 0, 0)
