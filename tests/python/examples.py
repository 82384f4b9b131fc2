"""Runs examples as they stand in docstrings and in docs/*.md, with `await` at the top level as in a notebook.

    docstring        >>> lines, each checked against what is printed below it
    docs/NAME.md     ```python            a program, or >>> lines; all of one page share their names
                     ```python native     natively only; `browser`: in Pyodide only
                     ```wgsl FILE.wgsl    a file, which what follows on the page may read
                     ```sh                lines `python -m weft …`
                     ```text, ```html     shown only (html: the ring `pages`)
"""

import ast
import asyncio
import contextlib
import doctest
import inspect
import io
import pathlib
import re
import shlex
import sys
import traceback

from weft.__main__ import main

HERE = "browser" if sys.platform == "emscripten" else "native"
BLOCK = re.compile(r"^```(\w*)(?: (\S+))?\n(.*?)^```$", re.M | re.S)
CHECKER = doctest.OutputChecker()


async def run_code(source, filename, mode, names):
    """Runs source, which may await, and returns what it prints, or the exception's last lines."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        try:
            result = eval(compile(source, filename, mode, flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), names)
            if inspect.iscoroutine(result):
                await result
        except Exception as error:
            return out.getvalue(), error
    return out.getvalue(), None


def is_expected(example, error):
    told = "".join(traceback.format_exception_only(type(error), error))
    return example.exc_msg is not None and CHECKER.check_output(example.exc_msg, told, doctest.ELLIPSIS)


async def run_examples(text, names, filename):
    """Runs >>> lines; an AssertionError shows the first that prints something else. Returns how many there were."""
    examples = doctest.DocTestParser().get_examples(text)
    for example in examples:
        place = f"{filename}, example line {example.lineno + 1}: {example.source}"
        got, error = await run_code(example.source, filename, "single", names)
        if error is not None:
            if not is_expected(example, error):
                raise AssertionError(place) from error
        elif not CHECKER.check_output(example.want, got, doctest.ELLIPSIS):
            raise AssertionError(f"{place}printed: {got}wanted: {example.want}")
    return len(examples)


async def run_page(path):
    """Runs the blocks of a page in the current folder."""
    names = {"asyncio": asyncio}
    for kind, word, body in BLOCK.findall(path.read_text(encoding="utf-8")):
        assert kind in ("python", "wgsl", "sh", "text", "html"), f"{path.name}: a block of kind {kind!r}"
        if kind == "wgsl" and word:
            pathlib.Path(word).write_text(body, encoding="utf-8")
        elif kind == "sh":
            for line in body.splitlines():
                command = shlex.split(line)
                assert command[:3] == ["python", "-m", "weft"], f"{path.name}: {line}"
                assert main(command[3:]) == 0, f"{path.name}: {line}"
        elif kind == "python" and word in ("", HERE):
            if body.startswith(">>>"):
                await run_examples(body, names, path.name)
                continue
            _, error = await run_code(body, path.name, "exec", names)
            if error is not None:
                raise AssertionError(f"{path.name}: {body}") from error
