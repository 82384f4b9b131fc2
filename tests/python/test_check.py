"""weft.check and weft.reflect: WGSL without a device."""

import json
import pickle

import pytest
import weft
from weft.__main__ import main

SIZED = """enable f16;
override size: u32;
@id(7) override scale: f32 = 1;
override flag = false;
override steps: i32 = 4;
var<workgroup> room: array<f32, size>;
@compute @workgroup_size(size) fn main() { room[0] = scale * f32(steps); _ = flag; }
@compute @workgroup_size(1) fn other() { room[0] = 1; }
"""
SIZE = {"size": 64}


def codes(source, **asked):
    return [found.code for found in weft.check(source, **asked)]


def test_a_good_source_has_nothing_said_of_it():
    assert weft.check("@compute @workgroup_size(64) fn main() {}") == []
    assert weft.check(b"") == []


def test_what_a_diagnostic_says():
    source = "const ä = 1;\nfn f() -> i32 {\n\treturn ä + valeu;\n}\nconst value = 2;\nconst ä = 2;"
    unknown, twice = sorted(weft.check(source), key=lambda d: d.line)
    assert (unknown.severity, unknown.code) == ("error", "unknown-identifier")
    assert (unknown.line, unknown.column, unknown.end) == (3, 13, (3, 18))
    assert unknown.message == "unknown identifier 'valeu'" and unknown.hint == "did you mean 'value'?"
    assert (twice.code, twice.line, twice.end) == ("redeclaration", 6, (6, 8))
    assert [(note.line, note.column, str(note)) for note in twice.notes] == [(1, 7, "first declared here")]


def test_how_a_diagnostic_is_shown():
    (found,) = weft.check("fn f() { let a: i32 = <1>; }")
    lines = str(found).split("\n")
    assert lines[0] == f"error: {found.message} [{found.code}]"
    assert lines[1] == f" --> 1:{found.column}" and lines[3] == "1 | fn f() { let a: i32 = <1>; }"
    assert lines[4].index("^") == lines[3].index("<")
    assert f"a.wgsl:1:{found.column}\n" in found.render(file="a.wgsl")
    colored = found.render(color=True)
    assert "\x1b[1;31merror\x1b[0m" in colored and "\x1b" not in found.render()
    page = found._repr_html_()
    assert page.startswith('<pre class="weft-error">') and "&lt;1&gt;" in page and "<1>" not in page
    assert json.loads(json.dumps(found.to_dict()))["column"] == found.column
    assert pickle.loads(pickle.dumps(found)) == found


def test_several_errors_in_the_order_of_the_source():
    lines = [found.line for found in weft.check("const a: i32 = 1.5;\nconst b = c;\nfn f() { g(); }\n")]
    assert lines == [1, 2, 3]


def test_all_of_them_shown():
    found = weft.check("const a = b;\nconst c = d;")
    assert isinstance(found, list) and len(found) == 2
    assert str(found) == f"{found[0]}\n\n{found[1]}"
    assert found._repr_html_() == found[0]._repr_html_() + found[1]._repr_html_()
    assert "no diagnostics" in weft.check("")._repr_html_()


def test_warnings_are_not_errors():
    found = weft.check("diagnostic(off, derivative_unifromity);")
    assert [each.severity for each in found] == ["warning"]


@pytest.mark.parametrize("source", [b"\xff", b"fn f\xc3(", "fn \ud800() {}", "a\0b"])
def test_any_bytes(source):
    assert [found.severity for found in weft.check(source)] == ["error"]


def test_long_names():
    name = "é" * 5000
    assert "did you mean" not in str(weft.check(f"const a = {name};")[0])
    (found,) = weft.check(f"override {name}: u32;", constants={name: -1})
    assert found.code == "value-range" and found.message.startswith("the value -1 of the override 'éé")
    (found,) = weft.check("", entry=name)
    assert name in found.message


def test_features():
    assert codes("enable f16, subgroups, dual_source_blending;") == []
    assert codes("enable f16;", features=["shader-f16"]) == []
    assert codes("enable f16;", features=()) == codes("enable f16;", features={"subgroups"}) == ["missing-feature"]
    assert codes("enable subgroups; enable subgroup_size_control;", features=["subgroup-size-control"]) == []
    assert "'shader-f16'" in weft.check("enable f16; const a = 1h;", features=["timestamp-query"])[0].message
    assert codes("enable f61;", features=()) == ["unknown-name"]
    assert codes("requires pointer_composite_access;", features=()) == []


