"""The README's program and its commands run as they stand there, and the results are right."""

import pathlib
import re
import shlex

import pytest
from weft.__main__ import main

from examples import BLOCK

ROOT = pathlib.Path(__file__).parents[2]


def test_program_runs():
    np = pytest.importorskip("numpy")
    program = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.S)[1]
    names = {}
    exec(program, names)
    np.testing.assert_array_equal(names["y"].to_numpy(), 2 * np.arange(1e6, dtype="f4"))


def test_commands_run(tmp_path, monkeypatch, capsys):
    np = pytest.importorskip("numpy")
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    pathlib.Path("scale.wgsl").write_text(next(body for kind, word, body in BLOCK.findall(page) if word == "scale.wgsl"))
    np.save("x.npy", np.arange(1024, dtype="f4"))
    commands = re.findall(r"^python -m weft (.*)$", (ROOT / "README.md").read_text(encoding="utf-8"), re.M)
    assert len(commands) == 3
    for command in commands:
        assert main(shlex.split(command, comments=True)) == 0, capsys.readouterr().err
    np.testing.assert_array_equal(np.load("y.npy"), 2 * np.arange(1024, dtype="f4"))
