"""`wasmlathe bisect`: which application of a pass breaks a program, judged by a command."""

from __future__ import annotations

import dataclasses
import os
import shlex
import subprocess
import sys
import tempfile
from typing import Any

import click

from ..driver import CompileOptions, compile_file
from ..outcome import FAILED, tell
from ..pipeline.bisect import NothingToFind, first_bad
from ..pipeline.observers import Snapshots
from ..pipeline.plugins import problem
from .ir import diff_lines
from .parameters import Seconds, compile_options, pipeline_options

_DEFAULT_TIMEOUT_SECONDS = 60.0


@click.command("bisect")
@click.argument("file", metavar="FILE")
@click.option("--check", required=True, metavar="COMMAND", help="Succeeds if the program is right; see above.")
@click.option(
    "--timeout", type=Seconds(), default=str(_DEFAULT_TIMEOUT_SECONDS), help="A check that takes longer fails."
)
@pipeline_options
def command(file: str, check: str, timeout: float, **common: Any) -> int:
    """Find the pass application that breaks the program in FILE.

    In COMMAND, {wasm} stands for the compiled module and {run} for a command that runs the program with the passes
    of the moment: --check "test $({run} 20) = 6765". Without either the program itself has to end with status 0.
    """
    options = compile_options(**common)
    total = compile_file(file, dataclasses.replace(options, limit=None)).applied
    with tempfile.TemporaryDirectory(prefix="wasmlathe-bisect-") as folder:
        search = _Search(file, check, timeout, options, os.path.join(folder, "program.wasm"))
        try:
            culprit = first_bad(search.is_good, total)
        except NothingToFind as reason:
            tell(f"error: {reason}")
            return FAILED
    _show(file, options, culprit, total)
    return 0


class _Search:
    """Compiles with a limit and runs the check."""

    def __init__(self, file: str, check: str, timeout_seconds: float, options: CompileOptions, wasm: str) -> None:
        self._file = file
        self._check = check if "{" in check else f"{check} {{run}}"
        self._timeout_seconds = timeout_seconds
        self._options = options
        self._wasm = wasm

    def is_good(self, limit: int) -> bool:
        if "{wasm}" in self._check:
            artifact = compile_file(self._file, dataclasses.replace(self._options, limit=limit)).artifact
            assert artifact is not None  # the compilation went to its end
            with open(self._wasm, "wb") as stream:
                stream.write(artifact.wasm)
        shell = self._check.replace("{wasm}", shlex.quote(self._wasm)).replace("{run}", self._run_command(limit))
        try:
            checked = subprocess.run(
                shell, shell=True, check=False, stdout=subprocess.DEVNULL, timeout=self._timeout_seconds
            )
            is_good = checked.returncode == 0
        except subprocess.TimeoutExpired:
            is_good = False
        tell(f"{limit:>8} applications: {'right' if is_good else 'wrong'}")
        return is_good

    def _run_command(self, limit: int) -> str:
        request = self._options.pipeline
        words = [sys.executable, "-m", "wasmlathe", "run", self._file, "--pipeline", request.name]
        words += ["--bisect", str(limit)]
        for option, values in (
            ("--plugin", request.plugins),
            ("--disable-plugin", request.disabled_plugins),
            ("--set", request.settings),
            ("--without", request.without),
        ):
            words += [word for value in values for word in (option, value)]
        return shlex.join(words)


def _show(file: str, options: CompileOptions, culprit: int, total: int) -> None:
    """Name the application and show what it did."""
    snapshots = Snapshots(lambda event: event.index == culprit, to_compare=True)
    compile_file(file, dataclasses.replace(options, limit=culprit, observers=(snapshots,)))
    if not snapshots.items:  # compilation is deterministic, so the application is there a second time
        raise problem("E0507", f"application {culprit} did not happen again")
    changed = [s for s in snapshots.items if s.before != s.after] or snapshots.items
    first = changed[0]
    names = ", ".join(f"@{s.unit_name}" for s in changed)
    click.echo(f"pass application {culprit} of {total}: '{first.label}' ({first.stage}) on {names}")
    for snapshot in changed:
        for line in diff_lines(snapshot):
            click.echo(line)
