"""The ring `wgsl`: golden files of the WGSL front end.

    python tests/wgsl/run.py --dump PATH [--update] [PATTERN ...]

    ok/NAME.wgsl    accepted; ok/NAME.out holds its reflection as wgsl_dump prints it
    err/NAME.wgsl   rejected; err/NAME.err holds the diagnostics as people read them

    limit/NAME.wgsl an accepted or rejected source at a limit of WGSL, with .out or .err

A first line `// overrides: NAME=VALUE ...` gives values for pipelines, `// check: --pipeline ...` what else wgsl_dump is
told. PATTERN: file names or parts of them. --update
writes the golden files anew: look at what git says then.
"""

import argparse
import difflib
import pathlib
import re
import subprocess
import sys
import tempfile

import differences
import messages

HERE = pathlib.Path(__file__).parent
FOLDERS = ("ok", "err", "limit")
# `m#: u32, // repeat: 1023` stands for so many lines, # counting from 0 and #+1 from 1
REPEAT = re.compile(r"^(.*?) *// repeat: (\d+)$", re.M)


def is_accepted(source):
    folder = source.parent.name
    return not source.stem.endswith("_over") if folder == "limit" else folder == "ok"


def golden_of(source):
    return source.with_suffix(".out" if is_accepted(source) else ".err")


def expanded(source, scratch):
    """The path of what is checked: the source, or a file with its repetitions written out."""
    if source.parent.name != "limit":
        return source
    path = pathlib.Path(scratch) / source.name

    def lines(found):
        return "\n".join(found[1].replace("#+1", str(i + 1)).replace("#", str(i)) for i in range(int(found[2])))

    path.write_text(REPEAT.sub(lines, source.read_text(encoding="utf-8")), encoding="utf-8")
    return path


def chosen(patterns):
    """The sources that a pattern names, all without one."""
    for folder in FOLDERS:
        for source in sorted((HERE / folder).glob("*.wgsl")):
            name = f"{folder}/{source.name}"
            if not patterns or any(p in name or p.endswith(name) for p in patterns):
                yield name, source


def run_one(dump, source, update, scratch):
    """None, or what is wrong."""
    first = source.read_bytes().split(b"\n", 1)[0]
    told = re.match(rb"// (?:overrides|check): (.*)", first)
    values = told[1].decode().split() if told else []
    done = subprocess.run([dump, str(expanded(source, scratch)), *values], capture_output=True, timeout=60, check=False)
    if done.returncode not in (0, 1):
        return f"the dump ended with {done.returncode}\n{done.stderr.decode('utf-8', 'replace')}"
    got = done.stdout.decode("utf-8")
    if (done.returncode == 0) != is_accepted(source):
        return f"{'rejected' if is_accepted(source) else 'accepted'}\n{got[:2000]}"
    golden = golden_of(source)
    if update:
        golden.write_text(got, encoding="utf-8")
        return None
    want = golden.read_text(encoding="utf-8") if golden.exists() else ""
    if got == want:
        return None
    return "\n".join(difflib.unified_diff(want.splitlines(), got.splitlines(), golden.name, "now", lineterm=""))


MISTAKES = HERE.parent.parent / "docs" / "wgsl-mistakes.md"
INTRO = """# Mistakes in WGSL

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
    passed = failed = skipped = 0
    checks, peer = {}, None
    with tempfile.TemporaryDirectory() as scratch:
        for name, source in chosen(args.patterns):
            checks[name] = run_one(args.dump, source, args.update, scratch)
        if not args.patterns:  # what is rejected as a pipeline alone is no matter of Tint's
            files = {name: source for name, source in chosen([]) if not name.startswith("err/check_")}
            peer = differences.wrong({n: (expanded(s, scratch), is_accepted(s)) for n, s in files.items()})
    if not args.patterns:
        checks["docs/wgsl-mistakes.md"] = check_mistakes(args.update)
        checks["every message is in a golden file"] = "\n".join(messages.missing()) or None
        if peer is None:
            skipped += 1
            print("SKIP differences from Tint  npm's package webgpu is not installed")
        else:
            checks["differences from Tint"] = "\n".join(peer) or None
    for name, wrong in checks.items():
        passed += wrong is None
        failed += wrong is not None
        if wrong is not None:
            print(f"FAIL {name}: {wrong}")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
