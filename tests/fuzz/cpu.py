"""make fuzz T=cpu, its second half: random programs (programs.py) on weft's cpu and on another device; results agree.

    cpu.py SECONDS [--seed N] [--devices cpu dawn] [--keep-going]     programs from seed N on
    cpu.py --seed N --program FILE                                    this program with the inputs of seed N

Integers are equal, exact floats too (0 and -0 are the same), inexact ones within what the specification lets two
devices be apart. A program that differs is reduced line by line, kept in build/fuzz/cpu/ and printed with its seed.
Programs run in a process of their own, so that one that crashes or hangs is told as well.

Where the two differ it has been the other device so far, each case checked by hand:

- SwiftShader under Dawn: variables that start as the zero value of an array or a struct (programs.py makes none for it).
- An H100 (driver 580.159.04), in three programs: `extractBits(x, offset, n)` of what is known only at run time leaves x
  unshifted, beside others of its kind that are right (seed 50000534, and one of an earlier generator), and
  `max(abs(a - 172377845i), b)` is b (of an earlier generator). `extractBits` alone in a kernel is right there for all
  offsets and counts that were tried.
"""

import argparse
import pathlib
import re
import subprocess
import sys
import threading
import time

import numpy as np
import programs
import weft

ROOT = pathlib.Path(__file__).parents[2]
KEPT = ROOT / "build" / "fuzz" / "cpu"
PATIENCE = 60  # seconds for one program
sys.path.insert(0, str(ROOT / "tools"))
import vulkan  # noqa: E402

SAME, DIFFERENT, INVALID = 0, 10, 11


def inputs(program):
    """Arrays by name: what the program reads, and what it finds in its outputs."""
    random = np.random.default_rng(program.seed)
    edges = np.array([0, 1, 2, 31, 32, 33, 255, 2**31 - 1, 2**31, 2**32 - 1, 2**32 - 2], "u4")
    invocations = program.workgroup * program.groups

    def words():
        some = random.integers(0, 2**32, programs.INPUTS, "u4") >> random.integers(0, 32, programs.INPUTS, "u4")
        return np.where(random.random(programs.INPUTS) < 0.3, random.choice(edges, programs.INPUTS), some)

    def floats(n):
        return (random.integers(-4 * programs.SIZE, 4 * programs.SIZE + 1, n) / 4).astype("f4")

    return {
        "in_b": np.concatenate([words(), floats(programs.INPUTS).view("u4")]),
        "in_i": words().view("i4"),
        "in_u": words(),
        "in_f": floats(programs.INPUTS),
        "in_s": floats(4 * programs.STRUCT).view("u4"),
        "out_i": np.zeros(invocations * program.words, "u4"),
        "out_f": np.zeros(invocations * len(program.floats), "f4"),
        "out_s": np.zeros(invocations * programs.STRUCT, "u4"),
        "out_a": random.integers(0, 2**32, 8, "u4"),
    }


def run(program, device):
    given = inputs(program)
    constants = {name: value for name, value in program.constants.items() if f"override {name}:" in program.source}
    kernel = weft.kernel(program.source, constants=constants, device=device)
    used = {b.name for b in kernel.bindings}
    arrays = {}
    for name, array in given.items():
        if name in used:
            raw = name.endswith("_s")  # of a struct
            arrays[name] = weft.Buffer(array.tobytes(), device=device) if raw else weft.asarray(array, device=device)
    kernel(**arrays, groups=program.groups)
    out = {}
    for name, array in arrays.items():
        if name.startswith("out"):
            out[name] = np.frombuffer(array.to_bytes(), "u4") if name.endswith("_s") else array.to_numpy()
    return out


