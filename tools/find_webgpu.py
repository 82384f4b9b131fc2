"""The installed package `wgpu`, which is not imported: where its webgpu.h and its library are. For meson.build and the tests.

Prints the folder of webgpu.h; exits with 1 when there is none.
"""

import importlib.util
import pathlib
import sys


def folder() -> pathlib.Path | None:
    spec = importlib.util.find_spec("wgpu")
    found = pathlib.Path(spec.origin).parent / "resources" if spec and spec.origin else None
    return found if found and (found / "webgpu.h").is_file() else None


def library() -> str:
    """wgpu-native; a path that is not there when the package is not."""
    return f"{folder()}/libwgpu_native-release.so"


if __name__ == "__main__":
    found = folder()
    if not found:
        sys.exit(1)
    print(found.as_posix())
