"""weft.show: arrays as pictures, without reading them where there is a canvas.

    array ──[spread]──▶ lowest, highest       one dispatch, only where vmin or vmax is not given
      └──[paint]──▶ packed RGBA, padded rows ──▶ canvas: the driver copies it (core/driver.h, `present`), on the CPU
                                             │   device the canvas's own putImageData does
                                             └─▶ Picture: read when it is first looked at, a PNG

Both kernels are ordinary WGSL, so a picture is the same on every device.
"""

import pathlib
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

ROW = 64  # pixels: WEFT_ROW_BYTES
STRIDE = 1 << 14  # threads of `spread`
CANVAS_MOST = 1 << 14  # pixels on a side that every browser has

WGSL = """
struct P {
  width: u32, height: u32, pitch: u32, channels: u32,
  n: u32, premultiply: u32, given: vec2u, limits: vec2f,
  colours: array<vec4f, 10>
}
@group(0) @binding(0) var<storage, read> source: array<ELEMENT>;
@group(0) @binding(1) var<storage, read_write> pixels: array<u32>;
// order-preserving keys of the highest and of minus the lowest value, 0 where there is none
@group(0) @binding(2) var<storage, read_write> found: array<atomic<u32>, 2>;
@group(0) @binding(3) var<uniform> p: P;

fn load(i: u32) -> f32 { return LOAD; }

fn finite(bits: u32) -> bool { return (bits & 0x7f800000u) != 0x7f800000u; }

fn key(bits: u32) -> u32 { return select(bits | 0x80000000u, ~bits, (bits >> 31u) == 1u); }

fn value(key: u32) -> f32 { return bitcast<f32>(select(~key, key & 0x7fffffffu, (key >> 31u) == 1u)); }

@compute @workgroup_size(64)
fn spread(@builtin(global_invocation_id) id: vec3u) {
  var high = 0u;
  var low = 0u;
  for (var i = id.x; i < p.n; i += THREADSu) {
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

fn mapped(t: f32) -> vec4f {
  let at = clamp(t, 0.0, 1.0) * 9.0;
  let i = min(u32(at), 8u);
  return mix(p.colours[i], p.colours[i + 1u], at - f32(i));
}

@compute @workgroup_size(16, 16)
fn paint(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= p.width || id.y >= p.height) { return; }
  var limits = p.limits;
  if (p.given.x == 0u) { limits.x = -value(atomicLoad(&found[1])); }
  if (p.given.y == 0u) { limits.y = value(atomicLoad(&found[0])); }
  let span = limits.y - limits.x;
  let scale = select(0.0, 1.0 / span, span != 0.0);
  let i = (id.y * p.width + id.x) * p.channels;
  var colour = vec4f();
  if (p.channels == 1u) {
    let bits = bitcast<u32>(load(i));
    // infinities are beyond the limits; what is no number is transparent
    if (finite(bits)) { colour = mapped((load(i) - limits.x) * scale); }
    else if ((bits & 0x7fffffu) == 0u) { colour = mapped(select(1.0, 0.0, (bits >> 31u) == 1u)); }
  } else {
    colour = vec4f(load(i), load(i + 1u), load(i + 2u), limits.y);
    if (p.channels == 4u) { colour.w = load(i + 3u); }
    colour = (colour - limits.x) * scale;
    if (p.channels == 3u) { colour.w = 1.0; }
  }
  if (p.premultiply == 1u) { colour = vec4f(colour.rgb * colour.a, colour.a); }
  pixels[id.y * p.pitch + id.x] = pack4x8unorm(clamp(colour, vec4f(), vec4f(1.0)));
}
"""

_kernels: dict[str, tuple[_core.Kernel, _core.Kernel]] = {}  # by dtype, of the device that showed last


def _kernels_of(x: _core.Array) -> tuple[_core.Kernel, _core.Kernel]:
    name = x.dtype.name
    if name not in _kernels or _kernels[name][0].device is not x.device:
        element, load = LOADS[name]
        source = WGSL.replace("ELEMENT", element).replace("LOAD", load).replace("THREADS", str(STRIDE))
        source = ("enable f16;\n" if element == "f16" else "") + source
        spread, paint = (_core.kernel(source, entry=entry, device=x.device) for entry in ("spread", "paint"))
        _kernels[name] = spread, paint
    return _kernels[name]


def _colours(name: str) -> list[tuple[float, ...]]:
    if name not in COLORMAPS:
        raise ValueError(f"there is no colormap {name!r}; there are {', '.join(COLORMAPS)}")
    return [(*(c / 255 for c in bytes.fromhex(colour)), 1.0) for colour in COLORMAPS[name].split()]


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
    height, width, channels = (*x.shape, 1)[:3]
    if channels > 1:
        vmin = 0.0 if vmin is None else vmin
        vmax = (255.0 if x.dtype.name == "uint8" else 1.0) if vmax is None else vmax
    pitch = -(-width // ROW) * ROW
    parameters = {
        "width": width,
        "height": height,
        "pitch": pitch,
        "channels": channels,
        "n": x.size,
        "premultiply": int(premultiply),
        "given": (int(vmin is not None), int(vmax is not None)),
        "limits": (vmin or 0.0, vmax or 0.0),
        "colours": _colours(colormap),
    }
    spread, paint = _kernels_of(x)
    pixels = _core.empty((height, pitch), "uint32", device=x.device)
    found = _core.zeros(2, "uint32", device=x.device)
    if vmin is None or vmax is None:
        spread(source=x, found=found, p=parameters, threads=STRIDE)
    paint(source=x, pixels=pixels, found=found, p=parameters, threads=(width, height))
    return pixels, width, height


class Picture:
    """An array made into pixels, to look at in a notebook or to save. Read from the device when first looked at."""

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
        """Write it as a PNG file."""
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
