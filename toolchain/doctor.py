"""What is installed, whether the parts match, and for each part that fails the one command that mends it.

Everything here has to work when the thing it looks at is missing or broken: only the standard library is imported, and
native libraries are tried in a process of their own, so that not even a crash of theirs reaches us.
"""

from __future__ import annotations

import importlib.metadata
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from wasmlathe import cache
from wasmlathe.codegen import pybinaryen_release

PLUGIN_GROUP = "wasmlathe.plugins"
OLDEST_PYTHON = (3, 11)
PURE_LIBRARIES = ("pluggy", "click", "rich", "tomli")
# Programs that only benchmarks and other targets use, each with the words that make it tell its version.
PEERS = {"go": ("version",), "clang": ("--version",), "node": ("--version",), "luajit": ("-v",)}
PROBE_TIMEOUT_SECONDS = 30


class State(Enum):
    """The mark printed in front of a check."""

    OK = "ok"
    FAILED = "FAIL"
    ABSENT = "-"  # optional and not there


@dataclass(frozen=True, slots=True)
class Check:
    """One part: what was found, and if that will not do the command that mends it."""

    name: str
    state: State
    found: str
    mend: str | None = None


def report() -> list[Check]:
    """All checks, in the order in which mending them makes sense."""
    pybinaryen = check_pybinaryen()
    return [
        check_python(),
        check_libbinaryen(),
        check_compiler(is_needed=pybinaryen.state is State.FAILED),
        pybinaryen,
        check_wasmtime(),
        *(check_library(name) for name in PURE_LIBRARIES),
        *check_plugins(),
        check_cache(),
        *(check_peer(name) for name in PEERS),
    ]


def is_healthy(checks: list[Check]) -> bool:
    return all(check.state is not State.FAILED for check in checks)


def render(checks: list[Check]) -> str:
    """The report as plain text, one line for each check and one for each remedy."""
    width = max(len(check.name) for check in checks)
    lines: list[str] = []
    for check in checks:
        lines.append(f"{check.state.value:>4}  {check.name:<{width}}  {check.found}")
        if check.mend:
            lines.append(f"      {'':<{width}}  run: {check.mend}")
    failed = sum(check.state is State.FAILED for check in checks)
    lines.append("all parts fit" if not failed else f"{failed} of {len(checks)} checks failed")
    return "\n".join(lines)


def main() -> int:
    """Print the report; the exit status is 1 if a check failed."""
    checks = report()
    print(render(checks))
    return 0 if is_healthy(checks) else 1


def check_python() -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] >= OLDEST_PYTHON:
        return Check("python", State.OK, f"{version} ({sys.executable})")
    needed = ".".join(map(str, OLDEST_PYTHON))
    return Check("python", State.FAILED, f"{version}, {needed} or later is needed", "apt-get install -y python3")


def check_libbinaryen() -> Check:
    version = pybinaryen_release.installed_version()
    if version is None:
        return Check("libbinaryen", State.FAILED, "not installed", pybinaryen_release.APT_COMMAND)
    return Check("libbinaryen", State.OK, str(version))


def check_compiler(*, is_needed: bool) -> Check:
    """A C compiler and Python's headers: pybinaryen is built with them, and useless afterwards."""
    packages = []
    if shutil.which("cc") is None or shutil.which("cpp") is None:
        packages += ["gcc", "libc6-dev"]
    if not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")):
        packages += ["python3-dev"]
    if not packages:
        return Check("c compiler", State.OK, str(shutil.which("cc")))
    found = "missing: " + ", ".join(packages)
    if not is_needed:
        return Check("c compiler", State.ABSENT, f"{found} (only to build pybinaryen)")
    return Check("c compiler", State.FAILED, found, "apt-get install -y " + " ".join(packages))


def check_pybinaryen() -> Check:
    """Installed, of the release that matches libbinaryen, and importable."""
    installed = installed_release("pybinaryen")
    try:
        wanted = pybinaryen_release.requirement()
    except pybinaryen_release.NoMatchingRelease as problem:
        found = f"{installed or 'not installed'}: {problem}"
        return Check("pybinaryen", State.FAILED, found, pybinaryen_release.APT_COMMAND)
    if installed is None:
        return Check("pybinaryen", State.FAILED, "not installed", pip_install(wanted))
    if wanted != f"pybinaryen=={installed}":
        found = f"{installed} does not match libbinaryen {pybinaryen_release.installed_version()}"
        return Check("pybinaryen", State.FAILED, found, pip_install(wanted))
    broken = import_problem("binaryen")
    if broken:
        return Check("pybinaryen", State.FAILED, f"{installed}: {broken}", pip_install("--force-reinstall", wanted))
    return Check("pybinaryen", State.OK, f"{installed}, matches libbinaryen")


