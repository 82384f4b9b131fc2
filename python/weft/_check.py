"""weft.check and weft.reflect: WGSL without a device. The checker is src/wgsl; src/python/check.c hands over tuples."""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from weft._core import Binding
from weft._core import check as _check
from weft._core import reflect as _reflect
from weft._errors import ShaderError

__all__ = [
    "Diagnostic",
    "Diagnostics",
    "EntryPoint",
    "Layout",
    "Member",
    "Note",
    "Override",
    "Reflection",
    "check",
    "reflect",
]

# ---- diagnostics ----------------------------------------------------------------------------------------------------------

# A rendered line: gutter, its sign, the rest. The first line and notes begin with a word and a colon.
_LINE = re.compile(r"( *\d* ?)(\||-->|=)(.*)")
_WORD = re.compile(r"(error|warning|info|note)(:.*)")
_ANSI = {"error": "1;31", "warning": "1;33", "info": "1;36", "note": "1", "gutter": "1;34", "hint": "32", "head": "1"}
_CSS = {
    "error": "color:#d32f2f;font-weight:bold",
    "warning": "color:#b26a00;font-weight:bold",
    "info": "color:#0277bd;font-weight:bold",
    "note": "font-weight:bold",
    "gutter": "color:#5c6bc0",
    "hint": "color:#2e7d32",
    "head": "font-weight:bold",
}


def _pieces(text: str, severity: str) -> Iterator[tuple[str, str]]:
    """The text cut into (style or "", piece)."""
    for line in text.splitlines(keepends=True):
        if word := _WORD.match(line):
            severity = word[1]
            yield severity, word[1]
            yield "" if severity == "note" else "head", line[word.end(1) :]
        elif parts := _LINE.match(line):
            yield "gutter", parts[1] + parts[2]
            marks = parts[2] == "|" and parts[3].strip() and not parts[1].strip()
            yield "hint" if parts[2] == "=" else severity if marks else "", line[parts.end(2) :]
        else:
            yield "", line


@dataclass(frozen=True)
class Note:
    """A further place that a diagnostic is about, such as a declaration."""

    message: str
    line: int
    column: int
    end: tuple[int, int]

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True)
class Diagnostic:
    """What `weft.check` found. ``str()`` shows it with its line of the source; notebooks show it in colour.

    Attributes
    ----------
    severity : {"error", "warning", "info"}
        Sources with an error are rejected.
    code : str
        A short name that stays the same, such as ``"unknown-identifier"``.
    message : str
        One sentence.
    line, column : int
        Where it begins, from 1; columns count characters. 0 where no place in the source is to blame.
    end : tuple of two ints
        Line and column behind its last character.
    notes : tuple of Note
        Other places it is about.
    hint : str or None
        What to write instead, where that is sure.
    """

    severity: Literal["error", "warning", "info"]
    code: str
    message: str
    line: int
    column: int
    end: tuple[int, int]
    notes: tuple[Note, ...]
    hint: str | None
    _text: str = field(repr=False, compare=False)

    __module__ = "weft"

    def __str__(self) -> str:
        return self._text

    def render(self, *, color: bool = False, file: str = "") -> str:
        """The form people read: message, place, line of the source, hint, notes.

        Parameters
        ----------
        color : bool
            With the escape sequences of terminals.
        file : str
            A name to put before every place, as ``file:line:column``.

        Examples
        --------
        >>> import weft
        >>> (mistake,) = weft.check("fn f() -> i32 { return 1.5; }")
        >>> print(mistake.render(file="f.wgsl").splitlines()[1])
         --> f.wgsl:1:24
        """
        text = re.sub(r"(?m)^( *--> )", lambda arrow: f"{arrow[1]}{file}:", self._text) if file else self._text
        if not color:
            return text
        return "".join(
            f"\x1b[{_ANSI[style]}m{piece.rstrip(chr(10))}\x1b[0m{chr(10) * piece.endswith(chr(10))}" if style else piece
            for style, piece in _pieces(text, self.severity)
        )

    def to_dict(self) -> dict[str, Any]:
        """All but the rendered text, for JSON.

        Examples
        --------
        >>> import weft
        >>> (mistake,) = weft.check("fn f() -> i32 { return 1.5; }")
        >>> mistake.to_dict()["line"], mistake.to_dict()["severity"]
        (1, 'error')
        """
        values = asdict(self)
        del values["_text"]
        return values

    def _repr_html_(self) -> str:
        import html  # takes longer than all of weft to import, in WebAssembly

        pieces = (
            f'<span style="{_CSS[style]}">{html.escape(piece)}</span>' if style else html.escape(piece)
            for style, piece in _pieces(self._text, self.severity)
        )
        return f'<pre class="weft-{self.severity}">{"".join(pieces)}</pre>'


