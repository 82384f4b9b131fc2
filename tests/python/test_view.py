"""Buffer views: a `buffer` whose bytes a kernel looks at as other types, in each address space; whatever the offsets."""

import struct

import pytest
import weft
from kernels import values

SPARE = 0x7FFFFFFF


def kernel(source, **options):
    """A kernel, on devices that have the language feature."""
    try:
        k = weft.kernel("requires buffer_view;\n" + source, **options)
        weft.synchronize()
    except weft.ShaderError as e:
        if weft.device().driver == "cpu" or not ("buffer_view" in str(e) or "wgpu-native" in weft.device().library):
            raise
        pytest.skip("this device has no buffer_view")
    return k


def words(*numbers):
    return weft.Buffer(struct.pack(f"<{len(numbers)}I", *numbers))


def read(buffer, kind="I"):
    data = buffer.to_bytes()
    return list(struct.unpack(f"<{len(data) // struct.calcsize(kind)}{kind}", data))


# A number of indices, the indices, then floats: what a buffer without views takes two bindings for.
GATHER = """
  @group(0) @binding(0) var<storage> mesh: buffer;
  @group(0) @binding(1) var<storage, read_write> out: array<f32>;
  @compute @workgroup_size(64) fn gather(@builtin(global_invocation_id) id: vec3u) {
    let n = *bufferView<u32>(&mesh, 0);
    let indices = bufferArrayView<array<u32>>(&mesh, 4, 4 * n);
    let points = bufferView<array<f32>>(&mesh, 4 + 4 * n);
    if (id.x == 0) { out[n] = f32(arrayLength(indices)); out[n + 1] = f32(arrayLength(points)); out[n + 2] = f32(bufferLength(&mesh)); }
    if (id.x < n) { out[id.x] = points[indices[id.x]]; }
  }
"""


@pytest.mark.parametrize("n", [1, 5, 300])
def test_two_arrays_in_one_buffer(n):
    k = kernel(GATHER)
    points = [i + 0.5 for i in range(n + 3)]
    data = struct.pack(f"<{n + 1}I{n + 3}f", n, *[(7 * i) % (n + 3) for i in range(n)], *points)
    out = weft.zeros(n + 3)
    k(mesh=data, out=out, threads=n)
    assert values(out) == [points[(7 * i) % (n + 3)] for i in range(n)] + [n, n + 3, len(data)]


def test_structures_matrices_and_parts_of_vectors():
    source = """
      struct S { a: mat3x3f, b: vec2f }
      @group(0) @binding(0) var<storage> from_: buffer;
      @group(0) @binding(1) var<storage, read_write> to: buffer;
      struct P { at: array<vec4u, 1> }
      @group(0) @binding(2) var<uniform> p: P;
      @compute @workgroup_size(1) fn main() {
        let o = p.at[0];
        let s = bufferView<array<S, 2>>(&from_, o.x);
        *bufferView<mat3x3f>(&to, o.y) = (*s)[1].a;
        bufferView<vec4f>(&to, o.z).yx = s[o.w].b;
      }
    """
    k = kernel(source)
    numbers = [float(i) for i in range(64)]  # S: 56 bytes and 8 more
    to = weft.Buffer(struct.pack("<20f", *[-1.0] * 20))
    k(from_=struct.pack("<64f", *numbers), to=to, p=[[[16, 16, 0, 1]]], threads=1)
    column = [numbers[4 + 16 + 4 * c + r] for c in range(3) for r in range(3)]
    got = read(to, "f")
    b = 4 + 16 + 12
    assert got[:4] == [numbers[b + 1], numbers[b], -1, -1]
    assert [got[4 + 4 * c + r] for c in range(3) for r in range(3)] == column
    assert got[16:] == [-1.0] * 4


def test_a_uniform_buffer_is_given_as_bytes():
    source = """
      @group(0) @binding(0) var<uniform> table: buffer<32>;
      @group(0) @binding(1) var<storage, read_write> out: array<u32, 6>;
      @compute @workgroup_size(1) fn main() {
        let tail = bufferArrayView<array<vec4u>>(&table, 16, 16);
        out = array(bufferLength(&table), arrayLength(tail), tail[0].y, bufferView<vec2u>(&table, 8).x, u32(*bufferView<f32>(&table, 0)), 1);
      }
    """
    k = kernel(source)
    out = weft.zeros(6, "uint32")
    data = struct.pack("<f7I", 9.0, *range(1, 8))
    for given in (data, bytearray(data), weft.Buffer(data)):
        out.fill(0)
        k(table=given, out=out, threads=1)
        assert values(out) == [32, 1, 5, 2, 9, 1]
    with pytest.raises(ValueError, match=r"`table` is buffer<32> of 32 bytes, not 28"):
        k(table=data[:28], out=out, threads=1)
    with pytest.raises(TypeError, match=r"`table` is var<uniform> buffer<32>.*buffer protocol"):
        k(table=3.0, out=out, threads=1)


