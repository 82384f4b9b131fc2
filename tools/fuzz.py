"""make fuzz T=NAME SECS=60: runs tests/fuzz/NAME.c (libFuzzer's LLVMFuzzerTestOneInput) with the sanitizers.

The corpus grows in build/fuzz/NAME; tests/fuzz/NAME/ holds seeds, if there is such a folder. What crashes is kept there
too, and its path is printed by libFuzzer. Where there is a tests/fuzz/NAME.py as well, each gets half of the time:
NAME.py SECS runs first.
"""

import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).parents[1]
FUZZ = ROOT / "tests" / "fuzz"
BUILD = ROOT / "build" / "fuzz"
SEEDS = 200  # random programs
SANITIZE = ["-fsanitize=fuzzer,address,undefined", "-fno-sanitize-recover=all"]


def library() -> pathlib.Path:
    """libweft.a as a hostile build with the sanitizers and what libFuzzer wants to see."""
    folder = BUILD / "lib"
    settings = [
        "-Dextension=false",
        "-Dhostile=true",
        "-Db_sanitize=address,undefined",
        "-Db_lundef=false",
        "-Db_ndebug=false",
    ]
    settings += ["-Dbuildtype=debugoptimized", "-Dc_args=-fsanitize=fuzzer-no-link -fno-sanitize-recover=all"]
    clang = os.environ | {"CC": "clang-22"}
    if not (folder / "build.ninja").exists():
        quiet(["meson", "setup", str(folder), str(ROOT), *settings], clang)
    quiet(["ninja", "-C", str(folder), "libweft.a"], clang)
    return folder / "libweft.a"


def quiet(command: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(command, text=True, capture_output=True, env=environment)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)


def seeds(name: str, corpus: pathlib.Path) -> list[str]:
    """Folders of sources to begin with; for the CPU also random programs."""
    own = FUZZ / name
    if name == "cpu":
        sys.path.insert(0, str(FUZZ))
        import programs

        for seed in range(SEEDS):
            (corpus / f"random-{seed}.wgsl").write_text(programs.make(seed).source)
    return [str(folder) for folder in (own, ROOT / "tests" / "wgsl" / "ok") if folder.is_dir()]


def libfuzzer(name: str, seconds: float) -> int:
    corpus, program = BUILD / name, BUILD / f"{name}.bin"
    corpus.mkdir(parents=True, exist_ok=True)
    flags = ["-std=c11", "-D_GNU_SOURCE", "-DWEFT_HOSTILE", "-g", "-O1", "-Wall", "-Wextra", "-Isrc", "-Iinclude"]
    link = [str(library()), "-lm", "-ldl", "-lpthread"]
    source = str(FUZZ / f"{name}.c")
    subprocess.run(["clang-22", *flags, *SANITIZE, source, *link, "-o", str(program)], cwd=ROOT, check=True)
    limits = [
        f"-max_total_time={seconds:.0f}",
        "-timeout=10",
        "-rss_limit_mb=2048",
        f"-artifact_prefix={corpus}/crash-",
    ]
    limits += ["-max_len=16384"]
    return subprocess.run([str(program), *limits, "-print_final_stats=1", str(corpus), *seeds(name, corpus)]).returncode


def main() -> int:
    name, seconds = sys.argv[1:3]
    scripts = {f.stem for f in FUZZ.glob("*.py")} - {"programs"}
    sources = {f.stem for f in FUZZ.glob("*.c")}
    if name not in sources:
        sys.exit(f"no tests/fuzz/{name}.c; there are: {', '.join(sorted(sources)) or 'none'}")
    share = max(1.0, float(seconds) / (2 if name in scripts else 1))
    failed = 0
    if name in scripts:
        failed = subprocess.run([sys.executable, str(FUZZ / f"{name}.py"), f"{share:.0f}"], cwd=ROOT).returncode
    return failed or libfuzzer(name, share)


if __name__ == "__main__":
    sys.exit(main())
