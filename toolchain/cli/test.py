"""`wasmlathe test`: run the test blocks of a program, each in an instance of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import click

from ..cache import Cache
from ..diagnostics import nearest
from ..driver import ENTRY, Compilation
from ..outcome import FAILED, exit_status, render_panic, uses_color
from ..wasm_runtime.engine import EXIT_BROKEN_PIPE, Limits
from ..wasm_runtime.grants import Grants
from ..wasm_runtime.panics import InternalError, ProgramExit, ProgramPanic
from .errors import tell_diagnostics
from .group import State
from .parameters import Word, compile_options, grant_options, limit_options, no_cache_option, pipeline_options
from .running import compile_for, run_compilation, usable_engine

ENGINES = ("wasm", "python")


@dataclass(frozen=True, slots=True)
class Test:
    """A test of the program; `function` is the export that executes it."""

    name: str
    function: str
    timeout_seconds: float | None


@click.command("test")
@click.argument("file", metavar="FILE")
@click.option("--filter", "wanted", metavar="TEXT", help="Run only the tests whose names contain TEXT.")
@click.option("--engine", type=Word(*ENGINES), default="wasm", help="Where to run them.")
@limit_options
@grant_options
@no_cache_option
@pipeline_options
@click.pass_obj
def command(
    state: State,
    file: str,
    wanted: str | None,
    engine: str,
    timeout: float | None,
    max_memory: int | None,
    reads: tuple[str, ...],
    writes: tuple[str, ...],
    names: tuple[str, ...],
    no_cache: bool,
    **common: Any,
) -> int:
    """Run the tests in FILE. Before each one the program's top level is executed, but not its `main`."""
    options = compile_options(**common)
    options.tests = True
    options.cache = cache = Cache.off() if no_cache else Cache()
    compilation = compile_for(usable_engine(engine), file, options)
    tell_diagnostics(compilation.warnings)
    tests = _tests_of(compilation)
    chosen = [test for test in tests if wanted is None or wanted in test.name]
    if tests and not chosen:
        raise _NothingChosen(wanted or "", tests)
    grants = Grants(reads, writes, names)

    def run(test: Test) -> int:
        limits = Limits(_shorter(timeout, test.timeout_seconds), max_memory)
        functions = [ENTRY, test.function]
        return run_compilation(compilation, (), limits, cache, grants, functions=functions)

    return exit_status(lambda: _run_all(chosen, len(tests) - len(chosen), run, state.traceback))


class _NothingChosen(click.UsageError):
    """No test has the wanted text in its name; `hint` tells the nearest."""

    def __init__(self, wanted: str, tests: list[Test]) -> None:
        super().__init__(f"no test has '{wanted}' in its name")
        close = nearest(wanted, [test.name for test in tests])
        self.hint = f"did you mean '{close}'?" if close else f"the first test is '{tests[0].name}'"


def _tests_of(compilation: Compilation) -> list[Test]:
    """The tests of a program, in its order."""
    found = []
    for function in compilation.modules["hir"].functions.values():
        if "test" in function.attrs:
            timeout_ms = function.attrs.get("timeout_ms")
            timeout = None if timeout_ms is None else timeout_ms / 1000.0
            found.append(Test(function.attrs["test"], function.name, timeout))
    return found


def _shorter(first: float | None, second: float | None) -> float | None:
    limits = [limit for limit in (first, second) if limit]
    return min(limits, default=None)


def _run_all(tests: list[Test], left_out: int, run: Callable[[Test], int], with_frames: bool) -> int:
    """Run tests and tell how each ended; the exit status of the command."""
    failed = 0
    for test in tests:
        try:
            if run(test) == EXIT_BROKEN_PIPE:
                return EXIT_BROKEN_PIPE
            click.echo(f"ok    {test.name}")
        except (ProgramPanic, ProgramExit, InternalError) as failure:
            failed += 1
            click.echo(f"FAIL  {test.name}\n{_indented(_reason(failure, with_frames))}")
    click.echo(_summary(len(tests) - failed, failed, left_out))
    return FAILED if failed else 0


def _reason(failure: Exception, with_frames: bool) -> str:
    match failure:
        case ProgramPanic():
            return render_panic(failure, uses_color(), with_frames)
        case ProgramExit():
            return f"error: the test ended the program with exit({failure.code})"
        case _:
            return f"internal error: {failure}"


def _indented(text: str) -> str:
    return "\n".join(f"      {line}" for line in text.splitlines())


def _summary(passed: int, failed: int, left_out: int) -> str:
    if not passed + failed + left_out:
        return "there are no tests"
    parts = [f"{passed} passed"]
    if failed:
        parts.append(f"{failed} failed")
    if left_out:
        parts.append(f"{left_out} not run")
    return ", ".join(parts)