def difference(program, devices):
    """What tells the results of two devices apart, in a line; None where nothing does."""
    first, second = (run(program, device) for device in devices)
    for name, a in first.items():
        b = second[name]
        if name == "out_f":
            absolute, relative = np.tile(np.array(program.floats), (len(a) // len(program.floats), 1)).T
            wide_a, wide_b = a.astype("f8"), b.astype("f8")
            near = absolute + relative * np.maximum(np.abs(wide_a), np.abs(wide_b))
            apart = ~(np.abs(wide_a - wide_b) <= near)
        elif name == "out_s":
            apart = (a != b) & ((a | b) & 0x7FFFFFFF != 0)
        else:
            apart = a != b
        if apart.any():
            k = int(np.argmax(apart))
            where = f"{a[k]} on {devices[0].name}, {b[k]} on {devices[1].name}"
            return f"{name}[{k}] is {where}; {apart.sum()} of {len(a)} differ"
    return None


# ---- reducing ------------------------------------------------------------------------------------------------------------


def block_end(lines, first):
    """The line that closes the block which line `first` opens."""
    depth = 0
    for k in range(first, len(lines)):
        text = lines[k].strip()
        depth += text.endswith("{") - text.startswith("}")
        if depth == 0 and k > first:
            return k
    return first


def shorter(lines):
    """Programs with something taken away: large blocks first, then what is around blocks, then single lines."""
    opening = [k for k, line in enumerate(lines) if line.endswith("{")]
    spans = sorted(((k, block_end(lines, k)) for k in opening), key=lambda s: s[0] - s[1])
    for first, last in spans:
        if not lines[first].strip().startswith("}"):
            while lines[last].endswith("{"):
                last = block_end(lines, last)
            yield lines[:first] + lines[last + 1 :]
    for first, last in spans:
        if lines[last].strip() == "}":
            yield lines[:first] + lines[first + 1 : last] + lines[last + 1 :]
    for k, line in enumerate(lines):
        if not line.strip().endswith(("{", "}")):
            yield lines[:k] + lines[k + 1 :]


def races(fewer, lines):
    """Without a barrier, what uses workgroup memory would depend on the order of invocations."""
    barriers = sum("workgroupBarrier" in line for line in lines) - sum("workgroupBarrier" in line for line in fewer)
    return barriers and any(re.search(r"shared_|group_atomics|&room", line) and "var<" not in line for line in fewer)


def reduce(program, still_fails, seconds=120):
    """The program less every line that it fails without."""
    end, lines = time.monotonic() + seconds, program.source.splitlines()
    again = True
    while again:
        again = False
        for fewer in shorter(lines):
            if time.monotonic() > end:
                return lines
            if not races(fewer, lines) and still_fails("\n".join(fewer) + "\n"):
                lines, again = fewer, True
                break
    return lines


# ---- one process for many programs -----------------------------------------------------------------------------------------


def check(program, devices):
    try:
        return difference(program, devices)
    except weft.ShaderError:
        return None


def worker(options, devices):
    """Prints each seed before it runs; ends at the first program that differs."""
    end, seed = time.monotonic() + options.seconds, options.seed
    while time.monotonic() < end:
        print(f"seed {seed}", flush=True)
        program = programs.make(seed, options.zeros)
        said = difference(program, devices)
        if said:
            print(f"differs {said}", flush=True)

            def still(source, program=program):
                program.source = source
                return check(program, devices) is not None

            lines = reduce(programs.make(seed, options.zeros), still)
            (KEPT / f"differs-{seed}.wgsl").write_text("\n".join(lines) + "\n")
            return DIFFERENT
        seed += 1
    return SAME


def one(options, devices):
    program = programs.make(options.seed, options.zeros)
    if options.program:
        program.source = pathlib.Path(options.program).read_text()
    try:
        said = difference(program, devices)
    except weft.ShaderError as error:
        print(error)
        return INVALID
    print(said or "the results agree")
    return DIFFERENT if said else SAME


# ---- the process that watches ------------------------------------------------------------------------------------------------


def started(options, *arguments, patience):
    """Runs this file again; kills it when nothing is printed for `patience` seconds. Yields lines, then the status."""
    command = [sys.executable, __file__, *map(str, arguments), "--devices", *options.devices]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    timer = None
    for line in process.stdout:
        if timer:
            timer.cancel()
        timer = threading.Timer(patience, process.kill)
        timer.daemon = True
        timer.start()
        yield line.rstrip()
    yield process.wait()
    if timer:
        timer.cancel()


def crash(options, seed, status):
    """A program that ended its process: reduced with a process for each attempt."""
    program, file = programs.make(seed, options.zeros), KEPT / f"crash-{seed}.wgsl"

    def ends_badly(source):
        file.write_text(source)
        *_, status = started(options, "--seed", seed, "--program", file, patience=PATIENCE)
        return status not in (SAME, DIFFERENT, INVALID)

    lines = reduce(program, ends_badly)
    file.write_text("\n".join(lines) + "\n")
    report(seed, f"the process ended with status {status}", file)


def report(seed, what, file):
    again = f"python {sys.argv[0]} --seed {seed} --program {file}"
    print(f"\nseed {seed}: {what}\n{file.read_text()}\nagain: {again}\n", flush=True)


def watch(options):
    end, seed, count, failures = time.monotonic() + options.seconds, options.seed, 0, 0
    while (left := end - time.monotonic()) > 0:
        said, noise = "", []
        for line in started(options, f"{left:.0f}", "--worker", "--seed", seed, patience=PATIENCE + 120):
            if isinstance(line, int):
                status = line
            elif line.startswith("seed "):
                seed, count = int(line[5:]), count + 1
            elif line.startswith("differs "):
                said = line[8:]
            else:
                noise.append(line)
        if status == SAME:
            break
        failures += 1
        if status == DIFFERENT and said:
            report(seed, said, KEPT / f"differs-{seed}.wgsl")
        else:
            print("\n".join(noise[-20:]))
            crash(options, seed, status)
        if not options.keep_going:
            break
        seed += 1
    print(f"{count} programs from seed {options.seed} on: {failures} failed", flush=True)
    return 1 if failures else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("seconds", nargs="?", type=float, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--devices", nargs=2, default=["cpu", "dawn"])
    parser.add_argument("--program")
    parser.add_argument("--keep-going", action="store_true", help="after a failure")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    KEPT.mkdir(parents=True, exist_ok=True)
    vulkan.choose()
    devices = [weft.device(name) for name in options.devices]
    options.zeros = not any("SwiftShader" in device.name for device in devices)
    if options.seconds and not options.worker:
        return watch(options)
    return worker(options, devices) if options.worker else one(options, devices)


if __name__ == "__main__":
    sys.exit(main())
