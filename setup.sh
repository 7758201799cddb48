#!/bin/sh
# Make .venv ready: `./setup.sh` to run programs, `./setup.sh test` to run the tests as well.
#
# Installs what is missing and nothing else: system packages with apt-get when root (or sudo without a password) allows
# it, otherwise the command to run is printed and nothing is changed. A stamp in .venv records what the installation was
# made from, so a second run only compares it.
set -eu
cd "$(dirname "$0")"
wanted=${1:-run}
release=toolchain/codegen/pybinaryen_release.py

say() { printf 'setup: %s\n' "$*" >&2; }
fail() { say "$@"; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }

case $wanted in
    run) extras="" ;;
    test) extras="[test]" ;;
    *) fail "usage: ./setup.sh [run|test]" ;;
esac

# ---- is there anything to do? ----

# The folder is part of it: a virtual environment does not survive being moved. So is the header: after an upgrade of
# libbinaryen another pybinaryen is due.
fingerprint() {
    pwd
    cksum pyproject.toml setup.sh "$release"
    cksum /usr/include/binaryen-c.h /usr/local/include/binaryen-c.h 2>/dev/null || true
}
now=$(fingerprint)
is_ready() {
    [ -x .venv/bin/python ] && [ "$(cat ".venv/.ready-$1" 2>/dev/null)" = "$now" ]
}
if is_ready test || is_ready "$wanted"; then exit 0; fi

# ---- system packages ----

# The first python on PATH that is new enough; a pyenv shim without a version behind it fails here and is passed over.
find_python() {
    for candidate in ${PYTHON:-} python3 python3.11 python3.12 python3.13 python3.14 /usr/bin/python3; do
        if has "$candidate" && "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
}
has_venv() { "$1" -c 'import ensurepip, venv' 2>/dev/null; }
has_headers() {
    "$1" -c 'import os, sys, sysconfig; sys.exit(not os.path.exists(sysconfig.get_path("include") + "/Python.h"))'
}
has_binaryen() { [ -f /usr/include/binaryen-c.h ] || [ -f /usr/local/include/binaryen-c.h ]; }
# A compiler alone is not enough: without libc's headers it compiles nothing.
has_c() { has cc && has cpp && printf '#include <stdio.h>\n' | cc -fsyntax-only -x c - 2>/dev/null; }

missing_packages() {
    python=$(find_python)
    if [ -z "$python" ]; then
        echo python3 python3-venv python3-dev
    else
        has_venv "$python" || echo python3-venv
        has_headers "$python" || echo python3-dev
    fi
    has_binaryen || echo binaryen
    has_c || echo gcc libc6-dev
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}
may_install() { has apt-get && { [ "$(id -u)" = 0 ] || { has sudo && sudo -n true 2>/dev/null; }; }; }

packages=$(missing_packages | tr '\n' ' ')
if [ -n "$packages" ]; then
    if ! may_install; then
        command="apt-get update && apt-get install -y ${packages% }"
        if has sudo; then command="sudo sh -c '$command'"; else command="su -c '$command'"; fi
        say "these packages are missing, and only root can install them. Run this, then the same command again:"
        fail "    $command"
    fi
    say "installing $packages"
    as_root apt-get -qq update
    # shellcheck disable=SC2086
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages >/dev/null
    left=$(missing_packages | tr '\n' ' ')
    [ -z "$left" ] || fail "still missing after apt-get install: $left(Python 3.11 or later is needed)"
fi

# ---- the virtual environment ----

python=$(find_python)
if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    say "making .venv with $python"
    "$python" -m venv --clear .venv
fi
pybinaryen=$(.venv/bin/python "$release") || exit 1
pip() { .venv/bin/python -m pip --disable-pip-version-check -qq install "$@"; }

say "installing $pybinaryen and what pyproject.toml names"
# First, so that the range in pyproject.toml finds it there and leaves it alone.
pip "$pybinaryen"
pip -e ".$extras"
.venv/bin/python -c 'import binaryen' || fail "pybinaryen does not work; see .venv/bin/wasmlathe doctor"
fingerprint >".venv/.ready-$wanted"
say "ready"
