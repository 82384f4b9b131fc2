"""Kernel: making one, and every way to call it."""

import array
import keyword

import pytest
import weft
from kernels import SAXPY, STEP, affine, echo, values

# ---- making ----------------------------------------------------------------------------------------------------------


def test_what_a_kernel_says_of_itself():
    k = weft.kernel(SAXPY)
    assert (k.entry, k.workgroup_size, k.constants, k.source) == ("saxpy", (64, 1, 1), {}, SAXPY)
    assert k.device is weft.device()
    assert (
        repr(k)
        == "<weft.Kernel saxpy(x: read array<f32>, y: read_write array<f32>, p: uniform P) with workgroups of (64, 1, 1)>"
    )
    x, y, p = k.bindings
    assert (x.name, x.group, x.binding, x.access, x.type) == ("x", 0, 0, "read", "array<f32>") and p.access == "uniform"
    assert isinstance(x, weft.Binding) and p.nbytes == 8
    with pytest.raises(TypeError):
        weft.Kernel()


def test_the_entry_point_is_chosen():
    source = """
      @group(0) @binding(0) var<storage, read_write> x: array<u32>;
      @compute @workgroup_size(1) fn one() { x[0] = 1u; }
      @compute @workgroup_size(1) fn two() { x[0] = 2u; }"""
    x = weft.zeros(1, "uint32")
    weft.kernel(source, entry="two")(x=x, groups=1)
    assert values(x) == [2]
    with pytest.raises(ValueError) as e:
        weft.kernel(source)
    assert '("one", "two"): name one with entry=' in str(e.value)
    with pytest.raises(ValueError, match="three"):
        weft.kernel(source, entry="three")


def test_constants_by_name_and_by_id():
    source = """
      override scale: f32 = 1.0;
      @id(7) override on: bool = false;
      override n: u32 = 4;
      @group(0) @binding(0) var<storage, read_write> out: array<f32>;
      @compute @workgroup_size(n) fn main(@builtin(local_invocation_index) i: u32) { out[i] = scale * select(0.0, 1.0, on); }"""
    k = weft.kernel(source, constants={"scale": 2.5, "7": True, "n": 3})
    assert k.workgroup_size == (3, 1, 1) and k.constants == {"scale": 2.5, "7": True, "n": 3}
    out = weft.zeros(4)
    k(out=out, groups=1)
    assert values(out) == [2.5, 2.5, 2.5, 0]
    k.constants["scale"] = 9
    assert k.constants["scale"] == 2.5


@pytest.mark.parametrize(
    "constants, words",
    [
        ({"scale": "2"}, "`constants`: `scale` wants a number or bool, got str"),
        ({"scale": None}, "`scale` wants a number or bool, got NoneType"),
        ({1: 2}, "`constants` wants the name of an override, or its id as a string, got int"),
        ({"scael": 1.0}, "scael"),
    ],
)
def test_wrong_constants_raise(constants, words):
    source = "override scale: f32 = 1.0; @compute @workgroup_size(1) fn main() { _ = scale; }"
    with pytest.raises((TypeError, ValueError)) as e:
        weft.kernel(source, constants=constants)
    assert words in str(e.value)
    weft.kernel(source, constants={"scale": 1})(groups=1)


def test_the_same_source_is_compiled_once():
    source = SAXPY.replace("saxpy", "once")
    first = weft.kernel(source)
    before = weft.stats()["compiles"]
    second = weft.kernel(source)
    assert weft.stats()["compiles"] == before and second.entry == first.entry


def test_a_shader_error_shows_the_place():
    source = "@group(0) @binding(0) var<storage> x: array<f32>;\n@compute @workgroup_size(1) fn main() { let y = ; }"
    with pytest.raises(weft.ShaderError) as e:
        weft.kernel(source)
    error = e.value
    assert (error.line, error.source, error.source_line) == (2, source, source.split("\n")[1])
    assert error.column == error.source_line.index(";") + 1 and error.source_line in str(error) and "^" in str(error)
    assert isinstance(error, weft.Error) and isinstance(error, RuntimeError) and error.message == str(error)
    weft.kernel("@compute @workgroup_size(1) fn main() {}")(groups=1)


