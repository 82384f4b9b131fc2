#!/usr/bin/env python3
"""A C compiler driver in the shape of emcc, around clang and wasm-ld, for modules that Pyodide loads.

Meson takes it for Emscripten (tools/wasm/cross.ini.in), so that one meson.build serves this and the official
toolchain. Three uses: `-c` compiles, `-shared` links a side module, anything else is one of Meson's link checks.
Environment, set by the Makefile: WEFT_WASM_SYSROOT (tools/wasm/sysroot.sh), WEFT_WASM_LLVM (the version suffix).

A side module has no C library of its own: libc, libm and the Python API are imported from Pyodide's main module
(tools/wasm/check_imports.mjs holds the imports against its exports).
"""

import os
import subprocess
import sys
import tempfile

SYSROOT = os.environ.get("WEFT_WASM_SYSROOT", "")
LLVM = os.environ.get("WEFT_WASM_LLVM", "-22")
CLANG = [
    "clang" + LLVM,
    "--target=wasm32-unknown-emscripten",
    f"--sysroot={SYSROOT}",
    "-isystem", f"{SYSROOT}/python",
    "-fPIC",
    "-fvisibility=hidden",
    "-D__EMSCRIPTEN_major__=5",
    "-D__EMSCRIPTEN_minor__=0",
    "-D__EMSCRIPTEN_tiny__=3",
]
LINK = [
    "wasm-ld" + LLVM,
    "-shared",
    "--experimental-pic",
    "-Bsymbolic",
    "--unresolved-symbols=import-dynamic",
    "--export-if-defined=__wasm_apply_data_relocs",
    "--stack-first",
    "--no-entry",
]
WITH_VALUE = ("-x", "-include", "-isystem", "-MF", "-MQ", "-MT")


def is_python_include(argument: str) -> bool:
    """Meson adds the building interpreter's headers; their pyconfig.h is not for wasm32, the sysroot's copy is."""
    return argument.startswith("-I") and os.path.exists(os.path.join(argument[2:], "Python.h"))


def sort_arguments(args: list[str]) -> tuple[list[str], list[str], list[str]]:
    """Splits a link line into sources, flags of the compiler, and words of the linker."""
    sources, flags, words = [], [], []
    rest = iter(args)
    for a in rest:
        if a == "-o":
            next(rest)
        elif a in WITH_VALUE:
            flags += [a, next(rest)]
        elif a.startswith("-Wl,"):
            words += [w for w in a[4:].split(",") if not w.startswith(("-soname", "--start-group", "--end-group"))]
        elif a.endswith(".c"):
            sources.append(a)
        elif a.endswith((".o", ".a")):
            words.append(a)
        elif not a.startswith(("-l", "-L", "-shared")):
            flags.append(a)
    return sources, flags, words


def link(args: list[str]) -> int:
    sources, flags, words = sort_arguments(args)
    out = args[args.index("-o") + 1] if "-o" in args else "a.out"
    with tempfile.TemporaryDirectory() as scratch:
        for number, source in enumerate(sources):
            unit = os.path.join(scratch, f"{number}.o")
            if status := subprocess.call([*CLANG, *flags, "-c", source, "-o", unit]):
                return status
            words.append(unit)
        # What a module shows: PyInit_<its name>; __em_js__ objects are exported by their attribute `used`.
        module = os.path.basename(out).split(".")[0]
        # Link checks ask whether a program links; what Pyodide offers is checked later, on the module.
        if "-shared" in args:
            kind = [*LINK, f"--export-if-defined=PyInit_{module}"]
        else:
            kind = ["wasm-ld" + LLVM, "--no-entry", "--allow-undefined"]
        strip = [] if "-g" in args else ["--strip-debug"]
        return subprocess.call([*kind, *strip, *words, "-o", out])


def main() -> int:
    args = sys.argv[1:]
    if "-Wl,--version" in args:
        print("LLD (wasm-ld)")
        return 0
    if args in (["--version"], ["-v"]):
        print("emcc (Emscripten gcc/clang-like replacement around clang) 5.0.3")
        return 0
    # `-s NAME=value` settings are the real emcc's alone
    args = [a for a in args if not (a.startswith("-s") and a[2:3].isupper()) and not is_python_include(a)]
    if {"-c", "-E", "-S", "-fsyntax-only", "-dM", "-dumpmachine", "-print-search-dirs"} & set(args):
        os.execvp(CLANG[0], [*CLANG, *args])
    return link(args)


if __name__ == "__main__":
    sys.exit(main())
