"""`wasmlathe explain`: what was done to the program, and what could not be, by source line."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import click

from ..diagnostics import SourceFile, nearest
from ..driver import Compilation
from ..ir.core import Loc, Module
from ..pipeline.plugins import problem
from ..pipeline.remark_kinds import KINDS, is_internal, kind_of
from ..pipeline.spec import Remark
from .errors import tell_diagnostics
from .explain_lines import MOST_SHOWN, Files, lines_of
from .observing import Observing
from .parameters import cold_option, compile_options, pipeline_options


@click.command("explain")
@click.argument("file", metavar="FILE")
@click.option("--kind", "kinds", multiple=True, metavar="KIND", help="Show remarks of this kind only, as not-inlined.")
@click.option("--function", metavar="F", help="Show what is said of this function's lines only.")
@click.option("--library", is_flag=True, help="Also tell what happened inside of the standard library.")
@click.option("--all", "everything", is_flag=True, help="Leave nothing out of lines with many remarks.")
@click.option("--json", "as_json", is_flag=True, help="Write the remarks as JSON, each for itself.")
@click.option("--html", metavar="PAGE", help="Write a page with the source, the remarks, and the IR after every pass.")
@cold_option
@pipeline_options
def command(
    file: str,
    kinds: tuple[str, ...],
    function: str | None,
    library: bool,
    everything: bool,
    as_json: bool,
    html: str | None,
    cold: str | None,
    **common: Any,
) -> int:
    """Tell what was inlined, hoisted, checked, boxed, ..., and why not, by lines of FILE."""
    if html and as_json:
        raise click.UsageError("give either --html or --json, not both")
    options = compile_options(**common)
    options.cold = cold is not None
    options.stop_at = "wasm" if html or options.cold else "mem"
    options.pipeline.telling = True
    observers = []
    if html:
        from .explain_history import History

        history = History(with_library=library)
        observers.append(history)
    compilation = Observing().compile(file, options, *observers)
    tell_diagnostics(compilation.warnings)
    _check_kinds(kinds, compilation.remarks)
    is_about = _about(function, compilation)
    remarks = [
        remark
        for remark in compilation.remarks
        if (not kinds or remark.kind in kinds) and (library or not is_internal(remark)) and is_about(remark)
    ]
    if html:
        from .explain_page import write_page

        write_page(html, compilation, options.pipeline.name, remarks, history)
        return 0
    if as_json:
        click.echo(json.dumps({"file": file, "pipeline": options.pipeline.name, "remarks": records(remarks)}, indent=1))
        return 0
    click.echo(report(remarks, compilation.source, None if everything else MOST_SHOWN))
    return 0


def report(remarks: Sequence[Remark], source: SourceFile, most: int | None = MOST_SHOWN) -> str:
    """The remarks under the source lines that they are about; those without a place first."""
    shown = []
    files = Files(source)
    for line in lines_of(remarks, source.name, most):
        if line.number:
            shown.append(f"{line.file}:{line.number}: {files.line(line.file, line.number).strip()}".rstrip())
        for kind, sentences in line.kinds.items():
            label = click.style(kind, fg=kind_of(kind).color)
            shown += [f"  {label}: {sentence}" for sentence in sentences]
    return "\n".join([*shown, _summary(remarks)]) if shown else "nothing to tell"


def _summary(remarks: Iterable[Remark]) -> str:
    """How many different things are said of each kind, in the order of the table."""
    counted = Counter(kind for kind, _, _ in {remark.said for remark in remarks})
    ordered = [*(kind for kind in KINDS if kind in counted), *sorted(counted.keys() - KINDS.keys())]
    return "in all: " + ", ".join(f"{counted[kind]} {kind}" for kind in ordered)


def records(remarks: Iterable[Remark]) -> list[dict[str, Any]]:
    """The remarks for other tools: once each, with the number of times that it was said, in the order of the source."""
    counted = Counter(remarks)
    ordered = sorted(counted, key=lambda remark: (remark.loc is not None, remark.loc or (), remark.kind, remark.text))
    return [
        {
            "kind": remark.kind,
            "text": remark.text,
            "pass": remark.step,
            "function": remark.function,
            "times": counted[remark],
            **({} if remark.loc is None else remark.loc._asdict()),
        }
        for remark in ordered
    ]


def _check_kinds(kinds: Iterable[str], remarks: list[Remark]) -> None:
    """Raise CompileError for a kind that no pass of ours uses and nobody used."""
    known = {*KINDS, *(remark.kind for remark in remarks)}
    for kind in kinds:
        if kind not in known:
            close = nearest(kind, known)
            hint = f"did you mean '{close}'?" if close else f"there is {', '.join(sorted(known))}"
            raise problem("E0502", f"no remark is of the kind '{kind}'", hint)


def _about(function: str | None, compilation: Compilation) -> Callable[[Remark], bool]:
    """Whether a remark is about the lines of a function, or was made in it. Raises CompileError if there is none."""
    if function is None:
        return lambda remark: True
    hir: Module = compilation.modules["hir"]
    places = [f.loc for f in hir.functions.values() if f.source_name == function and f.loc is not None]
    if not places:
        named = [f.source_name for f in hir.functions.values() if f.loc is not None]
        close = nearest(function, named)
        hint = f"did you mean '{close}'?" if close else None
        raise problem("E0502", f"the program has no function '{function}'", hint)
    known = Files(compilation.source)
    extents = [(place.file, _lines(place, known.get(place.file))) for place in places]
    return lambda remark: (
        remark.loc is not None and any(remark.loc.file == file and remark.loc.line in lines for file, lines in extents)
    )


def _lines(place: Loc, source: SourceFile | None) -> range:
    """The lines of a declaration; its first one if the file is gone."""
    if source is None:
        return range(place.line, place.line + 1)
    start = source.line_starts[place.line - 1] + place.col - 1
    return range(place.line, place.line + source.text.count("\n", start, start + place.length) + 1)
