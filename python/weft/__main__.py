"""The command line: python -m weft info | check | run."""

import argparse
import json
import os
import pathlib
import re
import sys
from collections.abc import Sequence
from typing import Any

import weft

# The dtype that an array binds to, by the WGSL type of its binding; small integers come packed.
DTYPES = {"f32": "float32", "i32": "int32", "u32": "uint32", "f16": "float16"}
MAKERS = ("zeros", "ones", "arange")


class Mistake(Exception):
    """What the user gave cannot be used; the text says why."""


# ---- info -----------------------------------------------------------------------------------------------------------------


def describe(device: weft.Device) -> dict[str, Any]:
    """What `info` prints of a device."""
    words = ("name", "kind", "backend", "driver", "library", "vendor", "architecture")
    return {word: getattr(device, word) for word in words} | {
        "features": sorted(device.features),
        "limits": device.limits,
    }


def info(options: argparse.Namespace) -> int:
    found = [describe(device) for device in weft.devices()]
    if options.json:
        print(json.dumps({"version": weft.__version__, "devices": found}, indent=2))
        return 0
    print(f"weft {weft.__version__}, {len(found)} device{'' if len(found) == 1 else 's'}")
    if not found:
        weft.device()  # says why
    for device in found:
        print(f"\n{device['name']}")
        for word in ("kind", "backend", "driver", "library"):
            print(f"  {word:9}{device[word]}")
        print(f"  {'features':9}{', '.join(device['features']) or 'none'}")
        for name, value in device["limits"].items():
            print(f"  {name:42}{value:>16,}")
    return 0


# ---- run ------------------------------------------------------------------------------------------------------------------