def check_wasmtime() -> Check:
    """The Python package and the shared library that it brings."""
    check = check_library("wasmtime")
    broken = import_problem("wasmtime") if check.state is State.OK else None
    if broken:
        mend = pip_install("--force-reinstall", requirement_of("wasmtime"))
        return Check("wasmtime", State.FAILED, f"{check.found}: {broken}", mend)
    return check


def check_library(name: str) -> Check:
    """A Python package against the range that our own distribution asks for."""
    wanted = requirement_of(name)
    installed = installed_release(name)
    if installed is None:
        return Check(name, State.FAILED, "not installed", pip_install(wanted))
    if not is_within(installed, wanted.removeprefix(name)):
        return Check(name, State.FAILED, f"{installed}, but {wanted} is needed", pip_install(wanted))
    return Check(name, State.OK, installed)


def check_plugins() -> Iterator[Check]:
    """Every plugin that some distribution announces, loaded."""
    for entry in sorted(importlib.metadata.entry_points(group=PLUGIN_GROUP), key=lambda entry: entry.name):
        owner = f"{entry.dist.name} {entry.dist.version}" if entry.dist else "unknown distribution"
        name = f"plugin {entry.name}"
        try:
            entry.load()
        except Exception as problem:  # noqa: BLE001  # a stranger's module may raise anything; here it is shown
            remove = pip_command("uninstall", "-y", entry.dist.name) if entry.dist else None
            yield Check(name, State.FAILED, f"{owner}: {type(problem).__name__}: {problem}", remove)
        else:
            yield Check(name, State.OK, owner)


def check_cache() -> Check:
    """The cache folder exists or can be made, is ours alone, and takes a file."""
    root = cache.default_root()
    problem = cache.Cache(root).problem()
    if problem is None:
        try:
            with tempfile.NamedTemporaryFile(dir=root):
                pass
        except OSError as error:
            problem = f"{root}: {error.strerror}"
    if problem is None:
        return Check("cache", State.OK, root)
    return Check("cache", State.FAILED, f"{problem} (runs work, uncached)", f'export {cache.LOCATION}="$(mktemp -d)"')


def check_peer(name: str) -> Check:
    path = shutil.which(name)
    if path is None:
        return Check(name, State.ABSENT, "not installed (optional: benchmarks and other targets)")
    try:
        asked = subprocess.run(
            [path, *PEERS[name]], capture_output=True, text=True, check=False, timeout=PROBE_TIMEOUT_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as problem:
        return Check(name, State.ABSENT, f"{path} does not run: {problem}")
    first_line = (asked.stdout or asked.stderr).partition("\n")[0]
    return Check(name, State.OK, first_line or path)


def installed_release(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def requirement_of(name: str) -> str:
    """What our distribution asks for, as `click>=8.1,<9`; the bare name when it is not installed itself."""
    try:
        ours = importlib.metadata.requires("wasmlathe") or []
    except importlib.metadata.PackageNotFoundError:
        return name
    return next((line for line in ours if re.match(rf"{name}\b", line)), name)


def is_within(version: str, range_text: str) -> bool:
    """Whether `version` obeys clauses of `>=` and `<`, which is all that our own requirements use."""
    numbers = release_numbers(version)
    for clause in filter(None, range_text.split(",")):
        bound = release_numbers(clause.lstrip("<>="))
        if numbers < bound if clause.startswith(">=") else numbers >= bound:
            return False
    return True


def release_numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version))


def import_problem(module: str) -> str | None:
    """Why `module` cannot be imported, in one line; None if it can."""
    command = [sys.executable, "-c", f"import {module}"]
    try:
        tried = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PROBE_TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        return f"importing it took more than {PROBE_TIMEOUT_SECONDS} s"
    if tried.returncode == 0:
        return None
    lines = tried.stderr.strip().splitlines()
    return lines[-1] if lines else f"importing it ended with status {tried.returncode}"


def pip_install(*words: str) -> str:
    return pip_command("install", *words)


def pip_command(*words: str) -> str:
    return shlex.join([sys.executable, "-m", "pip", *words])


if __name__ == "__main__":
    sys.exit(main())
