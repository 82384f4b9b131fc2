"""The ring `c`: run.py [--tsan] [FILE.c | NAME-PART | option=value ...], or run.py --build

Builds the library and every tests/c/test_*.c as a hostile build with the address and undefined-behaviour sanitizers (with
--tsan: the thread sanitizer), and runs each module in a process of its own (tests/c/boot.py). Prints what fails, then
"N passed, N failed, N skipped".
"""

import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import find_webgpu  # noqa: E402

THREADS = "--tsan" in sys.argv
BUILD = ROOT / "build" / ("tsan" if THREADS else "c")
TESTS = ROOT / "tests" / "c"
EXAMPLE = "examples/c/saxpy.c"
SECONDS = 300
SETTINGS = [
    "-Dextension=false",
    "-Dhostile=true",
    "-Db_sanitize=" + ("thread" if THREADS else "address,undefined"),
    "-Db_lundef=false",
    "-Db_ndebug=false",
    "-Dbuildtype=debugoptimized",
    "-Dc_args=-fno-sanitize-recover=all -fno-omit-frame-pointer",
]


def build() -> None:
    """Meson knows the tests as they were when it last looked: look again when there are others."""
    listed = "\n".join(sorted(f.name for f in TESTS.glob("*.c")))
    seen = BUILD / "tests.txt"
    if not (BUILD / "build.ninja").exists():
        run(["meson", "setup", str(BUILD), str(ROOT), *SETTINGS])
    elif not seen.exists() or seen.read_text() != listed:
        run(["meson", "setup", "--reconfigure", str(BUILD), str(ROOT)])
    run(["ninja", "-C", str(BUILD)])
    seen.write_text(listed)


def run(command: list[str]) -> None:
    done = subprocess.run(command, text=True, capture_output=True)
    if done.returncode:
        sys.exit(f"{done.stdout}{done.stderr}\n0 passed, 1 failed, 0 skipped: the c ring does not build")


def environment() -> dict[str, str]:
    runtime = "libtsan.so" if THREADS else "libasan.so"
    found = subprocess.run(["gcc", f"-print-file-name={runtime}"], text=True, capture_output=True, check=True)
    return os.environ | {
        "LD_PRELOAD": found.stdout.strip(),
        # what the WebGPU libraries do among themselves is not seen whole, because they are not instrumented
        "TSAN_OPTIONS": f"suppressions={TESTS}/tsan.supp ignore_noninstrumented_modules=1 exitcode=66",
        "ASAN_OPTIONS": "detect_leaks=0",  # the interpreter's own; tests count allocations themselves
        "UBSAN_OPTIONS": "print_stacktrace=1",
        "PYTHONMALLOC": "malloc",
    }


class Result:
    """What one process did: lines to print, and how many tests passed, failed and were skipped."""

    def __init__(self, name: str, output: str, status: int | None):
        lines = output.splitlines()
        last = re.fullmatch(r"(\d+) passed, (\d+) failed, (\d+) skipped", lines[-1] if lines else "")
        self.name = name
        self.status = status
        self.counts = [int(n) for n in last.groups()] if last else [0, 1, 0]
        if last:
            self.lines = [line for line in lines[:-1] if not line.startswith("RUN ")]
        else:
            started = [line[4:] for line in lines if line.startswith("RUN ")]
            how = f"did not end in {SECONDS} s" if status is None else f"ended with status {status}"
            where = f" in {started[-1]}" if started else ""
            self.lines = [f"FAIL {name}: {how}{where}", *[line for line in lines if not line.startswith("RUN ")]]
            self.counts[0] = max(len(started) - 1, 0)


def run_process(name: str, command: list[str], env: dict[str, str]) -> Result:
    try:
        done = subprocess.run(
            command, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors="replace", timeout=SECONDS
        )
        return Result(name, done.stdout, done.returncode)
    except subprocess.TimeoutExpired as late:
        return Result(name, (late.stdout or b"").decode(errors="replace"), None)


TESTED = ("rig.h", "driver_case.h", "tested.h")
# Files run on Dawn, and again on these: label, options of tested.h, what the includes of such a file have.
OTHER_DRIVERS = [
    ("wgpu-native", lambda: [f"library={find_webgpu.library()}"], (*TESTED, "native.h")),
    ("cpu", lambda: ["driver=cpu"], TESTED),
    ("cpu without threads", lambda: ["driver=cpu", "threads=0"], TESTED),
]


def includes(file: pathlib.Path, headers: tuple[str, ...]) -> bool:
    return any(f'{header}"\n' in file.read_text() for header in headers)


def run_example() -> Result:
    """examples/c/saxpy.c as a user builds it: an ordinary program with build/lib, here on wgpu-native."""
    library, program = ROOT / "build" / "lib", BUILD / "saxpy"
    flags = ["-std=c11", "-Wall", "-Wextra", "-Werror", f"-I{library}/include"]
    command = ["gcc", *flags, str(ROOT / EXAMPLE), f"{library}/libweft.a", "-lm", "-ldl", "-lpthread", "-o", str(program)]
    made = subprocess.run(command, text=True, capture_output=True)
    if made.returncode:
        return Result(EXAMPLE, made.stderr, made.returncode)
    env = os.environ | {"WEFT_WEBGPU_LIBRARY": find_webgpu.library()}
    result = run_process(EXAMPLE, [str(program)], env)
    if result.status == 0:
        result.lines, result.counts = [], [1, 0, 0]
    return result


def main() -> int:
    build()
    if sys.argv[1:] == ["--build"]:
        return 0
    files = sorted(TESTS.glob("test_*.c"))
    names = {pathlib.Path(a).stem for a in sys.argv[1:] if (TESTS / pathlib.Path(a).name).suffix == ".c"}
    words = [a for a in sys.argv[1:] if not a.endswith(".c") and a not in ("-k", "--tsan")]
    chosen = [f for f in files if not names or f.stem in names]
    env = environment()

    def run_file(file: pathlib.Path, name: str, *options: str) -> Result:
        module = str(BUILD / "tests" / "c" / f"{file.stem}.so")
        return run_process(name, [sys.executable, str(TESTS / "boot.py"), module, "trace=on", *words, *options], env)

    totals = [0, 0, 0]
    with concurrent.futures.ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool:
        jobs = [pool.submit(run_file, file, file.name) for file in chosen]
        if not any(w.startswith(("library=", "driver=")) for w in words):
            for label, option, headers in OTHER_DRIVERS:
                again = [f for f in chosen if includes(f, headers)]
                jobs += [pool.submit(run_file, f, f"{f.name} on {label}", *option()) for f in again]
        if not names and not words and (ROOT / EXAMPLE).exists():
            jobs.append(pool.submit(run_example))
        for job in jobs:
            result = job.result()
            totals = [a + b for a, b in zip(totals, result.counts)]
            if sum(result.counts):
                print(f"{result.name}: {result.counts[0]} passed, {result.counts[1]} failed, {result.counts[2]} skipped")
            for line in result.lines:
                print(f"  {line}")
            sys.stdout.flush()
    print(f"{totals[0]} passed, {totals[1]} failed, {totals[2]} skipped")
    return 1 if totals[1] else 0


if __name__ == "__main__":
    sys.exit(main())
