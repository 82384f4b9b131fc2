"""make demo: examples/saxpy.py on every device found: natively on Dawn, in Pyodide on Node with Dawn, and in Chromium; then
the example pages in Chromium, with their tables and how to open them.

The machine's own GPU is used natively and in Node where there is one; where there is none, SwiftShader, a Vulkan device in
software that comes with Chromium. Chromium always runs on SwiftShader here.
"""

import os
import pathlib
import subprocess
import sys

import pyodide_job
import vulkan

ROOT = pathlib.Path(__file__).parents[1]
EXAMPLE = "examples/saxpy.py"
PIPES = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "errors": "replace"}
HOSTS = {
    "native: Dawn": lambda: subprocess.Popen(
        [sys.executable, EXAMPLE], cwd=ROOT, text=True, env=os.environ | {"WEFT_DEVICE": "native"}, **PIPES
    ),
    "Pyodide in Node: Dawn": lambda: pyodide_job.run("node", ["script", EXAMPLE], environ={"WEFT_DEVICE": "web"}, **PIPES),
    "Pyodide in Chromium": lambda: pyodide_job.run("browser", ["script", EXAMPLE], environ={"WEFT_DEVICE": "web"}, **PIPES),
    "The example pages in Chromium": lambda: subprocess.Popen([pyodide_job.node(), "tools/demo.mjs"], cwd=ROOT, text=True, **PIPES),
}


def main() -> int:
    vulkan.choose(prefer_gpu=True)
    failed = 0
    for title, start in HOSTS.items():
        print(f"\n{title}", flush=True)
        with start() as process:
            for line in process.stdout:
                print(f"  {line}", end="", flush=True)
        failed += process.returncode != 0
    print(f"\n{len(HOSTS) - failed} of {len(HOSTS)} ran with a correct result")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
