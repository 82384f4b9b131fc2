"""The examples of docstrings and of docs/*.md run and print what they say; every public name is documented."""

import asyncio
import inspect
import pathlib
import re

import pytest
import weft

from examples import run_examples, run_page

ROOT = pathlib.Path(__file__).parents[2]
PAGES = sorted(p for p in (ROOT / "docs").glob("*.md") if p.name != "wgsl-mistakes.md")  # the ring `wgsl` has that one
TYPES = [getattr(weft, name) for name in weft.__all__ if inspect.isclass(getattr(weft, name))]


def public():
    """Every public object with its name: functions, types, and what the types have."""
    yield "weft", weft
    for name in weft.__all__:
        yield name, getattr(weft, name)
    for kind in TYPES:
        for name, member in vars(kind).items():
            own = not issubclass(kind, (tuple, Exception)) or inspect.isfunction(member)
            if not name.startswith("_") and own:
                yield f"{kind.__name__}.{name}", member


PUBLIC = {name: o for name, o in public() if name != "__version__" and not isinstance(o, weft.DType)}
WITH_EXAMPLES = sorted(name for name, o in PUBLIC.items() if ">>>" in (inspect.getdoc(o) or ""))
CALLABLES = sorted(name for name, o in PUBLIC.items() if inspect.isroutine(o))


@pytest.mark.parametrize("name", WITH_EXAMPLES)
async def test_examples_of_a_docstring(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np = pytest.importorskip("numpy")
    await weft.device_async()
    names = {"weft": weft, "np": np, "asyncio": asyncio}
    assert await run_examples(inspect.getdoc(PUBLIC[name]), names, name)
    await weft.synchronize_async()


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_everything_public_has_a_docstring(name):
    assert inspect.getdoc(PUBLIC[name])


def sections(text):
    """The sections of a docstring in the form of numpydoc: {title: body}."""
    parts = re.split(r"^(\w[\w ]*)\n-{3,}\n", text, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2]))


@pytest.mark.parametrize("name", CALLABLES)
def test_a_docstring_says_what_a_caller_wants_to_know(name):
    told = sections(inspect.getdoc(PUBLIC[name]))
    parameters = [p for p in inspect.signature(PUBLIC[name]).parameters.values() if p.name not in ("self", "cls")]
    documented = told.get("Parameters", "")
    for p in parameters:
        assert re.search(rf"^[*\w, ]*\b{p.name}\b[\w, ]*( : |$)", documented, re.M), f"{p.name} is not documented"
    assert "Examples" in told


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.stem)
async def test_a_page(path, tmp_path, monkeypatch):
    pytest.importorskip("numpy")
    monkeypatch.chdir(tmp_path)
    await weft.device_async()
    await run_page(path)
    await weft.synchronize_async()


def test_links_lead_somewhere():
    for path in [ROOT / "README.md", *PAGES]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text(encoding="utf-8")):
            found = (path.parent / target).exists()
            assert found or not (path.parent / target).resolve().is_relative_to(ROOT / "docs"), f"{path.name}: {target}"


def test_every_page_is_in_the_list():
    listed = set(re.findall(r"\]\(([\w-]+\.md)\)", (ROOT / "docs" / "README.md").read_text(encoding="utf-8")))
    assert {p.name for p in (ROOT / "docs").glob("*.md")} - {"README.md"} == listed
