"""make fuzz T=NAME SECS=60: runs tests/fuzz/NAME.c (libFuzzer's LLVMFuzzerTestOneInput) with the sanitizers.

The corpus grows in build/fuzz/NAME; it starts from the seeds in tests/fuzz/NAME/, if there is such a folder, and in the
folders of SEEDS. Words that a mutation should know are read out of the tables named in WORDS. What crashes is kept with
the corpus, and its path is printed by libFuzzer.
"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).parents[1]
PARTS = ("base", "wgsl", "core")
SEEDS = {"wgsl": ["tests/wgsl/ok", "tests/wgsl/err", "bench"]}
WORDS = {"wgsl": "src/wgsl/*.def"}


def dictionary(name: str) -> list[str]:
    """libFuzzer's option for the words of the tables: each row's name, and texts that stand there."""
    words = set()
    for table in ROOT.glob(WORDS[name]) if name in WORDS else ():
        rows = re.findall(r"^[A-Z_]+\(((\w+), .*)\)", table.read_text(encoding="utf-8"), re.M)
        if table.stem == "token":  # its first column is ours; tokens stand in quotes, keywords bare
            words.update(word for row, _ in rows for word in re.findall(r"'(\S+)'|, (\w+)$", row)[0:1] for word in word if word)
        else:
            words.update(word for _, word in rows)
    if not words:
        return []
    path = ROOT / "build" / "fuzz" / f"{name}.dict"
    path.write_text("".join(f'"{word}"\n' for word in sorted(words)), encoding="utf-8")
    return [f"-dict={path}"]


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
    folders = [source.with_suffix(""), *(ROOT / folder for folder in SEEDS.get(name, ()))]
    seeds = [str(folder) for folder in folders if folder.is_dir()]
    limits = [f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=2048", f"-artifact_prefix={corpus}/crash-"]
    return subprocess.run([str(program), *limits, "-print_final_stats=1", *dictionary(name), str(corpus), *seeds]).returncode


if __name__ == "__main__":
    sys.exit(main())
