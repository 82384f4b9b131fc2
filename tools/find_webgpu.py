"""Prints the folder of webgpu.h in the installed package `wgpu`, which is not imported; exits with 1 when there is none."""

import importlib.util
import pathlib
import sys

spec = importlib.util.find_spec("wgpu")
folder = pathlib.Path(spec.origin).parent / "resources" if spec and spec.origin else None
if not folder or not (folder / "webgpu.h").is_file():
    sys.exit(1)
print(folder.as_posix())