def split(text: str, option: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise Mistake(f"{option} wants NAME=VALUE, got {text!r}")
    return name, value


def dtype_of(binding: weft.Binding) -> str:
    """The dtype of an array for this binding."""
    scalar = re.search(r"\b(f32|i32|u32|f16)\b|vec\d([fiuh])\b", binding.type)
    if not scalar:
        raise Mistake(f"`{binding.name}` is {binding.type}: only arrays of numbers can be given here")
    short = {"f": "f32", "i": "i32", "u": "u32", "h": "f16"}
    return DTYPES[scalar[1] or short[scalar[2]]]


def bind(binding: weft.Binding, text: str) -> weft.Array:
    """An array from FILE.npy, zeros:N, ones:N or arange:N."""
    import numpy as np

    maker, colon, count = text.partition(":")
    dtype = dtype_of(binding)
    if colon and maker in MAKERS:
        if not count.isdecimal():
            raise Mistake(f"--bind {binding.name}={text}: {maker} wants a number of elements")
        array: Any = np.arange(int(count), dtype=dtype) if maker == "arange" else np.full(int(count), maker == "ones", dtype)
        return weft.asarray(array)
    try:
        array = np.load(text, allow_pickle=False)
    except (OSError, ValueError) as error:
        makers = ", ".join(f"{name}:N" for name in MAKERS)
        raise Mistake(f"--bind {binding.name}={text}: {error}; FILE.npy or one of {makers} can be given") from None
    return weft.asarray(fitting(array, binding, text))


def fitting(array: Any, binding: weft.Binding, text: str) -> Any:
    """The array of a file with the dtype that the binding wants: converted where no value changes by that."""
    import numpy as np

    wanted = dtype_of(binding)
    if wanted == "float32" and array.dtype.kind == "c" and "vec2" in binding.type:
        wanted = "complex64"
    packed = wanted == "uint32" and array.dtype.itemsize < 4 and array.dtype.kind in "biu"
    if packed or array.dtype == wanted:
        return array
    with np.errstate(all="ignore"):
        numbers = "biufc" if wanted == "complex64" else "biuf"
        converted = array.astype(wanted) if array.dtype.kind in numbers else None
    if converted is None or not np.array_equal(converted, array, equal_nan=array.dtype.kind in "fc"):
        raise Mistake(
            f"--bind {binding.name}={text}: the file has {array.dtype}, `{binding.name}` is {binding.type} and wants {wanted}, "
            f'and its values change by that; save it as array.astype("{wanted}")'
        )
    return converted


def extent(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.replace("x", ",").split(","))
    except ValueError:
        raise Mistake(f"a launch wants one to three numbers such as 1024 or 64,64; got {text!r}") from None


def constant(text: str) -> tuple[str, float]:
    name, value = split(text, "--constant")
    try:
        return name, {"true": True, "false": False}[value] if value in ("true", "false") else float(value)
    except ValueError:
        raise Mistake(f"--constant {name}: a number, true or false is wanted, got {value!r}") from None


def run(options: argparse.Namespace) -> int:
    import numpy as np

    constants = dict(constant(text) for text in options.constant)
    kernel = weft.kernel(
        pathlib.Path(options.kernel).read_text(encoding="utf-8"), entry=options.entry, constants=constants or None
    )
    bindings = {binding.name: binding for binding in kernel.bindings}
    arguments: dict[str, Any] = {}
    for text in options.bind:
        name, value = split(text, "--bind")
        if name not in bindings:
            raise Mistake(f"--bind {name}: the kernel has the bindings {', '.join(bindings) or 'none'}")
        arguments[name] = bind(bindings[name], value)
    for text in options.uniform:
        name, value = split(text, "--uniform")
        try:
            arguments[name] = json.loads(value)
        except json.JSONDecodeError as error:
            raise Mistake(f"--uniform {name}: {error}; a number, a list or an object in JSON is wanted") from None
    kept = [split(text, "--out") for text in options.out]
    for name, _ in kept:
        if not isinstance(arguments.get(name), weft.Array):
            raise Mistake(f"--out {name}: no array of that name was given with --bind")
    launch = {"threads": extent(options.threads)} if options.threads else {"groups": extent(options.groups)}
    kernel(arguments, **launch)
    for name, path in kept:
        np.save(path, arguments[name].to_numpy())
    written = [b.name for b in kernel.bindings if b.access == "read_write" and b.name in arguments]
    for name in written if options.show or not options.out else ():
        print(f"{name} = {arguments[name].to_numpy()}")
    return 0


# ---- check ----------------------------------------------------------------------------------------------------------------


def colored() -> bool:
    """Whether what is printed goes to a terminal that shows colours (no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def check(options: argparse.Namespace) -> int:
    """Print what is wrong with WGSL files; 1 when one of them is rejected."""
    constants = dict(constant(text) for text in options.constant)
    features = None if options.features is None else [name for name in options.features.split(",") if name]
    told: list[dict[str, Any]] = []
    rejected = 0
    for file in options.files:
        source = sys.stdin.buffer.read() if file == "-" else pathlib.Path(file).read_bytes()
        found = weft.check(
            source, features=features, entry=options.entry, constants=constants, pipeline=options.pipeline
        )
        rejected += any(each.severity == "error" for each in found)
        if options.json:
            told += [{"file": file} | each.to_dict() for each in found]
            continue
        for each in found:
            print(each.render(color=colored(), file="<stdin>" if file == "-" else file), end="\n\n")
    if options.json:
        print(json.dumps(told, indent=2))
    elif rejected:
        print(f"{rejected} of {len(options.files)} file{'' if len(options.files) == 1 else 's'} rejected")
    return 1 if rejected else 0


# ---- the command ----------------------------------------------------------------------------------------------------------


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="python -m weft", description="WGSL compute kernels on NumPy memory.")
    commands = top.add_subparsers(required=True, metavar="info | check | run")

    about = commands.add_parser("info", help="the devices there are, with their limits and features")
    about.add_argument("--json", action="store_true", help="for programs")
    about.set_defaults(command=info)

    look = commands.add_parser("check", help="check WGSL files without a device; the exit status is 1 when one is rejected")
    look.add_argument("files", nargs="+", metavar="FILE", help="- for the standard input")
    look.add_argument("--json", action="store_true", help="for programs: a list of diagnostics")
    look.add_argument("--features", metavar="NAME,NAME", help='what may be enabled, such as shader-f16,subgroups; "" for nothing')
    look.add_argument("--entry", help="an entry point that must be there")
    look.add_argument("--constant", action="append", default=[], metavar="NAME=NUMBER", help="the value of an override")
    look.add_argument("--pipeline", action="store_true", help="check that the entry points can become pipelines")
    look.set_defaults(command=check)

    launch = commands.add_parser("run", help="run a kernel from a file")
    launch.add_argument("kernel", metavar="KERNEL.wgsl")
    launch.add_argument("--bind", action="append", default=[], metavar="NAME=FILE.npy|zeros:N|ones:N|arange:N")
    launch.add_argument("--uniform", action="append", default=[], metavar="NAME=JSON", help='such as p={"a": 2, "n": 1024}')
    launch.add_argument("--constant", action="append", default=[], metavar="NAME=VALUE", help="the value of an override: a number, true or false")
    launch.add_argument("--entry", help="the entry point, where there are several")
    grid = launch.add_mutually_exclusive_group(required=True)
    grid.add_argument("--threads", metavar="N[,N[,N]]")
    grid.add_argument("--groups", metavar="N[,N[,N]]")
    launch.add_argument("--out", action="append", default=[], metavar="NAME=FILE.npy", help="keep an array")
    launch.add_argument("--show", action="store_true", help="print what the kernel wrote (the default without --out)")
    launch.set_defaults(command=run)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status: 0, 1 for a source that is rejected by `check`, or 2 with one message for a
    mistake of the user."""
    options = parser().parse_args(arguments)
    try:
        status: int = options.command(options)
    except (Mistake, weft.Error, TypeError, ValueError, OverflowError, OSError, ImportError, MemoryError) as error:
        print(f"weft: {error}", file=sys.stderr)
        return 2
    return status


if __name__ == "__main__":
    sys.exit(main())
