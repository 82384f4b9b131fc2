"""The CPU device: how it is had, what it says, its threads, and how a kernel that never ends is ended."""

import asyncio
import contextlib
import json
import sys

import pytest
import weft
from kernels import STEP, values

natively = pytest.mark.skipif(sys.platform == "emscripten", reason="no processes, threads and signals in Pyodide")

# Ends only when x[2] is 7.
FOREVER = """
  @group(0) @binding(0) var<storage, read_write> x: array<u32>;
  @compute @workgroup_size(64) fn forever() { loop { x[0] += x[1]; if (x[2] == 7u) { break; } } }
"""


def run(code, **environ):
    from test_native import run

    return run(code, WEFT_DEVICE="cpu", **environ)


def test_it_says_what_it_is():
    device = weft.device("cpu")
    assert (device.driver, device.kind, device.backend, device.vendor) == ("cpu", "cpu", "CPU", "weft")
    assert device.name.startswith("weft cpu (") and "thread" in device.name and "WGSL" in device.library
    assert {"shader-f16", "subgroups"} <= device.features and device in weft.devices()
    assert weft.device(device.name) is device and weft.device("weft cpu") is device
    x = weft.zeros(5, "uint32", device=device)
    weft.kernel(STEP, device=device)(x=x, threads=5)
    assert values(x) == [1] * 5


def test_lost_on_request():
    device = weft.device("cpu", new=True)
    x = weft.zeros(4, device=device)
    device.destroy()
    assert device.lost
    with pytest.raises(weft.DeviceLostError, match="on request"):
        x.to_memoryview()
    assert values(weft.zeros(1, device=weft.device("cpu"))) == [0]


@natively
def test_a_device_is_dropped_while_it_works():
    for _ in range(5):
        device = weft.device("cpu", new=True)
        x = weft.zeros(4, "uint32", device=device)
        weft.kernel(FOREVER, device=device)(x=x, threads=64)
        weft.flush(device)
        del device, x


def test_buffers_and_kernels_are_within_its_limits():
    device = weft.device("cpu")
    with pytest.raises(ValueError, match=str(device.limits["maxBufferSize"])):
        weft.Buffer(device.limits["maxBufferSize"] + 4, device=device)
    source = STEP.replace("@workgroup_size(64)", "@workgroup_size(2048)")
    with pytest.raises(ValueError, match="1024"):
        weft.kernel(source, device=device)


@natively
@pytest.mark.parametrize("threads", [1, 3])
def test_threads_are_as_many_as_the_environment_says(threads):
    code = """
      import weft
      from kernels import STEP
      x = weft.zeros(100000, "uint32")
      k = weft.kernel(STEP)
      for _ in range(20): k(x=x, threads=x.size)
      print(weft.device().name, set(x.to_memoryview().tolist()))
    """
    status, out, err = run(code, WEFT_THREADS=str(threads))
    assert status == 0 and f"({threads} thread" in out and out.endswith("{20}"), (out, err)


@natively
def test_every_instruction_set_computes_the_same():
    sums = {}
    for most in ("", "avx2", "none"):
        status, out, err = run("import isa_results; isa_results.main()", WEFT_CPU_ISA=most)
        assert status == 0, (out, err)
        told = json.loads(out)
        sums[told["name"]] = told["sums"]
        assert len(told["sums"]) > 100 and len(set(told["sums"].values())) > 90  # it computed something
    if len(sums) == 1:
        pytest.skip("this machine has one instruction set")
    least, *others = sums.values()
    for other in others:
        assert not {e for e in least if least[e] != other[e]}


@natively
def test_an_interrupt_ends_the_kernel_and_spares_other_arrays():
    code = """
      import os, signal, threading, time, weft
      from kernels import STEP
      from test_cpu import FOREVER
      kept, x, done = weft.asarray([1, 2, 3]), weft.asarray([0, 1, 0, 0], "uint32"), weft.zeros(2, "uint32")
      late, step, forever = weft.zeros(2, "uint32"), weft.kernel(STEP), weft.kernel(FOREVER)
      step(x=done, threads=2)
      done.to_memoryview()
      forever(x=x, threads=64)
      step(x=late, threads=2)
      weft.flush()
      def stop():
          stop.at = time.monotonic()
          os.kill(os.getpid(), signal.SIGINT)
      threading.Timer(0.2, stop).start()
      try: x.to_memoryview()
      except KeyboardInterrupt: print("interrupted", time.monotonic() - stop.at < 0.5)
      for lost in (x, late):
          try: lost.to_memoryview()
          except weft.DeviceError as e: print(e)
      print(kept.to_memoryview().tolist(), done.to_memoryview().tolist())
      x.write([1, 2, 3, 4])
      step(x=x, threads=4)
      print(x.to_memoryview().tolist())
    """
    status, out, err = run(code)
    assert status == 0 and len(out.splitlines()) == 5, (out, err)
    first, lost, later, kept, again = out.splitlines()
    assert (first, kept, again) == ("interrupted True", "[1, 2, 3] [1, 1]", "[2, 3, 4, 5]")
    assert "interrupted" in lost and "interrupted" in later