@pytest.mark.parametrize(
    "source, words", [("", "entry point"), ("fn f() {}", "entry point"), ("@vertex fn v() {}", "")]
)
def test_a_module_without_a_compute_entry_point_raises(source, words):
    with pytest.raises((weft.Error, ValueError)) as e:
        weft.kernel(source)
    assert words in str(e.value)


def test_what_is_no_source_raises():
    for source in (None, b"fn", 3):
        with pytest.raises(TypeError):
            weft.kernel(source)


# ---- names and order -------------------------------------------------------------------------------------------------


def test_by_name_by_order_and_by_mapping():
    k = weft.kernel(SAXPY)
    x, p = weft.asarray([1.0, 2.0, 3.0]), {"a": 2.0, "n": 3}
    calls = [
        lambda y: k(x=x, y=y, p=p, threads=3),
        lambda y: k(p=p, threads=3, y=y, x=x),
        lambda y: k(x, y, p, threads=3),
        lambda y: k(x, p=p, y=y, threads=3),
        lambda y: k({(0, 0): x, (0, 1): y, (0, 2): p}, threads=3),
        lambda y: k({"x": x, "y": y, (0, 2): p}, threads=3),
        lambda y: k({"x": x}, y=y, p=p, threads=3),
        lambda y: k(**{"x": x, "y": y, "p": p, "threads": 3}),
        lambda y: k.__call__(x, y, p, threads=3),
        lambda y: type(k).__call__(k, x, y=y, p=p, threads=3),
    ]
    for call in calls * 3:
        y = weft.asarray([10.0, 20.0, 30.0])
        call(y)
        assert values(y) == [12, 24, 36]


def test_names_that_are_not_interned():
    y = weft.zeros(2)
    names = {"".join(["x"]): [0], "".join(chr(c) for c in b"threads"): 2}
    k = affine()
    k(**dict.fromkeys(["".join(["x", ""])], weft.asarray([1.0, 2.0])), **{"".join(["", "y"]): y}, **{list(names)[1]: 2})
    assert values(y) == [3, 5]


def test_many_call_sites():
    k = affine()
    x = weft.asarray([1.0])
    for i in range(40):
        y = weft.zeros(1)
        exec(f"k({'x=x, y=y' if i % 2 else 'y=y, x=x'}, threads=1)", {"k": k, "x": x, "y": y})
        assert values(y) == [3]


@pytest.mark.parametrize(
    "name", ["threads", "groups"] + [k for k in ("in", "lambda", "is", "class", "None") if keyword.iskeyword(k)]
)
def test_names_that_collide_go_by_mapping(name):
    source = f"""@group(0) @binding(3) var<storage, read_write> {name}: array<u32>;
      @compute @workgroup_size(1) fn main() {{ {name}[0] = 5u; }}"""
    try:
        k = weft.kernel(source)
    except weft.ShaderError:
        pytest.skip("a reserved word of WGSL")
    for argument in (name, (0, 3)):
        x = weft.zeros(1, "uint32")
        k({argument: x}, groups=1)
        assert values(x) == [5]
    x = weft.zeros(1, "uint32")
    k(x, groups=1)
    assert values(x) == [5]
    if name in ("threads", "groups"):
        with pytest.raises(TypeError, match=f"misses `{name}`"):
            k(threads=1)


def test_a_uniform_may_be_the_only_argument():
    k = weft.kernel(
        "struct P { a: f32, b: f32 } @group(0) @binding(0) var<uniform> p: P; @compute @workgroup_size(1) fn main() { _ = p.a; }"
    )
    k({"a": 1, "b": 2}, groups=1)
    k({"p": (1, 2)}, groups=1)
    k({(0, 0): [1, 2]}, groups=1)
    with pytest.raises(TypeError, match=r"`p`: P has no member `c`"):
        k({"a": 1, "c": 2}, groups=1)


