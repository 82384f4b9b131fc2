#!/bin/sh
# Sees to it that the system has what a part of the work needs: system.sh python|clang|fuzz|browser
# As root on Debian it installs what is missing; otherwise it says which packages to install and fails.
set -eu
missing=""
need() { # need COMMAND|FILE|LIBRARY PACKAGE
  case $1 in
    /*) [ -e "$1" ] && return ;;
    *.so.*) /sbin/ldconfig -p | grep -q "$1" && return ;;
    *) command -v "$1" >/dev/null 2>&1 && return ;;
  esac
  missing="$missing $2"
}

case $1 in
  python)
    need "$PYTHON" python3.11
    need gcc gcc
    if command -v "$PYTHON" >/dev/null; then
      "$PYTHON" -c 'import ensurepip' 2>/dev/null || missing="$missing python3-venv"
      headers=$("$PYTHON" -c 'import sysconfig; print(sysconfig.get_path("include"))')
      need "$headers/Python.h" python3-dev
    else
      missing="$missing python3-venv python3-dev"
    fi
    ;;
  clang)
    need clang-22 clang-22
    need wasm-ld-22 lld-22
    need llvm-ar-22 llvm-22
    need dpkg-deb dpkg
    ;;
  fuzz)
    runtime=$(clang-22 --print-runtime-dir 2>/dev/null || echo /usr/lib/llvm-22/lib/clang/22/lib/linux)
    need "$runtime/libclang_rt.fuzzer-$(uname -m).a" libclang-rt-22-dev
    ;;
  browser) # Chromium, whose package also holds SwiftShader: a Vulkan device for machines without a GPU
    need chromium chromium
    need libvulkan.so.1 libvulkan1
    ;;
esac
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "Debian packages:$missing"
  export DEBIAN_FRONTEND=noninteractive
  apt-get -q update >/dev/null
  # shellcheck disable=SC2086
  apt-get -q -y install --no-install-recommends $missing >/dev/null
else
  echo "missing on this system; on Debian, as root: apt-get install$missing" >&2
  exit 1
fi
