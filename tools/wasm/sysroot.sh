#!/bin/sh
# Makes the headers that the WebAssembly build compiles against: sysroot.sh PYTHON OUT_DIR
#   OUT_DIR/include   Emscripten's libc headers, out of Debian's package `emscripten`, which is unpacked, not installed:
#                     installing it pulls in a whole toolchain that is too old
#   OUT_DIR/python    the limited-API headers of PYTHON with tools/wasm/pyconfig.h
set -eu
here=$(cd "$(dirname "$0")" && pwd)
python=$1
out=$2
rm -rf "$out"
mkdir -p "$out/python"
out=$(cd "$out" && pwd)

cd "$out"
apt-get -q -o APT::Sandbox::User=root download emscripten >download.log 2>&1 || { cat download.log; exit 1; }
dpkg-deb --fsys-tarfile emscripten_*.deb |
  tar x --strip-components=6 --exclude='*/include/c++' ./usr/share/emscripten/cache/sysroot/include
rm -f emscripten_*.deb
# the package's time_t has 32 bits, that of Pyodide's libc 64
sed -i 's/^typedef long time_t;/typedef _Int64 time_t;/' include/bits/alltypes.h
grep -q '^typedef _Int64 time_t;' include/bits/alltypes.h

headers=$("$python" -c 'import sysconfig; print(sysconfig.get_path("include"))')
[ -f "$headers/Python.h" ] || { echo "no Python.h in $headers (on Debian: package python3-dev)"; exit 1; }
cp -RL "$headers/." python/
cp "$here/pyconfig.h" python/pyconfig.h
