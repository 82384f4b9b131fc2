"""make bench: prints one table and writes build/bench.json. bench/README.md says what the cases are.

    run.py [--device chromium|node|native …] [--case NAME …] [--label NAME] [--limit PATH]

Rows: {case, subject, device, value, unit, ratio, ratio_to}. `value` is the median of the samples. A row of weft has a ratio
for each other subject (`ratio_to`): weft's speed over the other's, the median over the pairs that ran one after another.

Nothing but the standard library is needed here, so it also runs where weft was not built.
"""

import argparse
import fnmatch
import json
import os
import pathlib
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent
BUILD = ROOT / "build"
MARK = "BENCH "
WEB_CASES = ("enqueue", "enqueue-values", "dispatch-1000", "replay-1000", "upload-64MiB", "read-64MiB", "read-1KB", "show-1080p")
WEB_CASES += ("leak-10000",)
NATIVE_CASES = ("native-dispatch", "native-upload", "native-read")
CHECK_CASES = ("wgsl-check-MBps", "wgsl-check-200-lines-us")  # run.py --case with one of them runs both
COMPUTATIONS = ("copy", "saxpy", "mandelbrot", "matmul-naive", "matmul-tiled", "reduction", "scan", "stencil3x3")
COMPUTATIONS += ("histogram", "bitonic")
SWIFTSHADER_CASES = tuple(f"cpu-vs-swiftshader-{name}" for name in COMPUTATIONS)
NUMPY_CASES = tuple(f"cpu-vs-numpy-{name}" for name in ("copy", "saxpy", "sum"))
WASM_CASES = tuple(f"cpu-wasm-vs-native-{name}" for name in COMPUTATIONS)
CPU_CASES = (*SWIFTSHADER_CASES, *NUMPY_CASES, *WASM_CASES)
CASES = (*WEB_CASES, *NATIVE_CASES, *CHECK_CASES, "wheel-bytes", "import-ms", "frame-gap-ms", *CPU_CASES)
# case: the cases whose ratios it is made of
MEANS = {"cpu-vs-swiftshader-geomean": SWIFTSHADER_CASES, "cpu-wasm-vs-native": WASM_CASES}
WORST = {"cpu-vs-swiftshader-worst": SWIFTSHADER_CASES}
IMPORTS = 5  # fresh pages

sys.path.insert(0, str(ROOT / "tools"))
import pyodide_job  # noqa: E402
import vulkan  # noqa: E402


class Table:
    def __init__(self):
        self.samples, self.units, self.devices, self.missing = {}, {}, {}, []

    def take(self, line, device):
        """One line that a process printed."""
        if not line.startswith(MARK):
            print(f"  {line}", end="", flush=True)
            return
        said = json.loads(line[len(MARK) :])
        if "missing" in said:
            self.missing.append(said)
            print(f"  left out of {said['case']}: {said['missing']}: {said['why']}", flush=True)
            return
        key = said["case"], said["unit"]
        self.units[key], self.devices[key] = said["unit"], device
        for subject, values in said["samples"].items():
            self.samples.setdefault(key, {}).setdefault(subject, []).extend(values)

    def rows(self):
        order = {name: i for i, name in enumerate(CASES)}
        for key in sorted(self.samples, key=lambda k: (order.get(k[0].split("@")[0], 99), k)):
            case, unit = key
            subjects = {who: values for who, values in self.samples[key].items() if values}
            for who, values in subjects.items():
                row = {"case": case, "subject": who, "device": self.devices[key], "value": statistics.median(values)}
                row |= {"unit": unit, "ratio": None, "ratio_to": None}
                others = [other for other in subjects if not other.startswith("weft")]
                if not who.startswith("weft") or not others:
                    yield row
                    continue
                for other in others:
                    rates = unit.endswith("/s")  # more is faster
                    pairs = [a / b if rates else b / a for a, b in zip(values, subjects[other]) if a and b]
                    yield row | {"ratio": statistics.median(pairs), "ratio_to": other}

    def summaries(self, rows):
        """Rows made of the ratios of others: their geometric mean, the smallest. None where one of them is missing."""
        ratios = {row["case"]: row["ratio"] for row in rows if row["ratio"]}
        for parts, of in ((MEANS, statistics.geometric_mean), (WORST, min)):
            for case, names in parts.items():
                found = [ratios[name] for name in names if name in ratios]
                if len(found) == len(names):
                    like = next(row for row in rows if row["case"] == names[0] and row["ratio"])
                    yield like | {"case": case, "value": of(found), "unit": "ratio", "ratio": of(found)}

    def print(self, rows):
        print(f"\n{'case':34}{'subject':28}{'value':>14} {'unit':8}{'ratio':>8}  to")
        last = None
        for row in rows:
            first = (row["case"], row["subject"], row["unit"]) != last
            last = row["case"], row["subject"], row["unit"]
            value = f"{row['value']:,.0f}" if row["unit"] in ("bytes", "handles") else f"{row['value']:,.3f}"
            left = f"{row['case']:34}{row['subject']:28}{value:>14} {row['unit']:8}" if first else " " * 85
            print(f"{left}{row['ratio']:8.2f}  {row['ratio_to']}" if row["ratio"] is not None else left.rstrip())


def follow(table, device, process):
    with process:
        for line in process.stdout:
            table.take(line, device)
    if process.returncode:
        print(f"  ended with status {process.returncode}")
    return process.returncode != 0


PIPES = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "errors": "replace"}


