"""Streams that are closed, full or left by their reader: a message where there is one to read it, never a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PRINTS = "for i in 0..200000 { print(i) }\n"
PANICS = "xs = [1]\nprint(xs[7])\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "prints.tova").write_text(PRINTS)
    (tmp_path / "panics.tova").write_text(PANICS)
    return tmp_path


def in_shell(folder: Path, command: str) -> subprocess.CompletedProcess[str]:
    """Run a command line; `$W` is wasmlathe."""
    environment = {**os.environ, "W": f"{sys.executable} -m wasmlathe"}
    return subprocess.run(
        ["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.parametrize("engine", ["wasm", "python"])
def test_a_full_disk_is_a_message(folder: Path, engine: str) -> None:
    if not os.path.exists("/dev/full"):
        pytest.skip("this system has no /dev/full")
    for _ in ("compiled", "from the cache"):
        done = in_shell(folder, f"$W run prints.tova --engine {engine} > /dev/full")
        assert (done.returncode, done.stderr) == (1, "error: the output cannot be written: No space left on device\n")
    shown = in_shell(folder, "$W ir prints.tova > /dev/full")
    assert (shown.returncode, shown.stderr) == (2, "error: the output cannot be written: No space left on device\n")


@pytest.mark.parametrize("engine", ["wasm", "python"])
def test_a_closed_stdout_takes_nothing(folder: Path, engine: str) -> None:
    done = in_shell(folder, f"$W run prints.tova --engine {engine} >&-")
    assert (done.returncode, done.stderr) == (0, "")


def test_messages_do_not_go_to_stdout_when_stderr_is_closed(folder: Path) -> None:
    for _ in ("compiled", "from the cache"):
        done = in_shell(folder, "$W run panics.tova 2>&-")
        assert (done.returncode, done.stdout) == (1, "")


def test_a_reader_who_leaves_ends_the_program_quietly(folder: Path) -> None:
    done = in_shell(folder, "$W run prints.tova | head -1; echo ${PIPESTATUS[0]}")
    assert (done.stdout, done.stderr) == ("0\n141\n", "")
