"""Runs the kernels of execution.jsonl.gz (its folder in WEFT_CONFORMANCE) and judges what they leave in their buffers.

    python tests/conformance/execution.py [--device cpu] [-k PART-OF-AN-ID] [--verbose]
    python tests/conformance/execution.py --program PATH ...     with the built tests/conformance/run_program.c instead

Without --program each case is a few raw Buffers and kernel calls of weft on --device. The cases run in a process of
their own, one after the other; when that dies or hangs, the case it was at has failed and the next ones run in a new
one. Known exceptions stand in exceptions.txt with their reasons: a case there that passes is a failure too.
"""

import argparse
import base64
import collections
import gzip
import json
import os
import pathlib
import struct
import subprocess
import sys
import threading

HERE = pathlib.Path(__file__).parent
EXCEPTIONS = HERE / "exceptions.txt"
SECONDS = 60  # for one case
SHOWN = 20  # failures listed without --verbose

Case = dict


class Failed(Exception):
    """A case did not do what it should."""


def rows(folder: str, part: str):
    with gzip.open(pathlib.Path(folder) / "execution.jsonl.gz", "rt", encoding="utf-8") as file:
        for line in file:
            if part in (row := json.loads(line))["id"]:
                yield row


# ---- judging ---------------------------------------------------------------------------------------------------------

# i64 and f64 are results of abstract type, written as two u32, the low one first.
FORMATS = {"u8": "B", "u16": "H", "u32": "I", "i32": "i", "f16": "e", "f32": "f", "bool": "I", "i64": "q", "f64": "d"}


def elements(elem: str, data: bytes, offset: int, count: int = 1) -> tuple:
    values = struct.unpack_from(f"<{count}{FORMATS[elem]}", data, offset)
    return tuple(v != 0 for v in values) if elem == "bool" else values


def number(leaf, got):
    """What a number is written as: also "inf", "-inf", a 64-bit integer in decimal; a float may look like an integer."""
    return float(leaf) if isinstance(got, float) else int(leaf)


def leaf_fits(leaf, got) -> bool:
    if leaf == "any":
        return True
    if isinstance(leaf, dict):
        return any(leaf_fits(each, got) for each in leaf["or"])
    if isinstance(leaf, list):
        return number(leaf[0], got) <= got <= number(leaf[1], got)
    return number(leaf, got) == got


def fits(expect, got: tuple) -> bool:
    if isinstance(expect, dict) and "or" in expect:
        return any(fits(e, got) for e in expect["or"])
    leaves = expect["e"] if isinstance(expect, dict) else [expect] * len(got) if expect == "any" else [expect]
    return len(leaves) == len(got) and all(leaf_fits(e, g) for e, g in zip(leaves, got))


