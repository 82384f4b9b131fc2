"""weft: WGSL compute kernels on NumPy memory, in the browser and on the desktop.

>>> import numpy as np, weft
>>> x = weft.asarray(np.arange(4, dtype="f4"))
>>> double = weft.kernel('''
...   @group(0) @binding(0) var<storage, read_write> x: array<f32>;
...   @compute @workgroup_size(64) fn double(@builtin(global_invocation_id) id: vec3u) {
...     if (id.x < arrayLength(&x)) { x[id.x] *= 2.0; }
...   }''')
>>> double(x=x, threads=x.size)
>>> x.to_numpy()
array([0., 2., 4., 6.], dtype=float32)
"""

import importlib as _importlib
import os as _os
from typing import TYPE_CHECKING as _TYPE_CHECKING

from weft import _core
from weft._async import device_async, kernel_async, synchronize_async
from weft._core import (
    Array,
    Binding,
    Buffer,
    Device,
    DType,
    Kernel,
    Recording,
    Timer,
    __version__,
    asarray,
    batch,
    bool,
    complex64,
    device,
    empty,
    empty_like,
    float16,
    float32,
    flush,
    int8,
    int16,
    int32,
    kernel,
    record,
    stats,
    synchronize,
    timer,
    trim,
    uint8,
    uint16,
    uint32,
    zeros,
    zeros_like,
)
from weft._devices import devices, devices_async
from weft._errors import (
    CannotBlockError,
    DeviceError,
    DeviceLostError,
    Error,
    ShaderError,
    StateError,
    UnsupportedError,
)

if _TYPE_CHECKING:
    from weft._check import (
        Diagnostic,
        Diagnostics,
        EntryPoint,
        Layout,
        Member,
        Note,
        Override,
        Reflection,
        check,
        reflect,
    )
    from weft._show import Picture, show

__all__ = [
    "Array",
    "Binding",
    "Buffer",
    "CannotBlockError",
    "DType",
    "Device",
    "DeviceError",
    "DeviceLostError",
    "Diagnostic",
    "Diagnostics",
    "EntryPoint",
    "Error",
    "Kernel",
    "Layout",
    "Member",
    "Note",
    "Override",
    "Picture",
    "Recording",
    "Reflection",
    "ShaderError",
    "StateError",
    "Timer",
    "UnsupportedError",
    "__version__",
    "asarray",
    "batch",
    "bool",
    "check",
    "complex64",
    "device",
    "device_async",
    "devices",
    "devices_async",
    "empty",
    "empty_like",
    "float16",
    "float32",
    "flush",
    "int8",
    "int16",
    "int32",
    "kernel",
    "kernel_async",
    "record",
    "reflect",
    "show",
    "stats",
    "synchronize",
    "synchronize_async",
    "timer",
    "trim",
    "uint8",
    "uint16",
    "uint32",
    "zeros",
    "zeros_like",
]

# What many programs never need, by module: imported when it is first asked for, since in Pyodide it takes as long as the rest.
_LATER = {
    "_check": "Diagnostic Diagnostics EntryPoint Layout Member Note Override Reflection check reflect",
    "_show": "Picture show",
}
if not _TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        for module, names in _LATER.items():
            if name in names.split():
                globals()[name] = value = getattr(_importlib.import_module(f"weft.{module}"), name)
                return value
        raise AttributeError(f"module 'weft' has no attribute {name!r}")

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})


# GPU devices do not survive a fork: in the child everything of weft raises instead of hanging.
if hasattr(_os, "register_at_fork"):
    _os.register_at_fork(after_in_child=_core.forked)
