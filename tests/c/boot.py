"""Runs one test module of the c ring in this process: boot.py MODULE.so [name-part | option=value ...]

Through Python, because the package `wgpudawn` is what has Dawn: the address of its wgpuGetProcAddress goes to
weft_test_main (tests/c/test.h). Started by tests/c/run.py with AddressSanitizer preloaded.
"""

import ctypes
import os
import sys


def dawn_proc_address() -> int:
    """The address of Dawn's wgpuGetProcAddress, 0 without the package. The loaded library stays loaded."""
    try:
        from wgpudawn._lib import ffi, lib
    except ImportError:
        return 0
    return int(ffi.cast("uintptr_t", ffi.addressof(lib, "wgpuGetProcAddress")))


def main() -> int:
    path, arguments = os.path.abspath(sys.argv[1]), sys.argv[1:]
    module = ctypes.CDLL(path)
    module.weft_test_main.argtypes = [ctypes.c_int, ctypes.POINTER(ctypes.c_char_p), ctypes.c_void_p]
    argv = (ctypes.c_char_p * (len(arguments) + 1))(*[a.encode() for a in arguments], None)
    failed = module.weft_test_main(len(arguments), argv, dawn_proc_address())
    sys.stdout.flush()
    os._exit(1 if failed else 0)  # a driver library's teardown is not what is tested


if __name__ == "__main__":
    main()
