"""Which release of pybinaryen goes with the libbinaryen of this machine: the one table of both.

pybinaryen is bound to the header and the symbols of one libbinaryen, and pip cannot know which one the system has.
Set-up, `wasmlathe doctor` and code generation ask here. The file imports nothing of the package, so that set-up can
run it before anything is installed: it prints what to give to pip, or says what is missing and exits with status 1.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys

APT_COMMAND = "apt-get install -y binaryen"

# libbinaryen -> pybinaryen, as long as the releases had numbers of their own.
NUMBERED_APART = {108: "1.11"}
# From this libbinaryen on, release `1.N` goes with version N. What lies between has no release that is known to match.
FIRST_NUMBERED_ALIKE = 112

# Debian's package first: its header is the one that pybinaryen reads when there are two.
VERSION_COMMANDS = (("dpkg-query", "-W", "-f=${Version}", "binaryen"), ("wasm-opt", "--version"))


class NoMatchingRelease(Exception):
    """The text says what is missing and names the command that mends it."""


def release_for(version: int) -> str:
    """The pybinaryen release for libbinaryen `version`; raises NoMatchingRelease where none is known."""
    if version in NUMBERED_APART:
        return NUMBERED_APART[version]
    if version >= FIRST_NUMBERED_ALIKE:
        return f"1.{version}"
    known = ", ".join(map(str, NUMBERED_APART))
    raise NoMatchingRelease(
        f"no pybinaryen release matches libbinaryen {version} (known: {known} and {FIRST_NUMBERED_ALIKE} or later); "
        f"install another one: {APT_COMMAND}"
    )


def parse_version(text: str) -> int | None:
    """The first number in what a version command printed: `108-1` and `wasm-opt version 108` give 108."""
    found = re.search(r"\d+", text)
    return int(found.group()) if found else None


def installed_version() -> int | None:
    """The version of the libbinaryen of this machine, or None when there is none."""
    for command in VERSION_COMMANDS:
        if shutil.which(command[0]) is None:
            continue
        asked = subprocess.run(command, capture_output=True, text=True, check=False)
        version = parse_version(asked.stdout) if asked.returncode == 0 else None
        if version is not None:
            return version
    return None


def requirement() -> str:
    """What to give to pip, as `pybinaryen==1.11`; raises NoMatchingRelease."""
    version = installed_version()
    if version is None:
        raise NoMatchingRelease(f"libbinaryen is not installed; install it: {APT_COMMAND}")
    return f"pybinaryen=={release_for(version)}"


def main() -> int:
    try:
        print(requirement())
    except NoMatchingRelease as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
