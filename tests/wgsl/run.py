"""The ring `wgsl`: golden files of the WGSL front end.

    python tests/wgsl/run.py --dump PATH [--update] [PATTERN ...]

    ok/NAME.wgsl    accepted; ok/NAME.out holds its reflection as wgsl_dump prints it
    err/NAME.wgsl   rejected; err/NAME.err holds the diagnostics as people read them

    limit/NAME.wgsl an accepted or rejected source at a limit of WGSL, with .out or .err

A first line `// overrides: NAME=VALUE ...` gives values for pipelines, `// check: --pipeline ...` what else wgsl_dump is
told. PATTERN: file names or parts of them. --update
writes the golden files anew: look at what git says then. Without a PATTERN the mistakes of docs/wgsl-mistakes.md are
checked as well: what is said about each, and that the mended program is accepted.
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


def check_corpus(dump):
    """What libFuzzer has found worth keeping (tools/fuzz.py) is accepted or rejected, whatever the bytes: a line for each other end."""
    for path in sorted((HERE.parent / "fuzz" / "wgsl").iterdir()):
        done = subprocess.run([dump, str(path)], capture_output=True, timeout=60, check=False)
        if done.returncode not in (0, 1):
            yield f"{path.name}: the dump ended with {done.returncode}\n{done.stderr.decode('utf-8', 'replace')}"


MISTAKES = HERE.parent.parent / "docs" / "wgsl-mistakes.md"
# A mistake: title, why, the program, what is said about it, the mended program. tools/dist.mjs reads the same.
MISTAKE = re.compile(
    r"^## (.+)\n\n((?:.+\n)+)\n```wgsl\n((?:.*\n)+?)```\n\nweft says:\n\n"
    r"```text\n((?:.*\n)*?)```\n\nMended:\n\n```wgsl\n((?:.*\n)+?)```\n",
    re.M,
)


def check_mistakes(dump, update, scratch):
    """What is wrong with docs/wgsl-mistakes.md, a line each; and its programs: name -> (path, accepted by us)."""
    text, wrong, programs = MISTAKES.read_text(encoding="utf-8"), [], {}

    def run(name, program):
        path = pathlib.Path(scratch) / f"mistake-{len(programs)}.wgsl"
        path.write_text(program, encoding="utf-8")
        done = subprocess.run([dump, str(path)], capture_output=True, encoding="utf-8", timeout=60, check=False)
        programs[f"docs/wgsl-mistakes.md: {name}"] = (path, done.returncode == 0)
        return done.returncode, done.stdout

    def checked(found):
        title, why, program, said, mended = found.groups()
        status, got = run(title, program)
        if status != 1:
            wrong.append(f"{title}: the program is accepted")
        if got != said and not update:
            wrong.append(f"{title}: what is said is now\n{got}")
        status, got_mended = run(f"{title}, mended", mended)
        if status:
            wrong.append(f"{title}: the mended program is rejected\n{got_mended}")
        return found[0].replace(f"```text\n{said}```", f"```text\n{got}```")

    written, n = MISTAKE.subn(checked, text)
    if n != text.count("\n## "):
        wrong.append("not every section has the form of the others")
    if update:
        MISTAKES.write_text(written, encoding="utf-8")
    return wrong, programs


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
        if not args.patterns:
            mistakes, programs = check_mistakes(args.dump, args.update, scratch)
            checks["docs/wgsl-mistakes.md"] = "\n".join(mistakes) or None
            # what is rejected as a pipeline alone is no matter of Tint's
            files = {name: source for name, source in chosen([]) if not name.startswith("err/check_")}
            peer = differences.wrong({n: (expanded(s, scratch), is_accepted(s)) for n, s in files.items()} | programs)
    if not args.patterns:
        checks["tests/fuzz/wgsl"] = "\n".join(check_corpus(args.dump)) or None
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
