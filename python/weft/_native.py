"""Which WebGPU library the native driver takes. Called once, when the first device is asked for."""

import importlib
import importlib.util
import os
import pathlib

from weft._errors import UnsupportedError

# Where the package `wgpu` keeps its library, on each system.
WGPU_LIBRARIES = ("libwgpu_native-release.so", "libwgpu_native-release.dylib", "wgpu_native-release.dll")


def _dawn() -> int:
    """The address of Dawn's wgpuGetProcAddress from the package `wgpudawn`, 0 without it."""
    if importlib.util.find_spec("wgpudawn") is None:
        return 0
    try:
        library = importlib.import_module("wgpudawn._lib")
    except ImportError as error:
        message = f"the package wgpudawn is installed and cannot be imported: {error}; mend it, or name another library"
        raise UnsupportedError(f"{message} by the environment variable WEFT_WEBGPU_LIBRARY") from error
    return int(library.ffi.cast("uintptr_t", library.ffi.addressof(library.lib, "wgpuGetProcAddress")))


def _wgpu() -> str | None:
    """The path of wgpu-native in the package `wgpu`, None without it."""
    found = importlib.util.find_spec("wgpu")  # does not run the package
    for folder in (found and found.submodule_search_locations) or ():
        for name in WGPU_LIBRARIES:
            path = pathlib.Path(folder, "resources", name)
            if path.exists():
                return str(path)
    return None


def library() -> tuple[str | None, int]:
    """(path or None, address of wgpuGetProcAddress or 0): at most one is given; none of them means the system's.

    In this order: the environment variable WEFT_WEBGPU_LIBRARY, the package `wgpudawn`, the package `wgpu`.
    """
    if path := os.environ.get("WEFT_WEBGPU_LIBRARY"):
        return path, 0
    if address := _dawn():
        return None, address
    return _wgpu(), 0
