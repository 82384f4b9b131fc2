"""Runs the programs of validation.jsonl.gz (its folder in WEFT_CONFORMANCE) through `wgsl_dump --batch`.

    python tests/wgsl/conformance.py --dump PATH [--verbose]

Every verdict must be right: for compute programs, and for those with other stages, textures and samplers. Left out are
programs for implementations without a language feature, with pipeline layouts, and those on which Tint and the suite
differ. --verbose counts by area of the specification.
"""

import argparse
import collections
import gzip
import json
import os
import pathlib
import subprocess
import sys


def rows(folder):
    with gzip.open(pathlib.Path(folder) / "validation.jsonl.gz", "rt", encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            if not (row.get("lang_off") or row.get("layout") or row.get("tint")) and (
                row["compute"] or row["kind"] == "module"
            ):
                yield row


def request(row):
    """What comes before the program: its length, what the device has, and for pipelines what they are made with."""
    program = row["code"].encode("utf-8", "surrogatepass")
    words = [str(len(program))]
    if "feats" in row:
        words += ["--core", *(f"--feature={name}" for name in row["feats"])]
    if row["kind"] == "pipeline":
        words.append("--pipeline")
        if row.get("entry"):
            words.append(f"--entry={row['entry']}")
        words += [f"{name}={float(value)!r}" for name, value in (row.get("constants") or {}).items()]
    # no name in WGSL has a NUL, which would end the word
    return " ".join(words).replace("\0", "\N{SYMBOL FOR NULL}").encode() + b"\n" + program


def verdicts(dump, programs):
    data = b"".join(programs)
    done = subprocess.run([dump, "--batch"], input=data, capture_output=True, check=False)
    lines = done.stdout.decode("utf-8", "replace").split("\n")[: len(programs)]
    if done.returncode or len(lines) < len(programs):
        sys.exit(f"the dump ended with {done.returncode} after {len(lines)} programs: {done.stderr.decode()[-2000:]}")
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--dump", required=True, help="the built tests/wgsl/wgsl_dump.c")
    parser.add_argument("--verbose", action="store_true", help="list the failures and the areas")
    args = parser.parse_args()
    folder = os.environ.get("WEFT_CONFORMANCE")
    if not folder:
        print("SKIP conformance  WEFT_CONFORMANCE names no folder\n0 passed, 0 failed, 1 skipped")
        return 0
    cases = list(rows(folder))
    lines = verdicts(args.dump, [request(c) for c in cases])
    right, total, wrong = collections.Counter(), collections.Counter(), []
    for case, line in zip(cases, lines):
        area = ":".join(case["id"].split(":")[:3])
        total[area] += 1
        if line.startswith("ok") == case["ok"]:
            right[area] += 1
        else:
            wrong.append((case, line))
    if args.verbose:
        for area, count in sorted(total.items()):
            print(f"{right[area]:6} of {count:6}  {area}")
    for case, line in wrong if args.verbose else wrong[:20]:
        print(f"wrongly {'rejected' if case['ok'] else 'accepted'}: {case['id']}\n  {line}")
    compute = [case["compute"] for case in cases].count(True)
    bad = [case["compute"] for case, _ in wrong].count(True)
    print(f"compute programs: {compute - bad} of {compute} verdicts right")
    print(f"{len(cases) - len(wrong)} passed, {len(wrong)} failed, 0 skipped")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
