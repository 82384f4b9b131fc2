"""Runs the programs of validation.jsonl.gz (its folder in WEFT_CONFORMANCE) through `wgsl_dump --batch`.

    python tests/wgsl/conformance.py --dump PATH [--verbose]

A program that must be accepted and is rejected is a failure. Programs that must be rejected are counted: how many the
front end rejects by itself is a figure of progress, by area of the specification with --verbose.
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
            if row["compute"] and not (row.get("lang_off") or row.get("layout") or row.get("tint")):
                yield row


def request(row):
    """What comes before the program: its length, and for pipelines what they are made with."""
    program = row["code"].encode("utf-8", "surrogatepass")
    head = [str(len(program))]
    if row["kind"] == "pipeline":
        head.append(row.get("entry") or "-")
        head += [f"{name}={float(value)!r}" for name, value in (row.get("constants") or {}).items()]
    return " ".join(head).encode() + b"\n" + program


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
    wrong, caught, total = [], collections.Counter(), collections.Counter()
    n_good = n_bad = n_caught = 0
    for case, line in zip(cases, lines):
        accepted = line.startswith("ok")
        if case["ok"]:
            n_good += 1
            if not accepted:
                wrong.append((case, line))
            continue
        area = ":".join(case["id"].split(":")[:2])
        n_bad += 1
        total[area] += 1
        if not accepted:
            n_caught += 1
            caught[area] += 1
    if args.verbose:
        for area, count in total.most_common():
            print(f"{caught[area]:6} of {count:6} rejected  {area}")
    for case, line in wrong if args.verbose else wrong[:20]:
        print(f"wrongly rejected: {case['id']}\n  {line}")
    print(f"{n_caught} of {n_bad} invalid programs rejected")
    print(f"{n_good - len(wrong)} passed, {len(wrong)} failed, 0 skipped")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