def peers():
    """The wheels of bench/requirements.txt for Pyodide, and cffi's, which wgpudawn needs."""
    folder = BUILD / "bench" / "wheels"
    for line in (HERE / "requirements.txt").read_text().splitlines():
        name, _, version = line.partition("==")
        if not version or list(folder.glob(f"{name}-{version}-*")):
            continue
        platform = ["--platform", "pyemscripten_2026_0_wasm32", "--python-version", "3.14", "--only-binary=:all:"]
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--retries=1", "-d", str(folder), *platform, line]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            print(f"  {line} cannot be had: {(done.stderr.strip().splitlines() or ['?'])[-1]}")
    found = sorted(folder.glob("*.whl"))
    if cffi := os.environ.get("WEFT_CFFI_WHEEL"):
        found.append(pathlib.Path(cffi).resolve())
    return found


def web(table, host, cases, label):
    title = label or ("Chromium, SwiftShader" if host == "browser" else "Node, Dawn")
    suffix = "" if host == "browser" else label or "node"
    wheels, failed = peers(), 0
    pages = [c for c in cases if c in WEB_CASES]
    options = {"environ": {"WEFT_DEVICE": "web"}, "wheels": wheels, "pytest": False, **PIPES}
    if pages:
        failed += follow(table, title, pyodide_job.run(host, ["script", "bench/web.py", suffix, *pages], **options))
    if set(cases) & set(CHECK_CASES):
        where = "chromium" if host == "browser" else label or "node"
        failed += follow(table, title, pyodide_job.run(host, ["script", "bench/check.py", where], **options))
    for i in range(IMPORTS if "import-ms" in cases and host == "browser" else 0):
        modules = ["weft", "webgpu.webgpu_api", "wgpudawn"]
        order = modules[i % 3 :] + modules[: i % 3]
        failed += follow(table, title, pyodide_job.run(host, ["script", "bench/start.py", suffix, *order], **options))
    if "frame-gap-ms" in cases and host == "browser":
        failed += follow(table, title, subprocess.Popen([pyodide_job.node(), "bench/frames.mjs"], cwd=ROOT, text=True, **PIPES))
    if "wheel-bytes" in cases and host == "browser":
        weft = next((BUILD / "wheel").glob("weft-*wasm32.whl"))
        names = {"weft": weft} | {wheel.name.split("-")[0]: wheel for wheel in wheels}
        samples = {name: [wheel.stat().st_size] for name, wheel in names.items()}
        table.take(MARK + json.dumps({"case": "wheel-bytes", "unit": "bytes", "samples": samples}), "a file")
    return failed


def native(table, cases, label, limit):
    wanted, failed = [c for c in cases if c in NATIVE_CASES], 0
    if set(cases) & set(CHECK_CASES):
        command = [sys.executable, str(HERE / "check.py"), label or ""]
        failed += follow(table, label or "this machine", subprocess.Popen(command, cwd=ROOT, text=True, **PIPES))
    if not wanted:
        return failed
    command = [sys.executable, str(HERE / "native.py"), label or "", limit or "", *wanted]
    process = subprocess.Popen(command, cwd=ROOT, text=True, env=os.environ | {"WEFT_DEVICE": "native"}, **PIPES)
    return failed + follow(table, label or "Dawn", process)


def cpu(table, devices, cases):
    """weft's cpu against others natively, and the same on one thread here and in Chromium without WebGPU."""
    failed, here = 0, [c for c in cases if c in SWIFTSHADER_CASES + NUMPY_CASES]
    command = [sys.executable, str(HERE / "cpu.py")]
    if here and "native" in devices:
        process = subprocess.Popen([*command, "native", *here], text=True, cwd=ROOT, **PIPES)
        failed += follow(table, "this machine", process)
    both = [c for c in cases if c in WASM_CASES]
    if both and "native" in devices and "chromium" in devices:
        held = os.environ | {"WEFT_CPU_ISA": "avx2"}  # what WebAssembly has is far nearer to it than AVX-512
        for _ in range(2):
            start = subprocess.Popen([*command, "native, AVX2", *both], text=True, cwd=ROOT, env=held, **PIPES)
            failed += follow(table, "Chromium and this machine", start)
            job = ["script", "bench/cpu.py", "weft in WebAssembly", *both]
            options = {"environ": {"WEFT_DEVICE": "cpu"}, "pytest": False, **PIPES}
            failed += follow(table, "Chromium and this machine", pyodide_job.run("browser", job, **options))
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", action="append", choices=["chromium", "node", "native"], help="all when not given")
    parser.add_argument("--case", action="append", help="all when not given; * stands for anything: cpu-vs-numpy-*")
    parser.add_argument("--label", help="what to call the device; behind the @ of its cases (h200: dispatch-1000@h200-node)")
    parser.add_argument("--limit", help="bench/native_limit.c as a built shared library, where there is no compiler")
    options = parser.parse_args()
    devices, wanted = options.device or ["chromium", "node", "native"], options.case or ["*"]
    cases = [case for case in CASES if any(fnmatch.fnmatch(case, pattern) for pattern in wanted)]
    if not cases:
        parser.error(f"no case is called {' or '.join(wanted)}; there are {', '.join(CASES)}")
    vulkan.choose()
    table, failed = Table(), 0
    if "chromium" in devices:
        failed += web(table, "browser", cases, None)
    if "node" in devices:
        failed += web(table, "node", cases, options.label and f"{options.label}-node")
    if "native" in devices:
        failed += native(table, cases, options.label, options.limit)
    failed += cpu(table, devices, cases)
    rows = list(table.rows())
    rows += table.summaries(rows)
    (BUILD / "bench.json").write_text(json.dumps(rows, indent=1) + "\n")
    table.print(rows)
    for said in table.missing:
        print(f"{said['case']}: {said['missing']} is left out: {said['why']}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
