"""`wasmlathe opt`: textual IR in, passes over it, textual IR out."""

from __future__ import annotations

import os
import sys
from typing import Any

import click

from ..diagnostics import CompileError, Diagnostic, SourceFile
from ..driver import compiler_settings
from ..ir import print as ir_print
from ..ir.parse import parse
from ..pipeline.analyses import AnalysisCache
from ..pipeline.budget import OverBudget
from ..pipeline.manager import PassManager
from ..pipeline.plan import Pipeline, PlanError
from ..pipeline.preparing import PipelineRequest, apply_settings, prepare
from ..pipeline.presets import PRESETS
from .observing import Observing
from .parameters import observer_options, traceback_option
from .writing import write_all

_EMPTY = next(iter(PRESETS))


@click.command("opt")
@click.argument("file", metavar="FILE.ir")
@click.option("--passes", metavar="A,B,C", default="", help="The passes to run, in this order.")
@click.option("-o", "--output", metavar="FILE", help="Write to a file instead of stdout.")
@click.option("--plugin", "plugins", multiple=True, metavar="NAME|FILE", help="Use this plugin too.")
@click.option("--disable-plugin", "disabled", multiple=True, metavar="NAME", help="Do without this plugin.")
@click.option("--set", "settings", multiple=True, metavar="PASS.OPTION=VALUE", help="Set an option of a pass.")
@click.option("--verify/--no-verify", default=True, help="Check the IR after every pass (default).")
@observer_options
@traceback_option
def command(
    file: str,
    passes: str,
    output: str | None,
    plugins: tuple[str, ...],
    disabled: tuple[str, ...],
    settings: tuple[str, ...],
    verify: bool,
    time_passes: bool,
    trace: str | None,
    print_after: str | None,
    limit: int | None,
) -> int:
    """Run passes over the textual IR in FILE.ir (`-` is stdin) and write textual IR."""
    source = _read(file)
    prepared = prepare(PipelineRequest(_EMPTY, plugins, disabled))
    module = parse(source.text, source.name)
    pipeline = Pipeline("opt", prepared.registry)
    try:
        for name in filter(None, (word.strip() for word in passes.split(","))):
            pipeline.insert(name, stage=module.stage)
        apply_settings(pipeline, settings)
    except PlanError as error:
        raise CompileError([Diagnostic("error", error.code, error.message, hint=error.hint)]) from None
    observing = Observing(time_passes, print_after, trace)
    observed = prepared.registry.plugins.with_observers(observing.observers)
    manager = PassManager(pipeline, observed, AnalysisCache(), verify=verify, limit=limit)
    try:
        with observing, compiler_settings():
            manager.run_stage(module.stage, module)
    except OverBudget as over:
        raise over.as_error() from None
    _write(output, ir_print.print(module))
    return 0


def _read(file: str) -> SourceFile:
    if file != "-":
        return SourceFile.load(file)
    data: Any = sys.stdin.buffer.read()
    try:
        return SourceFile("<stdin>", data.decode())
    except UnicodeDecodeError as error:
        message = f"stdin is not UTF-8: byte 0x{data[error.start]:02x} at offset {error.start}"
        raise CompileError([Diagnostic("error", "E0001", message)]) from None


def _write(output: str | None, text: str) -> None:
    if output is None:
        click.echo(text, nl=False)
        return
    write_all(os.path.dirname(output) or os.curdir, {os.path.basename(output): text.encode()})