def judge_exact(output: Case, data: bytes) -> None:
    want = base64.b64decode(output["bytes"])
    elem, size = output["elem"], struct.calcsize(FORMATS[output["elem"]])
    mask = base64.b64decode(output["mask"]) if "mask" in output else None
    got = data[output["off"] : output["off"] + len(want)]
    if got == want:
        return
    for i, (g, w) in enumerate(zip(elements(elem, got, 0, len(want) // size), elements(elem, want, 0, len(want) // size))):
        same = g == w or got[i * size : (i + 1) * size] == want[i * size : (i + 1) * size]
        if not same and (mask is None or mask[i]):
            raise Failed(f"buffer {output['buf']}, {elem} {i}: expected {w!r}, got {g!r}")


def judge_one(output: Case, field: Case, data: bytes, at: int, expect, label: str) -> None:
    got = tuple(elements(field["elem"], data, at + off)[0] for off in field["offs"])
    if not fits(expect, got):
        raise Failed(f"buffer {output['buf']}, {label}, {field['type']}: expected {json.dumps(expect)}, got {got}")


def judge(case: Case, buffers: list[bytes]) -> None:
    for output in case["outputs"]:
        data = buffers[output["buf"]]
        if output["kind"] == "exact":
            judge_exact(output, data)
        elif output["kind"] == "cases":
            for i, expect in enumerate(output["expect"]):
                judge_one(output, output, data, output["off"] + i * output["stride"], expect, f"case {i}")
        else:
            for i, field in enumerate(output["fields"]):
                judge_one(output, field, data, output["off"], field["expect"], f"field {i}")


# ---- the process that runs cases ---------------------------------------------------------------------------------------
# Answers are the same from both kinds: "ok LENGTH…\n" and the bytes of every buffer, "failed N\n" or "skipped N\n" and a
# message of N bytes.


def initial(buffer: Case) -> bytes:
    return base64.b64decode(buffer.get("init", "")).ljust(buffer["size"], b"\0")


def program_request(case: Case) -> bytes:
    """A case as run_program.c reads it."""
    out = [b"case %d %d %d\n" % (len(case["modules"]), len(case["buffers"]), len(case["steps"]))]
    for text in [m.encode("utf-8", "surrogatepass") for m in case["modules"]] + [initial(b) for b in case["buffers"]]:
        out += [b"%d\n" % len(text), text]
    for s in case["steps"]:
        if s["op"] == "copy":
            out.append("copy {src} {so} {dst} {do} {size}\n".format(**s).encode())
            continue
        constants = s.get("constants") or {}
        head = [s["module"], s.get("entry") or "-", *s["workgroups"], len(constants), len(s["bind"])]
        lines = [f"{name} {float(value)!r}" for name, value in constants.items()]
        lines += ["{group} {binding} {buf} {off} {size}".format(**b) for b in s["bind"]]
        out.append("\n".join([" ".join(["dispatch", *map(str, head)]), *lines, ""]).encode())
    return b"".join(out)


def run_weft(case: Case, device) -> list[bytes]:
    """A case through the public surface of weft."""
    import weft

    buffers = [weft.Buffer(initial(b), device=device) for b in case["buffers"]]
    for s in case["steps"]:
        if s["op"] == "copy":
            end = s["so"] + s["size"]
            view = buffers[s["dst"]][s["do"] : s["do"] + s["size"]].view("uint32")
            view.copy_from(buffers[s["src"]][s["so"] : end].view("uint32"))
            continue
        module = case["modules"][s["module"]]
        kernel = weft.kernel(module, entry=s.get("entry"), constants=s.get("constants"), device=device)
        used = {(b.group, b.binding) for b in kernel.bindings}
        bound = {(b["group"], b["binding"]): buffers[b["buf"]][b["off"] : b["off"] + b["size"]] for b in s["bind"]}
        kernel({at: view for at, view in bound.items() if at in used}, groups=tuple(s["workgroups"]))
    return [b.to_bytes() for b in buffers]


def serve(selector: str) -> None:
    """Runs cases from standard input, one a line as JSON."""
    import weft

    device = weft.device(selector)
    answers, sys.stdout = sys.stdout.buffer, sys.stderr
    for line in sys.stdin:
        case = json.loads(line)
        if "f16" in case["tags"] and "shader-f16" not in device.features:
            word, parts = "skipped", [b"the device has no shader-f16"]
        else:
            try:
                word, parts = "ok", run_weft(case, device)
            except (weft.Error, ValueError, TypeError) as error:
                word, parts = "failed", [f"{type(error).__name__}: {error}".encode()]
        answers.write(f"{word} {' '.join(str(len(p)) for p in parts)}\n".encode() + b"".join(parts))
        answers.flush()


class Runner:
    """The process, started when it is needed."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.program = args.program
        self.command = [args.program] if args.program else [sys.executable, __file__, "--serve", "--device", args.device]
        self.process: subprocess.Popen | None = None

    def ask(self, case: Case) -> tuple[str, list[bytes]]:
        """The word of the answer and its parts."""
        if self.process is None:
            self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        request = program_request(case) if self.program else json.dumps(case).encode() + b"\n"
        late = threading.Timer(SECONDS, self.process.kill)
        late.start()
        try:
            self.process.stdin.write(request)
            self.process.stdin.flush()
            word, *lengths = self.process.stdout.readline().decode().split() or ["died"]
            parts = [self.process.stdout.read(int(n)) for n in lengths]
        except BrokenPipeError:
            word, parts = "died", []
        finally:
            late.cancel()
        if word == "died" or any(len(p) != int(n) for p, n in zip(parts, lengths)):
            status, self.process = self.process.wait(), None
            return "failed", [f"its process ended with status {status} (a hang of {SECONDS} s is ended)".encode()]
        return word, parts

    def close(self) -> None:
        if self.process:
            self.process.stdin.close()
            self.process.wait()


# ---- the report --------------------------------------------------------------------------------------------------------


def exceptions(subject: str) -> dict[str, str]:
    """Reasons by id. A line: subject, id, reason, separated by tabs."""
    lines = EXCEPTIONS.read_text(encoding="utf-8").splitlines() if EXCEPTIONS.exists() else []
    fields = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return {f[1]: f[2] for f in fields if f[0] == subject}


def outcome(runner: Runner, case: Case) -> tuple[str, str]:
    """passed, failed or skipped, and why."""
    word, parts = runner.ask(case)
    if word != "ok":
        return word, parts[0].decode("utf-8", "replace")
    try:
        judge(case, parts)
    except Failed as why:
        return "failed", str(why)
    return "passed", ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--device", default=os.environ.get("WEFT_DEVICE", ""), help="what weft.device is asked for")
    parser.add_argument("--program", help="the built tests/conformance/run_program.c: the CPU driver's programs alone")
    parser.add_argument("-k", default="", metavar="PART", help="only cases with this in their id")
    parser.add_argument("--verbose", action="store_true", help="list every failure, and the categories")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.serve:
        serve(args.device)
        return 0
    folder = os.environ.get("WEFT_CONFORMANCE")
    if not folder:
        print("SKIP execution  WEFT_CONFORMANCE names no folder\n0 passed, 0 failed, 1 skipped")
        return 0
    known = exceptions("cpu" if args.program else args.device)
    runner, table, wrong = Runner(args), collections.defaultdict(collections.Counter), []
    for case in rows(folder, args.k):
        word, why = outcome(runner, case)
        reason = known.get(case["id"])
        if reason and word == "failed":
            word = "skipped"
        elif reason and word == "passed":
            word, why = "failed", f"it passes, and exceptions.txt says: {reason}"
        table[case["cat"]][word] += 1
        if word == "failed":
            wrong.append((case["id"], why))
    runner.close()
    for category, counts in sorted(table.items()) if args.verbose or wrong else []:
        print(f"{category:24}" + ", ".join(f"{counts[w]:4} {w}" for w in ("passed", "failed", "skipped")))
    for case_id, why in wrong if args.verbose else wrong[:SHOWN]:
        print(f"FAIL {case_id}\n  {why}")
    totals = sum(table.values(), collections.Counter())
    print(", ".join(f"{totals[w]} {w}" for w in ("passed", "failed", "skipped")))
    return 1 if totals["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