def test_bindings_that_only_others_use_are_ignored():
    source = (
        STEP
        + "@group(0) @binding(1) var<storage, read_write> other: array<u32>; @compute @workgroup_size(1) fn two() { other[0] = 1u; }"
    )
    k = weft.kernel(source, entry="step")
    assert [b.name for b in k.bindings] == ["x"]
    x, other = weft.zeros(2, "uint32"), weft.zeros(2, "uint32")
    k(x=x, other=other, threads=2)
    k({"x": x, "other": other}, threads=2)
    k({(0, 0): x, (0, 1): "anything"}, threads=2)
    assert values(x) == [3, 3] and values(other) == [0, 0]


@pytest.mark.parametrize(
    "args, keywords, words",
    [
        ((), {"x": 0, "y": 1}, "saxpy() misses `p`: @group(0) @binding(2) var<uniform> P"),
        ((0, 1), {"group": 2}, "saxpy() has no binding `group` (did you mean `groups`?)"),
        ((0, 1, 2), {"zebra": 2}, "saxpy() has no binding `zebra`; there are threads, groups, x, y, p"),
        ((0, 1, 2, 2), {}, "saxpy() takes 3 arguments in order, got 4"),
        ((0, 1, 2), {"x": 0}, "`x` is given twice"),
        ((0, 1, 2), {"thread": 3}, "has no binding `thread` (did you mean `threads`?)"),
        ((), {}, "misses `x`"),
    ],
)
def test_wrong_names_raise(args, keywords, words):
    k, given = weft.kernel(SAXPY), [weft.asarray([1.0]), weft.asarray([1.0]), {"a": 1, "n": 1}]
    keywords = {name: given[v] if v < 3 else v for name, v in keywords.items()}
    with pytest.raises(TypeError) as e:
        k(*[given[i] for i in args], threads=1, **keywords)
    assert words in str(e.value)
    k(*given, threads=1)
    assert values(given[1]) == [2]


def test_wrong_mappings_raise():
    k, x = weft.kernel(STEP), weft.zeros(1, "uint32")
    for key in ((0, 1), (0, 0, 0), ("a", 0), "y", 3, (-1, 0)):
        with pytest.raises(TypeError, match="has no binding"):
            k({key: x}, threads=1)
    with pytest.raises(TypeError, match="`x` is given twice"):
        k({(0, 0): x, "x": x}, threads=1)
    with pytest.raises(TypeError, match="`x` is given twice"):
        k({(0, 0): x}, x=x, threads=1)
    k({(0, 0): x}, threads=1)
    assert values(x) == [1]


# ---- grids -----------------------------------------------------------------------------------------------------------


class Index:
    def __index__(self):
        return 2


@pytest.mark.parametrize(
    "grid, expected",
    [
        ({"threads": 1}, 64),
        ({"threads": 65}, 128),
        ({"groups": 3}, 192),
        ({"threads": (64, 2)}, 128),
        ({"groups": [2, 2]}, 256),
        ({"groups": (2, 3, 4)}, 1536),
        ({"threads": 0}, 0),
        ({"groups": 0}, 0),
        ({"groups": (4, 0)}, 0),
        ({"groups": Index()}, 128),
        ({"groups": (Index(), 1)}, 128),
        ({"threads": 1, "groups": None}, 64),
        ({"threads": True}, 64),
    ],
)
def test_grids(grid, expected):
    k = weft.kernel("""
      @group(0) @binding(0) var<storage, read_write> n: atomic<u32>;
      @compute @workgroup_size(64) fn count() { atomicAdd(&n, 1u); }""")
    n = weft.zeros((), "uint32")
    k(n=n, **grid)
    assert values(n) == expected


def test_numpy_numbers_are_grids():
    np = pytest.importorskip("numpy")
    x = weft.zeros(64, "uint32")
    for grid in (np.int64(64), np.uint8(64), np.array(64), np.array([64, 1]), (np.int32(64), 1)):
        weft.kernel(STEP)(x=x, threads=grid)
    assert values(x)[0] == 5