def test_entry_points():
    assert codes(SIZED, entry="main") == codes(SIZED, entry="other") == []
    (found,) = weft.check(SIZED, entry="othre")
    assert (found.code, found.line, found.hint) == ("unknown-entry-point", 0, "did you mean 'other'?")
    assert str(found) == f"error: {found.message} [unknown-entry-point]\n  = did you mean 'other'?"
    assert codes("fn f() {}", entry="f") == ["unknown-entry-point"]
    assert codes(SIZED, entry="main\0") == codes(SIZED, entry="\ud800") == ["unknown-entry-point"]


@pytest.mark.parametrize(
    ("constants", "code"),
    [
        ({"size": 64}, None),
        ({"7": 2.5}, None),
        ({"scale": 2.5}, "unknown-constant"),  # WebGPU knows it by its id
        ({"sise": 64}, "unknown-constant"),
        ({"size\0": 64}, "unknown-constant"),
        ({"size": 64.9}, None),
        ({"size": -1}, "value-range"),
        ({"steps": -0.5}, None),
        ({"size": 2**32}, "value-range"),
        ({"size": 10**400}, "value-range"),
        ({"size": float("nan")}, "value-range"),
        ({"steps": -(2**31)}, None),
        ({"steps": 2**31}, "value-range"),
        ({"7": 1e39}, "value-range"),
        ({"7": True}, None),
        ({"flag": 3}, None),
    ],
)
def test_constants(constants, code):
    assert codes(SIZED, constants=constants) == ([code] if code else [])
    assert codes(SIZED, constants=SIZE | constants, pipeline=True) == ([code] if code else [])


def test_numpy_numbers_are_numbers():
    np = pytest.importorskip("numpy")
    assert codes(SIZED, constants={"size": np.uint32(4), "7": np.float32(0.5), "flag": np.bool_(True)}) == []


def test_pipelines():
    assert codes(SIZED, pipeline=True, constants=SIZE) == []
    (missing,) = weft.check(SIZED, pipeline=True)  # once, though both entry points want it
    assert (missing.code, missing.line) == ("missing-value", 2)
    assert codes("fn f() {}", pipeline=True) == ["no-entry-point"]
    assert codes("const a = b;", pipeline=True) == ["unknown-identifier"]
    assert codes("override n = 0; @compute @workgroup_size(1) fn f() { _ = 1 / n; }", pipeline=True) != []


def entry(size, body="", declarations=""):
    return f"{declarations} @compute @workgroup_size({size}) fn main() {{ {body} }}"


@pytest.mark.parametrize(
    ("source", "code"),
    [
        (entry("256, 1, 1"), None),
        (entry("257"), "workgroup-size-limit"),
        (entry("1, 1, 64"), None),
        (entry("1, 1, 65"), "workgroup-size-limit"),
        (entry("16, 16"), None),
        (entry("32, 16"), "workgroup-size-limit"),
        (entry("1", "_ = a[0];", "var<workgroup> a: array<f32, 4096>;"), None),
        (entry("1", "_ = a[0];", "var<workgroup> a: array<f32, 4097>;"), "workgroup-memory-limit"),
        (entry("1", "", "var<workgroup> a: array<f32, 4097>;"), None),
        (entry("1", "_ = a;", "@group(4) @binding(0) var<uniform> a: f32;"), "binding-limit"),
        (entry("1", "_ = a;", "@group(3) @binding(1000) var<uniform> a: f32;"), "binding-limit"),
    ],
)
def test_default_limits_of_pipelines(source, code):
    assert codes(source) == []
    assert codes(source, pipeline=True) == ([code] if code else [])


@pytest.mark.parametrize("n", [8, 9])
def test_storage_buffers_of_a_pipeline(n):
    declared = "".join(f"@group(0) @binding({i}) var<storage> b{i}: array<f32>;" for i in range(n))
    used = "".join(f"_ = b{i}[0];" for i in range(n))
    assert codes(entry("1", used, declared), pipeline=True) == ["binding-limit"] * (n - 8)


