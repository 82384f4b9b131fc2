"""Makes a wheel from meson.build into build/wheel: wheel.py native|wasm

Both come from meson-python and one meson.build. For WebAssembly it is told another platform and a cross file; the
environment then names the C headers (see tools/wasm/emcc.py).
"""

import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).parents[1]
OUT = ROOT / "build" / "wheel"
PLATFORM = "pyemscripten_2026_0_wasm32"


def main() -> int:
    kind = sys.argv[1]
    environment, settings = dict(os.environ), [f"-Cbuild-dir=build/wheel-{kind}"]
    if kind == "wasm":
        environment["_PYTHON_HOST_PLATFORM"] = PLATFORM
        settings += [f"-Csetup-args=--cross-file={ROOT}/build/cross.ini", "-Csetup-args=--werror", "-Csetup-args=-Dtests=true"]
    with tempfile.TemporaryDirectory() as fresh:
        command = [sys.executable, "-m", "build", "--wheel", "--skip-dependency-check", "--no-isolation", "-o", fresh]
        made = subprocess.run([*command, *settings, str(ROOT)], env=environment, text=True, capture_output=True)
        if made.returncode:
            print(made.stdout + made.stderr)
            return 1
        (wheel,) = pathlib.Path(fresh).glob("*.whl")
        OUT.mkdir(parents=True, exist_ok=True)
        for old in OUT.glob("*.whl"):
            if (PLATFORM in old.name) == (kind == "wasm"):
                old.unlink()
        (OUT / wheel.name).write_bytes(wheel.read_bytes())
    print(f"build/wheel/{wheel.name}: {(OUT / wheel.name).stat().st_size / 1024:.0f} KiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
