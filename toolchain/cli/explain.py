"""`wasmlathe explain`: what was done to the program, and what could not be, by source line."""

from __future__ import annotations

from typing import Any

import click

from ..diagnostics import SourceFile
from ..driver import compile_file
from ..pipeline.spec import Remark
from .errors import tell_diagnostics
from .parameters import compile_options, pipeline_options

_REFUSED = "not-"


@click.command("explain")
@click.argument("file", metavar="FILE")
@click.option("--kind", "kinds", multiple=True, metavar="KIND", help="Show remarks of this kind only, as inlined.")
@click.option("--library", is_flag=True, help="Also tell what happened inside of the standard library.")
@pipeline_options
def command(file: str, kinds: tuple[str, ...], library: bool, **common: Any) -> int:
    """Tell what was inlined, hoisted, boxed, ..., and why not, by lines of FILE."""
    options = compile_options(**common)
    options.stop_at = "mem"
    compilation = compile_file(file, options)
    tell_diagnostics(compilation.warnings)
    remarks = [
        remark
        for remark in compilation.remarks
        if (not kinds or remark.kind in kinds) and (library or remark.loc is not None)  # the library has no places
    ]
    click.echo(report(remarks, compilation.source))
    return 0


def report(remarks: list[Remark], source: SourceFile) -> str:
    """The remarks under the source lines that they are about; those without a place first."""
    unique = dict.fromkeys(remarks)
    lines = [_remark_line(remark) for remark in unique if remark.loc is None]
    placed = [(remark.loc, remark) for remark in unique if remark.loc is not None]
    shown: tuple[str, int] | None = None
    for loc, remark in sorted(placed, key=lambda pair: (pair[0].file != source.name, pair[0][:2], pair[0].col)):
        if shown != (loc.file, loc.line):
            shown = (loc.file, loc.line)
            is_known = loc.file == source.name and 0 < loc.line <= len(source.line_starts)
            text = source.line_text(loc.line).strip() if is_known else ""
            lines.append(f"{loc.file}:{loc.line}: {text}".rstrip())
        lines.append(_remark_line(remark))
    return "\n".join(lines) if lines else "nothing to tell"


def _remark_line(remark: Remark) -> str:
    color = "yellow" if remark.kind.startswith(_REFUSED) else "green"
    return f"  {click.style(remark.kind, fg=color)}: {remark.text}"
