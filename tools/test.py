"""Runs rings of tests: test.py RING... -- ARGUMENTS (make test RING=... ARGS=... DEVICE=...)

A ring is a command whose last line of counts reads like pytest's or "N passed, N failed, N skipped". Output goes through
as it comes; the table at the end has every ring's counts, and the status is 1 when a ring failed or gave no counts.
"""

import os
import pathlib
import re
import subprocess
import sys
import threading
import time

import pyodide_job
import vulkan

ROOT = pathlib.Path(__file__).parents[1]
COUNT = re.compile(r"(\d+) (passed|failed|skipped|errors?|xfailed|deselected)\b")
SECONDS = 900
KINDS = ("passed", "failed", "skipped")

def wgpu_library() -> str:
    """wgpu-native in the package `wgpu`."""
    found = subprocess.run([sys.executable, str(ROOT / "tools" / "find_webgpu.py")], text=True, capture_output=True)
    return f"{found.stdout.strip()}/libwgpu_native-release.so"


# The native devices: name, what the environment says. DEVICE=name runs one of them.
NATIVE_DEVICES = [
    ("cpu", {"WEFT_DEVICE": "cpu"}),
    ("dawn", {"WEFT_DEVICE": "native"}),
    ("wgpu", {"WEFT_DEVICE": "native", "WEFT_WEBGPU_LIBRARY": wgpu_library()}),
]


def pytest_arguments(arguments: list[str]) -> list[str]:
    return [*arguments] if any("tests/" in a for a in arguments) else ["tests/python", *arguments]


def chosen_devices(*names: str) -> list[tuple[str, dict[str, str]]]:
    """Of the native devices those that DEVICE names, out of `names` or of all."""
    wanted = os.environ.get("DEVICE", "")
    return [d for d in NATIVE_DEVICES if wanted in ("", d[0]) and d[0] in (names or d[0])]


def start(command: list[str], environ: dict[str, str] | None = None) -> subprocess.Popen:
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "errors": "replace"}
    return subprocess.Popen(command, cwd=ROOT, env=os.environ | (environ or {}), **pipes)


def start_job(host: str, arguments: list[str], *, gpu: bool = True) -> subprocess.Popen:
    """Without `gpu` WebGPU is hidden and weft chooses by itself."""
    entry = ["pytest", *pytest_arguments(arguments)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "errors": "replace"}
    return pyodide_job.run(host, entry, environ={"WEFT_DEVICE": "web" if gpu else ""}, gpu=gpu, **pipes)


def start_wgsl(script: str, arguments: list[str]) -> subprocess.Popen:
    subprocess.run([sys.executable, "tests/c/run.py", "--build"], cwd=ROOT, check=True)
    return start([sys.executable, script, "--dump", "build/c/tests/c/wgsl_dump", *arguments])


def conformance(arguments: list[str]) -> list[tuple[str, object]]:
    """Which programs are accepted, unless some kernels are asked for; then what kernels compute, on each device."""
    wgsl = [("accepted", lambda: start_wgsl("tests/wgsl/conformance.py", []))]
    execution = [sys.executable, "tests/conformance/execution.py", *arguments]
    devices = chosen_devices("cpu", "dawn")
    return [*([] if arguments else wgsl), *[(f"kernels {n}", lambda e=e: start(execution, e)) for n, e in devices]]


def browser(arguments: list[str]) -> list[tuple[str, object]]:
    wanted = os.environ.get("DEVICE", "")
    web = [("browser", lambda: start_job("browser", arguments))]
    cpu = [("browser cpu", lambda: start_job("browser", arguments, gpu=False))]
    return [*(web if wanted in ("", "web") else []), *(cpu if wanted in ("", "cpu") else [])]


def scripts(arguments: list[str]) -> list[tuple[str, object]]:
    """web.js by itself, without Pyodide: in the ring `node`, unless that is asked for something in particular."""
    files = sorted(str(f) for f in ROOT.glob("tests/web/*.test.mjs") if not arguments or str(f.relative_to(ROOT)) in arguments)
    command = [pyodide_job.node(), "--test", "--test-reporter=./tests/node/reporter.mjs", *files]
    return [("web.js", lambda: start(command))] if files else []


def start_pages(arguments: list[str]) -> subprocess.Popen:
    files = sorted(str(f.relative_to(ROOT)) for f in ROOT.glob("tests/pages/*.test.mjs"))
    names = [f"--test-name-pattern={a}" for a in arguments if a not in files and a != "-k"]
    chosen = [a for a in arguments if a in files] or files
    report = "--test-reporter=./tests/node/reporter.mjs"
    return start([pyodide_job.node(), "--test", "--test-concurrency=1", report, *names, *chosen])


def runs(ring: str, arguments: list[str]) -> list[tuple[str, object]]:
    """The runs of a ring: (label, function that starts the process)."""
    python = [sys.executable, "-m", "pytest", *pytest_arguments(arguments)]
    device = [f"device={os.environ['DEVICE']}"] if os.environ.get("DEVICE") else []
    return {
        "c": lambda: [("c", lambda: start([sys.executable, "tests/c/run.py", *arguments, *device]))],
        "wgsl": lambda: [("wgsl", lambda: start_wgsl("tests/wgsl/run.py", arguments))],
        "native": lambda: [(f"native {n}", lambda e=e: start(python, e)) for n, e in chosen_devices()],
        "node": lambda: [*scripts(arguments), ("node", lambda: start_job("node", arguments))],
        "pages": lambda: [("pages", lambda: start_pages(arguments))],
        "browser": lambda: browser(arguments),
        "conformance": lambda: conformance(arguments),
    }[ring]()


def follow(process: subprocess.Popen) -> dict[str, int]:
    """Prints what a run says and gives its counts."""
    counts = None
    watch = threading.Timer(SECONDS, process.terminate)  # a device or a page that hangs must not hang the run
    watch.start()
    for line in process.stdout:
        sys.stdout.write(line)
        sys.stdout.flush()
        if found := COUNT.findall(line):
            counts = found
    status = process.wait()
    watch.cancel()
    totals = dict.fromkeys(KINDS, 0)
    for number, kind in counts or []:
        kind = {"error": "failed", "errors": "failed", "xfailed": "skipped"}.get(kind, kind)
        if kind in totals:
            totals[kind] += int(number)
    nothing_chosen = status == 5 and counts  # pytest's own word for it
    if not totals["failed"] and (counts is None or (status and not nothing_chosen)):
        print(f"(ended with status {status})")
        totals["failed"] = 1
    return totals


def main() -> int:
    cut = sys.argv.index("--")
    rings, arguments = sys.argv[1:cut], sys.argv[cut + 1 :]
    vulkan.choose()
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    table = []
    for ring in rings:
        for label, launch in runs(ring, arguments):
            print(f"\n== {label}", flush=True)
            began = time.monotonic()
            table.append((label, follow(launch()), time.monotonic() - began))
    print()
    for label, counts, seconds in table:
        print(f"{label:14}" + ", ".join(f"{counts[k]:4} {k}" for k in KINDS) + f"  {seconds:6.1f} s")
    totals = {k: sum(counts[k] for _, counts, _ in table) for k in KINDS}
    print(", ".join(f"{totals[k]} {k}" for k in KINDS) + f" in {sum(t for *_, t in table):.0f} s")
    return 1 if totals["failed"] or not table else 0


if __name__ == "__main__":
    sys.exit(main())
