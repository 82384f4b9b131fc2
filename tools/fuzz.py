"""make fuzz T=NAME SECS=60: runs tests/fuzz/NAME.c (libFuzzer's LLVMFuzzerTestOneInput) with the sanitizers.

The corpus grows in build/fuzz/NAME; it starts from the seeds in tests/fuzz/NAME/, if there is such a folder, and in the
folders of SEEDS. tests/fuzz/wgsl has what reaches code that its SEEDS do not, short inputs alone: made by libFuzzer's
`-set_cover_merge=1 -use_counters=0` of a long run into a folder of the SEEDS. Words that a mutation should know are read out of the tables of WGSL. What crashes is kept with the corpus,
and its path is printed by libFuzzer. Where there is a tests/fuzz/NAME.py as well, each gets half of the time: NAME.py SECS
[ARGS …] runs first.
"""

import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).parents[1]
FUZZ = ROOT / "tests" / "fuzz"
BUILD = ROOT / "build" / "fuzz"
SEEDS = {"wgsl": ["tests/wgsl/ok", "tests/wgsl/err", "bench"], "cpu": ["tests/wgsl/ok"]}
RANDOM_SEEDS = 200  # programs for the CPU to begin with
WORDS = "src/wgsl/*.def"
SANITIZE = ["-fsanitize=fuzzer,address,undefined", "-fno-sanitize-recover=all"]


def quiet(command: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(command, text=True, capture_output=True, env=environment)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)


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


def dictionary() -> str:
    """libFuzzer's option for the words of the tables: each row's name, and texts that stand there."""
    words = set()
    for table in ROOT.glob(WORDS):
        rows = re.findall(r"^[A-Z_]+\(((\w+), .*)\)", table.read_text(encoding="utf-8"), re.M)
        if table.stem == "token":  # its first column is ours; tokens stand in quotes, keywords bare
            words.update(word for row, _ in rows for word in re.findall(r"'(\S+)'|, (\w+)$", row)[0:1] for word in word if word)
        else:
            words.update(word for _, word in rows)
    path = BUILD / "wgsl.dict"
    path.write_text("".join(f'"{word}"\n' for word in sorted(words)), encoding="utf-8")
    return f"-dict={path}"


def seeds(name: str, corpus: pathlib.Path) -> list[str]:
    """Folders of sources to begin with; for the CPU also random programs."""
    if name == "cpu":
        sys.path.insert(0, str(FUZZ))
        import programs

        for seed in range(RANDOM_SEEDS):
            (corpus / f"random-{seed}.wgsl").write_text(programs.make(seed).source)
    folders = [FUZZ / name, *(ROOT / folder for folder in SEEDS.get(name, ()))]
    return [str(folder) for folder in folders if folder.is_dir()]


def libfuzzer(name: str, seconds: float) -> int:
    corpus, program = BUILD / name, BUILD / f"{name}.bin"
    corpus.mkdir(parents=True, exist_ok=True)
    flags = ["-std=c11", "-D_GNU_SOURCE", "-DWEFT_HOSTILE", "-g", "-O1", "-Wall", "-Wextra", "-Isrc", "-Iinclude"]
    link = [str(library()), "-lm", "-ldl", "-lpthread"]
    source = str(FUZZ / f"{name}.c")
    subprocess.run(["clang-22", *flags, *SANITIZE, source, *link, "-o", str(program)], cwd=ROOT, check=True)
    limits = [f"-max_total_time={seconds:.0f}", "-timeout=10", "-rss_limit_mb=2048", f"-artifact_prefix={corpus}/crash-"]
    limits += ["-max_len=16384", "-print_final_stats=1", dictionary()]
    return subprocess.run([str(program), *limits, str(corpus), *seeds(name, corpus)]).returncode


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