@pytest.mark.parametrize(
    "grid, error, words",
    [
        ({}, TypeError, "wants exactly one of `threads` and `groups`, got neither"),
        ({"threads": 1, "groups": 1}, TypeError, "got both"),
        ({"threads": -1}, ValueError, "`threads` wants numbers from 0 to 2**63 - 1, got -1"),
        ({"groups": 2**64}, ValueError, "`groups` wants numbers"),
        ({"threads": 1.5}, TypeError, "`threads` wants an int or up to three ints, got float"),
        ({"threads": "1"}, TypeError, "got str"),
        ({"threads": ()}, ValueError, "`threads` wants one to three numbers, got 0"),
        ({"groups": (1, 1, 1, 1)}, ValueError, "`groups` wants one to three numbers, got 4"),
        ({"groups": (1, "1")}, TypeError, "got str"),
        ({"threads": None}, TypeError, "got neither"),
        ({"groups": 65536}, ValueError, "65535"),
    ],
)
def test_wrong_grids_raise(grid, error, words):
    k, x = weft.kernel(STEP), weft.zeros(1, "uint32")
    with pytest.raises(error) as e:
        k(x=x, **grid)
    assert words in str(e.value)
    k(x=x, threads=1)
    assert values(x) == [1]


# ---- storage ---------------------------------------------------------------------------------------------------------


def test_read_only_bindings_take_buffers():
    for x in (
        array.array("f", [1, 2]),
        memoryview(array.array("f", [1, 9, 2]))[::2],
        weft.Buffer(array.array("f", [1, 2])),
        array.array("f", [1, 2]).tobytes(),
    ):
        y = weft.zeros(2)
        affine()(x=x, y=y, threads=2)
        assert values(y) == [3, 5]


def test_read_only_bindings_take_numpy_arrays():
    np = pytest.importorskip("numpy")
    base = np.arange(12, dtype="f4").reshape(3, 4)
    frozen = base.copy()
    frozen.flags.writeable = False
    for host in (base, base.T, base[::-1], base[:, 1:3], frozen, np.float32(3), np.array(2, "f4")):
        y = weft.zeros(max(host.size, 1))
        affine()(x=host, y=y, threads=y.size)
        np.testing.assert_array_equal(y.to_numpy(), 2 * np.ascontiguousarray(host).ravel() + 1)
    host = base.ravel().copy()
    y = weft.zeros(12)
    affine()(x=host, y=y, threads=12)
    host[:] = 0  # it was read at the call
    np.testing.assert_array_equal(y.to_numpy(), 2 * base.ravel() + 1)


@pytest.mark.parametrize(
    "name, value, error, words",
    [
        (
            "y",
            array.array("f", [1]),
            TypeError,
            "`y` is var<storage, read_write> array<f32>: it wants a weft array or Buffer (weft.asarray(a) makes one), got array",
        ),
        ("y", [1.0], TypeError, "got list"),
        (
            "x",
            [1.0],
            TypeError,
            "`x` is var<storage, read> array<f32>: it wants a weft array (weft.asarray(a) makes one), a Buffer or an object with the buffer protocol, got list",
        ),
        ("x", 1.0, TypeError, "got float"),
        ("x", None, TypeError, "got NoneType"),
        (
            "x",
            array.array("d", [1]),
            TypeError,
            '`x`: float64 is not a dtype of devices; convert on the host: weft.asarray(a, dtype="float32")',
        ),
        ("x", array.array("i", [1]), TypeError, "x"),
        ("x", array.array("B", [1, 2, 3, 4]), TypeError, "x"),
        ("p", None, TypeError, "`p`: P wants a dict"),
    ],
)
def test_wrong_values_raise(name, value, error, words):
    k, y = weft.kernel(SAXPY), weft.asarray([1.0])
    good = {"x": weft.asarray([1.0]), "y": y, "p": {"a": 1, "n": 1}}
    with pytest.raises(error) as e:
        k(threads=1, **{**good, name: value})
    assert words in str(e.value)
    k(threads=1, **good)
    assert values(y) == [2]


def test_wrong_arrays_raise():
    k, y = affine(), weft.zeros(4)
    for x, words in [
        (weft.zeros(4, "int32"), "int32"),
        (weft.zeros(4, "uint8"), "uint8"),
        (weft.zeros(0), ""),
        (weft.zeros(8, "float16"), "float16"),
    ]:
        with pytest.raises((TypeError, ValueError), match=f"x.*{words}"):
            k(x=x, y=y, threads=4)
    k(x=weft.zeros(4), y=y, threads=4)
    assert values(y) == [1] * 4