class Diagnostics(list[Diagnostic]):
    """What `weft.check` returns: a list that shows itself as people read it, in notebooks in colour."""

    __module__ = "weft"

    def __str__(self) -> str:
        return "\n\n".join(map(str, self))

    def _repr_html_(self) -> str:
        return "".join(each._repr_html_() for each in self) or "<pre>no diagnostics</pre>"


def _diagnostic(row: tuple[Any, ...]) -> Diagnostic:
    severity, code, message, hint, (line, column, *end), notes, text = row
    told = tuple(Note(said, at[0], at[1], (at[2], at[3])) for said, at in notes)
    return Diagnostic(severity, code, message, line, column, (end[0], end[1]), told, hint, text.rstrip("\n"))


# ---- arguments ------------------------------------------------------------------------------------------------------------


def _encoded(source: str | bytes) -> bytes:
    if isinstance(source, str):
        return source.encode("utf-8", "surrogatepass")  # the checker says where it is not UTF-8
    if isinstance(source, bytes | bytearray | memoryview):
        return bytes(source)
    raise TypeError(f"`source` wants WGSL as str or bytes, got {type(source).__name__}")


def _name(value: object, argument: str) -> bytes:
    """Of something in the source, or so it is hoped; no name in WGSL has a NUL, which ends names in C."""
    if not isinstance(value, str):
        raise TypeError(f"`{argument}` wants names as str, got {type(value).__name__}")
    return value.replace("\0", "\u2400").encode("utf-8", "replace")


def _number(name: str, value: object) -> float:
    if isinstance(value, str | bytes) or not (hasattr(value, "__float__") or hasattr(value, "__index__")):
        raise TypeError(f"`constants`: `{name}` wants a number or bool, got {type(value).__name__}")
    try:
        return float(value)  # type: ignore[arg-type]
    except OverflowError:  # an int beyond every float; WebGPU says what it thinks of infinity
        return math.inf if value > 0 else -math.inf  # type: ignore[operator]


# ---- check ----------------------------------------------------------------------------------------------------------------


def check(
    source: str | bytes,
    *,
    features: Iterable[str] | None = None,
    entry: str | None = None,
    constants: Mapping[str, float] | None = None,
    pipeline: bool = False,
) -> Diagnostics:
    """Check WGSL; no device is needed.

    Parameters
    ----------
    source : str or bytes
        A WGSL module.
    features : iterable of str, optional
        What the device is supposed to have, in WebGPU's names such as ``"shader-f16"`` and ``"subgroups"``: the source
        may ``enable`` nothing else. All that is known without it; nothing with ``()``.
    entry : str, optional
        An entry point that must be there. With `pipeline` the others are not judged.
    constants : dict of str to float, int or bool, optional
        Values of overrides, by name, or by id as a string where they have one; they must exist and fit.
    pipeline : bool
        Check also that the entry points can become pipelines: every override has a value, what depends on overrides is
        valid, and WebGPU's default limits are kept.

    Returns
    -------
    Diagnostics
        A list of Diagnostic in the order of the source, empty when there is nothing to say. A source is accepted when none is an error.

    Raises
    ------
    TypeError
        An argument has the wrong type. Everything else is a diagnostic.

    Examples
    --------
    >>> print(weft.check("fn f() -> f32 { return sine(1.0); }"))
    error: unknown identifier 'sine' [unknown-identifier]
     --> 1:24
      |
    1 | fn f() -> f32 { return sine(1.0); }
      |                        ^^^^
      = did you mean 'sin'?
    """
    if isinstance(features, str | bytes):
        raise TypeError(f"`features` wants an iterable of names, got {type(features).__name__}")
    if constants is not None and not isinstance(constants, Mapping):
        raise TypeError(f"`constants` wants a mapping, got {type(constants).__name__}")
    if not isinstance(pipeline, bool):
        raise TypeError(f"`pipeline` wants a bool, got {type(pipeline).__name__}")
    rows = _check(
        _encoded(source),
        None if features is None else tuple(_name(feature, "features") for feature in features),
        None if entry is None else _name(entry, "entry"),
        tuple((_name(name, "constants"), _number(name, value)) for name, value in (constants or {}).items()),
        pipeline,
    )
    return Diagnostics(_diagnostic(row) for row in rows)


