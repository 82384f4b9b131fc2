"""The exceptions themselves, and what devices object to late."""

import copy
import pickle

import pytest
import weft
from kernels import STEP, values


def test_the_family_of_exceptions():
    own = [
        weft.ShaderError,
        weft.DeviceError,
        weft.DeviceLostError,
        weft.CannotBlockError,
        weft.UnsupportedError,
        weft.StateError,
    ]
    assert all(issubclass(e, weft.Error) and e.__module__ == "weft" and e.__doc__ for e in own)
    assert issubclass(weft.Error, RuntimeError) and issubclass(weft.DeviceLostError, weft.DeviceError)


def test_a_shader_error_knows_its_line():
    source = "// one\r\n// two\u2028fn three\r// four"
    lines = ["// one", "// two", "fn three", "// four"]
    for i, line in enumerate(lines):
        assert weft.ShaderError("no", i + 1, 2, source).source_line == line
    for line in (0, 5, 100):
        assert weft.ShaderError("no", line, 1, source).source_line == ""
    error = weft.ShaderError("bad", 3, 4, source)
    again = pickle.loads(pickle.dumps(error))
    assert (again.message, again.line, again.column, again.source) == ("bad", 3, 4, source) == vars_of(copy.copy(error))
    assert weft.ShaderError("bad").source is None and str(weft.ShaderError("bad")) == "bad"


def vars_of(error):
    return error.message, error.line, error.column, error.source


def test_columns_count_characters():
    source = "/* ä€𝄞 */ fn f() { let x = ; }"
    with pytest.raises(weft.ShaderError) as e:
        weft.kernel(source)
    assert e.value.source_line == source and e.value.column == source.index(";") + 1


def too_deep(name):
    """WGSL lets implementations refuse what is nested deeper than 127 braces: weft takes it, the devices do not."""
    return f"""
      @group(0) @binding(0) var<storage, read_write> x: array<u32>;
      @compute @workgroup_size(1) fn {name}() {{
        {"{" * 140} x[0] = 1u; {"}" * 140}
      }}"""


def needs_a_second_opinion():
    if weft.device().driver == "cpu":
        pytest.skip("the CPU runs whatever the checker accepts")


def rejected(use, name):
    """What the device said against the kernel of this name, in the form of our own diagnostics."""
    with pytest.raises(weft.ShaderError) as e:
        use()
    lines = str(e.value).splitlines()
    head = next(i for i, line in enumerate(lines) if f"the device rejects `{name}`: " in line)
    assert lines[head].endswith(" [device]") and lines[head + 1] == f" --> {e.value.line}:{e.value.column}"
    assert e.value.line == 4 and "{{{{" in lines[head + 3] and lines[head + 4].endswith("^")


def test_what_only_the_device_objects_to_comes_at_a_wait():
    needs_a_second_opinion()
    x, y, good = weft.zeros(2, "uint32"), weft.zeros(2, "uint32"), weft.kernel(STEP)
    good(x=x, threads=2)
    wrong = weft.kernel(too_deep("deep"))
    wrong(x=y, groups=1)
    rejected(weft.synchronize, "deep")
    weft.synchronize()  # it is told once
    assert values(x) == [1, 1]
    rejected(lambda: values(y), "deep")
    rejected(lambda: wrong(x=x, groups=1), "deep")
    rejected(lambda: good(x=y, threads=2), "deep")
    y.fill(4)
    good(x=y, threads=2)
    assert values(y) == [5, 5]
    weft.kernel(too_deep("deeper"))(x=y, groups=1)
    rejected(lambda: values(y), "deeper")
    weft.synchronize()


def test_docstrings_and_signatures():
    import inspect

    for name in weft.__all__:
        public = getattr(weft, name)
        if callable(public):
            assert inspect.getdoc(public), name
    for kind in (weft.Array, weft.Buffer, weft.Kernel, weft.Device, weft.DType):
        for name, member in vars(kind).items():
            if not name.startswith("_"):
                assert inspect.getdoc(member), f"{kind.__name__}.{name}"
    assert str(inspect.signature(weft.asarray)) == "(obj, dtype=None, *, device=None)"
    assert str(inspect.signature(weft.Buffer)) == "(nbytes_or_bytes, *, device=None)"


async def test_a_kernel_that_was_refused_is_told_once():
    needs_a_second_opinion()
    with pytest.raises(weft.ShaderError, match=r"the device rejects `f`: .* \[device\]") as e:
        await weft.kernel_async(too_deep("f"))
    assert e.value.line == 4
    await weft.synchronize_async()
