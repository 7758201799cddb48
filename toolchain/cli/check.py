"""`wasmlathe check`: diagnostics only."""

from __future__ import annotations

from typing import Any

import click

from ..diagnostics import CompileError
from ..driver import compile_file
from ..outcome import BAD_USAGE
from .errors import tell_diagnostics
from .parameters import compile_options, pipeline_options


@click.command("check")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@pipeline_options
def command(files: tuple[str, ...], **common: Any) -> int:
    """Report errors and warnings of programs without compiling them."""
    failures = 0
    for file in files:
        options = compile_options(**common)
        options.stop_at = "typed"
        try:
            tell_diagnostics(compile_file(file, options).warnings)
        except CompileError as error:
            tell_diagnostics(error.diagnostics)
            failures += 1
    return BAD_USAGE if failures else 0