# ---- reflect --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Member:
    """A member of a structure: where it lies, in bytes."""

    name: str
    type: str
    offset: int
    nbytes: int


@dataclass(frozen=True)
class Layout:
    """How a type lies in memory, in bytes. `count` is None for what is no array and 0 for a runtime-sized one."""

    nbytes: int
    align: int
    stride: int | None
    count: int | None
    element: str | None
    members: tuple[Member, ...]


@dataclass(frozen=True)
class Override:
    """A pipeline-overridable constant. `id` is None without an @id."""

    name: str
    id: int | None
    type: str
    has_default: bool


@dataclass(frozen=True)
class EntryPoint:
    """An entry point and what it uses, functions it calls included.

    `workgroup_size` and `workgroup_nbytes` (of ``var<workgroup>``) hold with the defaults of the overrides; they are
    None in other stages than compute, and where an override without default decides.
    """

    name: str
    stage: Literal["compute", "vertex", "fragment"]
    bindings: tuple[Binding, ...]
    overrides: tuple[Override, ...]
    workgroup_size: tuple[int, int, int] | None
    workgroup_nbytes: int | None


@dataclass(frozen=True)
class Reflection:
    """What `weft.reflect` says of a source: `layouts` has the types of the bindings, and those inside, by name."""

    entries: tuple[EntryPoint, ...]
    bindings: tuple[Binding, ...]
    overrides: tuple[Override, ...]
    layouts: dict[str, Layout]
    enables: tuple[str, ...]
    requires: tuple[str, ...]


def _layout(row: tuple[Any, ...]) -> Layout:
    nbytes, align, stride, count, element, members = row
    array = element is not None
    return Layout(
        nbytes, align, stride or None, count if array else None, element, tuple(Member(*member) for member in members)
    )


def reflect(source: str | bytes) -> Reflection:
    """Read the bindings, overrides, entry points and memory layouts of WGSL; no device is needed.

    Parameters
    ----------
    source : str or bytes
        A WGSL module.

    Returns
    -------
    Reflection

    Raises
    ------
    ShaderError
        The source is rejected; `weft.check` tells the same as a list.

    Examples
    --------
    >>> found = weft.reflect('''
    ...   struct P { a: f32, b: vec3f }
    ...   @group(0) @binding(0) var<uniform> p: P;
    ...   @group(0) @binding(1) var<storage, read_write> y: array<f32>;
    ...   @compute @workgroup_size(64) fn main() { y[0] = p.a; }''')
    >>> found.entries[0].workgroup_size
    (64, 1, 1)
    >>> [(binding.name, binding.access, binding.type) for binding in found.bindings]
    [('p', 'uniform', 'P'), ('y', 'read_write', 'array<f32>')]
    >>> found.layouts["P"].members[1]
    Member(name='b', type='vec3<f32>', offset=16, nbytes=12)
    """
    text = _encoded(source)
    rows, found = _reflect(text)
    if found is None:
        errors = [d for d in map(_diagnostic, rows) if d.severity == "error"]
        message = "\n".join(map(str, errors))
        raise ShaderError(message, errors[0].line, errors[0].column, text.decode("utf-8", "replace"))
    entries, bindings, overrides, layouts, enables, requires = found
    all_bindings = tuple(Binding(row) for row in bindings)
    all_overrides = tuple(Override(name, None if id < 0 else id, type, bool(has)) for name, id, type, has in overrides)
    return Reflection(
        tuple(_entry(row, all_bindings, all_overrides) for row in entries),
        all_bindings,
        all_overrides,
        {name: _layout(row) for name, row in layouts.items()},
        enables,
        requires,
    )


def _entry(row: tuple[Any, ...], bindings: tuple[Binding, ...], overrides: tuple[Override, ...]) -> EntryPoint:
    name, stage, uses, settable, immediate, workgroup = row
    used = [bindings[i] for i in uses]
    if immediate:
        used.append(Binding((immediate[0], None, None, "immediate", *immediate[1:])))
    size, nbytes = workgroup or (None, None)
    return EntryPoint(name, stage, tuple(used), tuple(overrides[i] for i in settable), size, nbytes)
