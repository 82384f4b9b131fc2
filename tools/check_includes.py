"""Holds the includes of src/ and include/ against the layers: who may know whom. Prints each line that does not fit.

    wgsl -> base                          drivers -> base, core/driver.h (cpu also wgsl/wgsl.h and typed.h)
    core -> base, core/driver.h, wgsl/wgsl.h        python -> the public header, base, and each driver's one header
    Python.h: src/python alone            emscripten: drivers/web alone          webgpu.h: drivers/native alone
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).parents[1]
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)
DRIVER_HEADERS = r"drivers/(\w+)/\1\.h"

# folder -> what a file in it may include of ours, besides its own folder (regular expressions, whole match)
LAYERS = {
    "src/base": [],
    "src/wgsl": [r"base/.*"],
    "src/core": [r"base/.*", r"wgsl/wgsl\.h", r"weft\.h"],
    "src/drivers/cpu": [r"base/.*", r"core/driver\.h", r"drivers/common\.h", r"wgsl/(wgsl|typed)\.h"],
    # wgpu-native does not clear workgroup memory: its sources are rewritten, which takes a checked module
    "src/drivers/native": [r"base/.*", r"core/driver\.h", r"drivers/common\.h", r"wgsl/wgsl\.h"],
    "src/drivers": [r"base/.*", r"core/driver\.h", r"drivers/common\.h"],
    "src/python": [r"base/.*", r"core/driver\.h", r"wgsl/wgsl\.h", r"weft\.h", DRIVER_HEADERS],
    "include": [r"base/status\.h", r"core/driver\.h", r"wgsl/wgsl\.h"],
}
# foreign header -> the one folder that may see it
FOREIGN = {
    r"(Python|structmember)\.h": "src/python",
    r"emscripten.*": "src/drivers/web",
    r"(webgpu|wgpu)(/.*)?\.h": "src/drivers/native",
}


def layer_of(file: str) -> str:
    return max((layer for layer in LAYERS if file.startswith(layer + "/")), key=len)


def folder_of(file: str) -> str:
    """The folder whose files know each other: src/core, src/drivers/web."""
    parts = file.split("/")
    return "/".join(parts[: 3 if parts[1] == "drivers" else 2]).removeprefix("src/")


def complaint(file: str, bracket: str, name: str) -> str | None:
    for pattern, home in FOREIGN.items():
        if re.fullmatch(pattern, name):
            return None if file.startswith(home + "/") else f"only {home} may see it"
    if bracket == "<" or (ROOT / file).parent.joinpath(name).exists():
        return None  # the system's, or a neighbour
    if name.startswith(folder_of(file) + "/"):
        return None
    layer = layer_of(file)
    if any(re.fullmatch(pattern, name) for pattern in LAYERS[layer]):
        return None
    return f"{layer} may not know it"


def main() -> int:
    found, files = 0, 0
    for path in sorted([*ROOT.glob("src/**/*"), *ROOT.glob("include/**/*")]):
        if path.suffix not in (".c", ".h", ".def", ".inc"):
            continue
        files += 1
        file, text = path.relative_to(ROOT).as_posix(), path.read_text()
        for match in INCLUDE.finditer(text):
            if why := complaint(file, *match.groups()):
                line = text.count("\n", 0, match.start()) + 1
                print(f"{file}:{line}: {match[0].strip()}: {why}")
                found += 1
    print(f"{files} files, {found} includes that do not fit")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