def test_workgroup_memory_is_shared_through_views():
    source = """
      override N: u32 = 1024;
      var<workgroup> before: array<u32, 4>;
      var<workgroup> room: buffer<N>;
      var<workgroup> after: array<u32, 4>;
      @group(0) @binding(0) var<storage, read_write> out: array<u32>;
      @compute @workgroup_size(64) fn main(@builtin(local_invocation_index) i: u32, @builtin(workgroup_id) g: vec3u) {
        if (i < 4) { before[i] = 7; after[i] = 8; }
        bufferView<array<u32>>(&room, 0)[i] = i * 3 + g.x;
        bufferView<array<vec2f, 32>>(&room, 256)[i / 2][i % 2] = f32(i);
        workgroupBarrier();
        let a = bufferArrayView<array<u32>>(&room, 4 * (63 - i), 4)[0];
        let b = *bufferView<f32>(&room, 256 + 4 * (i ^ 1));
        workgroupBarrier();
        bufferView<array<u32>>(&room, 0)[1000000 + i] = 99;
        bufferView<array<u32>>(&room, bufferLength(&room) - 8 + 4 * i)[0] = 98;
        workgroupBarrier();
        out[64 * g.x + i] = a * 1000 + u32(b) + select(0u, 1000000u, before[i % 4] == 7 && after[i % 4] == 8);
      }
    """
    k = kernel(source)
    out = weft.zeros(5 * 64, "uint32")
    k(out=out, groups=5)
    assert values(out) == [(3 * (63 - i) + g) * 1000 + (i ^ 1) + 1000000 for g in range(5) for i in range(64)]


@pytest.mark.parametrize("limit", [6, 10])
def test_a_view_is_as_long_as_its_size_says(limit):
    source = """
      struct Tail { head: u32, rest: array<vec2u> }
      @group(0) @binding(0) var<storage, read_write> raw: buffer;
      @group(0) @binding(1) var<storage, read_write> out: array<u32>;
      struct P { size: u32 }
      @group(0) @binding(2) var<uniform> p: P;
      @compute @workgroup_size(1) fn main() {
        let t = bufferArrayView<Tail>(&raw, 8, p.size);
        out[0] = arrayLength(&t.rest);
        out[1] = t.head;
        out[2] = t.rest[0].y;
      }
    """
    k = kernel(source)
    out = weft.zeros(3, "uint32")
    for size, count in ((16, 1), (24, 2), (31, 2), (33, 3)):  # the size is rounded down to whole elements
        k(raw=words(*range(100, 112)), out=out, p=size, threads=1)
        assert values(out) == [count, 102, 105], size