def test_vec3_has_a_stride_of_four():
    source = """@group(0) @binding(0) var<storage, read_write> x: array<vec3f>;
      @compute @workgroup_size(1) fn main() { x[1].y = 5.0; }"""
    k = weft.kernel(source)
    with pytest.raises((TypeError, ValueError), match=r"wants shape \(…, 4\) with the fourth unused, not \(…, 3\)"):
        k(x=weft.zeros((2, 3)), groups=1)
    x = weft.zeros((2, 4))
    k(x=x, groups=1)
    assert values(x) == [[0, 0, 0, 0], [0, 5, 0, 0]]


@pytest.mark.parametrize(
    "kind, good, bad",
    [
        ("vec2f", [(2,), (3, 2), (3, 4), (3, 1, 2)], [((4, 3), r"wants shape \(…, 2\), not \(…, 3\)")]),
        ("vec4f", [(4,), (8,), (2, 4), (2, 8)], [((4, 2), r"wants shape \(…, 4\), not \(…, 2\)"), ((4, 3), r"not \(…, 3\)")]),
        ("mat2x2f", [(4,), (3, 4), (3, 2, 2)], [((4, 3), r"wants shape \(…, 2\), not \(…, 3\)"), ((3, 2), "not a whole number")]),
    ],
)
def test_vectors_lie_along_the_last_axis(kind, good, bad):
    value = "mat2x2f(1, 1, 1, 1)" if kind == "mat2x2f" else f"{kind}(1)"
    k = weft.kernel(f"""@group(0) @binding(0) var<storage, read_write> x: array<{kind}>;
      @compute @workgroup_size(1) fn main() {{ for (var i = 0u; i < arrayLength(&x); i++) {{ x[i] = {value}; }} }}""")
    for shape in good:
        x = weft.zeros(shape)
        k(x=x, groups=1)
        assert memoryview(x.to_memoryview()).cast("B").cast("f").tolist() == [1.0] * x.size
    for shape, words in bad:
        with pytest.raises(ValueError, match=words):
            k(x=weft.zeros(shape), groups=1)


def test_structs_in_storage_take_structured_arrays():
    np = pytest.importorskip("numpy")
    source = """struct Body { mass: f32, position: vec3f, id: u32 }
      @group(0) @binding(0) var<storage, read> bodies: array<Body>;
      @group(0) @binding(1) var<storage, read_write> out: array<f32>;
      @compute @workgroup_size(1) fn main(@builtin(global_invocation_id) i: vec3u) {
        out[i.x] = bodies[i.x].mass * bodies[i.x].position.y + f32(bodies[i.x].id); }"""
    k, out = weft.kernel(source), weft.zeros(3)
    dtype = np.dtype(
        {
            "names": ["mass", "position", "id"],
            "formats": ["f4", ("f4", 3), "u4"],
            "offsets": [0, 16, 28],
            "itemsize": 32,
        }
    )
    bodies = np.zeros(3, dtype)
    bodies["mass"], bodies["position"], bodies["id"] = [1, 2, 3], [[0, 10, 0]] * 3, [5, 6, 7]
    k(bodies=bodies, out=out, threads=3)
    assert values(out) == [15, 26, 37]
    with pytest.raises(TypeError, match="`bodies.position`: stands at byte 16 in WGSL and at byte 4 in the record"):
        k(bodies=np.zeros(3, [("mass", "f4"), ("position", "f4", 3), ("id", "u4")]), out=out, threads=3)


# ---- values ----------------------------------------------------------------------------------------------------------


def test_scalars_and_structs_of_one_member():
    for declaration, value in [
        ("alias P = f32;", 2.5),
        ("struct P { a: f32 }", 2.5),
        ("struct P { a: f32 }", [2.5]),
        ("struct P { a: f32 }", {"a": 2.5}),
    ]:
        k, out = echo(declaration, ["p" if "alias" in declaration else "p.a"])
        k(p=value, out=out, groups=1)
        assert values(out) == [2.5]


