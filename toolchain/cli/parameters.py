"""Options that several commands share, and what they mean for a compilation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from .. import quick
from ..diagnostics import nearest
from ..driver import CompileOptions
from ..pipeline.preparing import PipelineRequest
from ..pipeline.presets import DEFAULT
from .group import State

LEVELS = ("0", "1", "2", "3", "s")

Command = Callable[..., Any]


class Word(click.ParamType):
    """One of a few words; another one is an error that names the nearest."""

    name = "word"

    def __init__(self, *words: str) -> None:
        self.words = words

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value in self.words:
            return value
        close = nearest(str(value), self.words)
        what = param.name if param else "word"
        error = click.UsageError(f"unknown {what} '{value}'", ctx)
        error.hint = (  # type: ignore[attr-defined]  # read by errors.py
            f"did you mean '{close}'?" if close else f"there is {', '.join(self.words)}"
        )
        raise error

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        return "|".join(self.words)


class Size(click.ParamType):
    """A number of bytes, as 64M or 1G."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return quick.parse_size(value)
        except ValueError:
            self.fail(f"'{value}' is no size; write 65536, 64M or 1G", param, ctx)


class Seconds(click.ParamType):
    """A time."""

    name = "seconds"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return quick.parse_seconds(value)
        except ValueError:
            self.fail(f"'{value}' is no positive number of seconds", param, ctx)


def _set_traceback(ctx: click.Context, _parameter: click.Parameter, is_wanted: bool) -> None:
    if is_wanted:
        ctx.ensure_object(State).traceback = True


def _apply(options: list[Callable[[Command], Command]]) -> Callable[[Command], Command]:
    def decorate(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


traceback_option = click.option(
    "--traceback",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_set_traceback,
    help="Show Python's traceback of an error.",
)

pipeline_options = _apply(
    [
        click.option("-O", "level", type=Word(*LEVELS), help=f"Optimization level (default {DEFAULT[1:]})."),
        click.option("--pipeline", metavar="NAME", help="A preset, or a pipeline of wasmlathe.toml."),
        click.option("--plugin", "plugins", multiple=True, metavar="NAME|FILE", help="Use this plugin too."),
        click.option("--disable-plugin", "disabled", multiple=True, metavar="NAME", help="Do without this plugin."),
        click.option("--set", "settings", multiple=True, metavar="PASS.OPTION=VALUE", help="Set an option of a pass."),
        click.option("--without", multiple=True, metavar="PASS", help="Do not run this pass."),
        click.option("--verify", is_flag=True, help="Check the IR after every pass."),
        click.option("--strict", is_flag=True, help="Treat warnings about types as errors."),
        click.option("--gc-stress", is_flag=True, help="Collect garbage at every allocation, to find lost references."),
        traceback_option,
    ]
)

no_cache_option = click.option("--no-cache", is_flag=True, help="Compile everything anew, and keep nothing.")

cold_option = click.option(
    "--cold", type=Word("vm"), help="Keep functions that are rarely executed as bytecode, where that is smaller."
)

limit_options = _apply(
    [
        click.option("--timeout", type=Seconds(), help="Stop the program after this time."),
        click.option("--max-memory", type=Size(), help="Give the program no more memory, as 64M or 1G."),
    ]
)

grant_options = _apply(
    [
        click.option("--allow-read", "reads", multiple=True, metavar="PATH", help="Let the program read PATH."),
        click.option("--allow-write", "writes", multiple=True, metavar="PATH", help="Let the program write PATH."),
        click.option("--allow-env", "names", multiple=True, metavar="NAME", help="Let it see this variable."),
    ]
)

time_options = _apply(
    [
        click.option("--time-passes", is_flag=True, help="Show what each pass cost."),
        click.option(
            "--trace", metavar="FILE", help="Write when each pass ran, as JSON for Perfetto or chrome://tracing."
        ),
    ]
)

observer_options = _apply(
    [
        time_options,
        click.option("--print-after", metavar="PASS", help="Show the IR after this pass."),
        click.option("--bisect", "limit", type=click.IntRange(0), help="Run only so many applications of passes."),
    ]
)


def pipeline_name(level: str | None, pipeline: str | None) -> str:
    """The pipeline that -O and --pipeline name together."""
    if level is not None and pipeline is not None:
        raise click.UsageError("give either -O or --pipeline, not both")
    return pipeline if pipeline is not None else f"O{level}" if level is not None else DEFAULT


def compile_options(
    level: str | None,
    pipeline: str | None,
    plugins: tuple[str, ...],
    disabled: tuple[str, ...],
    settings: tuple[str, ...],
    without: tuple[str, ...],
    verify: bool,
    strict: bool,
    gc_stress: bool,
    limit: int | None = None,
) -> CompileOptions:
    """What `pipeline_options` (and `--bisect`) say."""
    request = PipelineRequest(pipeline_name(level, pipeline), plugins, disabled, settings, without)
    return CompileOptions(request, verify=verify, strict=strict, gc_stress=gc_stress, limit=limit)