def test_offsets_are_rounded_down_to_the_alignment():
    source = """
      @group(0) @binding(0) var<storage> raw: buffer;
      @group(0) @binding(1) var<storage, read_write> out: array<u32>;
      @compute @workgroup_size(32) fn main(@builtin(local_invocation_index) i: u32) {
        out[i] = *bufferView<u32>(&raw, i);
        out[32 + i] = bufferView<vec4u>(&raw, i)[0];
      }
    """
    k = kernel(source)
    out = weft.zeros(64, "uint32")
    k(raw=words(*range(12)), out=out, threads=32)
    assert values(out) == [i // 4 for i in range(32)] + [i // 16 * 4 for i in range(32)]


# Of what lies outside, WGSL leaves open what is read; nothing but the buffer itself may change, and what is inside is right.
OUTSIDE = """
  @group(0) @binding(0) var<storage> raw: buffer;
  @group(0) @binding(1) var<storage> offsets: array<u32>;
  @group(0) @binding(2) var<storage, read_write> out: array<u32>;
  @group(0) @binding(3) var<storage, read_write> sink: buffer;
  @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
    if (id.x >= arrayLength(&offsets)) { return; }
    let o = offsets[id.x];
    let inside = o < 4096;
    let a = *bufferView<u32>(&raw, o);
    let b = bufferView<array<u32>>(&raw, 16)[select(o, o / 4 - 4, o >= 16)];
    out[2 * id.x] = select(0, a, inside);
    out[2 * id.x + 1] = select(0, b, inside && o >= 16);
    if (!inside) {
      bufferView<array<vec4u, 4>>(&sink, o)[3] = vec4u(o);
      *bufferView<u32>(&sink, o) = 5;
      bufferArrayView<array<u32>>(&sink, 0, o)[o / 4] = 6;
      bufferArrayView<array<u32>>(&sink, o, 0xfffffff0u)[o] = 6;
    }
  }
"""


def test_any_offset_is_safe():
    k = kernel(OUTSIDE)
    everywhere = [0, 4, 16, 400, 4092, 4096, 4097, 2**20, 2**30, 2**31 - 4, 2**31, 2**32 - 64, 2**32 - 16, 2**32 - 4, 2**32 - 1]
    offsets = (everywhere * 20)[:290]
    data = [SPARE - i for i in range(1024)]
    before, sink, after = weft.asarray([3] * 1024), words(*data), weft.asarray([3] * 1024)
    out = weft.zeros(2 * len(offsets), "uint32")
    k(raw=words(*data), offsets=weft.asarray(offsets, "uint32"), out=out, sink=sink, threads=len(offsets))
    wanted = [(data[o // 4] if o < 4096 else 0, data[o // 4] if 16 <= o < 4096 else 0) for o in offsets]
    assert values(out) == [x for pair in wanted for x in pair]
    assert set(values(before)) == set(values(after)) == {3}
    if weft.device().driver == "cpu":  # which gives the strictest answer
        assert read(sink) == data


def test_outside_is_zero_on_the_cpu():
    device = weft.device("cpu")
    source = """
      requires buffer_view;
      struct S { a: u32, b: array<u32, 2> }
      var<workgroup> room: buffer<64>;
      @group(0) @binding(0) var<storage> raw: buffer;
      @group(0) @binding(1) var<uniform> fixed: buffer<16>;
      @group(0) @binding(2) var<storage> offsets: array<u32>;
      @group(0) @binding(3) var<storage, read_write> out: array<u32>;
      @compute @workgroup_size(8) fn main(@builtin(local_invocation_index) i: u32) {
        bufferView<array<u32, 16>>(&room, 0)[i] = 1;
        bufferView<array<u32, 16>>(&room, 0)[8 + i] = 1;
        workgroupBarrier();
        let o = offsets[i];
        out[5 * i] = *bufferView<u32>(&raw, o) + bufferView<array<S>>(&raw, 4)[o / 4].b[1];
        out[5 * i + 1] = bufferView<vec2u>(&fixed, o).y + bufferView<S>(&fixed, o).a;
        out[5 * i + 2] = bufferView<array<array<u32, 4>>>(&room, o)[0][1] + bufferArrayView<array<u32>>(&room, o, 4)[1];
        out[5 * i + 3] = arrayLength(bufferView<array<u32>>(&raw, o)) + arrayLength(bufferArrayView<array<u32>>(&raw, 0, o));
        out[5 * i + 4] = bufferView<array<u32>>(&room, 32)[o / 4];
      }
    """
    out = weft.zeros(40, "uint32", device=device)
    offsets = [64, 68, 96, 1000, 2**20, 2**31, 2**32 - 16, 2**32 - 4]
    k = weft.kernel(source, device=device)
    k(raw=struct.pack("<15I", *range(1, 16)), fixed=bytes(range(1, 17)), offsets=weft.asarray(offsets, "uint32", device=device), out=out, threads=8)
    assert values(out) == [0] * 40


def test_buffers_pass_through_functions_and_get_smaller():
    source = """
      requires unrestricted_pointer_parameters;
      @group(0) @binding(0) var<storage, read_write> b1: buffer<64>;
      @group(0) @binding(1) var<storage, read_write> b2: buffer;
      @group(0) @binding(2) var<storage, read_write> out: array<u32, 8>;
      fn length(p: ptr<storage, buffer, read_write>) -> u32 { return bufferLength(p) + arrayLength(bufferView<array<u32>>(p, 0)); }
      fn half(p: ptr<storage, buffer<32>, read_write>) -> u32 { return length(p); }
      fn small(p: ptr<storage, buffer<16>, read_write>) -> u32 { let q = p; return bufferLength(q); }
      fn put(p: ptr<storage, buffer, read_write>, at: u32) { let view = bufferView<vec2u>(p, at); *view = vec2u(at); view.x += 1; }
      @compute @workgroup_size(1) fn main() {
        out = array(length(&b1), length(&b2), half(&b1), small(&b1), 0, 0, 0, 0);
        put(&b1, 56);
        put(&b2, 8);
        if (false) { _ = bufferView<array<u32, 4>>(&b2, 0); }
      }
    """
    k = kernel(source)
    b1, b2, out = words(*[0] * 16), words(*[0] * 8), weft.zeros(8, "uint32")
    k(b1=b1, b2=b2, out=out, threads=1)
    assert values(out)[:4] == [64 + 16, 32 + 8, 32 + 8, 16]
    assert read(b1) == [0] * 14 + [57, 56] and read(b2) == [0, 0, 9, 8, 0, 0, 0, 0]
    with pytest.raises(ValueError, match=r"`b1` is buffer<64>, which needs at least 64 bytes; the argument has 32"):
        k(b1=b2, b2=b1, out=out, threads=1)
    with pytest.raises(ValueError, match=r"`b2` is buffer, which needs at least 16 bytes; the argument has 12"):
        k(b1=b1, b2=words(1, 2, 3), out=out, threads=1)


def test_any_dtype_binds_to_a_buffer():
    k = kernel("""
      @group(0) @binding(0) var<storage> raw: buffer;
      @group(0) @binding(1) var<storage, read_write> out: array<u32>;
      @compute @workgroup_size(1) fn main() { out[0] = *bufferView<u32>(&raw, 0); out[1] = bufferLength(&raw); }
    """)
    out = weft.zeros(2, "uint32")
    for array, wanted in (
        (weft.asarray([1.0, 2.0]), [0x3F800000, 8]),
        (weft.asarray([1, 2, 3], "int8"), [0x030201, 4]),
        (weft.asarray([[5, 6], [7, 8]], "int32"), [5, 16]),
        (b"abcd", [0x64636261, 4]),
    ):
        k(raw=array, out=out, threads=1)
        assert values(out) == wanted


HALVES = """
  enable f16;
  @group(0) @binding(0) var<storage, read_write> raw: buffer;
  @compute @workgroup_size(8) fn main(@builtin(local_invocation_index) i: u32) {
    let x = *bufferView<f16>(&raw, 2 * i);
    bufferView<array<f16>>(&raw, 16)[7 - i] = x * 2;
    if (i == 0) { bufferView<array<f16>>(&raw, 2)[100] = 1; }
  }
"""


@pytest.mark.skipif("shader-f16" not in weft.device().features, reason="no f16 here")
def test_halves():
    k = kernel(HALVES)
    raw = weft.Buffer(struct.pack("<16e", *range(8), *[0] * 8))
    k(raw=raw, threads=8)
    assert read(raw, "e") == [*range(8), *[2 * (7 - i) for i in range(8)]]


@pytest.mark.parametrize(
    ("body", "constants", "message"),
    [
        ("_ = bufferView<vec2u>(&room, N);", {"N": 4}, "the offset is 4, it must be a multiple of 8"),
        ("_ = bufferView<u32>(&room, N);", {"N": 64}, "ends at byte 68 of a buffer of 64 bytes"),
        ("_ = bufferView<u32>(&raw, N);", {"N": -4}, "the offset is -4, it cannot be negative"),
        ("_ = bufferArrayView<array<vec2u>>(&raw, 0, N);", {"N": 12}, "the size is 12"),
        ("_ = bufferView<vec4u>(&odd, 0);", {"N": 8}, "ends at byte 16 of a buffer of 8 bytes"),
        ("_ = bufferView<u32>(&odd, 0);", {"N": 6}, "a buffer of 6 bytes, is no multiple of 4"),
    ],
)
def test_what_an_override_makes_wrong_is_told_with_the_kernel(body, constants, message):
    source = f"""
      requires buffer_view;
      override N: i32;
      @group(0) @binding(0) var<storage> raw: buffer;
      var<workgroup> room: buffer<64>;
      var<workgroup> odd: buffer<N>;
      @compute @workgroup_size(1) fn main() {{ {body} }}
    """
    with pytest.raises((weft.ShaderError, ValueError), match=message):
        weft.kernel(source, constants=constants)