@pytest.mark.parametrize("scalar, value", [("i32", -5), ("u32", 4000000000), ("f32", 0.5), ("i32", True), ("f32", 3)])
def test_scalar_types(scalar, value):
    k, out = echo(f"struct P {{ a: {scalar}, b: {scalar} }}", ["p.a", "p.b"])
    k(p={"a": value, "b": 1}, out=out, groups=1)
    assert values(out) == [float(value), 1.0]
    k(p=(1, value), out=out, groups=1)
    assert values(out) == [1.0, float(value)]


def test_vectors_matrices_arrays_and_nested_structs():
    declaration = """
      struct Inner { k: i32, v: vec2f }
      struct P { v: vec3f, s: u32, m: mat2x3f, list: array<vec4f, 2>, inner: Inner, inners: array<Inner, 2> }"""
    expressions = [
        "p.v.x",
        "p.v.z",
        "p.s",
        "p.m[0].y",
        "p.m[1].z",
        "p.list[1].w",
        "p.inner.k",
        "p.inner.v.y",
        "p.inners[1].v.x",
    ]
    k, out = echo(declaration, expressions)
    value = {
        "v": (1, 2, 3),
        "s": 4,
        "m": [[5, 6, 7], [8, 9, 10]],
        "list": [[0] * 4, [0, 0, 0, 11]],
        "inner": {"k": -12, "v": [0, 13]},
        "inners": [{"k": 0, "v": (0, 0)}, (0, [14, 0])],
    }
    expected = [1, 3, 4, 6, 10, 11, -12, 13, 14]
    k(p=value, out=out, groups=1)
    assert values(out) == expected
    k(p=dict(reversed(value.items())), out=out, groups=1)
    k(p=list(value.values()), out=out, groups=1)
    k(p={**value, "m": range(5, 11)}, out=out, groups=1)
    assert values(out) == expected


def test_numpy_values():
    np = pytest.importorskip("numpy")
    k, out = echo("struct P { v: vec3f, n: u32, m: mat3x3f }", ["p.v.y", "p.n", "p.m[2].x"])
    m = np.arange(9, dtype="f4").reshape(3, 3)
    k(p={"v": np.array([1, 2, 3.0]), "n": np.int64(4), "m": m}, out=out, groups=1)
    assert values(out) == [2, 4, 6]
    k(p={"v": np.float32([1, 2, 3]), "n": np.uint8(4), "m": m.tolist()}, out=out, groups=1)
    assert values(out) == [2, 4, 6]


def test_records():
    np = pytest.importorskip("numpy")
    k, out = echo("struct P { a: f32, n: u32, v: vec2f }", ["p.a", "p.n", "p.v.y"])
    record = np.array((1.5, 2, (3, 4)), dtype=[("a", "f4"), ("n", "u4"), ("v", "f4", 2)])
    for value in (record, record[()], record.reshape(1)):
        k(p=value, out=out, groups=1)
        assert values(out) == [1.5, 2, 4]
    for dtype, words in [
        ([("a", "f4"), ("v", "f4", 2), ("n", "u4")], "`p.n`: stands at byte 4 in WGSL and at byte 12 in the record"),
        ([("a", "f4"), ("n", "i4"), ("v", "f4", 2)], "`p.n`: wants u32, the record has int32"),
        ([("a", "f4"), ("n", "u4")], "`p`: member `v` of P is missing in the record"),
        ([("a", "f4"), ("n", "u4"), ("v", "f4", 2), ("w", "f4")], "`p`: P has 3 members, the record has 4 fields"),
    ]:
        with pytest.raises(TypeError) as e:
            k(p=np.zeros((), dtype), out=out, groups=1)
        assert words in str(e.value)


