"""The ring `wgsl`: golden files of the WGSL front end.

    python tests/wgsl/run.py --dump PATH [--update] [PATTERN ...]

    ok/NAME.wgsl    accepted; ok/NAME.out holds its reflection as wgsl_dump prints it
    err/NAME.wgsl   rejected; err/NAME.err holds the diagnostics as people read them

A first line `// overrides: NAME=VALUE ...` gives values for pipelines. PATTERN: file names or parts of them. --update
writes the golden files anew: look at what git says then.
"""

import argparse
import difflib
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
GOLDEN = {"ok": ".out", "err": ".err"}


def chosen(patterns):
    """The sources that a pattern names, all without one."""
    for folder in GOLDEN:
        for source in sorted((HERE / folder).glob("*.wgsl")):
            name = f"{folder}/{source.name}"
            if not patterns or any(p in name or p.endswith(name) for p in patterns):
                yield folder, source


def run_one(dump, folder, source, update):
    """None, or what is wrong."""
    first = source.read_bytes().split(b"\n", 1)[0]
    overrides = re.match(rb"// overrides: (.*)", first)
    values = overrides.group(1).decode().split() if overrides else []
    done = subprocess.run([dump, str(source), *values], capture_output=True, timeout=60, check=False)
    if done.returncode not in (0, 1):
        return f"the dump ended with {done.returncode}\n{done.stderr.decode('utf-8', 'replace')}"
    got = done.stdout.decode("utf-8")
    if (done.returncode == 0) != (folder == "ok"):
        return f"{'rejected' if folder == 'ok' else 'accepted'}\n{got}"
    golden = source.with_suffix(GOLDEN[folder])
    if update:
        golden.write_text(got, encoding="utf-8")
        return None
    want = golden.read_text(encoding="utf-8") if golden.exists() else ""
    if got == want:
        return None
    return "\n".join(difflib.unified_diff(want.splitlines(), got.splitlines(), golden.name, "now", lineterm=""))


MISTAKES = HERE.parent.parent / "docs" / "wgsl-mistakes.md"
INTRO = """# Twenty mistakes in WGSL

What newcomers to WGSL write most often, and what weft says about it. Made from the golden files of the ring `wgsl`
(`tests/wgsl/err/mistakes_*.wgsl`) by `python tests/wgsl/run.py --update`.
"""


def check_mistakes(update):
    """None, or what is wrong with the page of mistakes."""
    text = INTRO
    for source in sorted((HERE / "err").glob("mistakes_*.wgsl")):
        program = source.read_text(encoding="utf-8")
        said = source.with_suffix(".err").read_text(encoding="utf-8")
        text += f"\n```wgsl\n{program}```\n\n```text\n{said}```\n"
    if update:
        MISTAKES.parent.mkdir(exist_ok=True)
        MISTAKES.write_text(text, encoding="utf-8")
        return None
    same = MISTAKES.exists() and MISTAKES.read_text(encoding="utf-8") == text
    return None if same else "it is not what the golden files say: run with --update"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--dump", required=True, help="the built tests/wgsl/wgsl_dump.c")
    parser.add_argument("--update", action="store_true", help="write the golden files anew")
    parser.add_argument("patterns", nargs="*", help="file names or parts of them")
    args = parser.parse_args()
    passed = failed = 0
    for folder, source in chosen(args.patterns):
        wrong = run_one(args.dump, folder, source, args.update)
        passed += wrong is None
        failed += wrong is not None
        if wrong is not None:
            print(f"FAIL {folder}/{source.name}: {wrong}")
    if not args.patterns:
        wrong = check_mistakes(args.update)
        passed += wrong is None
        failed += wrong is not None
        if wrong:
            print(f"FAIL docs/wgsl-mistakes.md: {wrong}")
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
