"""import-ms: start.py DEVICE MODULE…   The first import of each in a fresh interpreter, NumPy and asyncio apart."""

import asyncio  # noqa: F401
import importlib
import json  # noqa: F401
import sys

import measure

try:
    import numpy  # noqa: F401
except ImportError:
    pass

device, *names = sys.argv[1:]
for name in names:
    try:
        seconds = measure.timed(lambda: importlib.import_module(name))
    except Exception as error:
        measure.missing("import-ms" + device, name, f"{type(error).__name__}: {error}")
    else:
        measure.put("import-ms" + device, "ms", {name: [seconds * 1e3]})
