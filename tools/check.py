"""make check: what can be said about the sources without running them. Every step runs; the status tells if one failed."""

import pathlib
import shutil
import subprocess
import sys

import pyodide_job
import vulkan

ROOT = pathlib.Path(__file__).parents[1]
PACKAGE = ROOT / "python" / "weft"


def compile_with(cc: str) -> list[list[str]]:
    """All there is for this machine, the c ring's modules too, warnings as errors."""
    build = ROOT / "build" / f"check-{cc}"
    setup = ["meson", "setup", str(build), str(ROOT), "-Dhostile=true", "--werror"]
    if (build / "build.ninja").exists():
        setup += ["--reconfigure"]
    return [["env", f"CC={cc}", *setup], ["ninja", "-C", str(build)]]


def versions() -> list[list[str]]:
    """The version is told twice, to C and to Meson."""
    code = (
        "import re, sys; a = re.search(r\"version: '([^']+)'\", open('meson.build').read())[1]; "
        "b = re.search(r'WEFT_VERSION \"([^\"]+)\"', open('include/weft.h').read())[1]; "
        "sys.exit(a != b and f'meson.build says {a}, include/weft.h {b}')"
    )
    return [[sys.executable, "-c", code]]


def steps() -> dict[str, list[list[str]]]:
    eslint = ROOT / "node_modules" / "eslint" / "bin" / "eslint.js"
    out = {
        "includes": [[sys.executable, "tools/check_includes.py"]],
        "versions": versions(),
        "gcc": compile_with("gcc"),
        "clang": compile_with("clang-22"),
        "names": [[sys.executable, "tools/check_symbols.py", "build/check-gcc/libweft.a"]],
        "threads": [["env", f"VK_ICD_FILENAMES={vulkan.SWIFTSHADER}", sys.executable, "tests/c/run.py", "--tsan", "test_threads.c", "test_native.c"],
                    [sys.executable, "tests/c/run.py", "--tsan", "driver=cpu", "test_driver.c", "test_timestamps.c", "test_threads.c"]],
        "python": [[sys.executable, "-m", "ruff", "check", "--quiet", "."]],
        "scripts": [[pyodide_job.node(), str(eslint), "--max-warnings=0", "."]],
    }
    if any(PACKAGE.glob("*.py")):
        stubtest = [sys.executable, "-m", "mypy.stubtest", "weft._core", "--mypy-config-file=pyproject.toml"]
        out["types"] = [
            [sys.executable, "-m", "mypy", "--cache-dir=build/mypy", str(PACKAGE)],
            ["env", "MYPYPATH=python", *stubtest],
        ]
    if shutil.which("shellcheck"):
        out["shell"] = [["shellcheck", ".ci/run", *map(str, ROOT.glob("tools/**/*.sh"))]]
    return out


def main() -> int:
    failed = 0
    for name, commands in steps().items():
        for command in commands:
            done = subprocess.run(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            if done.returncode:
                print(f"== {name}\n{done.stdout}")
                failed += 1
                break
        else:
            print(f"ok {name}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
