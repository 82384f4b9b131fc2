"""The README's program runs as it stands there, and its result is right."""

import ast
import inspect
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).parents[2]


async def test_program_runs():
    np = pytest.importorskip("numpy")
    program = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.S)[1]
    names = {}
    result = eval(compile(program, "README.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), names)
    if inspect.isawaitable(result):
        await result
    np.testing.assert_array_equal(names["y"].to_numpy(), 2 * np.arange(1e6, dtype="f4"))
