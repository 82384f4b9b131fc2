"""What is so natively only: signals, threads, Python without NumPy, libraries that are not there."""

import os
import pathlib
import subprocess
import sys
import textwrap

import pytest

pytestmark = pytest.mark.skipif(
    sys.platform == "emscripten", reason="one thread, no processes and no signals in Pyodide"
)

PACKAGE = str(pathlib.Path(__import__("weft").__file__).parents[1])


def run(code, **environ):
    path = os.pathsep.join([PACKAGE, os.path.dirname(__file__)])
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
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