async def test_a_kernel_is_compiled_while_another_runs():
    device = weft.device("cpu", new=True)
    x, y = weft.asarray([0, 1, 0, 0], "uint32", device=device), weft.zeros(3, "uint32", device=device)
    weft.kernel(FOREVER, device=device)(x=x, threads=64)
    weft.flush(device)
    await asyncio.sleep(0.05)  # it is under way
    step = await asyncio.wait_for(weft.kernel_async(STEP, device=device), 60)  # waits for the compiler alone
    step(x=y, threads=3)
    device.destroy()
    with pytest.raises(weft.DeviceLostError):
        await y.to_numpy_async()


async def test_what_is_being_compiled_is_lost_with_the_device():
    for _ in range(20):
        device = weft.device("cpu", new=True)
        sources = [STEP.replace("1u", f"{i}u") for i in range(1, 5)]
        waiting = [asyncio.ensure_future(weft.kernel_async(source, device=device)) for source in sources]
        await asyncio.sleep(0)  # they begin
        device.destroy()
        for kernel in waiting:
            with contextlib.suppress(weft.DeviceLostError):
                assert isinstance(await asyncio.wait_for(kernel, 60), weft.Kernel)


@natively
def test_a_process_ends_while_a_kernel_does_not():
    code = """
      import weft
      from test_cpu import FOREVER
      weft.kernel(FOREVER)(x=weft.asarray([0, 1, 0, 0], "uint32"), threads=64)
      weft.flush()
    """
    assert run(code)[0] == 0


# A swizzle's components by an index that only the lane knows, in registers, in memory, behind a pointer, of a matrix;
# then the two examples of order in WGSL's chapters on swizzle assignment and compound assignment.
SWIZZLES = """
  @group(0) @binding(0) var<storage, read_write> x: array<array<vec4u, 6>, 4>;
  @group(0) @binding(1) var<storage, read_write> order: array<vec4u, 2>;
  var<private> v: array<vec4u, 1>;
  var<workgroup> w: array<vec4u, 4>;
  fn first(p: ptr<function, vec4u>, i: u32) { p.wzyx[i] += 7; (*p).xw[i & 1]--; }
  fn index() -> u32 { v[0] += vec4u(2, 4, 8, 10); return 0; }
  fn right() -> vec2u { v[0].x = 900; v[0].z = 100; return vec2u(55, 66); }
  @compute @workgroup_size(4) fn main(@builtin(local_invocation_index) i: u32) {
    var a = vec4u(10, 20, 30, 40);
    a.zyx[i] = 1;
    x[i][0] = a;
    x[i][1] = vec4u(10, 20, 30, 40);
    x[i][1].wzyx.xy[i & 1] += 5;
    w[i] = vec4u(10, 20, 30, 40);
    w[i].zw[i & 1]++;
    x[i][2] = w[i];
    var p = vec4u(10, 20, 30, 40);
    first(&p, i);
    x[i][3] = p;
    var m = mat2x4f();
    m[i & 1].yx[i >> 1] = 3;
    x[i][4] = vec4u(m[0] + 10 * m[1]);
    x[i][5] = vec4u(x[i][0].wzyx[i], x[i][0].zy[i & 1], 0, 0);
    if (i == 0) {
      v[index()].yx = right();
      order[0] = v[0];
      v[0] = vec4u();
      v[index()].yx += right();
      order[1] = v[0];
    }
  }
"""


def swizzles_by_hand(i):
    rows = [[10, 20, 30, 40] for _ in range(4)]
    if i < 3:
        rows[0][2 - i] = 1
    rows[1][3 - (i & 1)] += 5
    rows[2][2 + (i & 1)] += 1
    rows[3][3 - i] += 7
    rows[3][3 * (i & 1)] -= 1
    matrix = [0] * 4
    matrix[1 - (i >> 1)] = 30 if i & 1 else 3
    return [*rows, matrix, [rows[0][3 - i], rows[0][2 - (i & 1)], 0, 0]]


def test_components_of_swizzles_are_written_by_any_index():
    device = weft.device("cpu")
    x, order = weft.zeros((4, 6, 4), "uint32", device=device), weft.zeros((2, 4), "uint32", device=device)
    weft.kernel(SWIZZLES, device=device)(x=x, order=order, groups=1)
    got = x.to_memoryview().tolist()
    for i in range(4):
        want = swizzles_by_hand(i)
        if i == 3:  # an index outside may write any component of the variable, or none
            assert all(n in (1, old) for n, old in zip(got[i][0], want[0], strict=True))
            want[0] = got[i][0]
            want[5] = [got[i][0][0], got[i][0][1], 0, 0]
        assert got[i] == want
    assert order.to_memoryview().tolist() == [[66, 55, 100, 10], [68, 59, 100, 10]]
