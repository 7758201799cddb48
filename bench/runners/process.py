"""Peers as processes: running them, with a limit of time, and keeping what was built.

A peer times itself, without the start of its process: with BENCH=1 in the environment it writes the nanoseconds of its
kernel to stderr.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from wasmlathe.cache import default_root, key

from ..failures import Failed
from ..sampling import Outcome, Run

BUILD_SECONDS = 300.0
RUN_SECONDS = 120.0
_VERSION_SECONDS = 10.0

# A folder of the compiler's cache, so `wasmlathe cache` shows, limits and clears it too.
_KIND = "bench-peers"
_SHOWN = 2000


def timed_process(name: str, command: Sequence[str | Path], seconds: float = RUN_SECONDS) -> Run:
    """Runs of a peer's command."""

    def run() -> Outcome:
        ended = finished(name, command, seconds, {**os.environ, "BENCH": "1"})
        try:
            return Outcome(ended.stdout, int(ended.stderr.split()[-1]) / 1e9)
        except (ValueError, IndexError):
            raise Failed(f"{name} did not say its nanoseconds on stderr, but: {ended.stderr[:_SHOWN]!r}") from None

    return run


def finished(
    name: str, command: Sequence[str | Path], seconds: float, environment: dict[str, str] | None = None, **more: Any
) -> subprocess.CompletedProcess[str]:
    """The command's end. Raises Failed if that is no good one, or not in time."""
    try:
        ended = subprocess.run(
            [str(word) for word in command],
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            check=False,
            timeout=seconds,
            stdin=subprocess.DEVNULL,
            env=environment,
            **more,
        )
    except subprocess.TimeoutExpired:
        raise Failed(f"{name} did not end within {seconds:g} s") from None
    except OSError as error:
        raise Failed(f"{name} cannot be started: {error.strerror}") from None
    if ended.returncode:
        told = (ended.stderr or ended.stdout).strip()[:_SHOWN]
        raise Failed(f"{name} ended with status {ended.returncode}" + (f": {told}" if told else ""))
    return ended


def output_of(command: Sequence[str]) -> str:
    """What a command that tells a version prints, wherever; nothing if it fails."""
    try:
        ended = finished(command[0], command, _VERSION_SECONDS)
    except Failed:
        return ""
    return ended.stdout + ended.stderr


def built(parts: Iterable[str | bytes], sources: Iterable[Path], build: Callable[[Path], None]) -> Path:
    """The file that `build` makes of the sources, kept by what they and `parts` (commands, versions) are.

    `build` is given the path to write to. Two processes that build the same end with one of two equal files.
    """
    content = [part for source in sorted(sources) for part in (source.name, source.read_bytes())]
    folder = Path(default_root()) / _KIND
    path = folder / key(*parts, *content)
    if path.exists():
        os.utime(path)  # the cache drops what was used the longest ago
        return path
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".", dir=folder) as temporary:
        made = Path(temporary) / "built"
        build(made)
        made.replace(path)
    return path
