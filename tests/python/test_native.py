"""What is so natively only: signals, threads, Python without NumPy, libraries that are not there."""

import os
import pathlib
import re
import subprocess
import sys
import textwrap

import pytest

pytestmark = pytest.mark.skipif(
    sys.platform == "emscripten", reason="one thread, no processes and no signals in Pyodide"
)

# A shell starts what runs in the background with SIGINT ignored, and Python leaves it so.
HEARS_INTERRUPTS = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
PACKAGE = str(pathlib.Path(__import__("weft").__file__).parents[1])


def run(code, **environ):
    path = os.pathsep.join([PACKAGE, os.path.dirname(__file__)])
    done = subprocess.run(
        [sys.executable, "-c", HEARS_INTERRUPTS + textwrap.dedent(code)],
        env={**os.environ, "PYTHONPATH": path, **environ},
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done.returncode, done.stdout.strip(), done.stderr.strip()


def test_weft_works_without_numpy():
    code = """
      import sys
      class Refuse:
          def find_spec(self, name, path=None, target=None):
              if name.split(".")[0] == "numpy": raise ModuleNotFoundError("No module named 'numpy'", name="numpy")
      sys.meta_path.insert(0, Refuse())
      import array, weft
      x = weft.asarray(array.array("f", [1, 2, 3]))
      y = weft.zeros(x.shape)
      y[:] = x
      y[0] = 5
      print(y.to_memoryview().tolist(), x.dtype == float)
      try: x.to_numpy()
      except ImportError as e: print(e)
      assert "numpy" not in sys.modules
    """
    status, out, err = run(code)
    assert (status, err) == (0, "")
    assert out.splitlines() == [
        "[5.0, 2.0, 3.0] True",
        "to_numpy() needs NumPy, which is not installed; without it: x.to_memoryview()",
    ]


def test_importing_weft_imports_neither_numpy_nor_a_library():
    code = """
      import sys, weft
      assert weft.float32 == "f4" and weft.float32 != 3
      print(sorted(m for m in ("numpy", "wgpudawn", "wgpu", "cffi") if m in sys.modules))
    """
    assert run(code) == (0, "[]", "")


def test_an_interrupt_ends_a_wait():
    """A kernel that runs for seconds is waited for; the interrupt comes after a tenth of one."""
    code = """
      import os, signal, threading, time, weft
      spin = weft.kernel('''
        @group(0) @binding(0) var<storage, read_write> x: array<u32>;
        @group(0) @binding(1) var<uniform> n: u32;
        @compute @workgroup_size(1) fn spin() { var s = 0u; for (var i = 0u; i < n; i++) { s = s * 1664525u + x[i % 4u]; } x[0] = s; }''')
      x = weft.zeros(4, "uint32")
      spin(x=x, n=10, groups=1)
      weft.synchronize()
      for n in (10**7, 10**8, 10**9, 4 * 10**9):   # until it takes long enough
          spin(x=x, n=n, groups=1)
          weft.flush()
          came_back = False
          threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
          try:
              x.to_memoryview()
              came_back = True
              time.sleep(60)
          except KeyboardInterrupt:
              if not came_back:
                  print("interrupted")
                  break
      os._exit(0)
    """
    status, out, err = run(code)
    assert (status, out) == (0, "interrupted"), err


def test_other_threads_run_while_one_waits():
    import threading

    import weft
    from kernels import STEP, values

    k = weft.kernel(STEP)
    failures = []

    def work(i):
        try:
            x = weft.zeros(64, "uint32")
            for n in range(20):
                k(x=x, threads=64)
                assert values(x) == [n + 1] * 64
        except BaseException as e:
            failures.append(e)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not failures


def test_arrays_may_be_dropped_on_any_thread():
    import threading

    import weft

    before = weft.stats()["buffers"]
    box = [weft.zeros(10) for _ in range(100)]
    thread = threading.Thread(target=box.clear)
    thread.start()
    thread.join()
    assert weft.stats()["buffers"] == before


def test_a_library_that_is_not_there_raises():
    code = """
      import weft
      try: weft.device()
      except weft.UnsupportedError as e: print(e)
      try: weft.zeros(3)
      except weft.UnsupportedError as e: print("again")
    """
    status, out, err = run(code, WEFT_WEBGPU_LIBRARY="/no/such/library.so")
    assert status == 0 and "/no/such/library.so" in out and out.endswith("again"), err


def test_the_environment_chooses_the_device():
    code = """
      import weft
      try: weft.zeros(3)
      except weft.DeviceError as e: print(e)
    """
    status, out, err = run(code, WEFT_DEVICE="imaginary")
    assert status == 0 and "imaginary" in out, err


def test_python_ends_well_with_everything_alive():
    code = """
      import weft
      x = weft.zeros(3); k = weft.kernel("@compute @workgroup_size(1) fn main() {}"); k(groups=1)
      batch = weft.batch(); batch.__enter__(); f = weft._core.synchronize_start()
      weft.keep = [x, k, batch, f]
    """
    assert run(code) == (0, "", "")


def test_devices_do_not_survive_a_fork():
    """In the child everything raises at once, nothing hangs, and the parent goes on."""
    code = """
      import os, warnings, weft
      warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 warns of forks of processes with threads
      from kernels import STEP
      x = weft.asarray([1, 2], dtype="uint32"); y = weft.zeros(2, "uint32")
      k = weft.kernel(STEP)
      k(x=x, threads=2)
      with weft.record() as g: k(x=x, threads=2)
      f = weft._core.synchronize_start()
      t, running = weft.timer(), weft.timer()
      with t: running.__enter__()
      pid = os.fork()
      if pid == 0:
          uses = (x.to_memoryview, x.to_memoryview_async, lambda: k(x=x, threads=2), lambda: weft.zeros(1), x.copy,
                  lambda: x.fill(1), lambda: x.write([1, 2]), lambda: y.copy_from(x), lambda: weft.kernel(STEP),
                  weft.device, weft.devices, weft.synchronize, weft.flush, weft.trim, weft.stats, weft.batch, weft.record,
                  lambda: weft.Buffer(4), lambda: weft.device("native"), x.device.destroy, g.replay, f.done, f.result,
                  weft.timer, t.seconds, t.seconds_async, running.__exit__)
          wrong = "weft.Device" not in repr(x.device)
          for use in uses:
              try: use()
              except weft.StateError as e: wrong += "fork" not in str(e)
              else: wrong += 1
          del x, y, k, g, f, t, running, use, uses
          os._exit(wrong)
      print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), x.to_memoryview().tolist())
    """
    assert run(code) == (0, "0 [2, 3]", "")


def test_the_clock_of_timers_is_fine():
    """Dawn masks the low 16 bits of nanoseconds unless it is told not to, at the right stage."""
    import weft

    timers = []
    for _ in range(50):
        with weft.timer() as t:
            pass
        timers.append(t)
    assert any(round(t.seconds() * 1e9) % 65536 for t in timers)


def test_a_child_of_a_process_that_only_imported_weft_may_use_it():
    code = """
      import os, weft
      pid = os.fork()
      if pid == 0:
          os._exit(0 if weft.zeros(3).to_memoryview().tolist() == [0, 0, 0] else 1)
      print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    """
    assert run(code) == (0, "0", "")


def test_on_lost_without_a_loop_calls_from_a_thread():
    import threading

    import weft

    device, called = weft.device(new=True), threading.Event()
    device.on_lost(lambda reason: called.set())
    device.destroy()
    assert called.wait(10)


def test_any_thread_may_call_wait_and_drop():
    """Some seconds of everything at once on shared and on own arrays; counts end where they began."""
    import gc
    import random
    import threading
    import time

    import weft
    from kernels import SAXPY, STEP, values

    step, saxpy = weft.kernel(STEP), weft.kernel(SAXPY)
    shared, one = weft.zeros(256, "uint32"), weft.asarray([1.0] * 64)
    gc.collect()
    weft.synchronize()
    before = weft.stats()
    ends, failures, counts = time.monotonic() + 3, [], [0] * 6
    handed = []  # made by one thread, dropped by another

    def work(i):
        dice = random.Random(i)
        try:
            mine, n = weft.zeros(64, "uint32"), 0
            y, m = weft.zeros(64), 0
            while time.monotonic() < ends:
                act = dice.randrange(8)
                if act < 3:
                    step(x=mine, threads=64)
                    step(x=shared, threads=256)
                    n, counts[i] = n + 1, counts[i] + 1
                elif act == 3:
                    with weft.batch():
                        saxpy(x=one, y=y, p={"a": 2.0, "n": 64}, threads=64)
                    m += 2
                elif act == 4:
                    assert values(mine) == [n] * 64 and values(y) == [float(m)] * 64
                elif act == 5:
                    source = STEP.replace("1u", f"{dice.randrange(4)}u")
                    handed.append((weft.Buffer(1000), mine.copy(), weft.kernel(source)))
                elif act == 6 and len(handed) > 5:
                    handed.clear()
                elif dice.random() < 0.9:
                    weft.flush()
                else:
                    weft.synchronize()
            assert values(mine) == [n] * 64
        except BaseException as e:
            failures.append(e)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(60)
    assert not failures and not any(t.is_alive() for t in threads)
    assert values(shared) == [sum(counts)] * 256 and sum(counts) > 50
    handed.clear()
    del threads, work
    gc.collect()
    weft.synchronize()
    after = weft.stats()
    assert {n: after[n] - before[n] for n in ("buffers", "kernels", "futures", "graphs")} == dict.fromkeys(
        ("buffers", "kernels", "futures", "graphs"), 0
    )


def test_others_run_while_much_is_uploaded():
    import array
    import threading
    import time

    import weft

    data, ticks, stop = array.array("f", bytes(64 << 20)), [], threading.Event()

    def tick():
        while not stop.is_set():
            ticks.append(time.monotonic())
            time.sleep(0.0005)

    x = weft.asarray(data)
    weft.synchronize()
    thread = threading.Thread(target=tick)
    thread.start()
    time.sleep(0.01)
    began = time.monotonic()
    for _ in range(3):
        x.write(data)
    ended = time.monotonic()
    stop.set()
    thread.join()
    assert sum(began < t < ended for t in ticks) >= 2


def test_memory_that_the_system_does_not_have_is_a_memory_error():
    import weft

    if weft.device().kind != "cpu":
        pytest.skip("a GPU's memory is not the process's")
    code = """
      import resource, weft
      x = weft.asarray([1.0]); weft.synchronize()
      pages = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
      resource.setrlimit(resource.RLIMIT_AS, (pages + (512 << 20),) * 2)
      held = []
      try:
          for _ in range(16):
              held.append(weft.zeros(128 << 18))
              weft.synchronize()
          print("no end of memory")
      except MemoryError as e:
          print("MemoryError")
      held.clear(); weft.trim()
      print(x.to_memoryview().tolist(), weft.asarray([2.0]).to_memoryview().tolist())
    """
    status, out, err = run(code)
    assert status == 0 and out.splitlines() == ["MemoryError", "[1.0] [2.0]"], (status, out, err[-2000:])


def test_a_library_that_is_none_raises(tmp_path):
    broken = tmp_path / "libbroken.so"
    broken.write_text("no library at all")
    code = """
      import weft
      for use in (weft.device, lambda: weft.zeros(3), weft.devices):
          try: use()
          except weft.UnsupportedError as e: print(e)
    """
    status, out, err = run(code, WEFT_WEBGPU_LIBRARY=str(broken))
    assert status == 0 and [str(broken) in line for line in out.splitlines() if line].count(True) == 3, (out, err)


def test_a_library_that_speaks_no_webgpu_raises():
    import _ctypes

    code = """
      import weft
      try: weft.device()
      except weft.UnsupportedError as e: print(e)
    """
    status, out, err = run(code, WEFT_WEBGPU_LIBRARY=_ctypes.__file__)
    assert status == 0 and _ctypes.__file__ in out and "wgpu" in out, (out, err)


NO_VULKAN = {"VK_ICD_FILENAMES": "/no/such/driver.json", "VK_DRIVER_FILES": "/no/such/driver.json", "WEFT_DEVICE": ""}
HIDE_PACKAGES = "import importlib.util; importlib.util.find_spec = lambda name, package=None: None\n"


def test_a_system_without_a_gpu_has_the_cpu():
    code = """
      import weft
      print(weft.device().name, [d.driver for d in weft.devices()])
      for word in ("native", "gpu"):
          try: weft.device(word)
          except weft.DeviceError as e: print(e)
    """
    status, out, err = run(code, **NO_VULKAN)
    first, *refused = out.splitlines()
    assert status == 0 and first.startswith("weft cpu (") and first.endswith("['cpu']"), (out, err)
    assert sum("adapter" in line for line in refused) >= 2, (out, err)


# Dawn with calls of its own in between: `answer` is what a test's code puts there, by name.
PATCHED_DAWN = """
      import ctypes
      import weft
      from weft import _native

      class Text(ctypes.Structure):
          _fields_ = [("data", ctypes.c_char_p), ("length", ctypes.c_size_t)]
      class CallbackInfo(ctypes.Structure):
          _fields_ = [("next", ctypes.c_void_p), ("mode", ctypes.c_uint32), ("callback", ctypes.c_void_p),
                      ("userdata1", ctypes.c_void_p), ("userdata2", ctypes.c_void_p)]
      class Options(ctypes.Structure):
          _fields_ = [("next", ctypes.c_void_p), ("level", ctypes.c_uint32), ("power", ctypes.c_uint32),
                      ("fallback", ctypes.c_uint32), ("backend", ctypes.c_uint32), ("surface", ctypes.c_void_p)]
      class Info(ctypes.Structure):
          _fields_ = [("next", ctypes.c_void_p), ("vendor", Text), ("architecture", Text), ("device", Text),
                      ("description", Text), ("backend", ctypes.c_uint32), ("kind", ctypes.c_uint32)]
      Request = ctypes.CFUNCTYPE(ctypes.c_uint64, ctypes.c_void_p, ctypes.POINTER(Options), CallbackInfo)
      GetInfo = ctypes.CFUNCTYPE(ctypes.c_uint32, ctypes.c_void_p, ctypes.POINTER(Info))
      dawn = ctypes.CFUNCTYPE(ctypes.c_void_p, Text)(_native._dawn())
      def original(name, kind): return kind(dawn(Text(name, len(name))))
      request = original(b"wgpuInstanceRequestAdapter", Request)
      get_info = original(b"wgpuAdapterGetInfo", GetInfo)
      answer = {}

      @ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)
      def get_proc_address(data, length):
          text = ctypes.string_at(data, length)
          return ctypes.cast(answer[text], ctypes.c_void_p).value if text in answer else dawn(Text(text, length))

      _native._dawn = lambda: ctypes.cast(get_proc_address, ctypes.c_void_p).value
"""


def run_on_patched_dawn(code):
    pytest.importorskip("wgpudawn")
    return run(textwrap.dedent(PATCHED_DAWN) + textwrap.dedent(code), WEFT_WEBGPU_LIBRARY="", WEFT_DEVICE="")


def test_an_adapter_of_the_null_backend_is_none():
    """Dawn computes nothing on it and says so nowhere. Here every request of the driver is answered with it."""
    code = """
      asked = []

      @Request
      def request_null(instance, options, info):
          asked.append(options.contents.backend)
          options.contents.backend = 1
          return request(instance, options, info)

      answer[b"wgpuInstanceRequestAdapter"] = request_null
      for selector in ("native", "null", "gpu"):
          try: print(weft.device(selector))
          except weft.DeviceError as e: print(e)
      assert asked and 1 not in asked and [d.driver for d in weft.devices()] == ["cpu"] and weft.device("").driver == "cpu"
    """
    status, out, err = run_on_patched_dawn(code)
    assert status == 0, err
    assert [("finds no" in line and "adapter on this system" in line) for line in out.splitlines()] == [True] * 3, out


def test_a_lost_gpu_is_never_replaced_by_the_cpu_unasked():
    """Here the adapter says that it is a graphics card, and later there is none any more."""
    code = """
      there = True

      @GetInfo
      def get_info_of_a_card(adapter, info):
          status = get_info(adapter, info)
          info.contents.kind = 1
          return status

      @Request
      def request_while_there(instance, options, info):
          if not there: options.contents.backend = 1
          return request(instance, options, info)

      answer.update({b"wgpuInstanceRequestAdapter": request_while_there, b"wgpuAdapterGetInfo": get_info_of_a_card})
      source = "@group(0) @binding(0) var<storage, read_write> x: array<f32>; @compute @workgroup_size(1) fn f() { x[0] = 5; }"
      x, k = weft.zeros(4), weft.kernel(source)
      lost = weft.device()
      print(lost.driver, lost.kind, x.device is lost)
      k(x=x, threads=1)
      print(x.to_memoryview().tolist())

      def outcome(use):
          try: return use().name
          except weft.Error as e: return f"{type(e).__name__}: {e}"

      there = False
      lost.destroy()
      for use in (x.to_memoryview, lambda: k(x=x, threads=1), lambda: weft.zeros(3), lambda: weft.kernel(source), weft.synchronize):
          print(outcome(use))
      for use in (lambda: weft.device(new=True), weft.device, lambda: weft.device(power="high"), lambda: weft.zeros(3).device):
          print(outcome(use))
      print(outcome(lambda: weft.device("cpu")), [d.driver for d in weft.devices()])
      there = True
      again = weft.device()
      print(again is lost, again.driver, again.kind, weft.zeros(3).device is again, weft.zeros(3).to_memoryview().tolist())
    """
    status, out, err = run_on_patched_dawn(code)
    assert status == 0, (out, err)
    first, computed, *lines = out.splitlines()
    assert (first, computed) == ("native discrete True", "[5.0, 0.0, 0.0, 0.0]")
    assert all(line.startswith("DeviceLostError: ") and "on request" in line for line in lines[:5]), out
    assert all(line.startswith("DeviceError: native: ") and "finds no" in line for line in lines[5:9]), out
    assert lines[9].startswith("weft cpu (") and lines[9].endswith("['cpu']"), out
    assert lines[10] == "False native discrete True [0.0, 0.0, 0.0]", out


def built_library(folder, names):
    """A shared library with functions of these names, as an old version of a WebGPU library would have."""
    source, library = folder / "old.c", folder / "libold.so"
    source.write_text("".join(f"void {name}(void) {{}}\n" for name in names))
    try:
        subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("no C compiler")
    return str(library)


@pytest.mark.parametrize("missing", ["AdapterInfoFreeMembers", "DevicePopErrorScope", "CreateInstance"])
def test_a_library_that_is_too_old_raises(tmp_path, missing):
    procs = (pathlib.Path(__file__).parents[2] / "src" / "drivers" / "native" / "procs.def").read_text()
    names = [f"wgpu{name}" for name in re.findall(r"^PROC\((\w+), NEEDED\)", procs, re.M) if name != missing]
    library = built_library(tmp_path, names)
    code = """
      import weft
      for use in (weft.device, lambda: weft.zeros(3), weft.devices):
          try: use()
          except weft.UnsupportedError as e: print(e)
    """
    status, out, err = run(code, WEFT_WEBGPU_LIBRARY=library)
    lines = out.splitlines()
    assert (status, len(lines)) == (0, 3), err
    assert all(library in line and f"lacks wgpu{missing}" in line and "wgpudawn" in line for line in lines), out


def test_a_package_that_cannot_be_imported_raises(tmp_path):
    (tmp_path / "wgpudawn").mkdir()
    (tmp_path / "wgpudawn" / "__init__.py").write_text("")
    (tmp_path / "wgpudawn" / "_lib.py").write_text("import a_package_that_is_not_there")
    code = f"""
      import sys
      sys.path.insert(0, {str(tmp_path)!r})
      import weft
      try: weft.device("native")
      except weft.UnsupportedError as e: print(e)
    """
    status, out, err = run(code, WEFT_WEBGPU_LIBRARY="")
    assert status == 0 and "wgpudawn" in out and "a_package_that_is_not_there" in out, (out, err)


def test_without_a_library_for_webgpu_there_is_the_cpu():
    code = """
      import weft
      print(weft.device().driver, weft.asarray([1.0, 2.0]).to_memoryview().tolist())
      try: weft.device("native")
      except weft.UnsupportedError as e: print(e)
    """
    status, out, err = run(HIDE_PACKAGES + textwrap.dedent(code), **NO_VULKAN, WEFT_WEBGPU_LIBRARY="")
    first, *refused = out.splitlines()
    assert status == 0 and first == "cpu [1.0, 2.0]" and 'pip install "weft[dawn]"' in " ".join(refused), (out, err)


def test_software_adapters_rank_below_the_cpu_device():
    import weft

    kinds = [(d.driver, d.kind) for d in weft.devices()]
    software = [k for k in kinds if k[1] == "cpu" and k[0] != "cpu"]
    assert kinds[len(kinds) - len(software) - 1] == ("cpu", "cpu")
    if all(kind == "cpu" for _, kind in kinds):
        status, out, err = run("import weft; print(weft.device().driver)", WEFT_DEVICE="")
        assert (status, out) == (0, "cpu"), err