@pytest.mark.parametrize(
    "value, error, words",
    [
        ({"a": 1}, TypeError, "`p`: member `n` (u32) of P is missing"),
        ({"a": 1, "n": 1, "m": 1}, TypeError, "`p`: P has no member `m`"),
        ({"alpha": 1, "n": 1}, TypeError, "`p`: P has no member `alpha`"),
        ({"a": 1, "count": 1}, TypeError, "P has no member `count`"),
        ({"a": 1, "n": -1}, OverflowError, "`p.n`: -1 is out of the range of u32"),
        ({"a": 1, "n": 2**32}, OverflowError, "`p.n`: 4294967296 is out of the range of u32"),
        ({"a": 1e39, "n": 1}, OverflowError, "`p.a`: 1e+39 is out of the range of f32"),
        ({"a": 1, "n": 1.0}, TypeError, "`p.n`: wants an integer of type u32, got 1.0"),
        ({"a": "1", "n": 1}, TypeError, "`p.a`: wants a number of type f32, got '1'"),
        ({"a": None, "n": 1}, TypeError, "`p.a`: wants a number of type f32, got None"),
        ((1,), ValueError, "`p`: P has 2 members, got 1"),
        ((1, 2, 3), ValueError, "`p`: P has 2 members, got 3"),
        (1.0, TypeError, "`p`: P wants a dict, a sequence of its members or a NumPy record, got float"),
        ("ab", TypeError, "got str"),
        ({"a": 1, 2: 1}, TypeError, "P has no member 2"),
        ({"a": 10**400, "n": 1}, OverflowError, "out of the range of f32"),
    ],
)
def test_wrong_structs_raise(value, error, words):
    k, out = echo("struct P { a: f32, n: u32 }", ["p.a", "p.n"])
    with pytest.raises(error) as e:
        k(p=value, out=out, groups=1)
    assert words in str(e.value)
    k(p={"a": 1, "n": 2}, out=out, groups=1)
    assert values(out) == [1, 2]


@pytest.mark.parametrize(
    "value, words",
    [
        ({"v": (1, 2)}, "`p.v`: vec3f has 3 components, got 2"),
        ({"v": 1}, "`p.v`: vec3f wants a sequence, got int"),
        ({"v": (1, 2, "x")}, "`p.v[2]`: wants a number of type f32, got 'x'"),
        ({"v": {"x": 1}}, "`p.v`: vec3f wants a sequence, got dict"),
        ({"v": "abc"}, "got str"),
    ],
)
def test_wrong_vectors_raise(value, words):
    k, out = echo("struct P { v: vec3f }", ["p.v.x"])
    with pytest.raises((TypeError, ValueError)) as e:
        k(p=value, out=out, groups=1)
    assert words.replace("vec3f", "") in str(e.value).replace("vec3<f32>", "").replace("vec3f", "")


def test_a_misspelt_member_is_told_its_name():
    k, out = echo("struct P { width: f32, height: f32 }", ["p.width", "p.height"])
    with pytest.raises(TypeError, match=r"`p`: P has no member `heigth` \(did you mean `height`\?\)"):
        k(p={"width": 1, "heigth": 2}, out=out, groups=1)


def test_values_that_run_python_code():
    """A conversion may call weft, change the dict it stands in and drop what was given."""
    k, out = echo("struct P { a: f32, b: f32 }", ["p.a", "p.b"])
    inner = weft.zeros(2)
    value = {}

    class Sly:
        def __float__(self):
            k(p=(5, 6), out=inner, groups=1)
            value.clear()
            return 7.0

    value.update(a=Sly(), b=8)
    with pytest.raises((TypeError, ValueError)):
        k(p=value, out=out, groups=1)
    assert values(inner) == [5, 6] and values(out) == [0, 0]

    class Last:
        def __float__(self):
            arguments.clear()
            return 9.0

    arguments = {"out": weft.zeros(2), "p": (1.0, Last())}
    held = arguments["out"]
    k(arguments, groups=1)
    assert arguments == {} and values(held) == [1, 9]


def test_immediates():
    source = """requires immediate_address_space;
      struct P { a: f32, n: u32 }
      var<immediate> p: P;
      @group(0) @binding(0) var<storage, read_write> out: array<f32>;
      @compute @workgroup_size(1) fn main() { out[0] = p.a; out[1] = f32(p.n); }"""
    try:
        k = weft.kernel(source)
    except (weft.Error, ValueError) as e:
        pytest.skip(f"no immediates here: {str(e).splitlines()[0]}")
    out = weft.zeros(2)
    assert k.bindings[-1].access == "immediate" and k.bindings[-1].group is None
    k(out=out, p={"a": 1.5, "n": 2}, groups=1)
    k(out, (2.5, 3), groups=1)
    assert values(out) == [2.5, 3]
    with pytest.raises(TypeError, match=r"main\(\) misses `p`: var<immediate> P"):
        k(out=out, groups=1)


