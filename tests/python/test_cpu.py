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
