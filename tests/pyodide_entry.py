"""Inside Pyodide: runs pytest, or one script, as tests/pyodide.mjs was told. Returns the exit status.

Called from runPythonAsync, so that run_sync (a wait through JSPI) works in everything below it.
"""

import json
import os
import runpy
import sys
import traceback


def run(text: str) -> int:
    job = json.loads(text)
    os.environ.update(job["environ"])
    os.chdir(job["folder"])
    sys.path.insert(0, job["folder"])
    kind, *arguments = job["entry"]
    if kind == "pytest":
        import pytest

        # fd capture and faulthandler need files that Pyodide does not have
        return int(pytest.main([*arguments, "--capture=sys", "-p", "no:faulthandler"]))
    sys.argv = arguments
    try:
        runpy.run_path(arguments[0], run_name="__main__")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0
