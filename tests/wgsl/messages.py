"""Every message of the WGSL front end is in a golden file: messages.py prints those that are not.

The formats are read out of src/wgsl/*.c: the string after the code in wgsl__error(m, range, "code", "format", …) and its
kind, the string in wgsl__hint and wgsl__note. A format counts as covered when a line of a golden file has its words.
"""

import pathlib
import re
import sys

HERE = pathlib.Path(__file__).parent
SOURCES = HERE.parent.parent / "src" / "wgsl"
TEXT = r'((?:"(?:[^"\\]|\\.)*"\s*|PRI\w+\s*)+)'
CALL = re.compile(r'(?:wgsl__error|wgsl__warning|wgsl__evaluation_fail)\s*\(\s*[^"]*?"([a-z0-9-]+)",\s*' + TEXT)
BESIDE = re.compile(r"(?:wgsl__hint|wgsl__note)\s*\((?!wgsl_module)()[^\"]*?" + TEXT)  # no code
# Only a source of more than a gigabyte: tests/c/test_wgsl.c has it.
UNSEEN = {"source-length"}


def formats():
    """(file, line, code, format) of every message."""
    for path in sorted(SOURCES.glob("*.c")):
        text = path.read_text(encoding="utf-8")
        for found in [*CALL.finditer(text), *BESIDE.finditer(text)]:
            pieces = re.findall(r'"((?:[^"\\]|\\.)*)"', found[2])
            yield path.name, text.count("\n", 0, found.start()) + 1, found[1], "u".join(pieces) if "PRI" in found[2] else "".join(pieces)


def pattern(code, text):
    """The rendered line: what stands for a value may be anything."""
    words = re.split(r"%(?:\.\*|\.?\d*)?(?:ll|z)?[a-zA-Z]?", text.replace("%%", "%"))
    return ".*".join(map(re.escape, words)) + (rf".* \[{re.escape(code)}\]" if code else "")


def missing():
    """What no golden file has, a line each."""
    golden = "\n".join(path.read_text(encoding="utf-8") for folder in ("err", "limit", "ok") for path in sorted((HERE / folder).glob("*.[eo][ru][rt]")))
    for file, line, code, text in formats():
        if code not in UNSEEN and not re.search(pattern(code, text), golden):
            yield f"{file}:{line}: [{code}] {text}"


if __name__ == "__main__":
    lines = list(missing())
    print(*lines, sep="\n")
    print(f"{len(list(formats())) - len(lines)} of {len(list(formats()))} messages are in golden files")
    sys.exit(1 if lines else 0)
