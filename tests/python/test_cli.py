"""python -m weft, called in this process so that it is tested in Pyodide too."""

import json

import pytest
import weft
from weft.__main__ import main

KERNEL = """
struct P { a: f32, n: u32 }
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> p: P;
override shift: f32 = 0;
@compute @workgroup_size(64) fn scale(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < p.n) { y[id.x] = p.a * x[id.x] + shift; }
}"""


@pytest.fixture
def kernel(tmp_path):
    path = tmp_path / "scale.wgsl"
    path.write_text(KERNEL)
    return str(path)


GOOD = ["--bind", "x=arange:4", "--bind", "y=zeros:4", "--uniform", 'p={"a": 2, "n": 4}', "--threads", "4"]


def test_info_names_the_device(capsys):
    assert main(["info"]) == 0
    out = capsys.readouterr().out
    assert weft.device().name in out and "maxBufferSize" in out


def test_info_for_programs(capsys):
    assert main(["info", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["version"] == weft.__version__
    assert told["devices"][0]["limits"]["maxComputeWorkgroupsPerDimension"] >= 65535


def test_run_prints_what_the_kernel_wrote(kernel, capsys):
    pytest.importorskip("numpy")
    assert main(["run", kernel, *GOOD, "--constant", "shift=1"]) == 0
    assert capsys.readouterr().out == "y = [1. 3. 5. 7.]\n"


def test_run_reads_and_keeps_files(kernel, tmp_path, capsys):
    np = pytest.importorskip("numpy")
    given, kept = tmp_path / "x.npy", tmp_path / "y.npy"
    np.save(given, np.array([5, 6], "f4"))
    arguments = ["--bind", f"x={given}", "--bind", "y=zeros:2", "--uniform", 'p={"a": 3, "n": 2}', "--groups", "1"]
    assert main(["run", kernel, *arguments, "--out", f"y={kept}"]) == 0
    assert capsys.readouterr().out == ""
    assert np.load(kept).tolist() == [15, 18]


def test_constants_are_numbers_and_truths(tmp_path, capsys):
    pytest.importorskip("numpy")
    path = tmp_path / "choose.wgsl"
    path.write_text("""
      override on: bool;
      override n: u32;
      @group(0) @binding(0) var<storage, read_write> y: array<u32>;
      @compute @workgroup_size(1) fn choose() { y[0] = select(0u, n, on); }""")
    for on, printed in [("true", "[7]"), ("false", "[0]"), ("1", "[7]")]:
        assert main(["run", str(path), "--bind", "y=zeros:1", "--constant", f"on={on}", "--constant", "n=7", "--groups", "1"]) == 0
        assert capsys.readouterr().out == f"y = {printed}\n"


@pytest.mark.parametrize("dtype, values", [("f8", [0.5, 2]), ("i8", [1, 2]), ("u1", [1, 2]), (">f4", [1.5, 2]), ("f8", [1, float("nan")])])
def test_a_file_of_another_dtype_is_converted_where_no_value_changes(kernel, tmp_path, capsys, dtype, values):
    np = pytest.importorskip("numpy")
    np.save(tmp_path / "x.npy", np.array(values, dtype))
    arguments = ["--bind", f"x={tmp_path / 'x.npy'}", "--bind", "y=zeros:2", "--uniform", 'p={"a": 2, "n": 2}', "--groups", "1"]
    assert main(["run", kernel, *arguments, "--out", f"y={tmp_path / 'y.npy'}"]) == 0
    np.testing.assert_array_equal(np.load(tmp_path / "y.npy"), 2 * np.array(values, "f4"))


@pytest.mark.parametrize("array", [[0.1], [2**24 + 1], [1e300], [1j], [1 + 0j], ["a"]])
def test_a_file_that_does_not_fit_is_one_message(kernel, tmp_path, capsys, array):
    np = pytest.importorskip("numpy")
    np.save(tmp_path / "x.npy", np.array(array))
    assert main(["run", kernel, "--bind", f"x={tmp_path / 'x.npy'}", *GOOD[2:]]) == 2
    told = capsys.readouterr().err
    assert f"the file has {np.array(array).dtype}, `x` is array<f32> and wants float32" in told
    assert 'save it as array.astype("float32")' in told


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--bind", "z=zeros:4", *GOOD], "--bind z: the kernel has the bindings x, y, p"),
        (["--bind", "x=zeros:many", *GOOD], "zeros wants a number of elements"),
        (["--bind", "x=/no/such.npy", *GOOD], "/no/such.npy"),
        (["--bind", "x", *GOOD], "--bind wants NAME=VALUE, got 'x'"),
        ([*GOOD[:-1], "many"], "a launch wants one to three numbers"),
        (["--uniform", "p={a}", *GOOD], "--uniform p:"),
        ([*GOOD, "--out", "q=q.npy"], "--out q: no array of that name"),
        ([*GOOD, "--constant", "shfit=1"], "shift"),
        ([*GOOD, "--constant", "shift=much"], "--constant shift: a number, true or false is wanted, got 'much'"),
        (["--bind", "x=zeros:\u00b2", *GOOD], "zeros wants a number of elements"),
        ([*GOOD, "--entry", "scael"], "scale"),
        (GOOD[2:], "x"),
    ],
)
def test_a_mistake_is_one_message(kernel, capsys, arguments, text):
    pytest.importorskip("numpy")
    assert main(["run", kernel, *arguments]) == 2
    told = capsys.readouterr()
    assert told.out == "" and told.err.startswith("weft: ") and text in told.err
    assert main(["run", kernel, *GOOD]) == 0


def test_a_missing_kernel_file(capsys):
    assert main(["run", "no-such.wgsl", "--threads", "1"]) == 2
    assert "no-such.wgsl" in capsys.readouterr().err
