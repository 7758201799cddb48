"""`wasmlathe run`: compile a program, or take it from the cache, and run it."""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from .. import quick
from ..cache import Cache
from ..diagnostics import render_all
from ..driver import CompileOptions
from ..outcome import exit_status, tell
from ..wasm_runtime.engine import Limits
from ..wasm_runtime.grants import Grants
from . import images
from .errors import tell_diagnostics
from .group import State
from .looks import Looks
from .observing import Observing
from .parameters import (
    Word,
    compile_options,
    grant_options,
    limit_options,
    no_cache_option,
    observer_options,
    pipeline_options,
)
from .running import compile_for, host_preparation, run_compilation, usable_engine
from .unsupported import not_supported

ENGINES = ("wasm", "python", "vm")


@click.command("run")
@click.argument("file", metavar="FILE")
@click.argument("args", nargs=-1)
@click.option("--engine", type=Word(*ENGINES), default="wasm", help="Where to run it.")
@click.option("--profile", help="A profile to optimize for.")
@click.option("--stats", is_flag=True, help="Tell in the end what was allocated and collected.")
@click.option("--count", is_flag=True, help="Tell in the end how often functions and blocks were executed (engine vm).")
@no_cache_option
@limit_options
@grant_options
@pipeline_options
@observer_options
@click.pass_obj
def command(
    state: State,
    file: str,
    args: tuple[str, ...],
    engine: str,
    profile: str | None,
    stats: bool,
    count: bool,
    no_cache: bool,
    timeout: float | None,
    max_memory: int | None,
    reads: tuple[str, ...],
    writes: tuple[str, ...],
    names: tuple[str, ...],
    time_passes: bool,
    trace: str | None,
    print_after: str | None,
    **common: Any,
) -> int:
    """Run the program in FILE; ARGS go to its `main`. Arguments that look like options go behind `--`."""
    if profile is not None:
        return not_supported("--profile")
    if count and engine != "vm":
        raise click.UsageError("--count needs --engine vm")
    if file.endswith(images.SUFFIX):
        if engine == "python" or stats or count:
            raise click.UsageError(f"an image ({images.SUFFIX}) runs on the VM, without --stats and --count")
        return _run_image(file, args, Limits(timeout, max_memory), Grants(reads, writes, names), state)
    engine = usable_engine(engine)
    options = compile_options(**common)
    options.gc_stats = stats
    options.bytecode = engine == "vm"
    options.count = count and options.bytecode
    limits, grants = Limits(timeout, max_memory), Grants(reads, writes, names)
    observing = Observing(time_passes, print_after, trace)
    # What only a compilation can show is not in the cache, and an observed one does not go there.
    is_cached = not (no_cache or observing.is_on or options.verify or options.limit is not None)
    cache = Cache.off() if no_cache else Cache()
    request = options.pipeline
    key = (engine, file, request.name, _details(options))
    looks = Looks(stats, count)
    if engine != "python" and is_cached and not stats:
        found = quick.load(cache, *key)
        if found is not None:
            return _run_cached(found, args, limits, cache, grants, looks, state)
    keeps = is_cached and cache.problem() is None  # a base that cannot be kept would be made for every run
    if engine == "vm" and keeps and not (stats or count or options.gc_stress):
        from ..bytecode.base import obtain

        options.base, options.shares_library = partial(obtain, cache, options), True
    options.cache = cache
    observing.attach(options)
    observing.check(file, options.pipeline)
    with observing:
        compilation = compile_for(engine, file, options)
        observing.done(compilation)
    tell_diagnostics(compilation.warnings)
    # Without a compilation nobody would ask the plugins that want to see the host.
    is_keepable = is_cached and compilation.is_whole
    if compilation.artifact is not None and is_keepable and host_preparation(compilation) is None:
        warnings = render_all(compilation.warnings)
        quick.store(cache, *key, compilation.dependencies, warnings, compilation.image or compilation.artifact)
    run = partial(run_compilation, compilation, args, limits, cache, grants)
    return exit_status(lambda: looks.run(compilation.artifact, run), state.traceback)


def _run_image(file: str, args: tuple[str, ...], limits: Limits, grants: Grants, state: State) -> int:
    from ..wasm_runtime import engine

    cache = Cache()
    artifact = images.load(file, cache)
    return exit_status(lambda: engine.run(artifact, args, limits, None, cache, None, grants), state.traceback)


def _run_cached(
    found: tuple[str, Any],
    args: tuple[str, ...],
    limits: Limits,
    cache: Cache,
    grants: Grants,
    looks: Looks,
    state: State,
) -> int:
    from ..wasm_runtime import engine

    warnings, artifact = found
    if warnings:
        tell(warnings)
    run = partial(engine.run, artifact, args, limits, None, cache, None, grants)
    return exit_status(lambda: looks.run(artifact, run), state.traceback)


def _details(options: CompileOptions) -> tuple[object, ...]:
    """The options, other than the pipeline's name, on which the artifact depends; empty when there are none."""
    request = options.pipeline
    details = (
        request.plugins,
        request.disabled_plugins,
        request.settings,
        request.without,
        options.strict,
        options.gc_stress,
        options.gc_stats,
        options.count,
    )
    return details if any(details) else ()
