"""Our verdicts on the golden files beside those of Dawn's checker (Tint, by tint.mjs). differences.txt has every file on
which they differ, a line each: the file, a colon, why. Used by run.py."""

import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent
LIST = HERE / "differences.txt"


def known():
    """File -> the reason why it may differ."""
    lines = (line.partition(": ") for line in LIST.read_text(encoding="utf-8").splitlines() if line)
    return {name: reason for name, _, reason in lines}


def tint(paths):
    """What Tint says of each file, or None where npm's packages are not installed."""
    if not (ROOT / "node_modules" / "webgpu").exists():
        return None
    sys.path.insert(0, str(ROOT / "tools"))
    import pyodide_job

    command = [pyodide_job.node(), "tests/wgsl/tint.mjs"]
    asked = "".join(f"{path}\n" for path in paths)
    done = subprocess.run(command, input=asked, cwd=ROOT, text=True, capture_output=True, timeout=300, check=True)
    return [line[2:] for line in done.stdout.splitlines() if line.startswith("= ")]


def wrong(files):
    """{name: (path, accepted by us)} -> what is not as differences.txt has it, a line each; None: Tint is not there."""
    answers = tint([path for path, _ in files.values()])
    if answers is None:
        return None
    reasons, lines = known(), []
    for (name, (_, accepted)), answer in zip(files.items(), answers, strict=True):
        differs = accepted != (answer == "ok")
        if differs and name not in reasons:
            lines.append(f"{name}: we {'accept' if accepted else 'reject'} it, Tint says {answer[:200]}")
        if not differs and name in reasons:
            lines.append(f"{name} is in differences.txt and does not differ")
    lines += [f"{name} is in differences.txt and there is no such file" for name in reasons if name not in files]
    return lines
