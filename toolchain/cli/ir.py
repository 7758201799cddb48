"""`wasmlathe ir`: the program at a stage, after a pass, or what a pass changed."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from typing import Any

import click

from ..cache import Cache
from ..diagnostics import nearest
from ..driver import CompileOptions
from ..ir.core import Module
from ..outcome import tell
from ..pipeline.observers import Snapshot, Snapshots, is_step
from ..pipeline.plan import Pipeline, PlanError
from ..pipeline.plugins import problem
from ..pipeline.spec import PASS_STAGES
from ..pipeline.units import text_of
from . import images
from .errors import tell_diagnostics
from .observing import Observing, pipeline_of
from .parameters import Word, compile_options, pipeline_options, time_options

#: What the VM would run, made from stage mem.
BYTECODE = "bytecode"
STAGES = (*PASS_STAGES, BYTECODE)

#: A hint lists so many names of functions.
_NAMES_SHOWN = 12


@click.command("ir")
@click.argument("file", metavar="FILE")
@click.option("--stage", type=Word(*STAGES), help="The stage to show, with its passes done (default mem).")
@click.option("--function", metavar="F", help="Show this function only.")
@click.option("--print-after", metavar="PASS", help="Show the functions as this pass (or step, as gvn#late) left them.")
@click.option("--diff", metavar="PASS", help="Show what this pass (or step, as gvn#late) changed.")
@time_options
@pipeline_options
def command(
    file: str,
    stage: str | None,
    function: str | None,
    print_after: str | None,
    diff: str | None,
    time_passes: bool,
    trace: str | None,
    **common: Any,
) -> int:
    """Show the intermediate representation of the program in FILE."""
    wanted = print_after or diff
    if file.endswith(images.SUFFIX):
        if wanted is not None or stage not in (None, BYTECODE):
            raise click.UsageError(f"of an image ({images.SUFFIX}) there is only the bytecode to be shown")
        return _show_image(file, function)
    options = compile_options(**common)
    observing = Observing(time_passes, None, trace)
    if wanted is None and stage == BYTECODE:
        return _show_bytecode(file, function, options, observing)
    if wanted is None:
        options.stop_at = stage or "mem"
        compilation = observing.compile(file, options)
        tell_diagnostics(compilation.warnings)
        click.echo(_text(compilation.modules[options.stop_at], function), nl=False)
        return 0
    if print_after and diff:
        raise click.UsageError("give either --print-after or --diff, not both")
    options.stop_at = _stage_of(wanted, stage, pipeline_of(file, options.pipeline))
    snapshots = Snapshots(
        lambda event: is_step(event, wanted) and stage in (None, event.stage), function, to_compare=diff is not None
    )
    compilation = observing.compile(file, options, snapshots)
    if function is not None and not snapshots.items:
        raise _unknown_function(function, _function_names(compilation.modules[options.stop_at]))
    show = _diff_text if diff else _after_text
    for snapshot in snapshots.items:
        text = show(snapshot)
        if text:
            click.echo(text)
    return 0


def _show_image(file: str, function: str | None) -> int:
    image = images.read(file)
    names = [row[0] for row in image.functions]
    if function is not None and function not in names:
        raise _unknown_function(function, names)
    click.echo(images.text_of(image, function, Cache()), nl=False)
    return 0


def _show_bytecode(file: str, function: str | None, options: CompileOptions, observing: Observing) -> int:
    options.stop_at, options.bytecode = "wasm", True
    compilation = observing.compile(file, options)
    tell_diagnostics(compilation.warnings)
    program = compilation.bytecode
    assert program is not None  # it was asked for
    if function is not None and function not in program.functions:
        if function in program.refused:
            raise problem("E0502", f"the function '{function}' cannot be bytecode: {program.refused[function]}")
        raise _unknown_function(function, program.functions)
    click.echo(program.text(function), nl=False)
    for name, why in program.refused.items():
        tell(f"note: @{name} is compiled: {why}")
    return 0


def _stage_of(wanted: str, stage: str | None, pipeline: Pipeline) -> str:
    """The last stage in which the pipeline runs the pass. Raises CompileError if it does not."""
    found = [s for s in PASS_STAGES for step in pipeline.steps(s) if wanted in (step.label, step.spec.name)]
    if not found:
        try:
            pipeline.stage_of(wanted)
        except PlanError as error:
            raise problem(error.code, error.message, error.hint) from None
    if stage is not None and stage not in found:
        raise problem("E0504", f"'{wanted}' runs in stage {found[0]}, not in {stage}")
    return stage or found[-1]


def _text(module: Any, function: str | None) -> str:
    if function is None:
        return text_of(module)
    if not isinstance(module, Module):
        return _wat_function(text_of(module), function)
    chosen = [f for f in module.functions.values() if function in (f.name, f.source_name)]
    if not chosen:
        raise _unknown_function(function, _function_names(module))
    return "\n".join(text_of(f) for f in chosen)


def _function_names(module: Any) -> list[str]:
    return [f.source_name for f in module.functions.values()] if isinstance(module, Module) else []


def _wat_function(text: str, function: str) -> str:
    """The part of a WAT text, as Binaryen indents it, that defines a function."""
    found = re.search(rf"^ \(func \${re.escape(function)}[ )\n].*?^ \)\n", text, re.MULTILINE | re.DOTALL)
    if found is None:
        raise _unknown_function(function, re.findall(r"^ \(func \$([^ )\n]+)", text, re.MULTILINE))
    return found.group()


def _unknown_function(function: str, names: Iterable[str]) -> Exception:
    known = list(names)
    close = nearest(function, known)
    some = ", ".join(known[:_NAMES_SHOWN]) + (", ..." if len(known) > _NAMES_SHOWN else "")
    hint = f"did you mean '{close}'?" if close else f"there is {some}" if known else None
    return problem("E0502", f"no function '{function}' at this stage", hint)


def _after_text(snapshot: Snapshot) -> str:
    return f"; after {snapshot.label}, application {snapshot.index}\n{snapshot.after}"


def _diff_text(snapshot: Snapshot) -> str:
    return "\n".join(diff_lines(snapshot))


def diff_lines(snapshot: Snapshot) -> Iterator[str]:
    """A unified diff of what an application of a pass did, coloured by `click.echo` on terminals only."""
    colors = {"+": "green", "-": "red", "@": "cyan"}
    before, after = snapshot.before.splitlines(), snapshot.after.splitlines()
    title = f"{snapshot.unit_name} {{}} {snapshot.label} (application {snapshot.index})"
    for line in difflib.unified_diff(before, after, title.format("before"), title.format("after"), lineterm="", n=3):
        color = colors.get(line[:1])
        yield click.style(line, fg=color) if color else line