async def test_kernel_async():
    device = await weft.device_async()
    k = await weft.kernel_async(STEP, device=device)
    x = weft.zeros(3, "uint32")
    k(x=x, threads=3)
    assert (await x.to_memoryview_async()).tolist() == [1, 1, 1]
    with pytest.raises(weft.ShaderError):
        await weft.kernel_async("@compute fn main() { let y = ; }")
    k(x=x, threads=3)
    assert (await x.to_memoryview_async()).tolist() == [2, 2, 2]


ROOMS = {  # of a declaration: what an invocation finds there, as a u32, and what it leaves
    "array<u32, 256>": ("room[255u - me]", "room[me] = 7u;"),
    "array<vec3f, 256>": ("bitcast<u32>(room[me].y)", "room[me] = vec3f(7);"),
    "array<atomic<u32>, 256>": ("atomicLoad(&room[me])", "atomicStore(&room[me], 7u);"),
    "array<atomic<i32>, 128>": ("u32(atomicAdd(&room[me & 127u], 0))", "atomicStore(&room[me & 127u], 7);"),
    "array<array<u32, 3>, 100>": ("room[me % 100u][me % 3u]", "room[me % 100u] = array(7u, 7, 7);"),
    "atomic<u32>": ("atomicMax(&room, 0u)", "atomicStore(&room, 7u);"),
    "mat4x4f": ("bitcast<u32>(room[me & 3u].z)", "room[me & 3u] = vec4f(7);"),
    "bool": ("u32(room)", "room = true;"),
    "array<u32, COUNT>": ("room[me % COUNT]", "room[me % COUNT] = 7u;"),
    "Both": (
        "room.a[me & 31u] + atomicLoad(&room.b[me & 7u]) + bitcast<u32>(room.c.x)",
        "room.a[me & 31u] = 7u; atomicStore(&room.b[me & 7u], 7u); room.c = vec4f(7);",
    ),
    "array<Both, 4>": (
        "room[me & 3u].a[me >> 3u] + atomicLoad(&room[me >> 6u].b[me & 7u]) + bitcast<u32>(room[me & 3u].c.w)",
        "room[me & 3u].a[me >> 3u] = 7u; atomicStore(&room[me >> 6u].b[me & 7u], 7u); room[me & 3u].c = vec4f(7);",
    ),
}


@pytest.mark.parametrize("room", ROOMS)
def test_workgroup_memory_is_zero_at_first(room):
    """Whatever ran there before: the data of others are none of the kernel's business."""
    found, leave = ROOMS[room]
    source = f"""
      override COUNT = 77u;
      struct Both {{ a: array<u32, 32>, b: array<atomic<u32>, 8>, c: vec4f }}
      @group(0) @binding(0) var<storage, read_write> out: array<u32>;
      var<workgroup> room: {room};
      fn found(me: u32) -> u32 {{ return {found}; }}
      fn leave(me: u32) {{ workgroupBarrier(); {leave} }}
      @compute @workgroup_size(256) fn one(@builtin(workgroup_id) g: vec3u, @builtin(local_invocation_index) me: u32) {{
        out[g.x * 256u + me] = found(me);
        leave(me);
      }}
      @compute @workgroup_size(16, 16, 1) fn other(@builtin(workgroup_id) g: vec3u, @builtin(local_invocation_id) id: vec3u) {{
        out[g.x * 256u + id.y * 16u + id.x] = found(id.y * 16u + id.x);
        leave(id.y * 16u + id.x);
      }}"""
    out = weft.asarray([1] * (256 * 64), dtype="uint32")
    for entry in ("one", "other"):
        kernel = weft.kernel(source, entry=entry)
        for _ in range(2):
            kernel(out, groups=64)
            assert values(out) == [0] * (256 * 64)
