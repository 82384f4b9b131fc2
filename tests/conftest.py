"""What every Python test may use, natively and in Pyodide alike.

`async def test_...` is run to its end: natively by asyncio, in Pyodide by run_sync on the loop that is running already
(tests/pyodide_entry.py), so that awaiting a device works the same in both.
"""

import inspect
import sys

import pytest


def complete(coroutine):
    if sys.platform == "emscripten":
        from pyodide.ffi import run_sync

        return run_sync(coroutine)
    import asyncio

    return asyncio.run(coroutine)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = pyfuncitem._fixtureinfo.argnames
    complete(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names}))
    return True
