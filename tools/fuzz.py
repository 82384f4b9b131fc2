"""make fuzz T=NAME SECS=60: runs tests/fuzz/NAME.c (libFuzzer's LLVMFuzzerTestOneInput) with the sanitizers.

The corpus grows in build/fuzz/NAME; tests/fuzz/NAME/ holds seeds, if there is such a folder. What crashes is kept there
too, and its path is printed by libFuzzer.
"""

import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).parents[1]
PARTS = ("base", "wgsl", "core")


def main() -> int:
    name, seconds = sys.argv[1:3]
    source = ROOT / "tests" / "fuzz" / f"{name}.c"
    if not source.exists():
        there = ", ".join(sorted(f.stem for f in source.parent.glob("*.c"))) or "none"
        sys.exit(f"no {source.relative_to(ROOT)}; there are: {there}")
    corpus, program = ROOT / "build" / "fuzz" / name, ROOT / "build" / "fuzz" / f"{name}.bin"
    corpus.mkdir(parents=True, exist_ok=True)
    units = [str(f) for part in PARTS for f in sorted((ROOT / "src" / part).glob("*.c"))]
    flags = ["-std=c11", "-DWEFT_HOSTILE", "-g", "-O1", "-Isrc", "-Iinclude"]
    sanitize = ["-fsanitize=fuzzer,address,undefined", "-fno-sanitize-recover=all"]
    subprocess.run(["clang-22", *flags, *sanitize, str(source), *units, "-lm", "-o", str(program)], cwd=ROOT, check=True)
    seeds = [str(source.with_suffix(""))] if source.with_suffix("").is_dir() else []
    limits = [f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=2048", f"-artifact_prefix={corpus}/crash-"]
    return subprocess.run([str(program), *limits, "-print_final_stats=1", str(corpus), *seeds]).returncode


if __name__ == "__main__":
    sys.exit(main())