@pytest.mark.parametrize(
    "asked",
    [
        {"features": "shader-f16"},
        {"features": [1]},
        {"features": 1},
        {"entry": 1},
        {"constants": [("a", 1)]},
        {"constants": {1: 1}},
        {"constants": {"a": "1"}},
        {"constants": {"a": None}},
        {"constants": {"a": 1j}},
        {"pipeline": "yes"},
    ],
)
def test_wrong_types_raise(asked):
    with pytest.raises(TypeError, match=rf"`{next(iter(asked))}`|iterable"):
        weft.check("", **asked)


def test_a_source_of_the_wrong_type():
    with pytest.raises(TypeError, match="`source` wants WGSL as str or bytes, got int"):
        weft.check(1)


def test_reflect():
    found = weft.reflect(
        """enable f16;
        struct Inner { a: f32, @size(32) b: vec2h }
        struct P { n: u32, inner: array<Inner, 3> }
        @id(4) override size = 8u;
        @group(1) @binding(2) var<uniform> p: P;
        @group(0) @binding(1) var<storage, read_write> y: array<vec3f>;
        @group(0) @binding(3) var image: texture_2d<f32>;
        var<workgroup> room: array<u32, 100>;
        @compute @workgroup_size(size, 2) fn main() { y[0].x = f32(p.n); room[0] = 1; }
        @fragment fn paint(@builtin(position) at: vec4f) -> @location(0) vec4f {
          return textureLoad(image, vec2i(at.xy), 0);
        }"""
    )
    assert found.enables == ("f16",) and found.requires == ()
    assert found.overrides == (weft.Override("size", 4, "u32", True),)
    assert [tuple(b) for b in found.bindings] == [
        ("p", 1, 2, "uniform", "P", 112),
        ("y", 0, 1, "read_write", "array<vec3<f32>>", 16),
        ("image", 0, 3, "handle", "texture_2d<f32>", 0),
    ]
    main, paint = found.entries
    assert (main.name, main.stage, main.workgroup_size, main.workgroup_nbytes) == ("main", "compute", (8, 2, 1), 400)
    assert [b.name for b in main.bindings] == ["y", "p"] and main.overrides == found.overrides
    assert (paint.stage, paint.workgroup_size) == ("fragment", None)
    assert found.layouts["Inner"].members[1] == weft.Member("b", "vec2<f16>", 4, 32)
    assert found.layouts["array<Inner, 3>"].stride == 36 and found.layouts["array<Inner, 3>"].count == 3
    assert found.layouts["array<vec3<f32>>"].stride == 16 and found.layouts["array<vec3<f32>>"].count == 0


def test_reflect_raises_what_check_tells():
    with pytest.raises(weft.ShaderError, match="unknown identifier 'b'") as caught:
        weft.reflect("// é\nconst a = b;")
    assert (caught.value.line, caught.value.column, caught.value.source_line) == (2, 11, "const a = b;")


# ---- python -m weft check -------------------------------------------------------------------------------------------------


@pytest.fixture
def files(tmp_path):
    good, bad = tmp_path / "good.wgsl", tmp_path / "bad.wgsl"
    good.write_text(SIZED)
    bad.write_bytes(b"// \xc3\xa9\nconst a = b;")
    return str(good), str(bad)


def test_files_are_checked(files, capsys):
    good, bad = files
    assert main(["check", good]) == 0
    assert capsys.readouterr().out == ""
    assert main(["check", good, bad]) == 1
    out = capsys.readouterr().out
    assert f"--> {bad}:2:11" in out and out.endswith("1 of 2 files rejected\n") and "\x1b" not in out


def test_files_are_checked_for_programs(files, capsys):
    good, bad = files
    assert main(["check", "--json", good]) == 0
    assert json.loads(capsys.readouterr().out) == []
    assert main(["check", "--json", bad, good]) == 1
    (told,) = json.loads(capsys.readouterr().out)
    assert (told["file"], told["severity"], told["line"], told["end"]) == (bad, "error", 2, [2, 12])


def test_pipelines_of_files_are_checked(files, capsys):
    good, _ = files
    assert main(["check", good, "--pipeline"]) == 1
    assert main(["check", good, "--pipeline", "--constant", "size=64", "--entry", "main"]) == 0
    assert main(["check", good, "--features", ""]) == 1
    assert main(["check", good, "--features", "shader-f16,subgroups"]) == 0


def test_a_file_that_is_not_there(capsys):
    assert main(["check", "nowhere.wgsl"]) == 2
    assert "nowhere.wgsl" in capsys.readouterr().err
