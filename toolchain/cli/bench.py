"""`wasmlathe bench`: the benchmarks against other languages, a file and a page of what came out, and a gate."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from ..diagnostics import CompileError, Diagnostic, nearest
from ..outcome import FAILED, tell
from .parameters import LEVELS, Seconds, Word, pipeline_name, traceback_option
from .writing import write_all

if TYPE_CHECKING:
    from ..bench.catalog import Kernel
    from ..bench.measuring import Request
    from ..bench.results import Measurement
    from ..bench.runners.peer import Peer

_RUNS = 30
_BUDGET_SECONDS = 10.0
_NO_PEERS, _ALL_PEERS = "none", "all"


class Percent(click.ParamType):
    """A part, as 5% or 0.05."""

    name = "percent"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        text = str(value)
        try:
            part = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
        except ValueError:
            part = -1
        if not 0 <= part < float("inf"):
            self.fail(f"'{text}' is no percentage; write 5% or 0.05", param, ctx)
        return part


@click.command("bench")
@click.argument("names", nargs=-1, metavar="[NAMES]..")
@click.option(
    "--peer", "peers", multiple=True, metavar="NAME,..", help="Measure against these only, all of them, or none."
)
@click.option("--runs", type=click.IntRange(1), help=f"Runs of each side (default {_RUNS}).")
@click.option("--budget", type=Seconds(), help=f"Time for each kernel (default {_BUDGET_SECONDS:g}s, without --runs).")
@click.option("--size", type=click.IntRange(1), help="The size of the work instead of the usual one.")
@click.option("-O", "level", type=Word(*LEVELS), help="Optimization level (default 3).")
@click.option("--pipeline", metavar="NAME", help="The pipeline that compiles ours.")
@click.option("--engine", type=Word("wasm", "vm"), default="wasm", help="What runs ours: vm runs it as bytecode.")
@click.option("--json", "json_file", metavar="FILE", help="Write the measurement with all runs.")
@click.option("--html", "html_file", metavar="FILE", help="Write a page with plots, of the history too if it is given.")
@click.option("--history", metavar="FILE", help="Add the measurement to this file.")
@click.option("--compare", "base", metavar="BASE", help="Compare with a file of --json, or a commit in the history.")
@click.option(
    "--fail-over", type=Percent(), default="5%", help="How much slower a kernel may be than BASE (default 5%)."
)
@click.option("--any-machine", is_flag=True, help="Compare with a base of another machine too.")
@click.option("--sizes", is_flag=True, help="Compare sizes of code with clang's instead of times.")
@click.option("--list", "is_list", is_flag=True, help="List the kernels and peers.")
@traceback_option
def command(
    names: tuple[str, ...],
    peers: tuple[str, ...],
    runs: int | None,
    budget: float | None,
    size: int | None,
    level: str | None,
    pipeline: str | None,
    engine: str,
    json_file: str | None,
    html_file: str | None,
    history: str | None,
    base: str | None,
    fail_over: float,
    any_machine: bool,
    sizes: bool,
    is_list: bool,
) -> int:
    """Measure the benchmarks (all, or NAMES) against the peers that are installed."""
    from ..bench.measuring import Request, installed
    from ..bench.sampling import Plan

    kernels, wanted = _kernels(names), _peers(peers)
    if is_list:
        click.echo(_listing(kernels, wanted))
        return 0
    if sizes:
        return _show_sizes([kernel for kernel in kernels if names or kernel.c_like])
    # All that can be wrong before anything is measured: a mistake should not cost minutes.
    files = Files(json_file, html_file, history)
    earlier = files.checked()
    before = None if base is None else _load_base(base, earlier, engine, any_machine)
    chosen = pipeline_name(level, pipeline) if level or pipeline else "O3"
    if budget is None and runs is None:
        budget = _BUDGET_SECONDS
    request = Request(Plan(runs or _RUNS, budget), installed(wanted, _tell_note), size, chosen, engine)
    measurement, failures = _measure(kernels, request)
    if measurement.kernels:
        files.write(measurement, earlier)
        if before is not None:
            failures += _compare(before, measurement, fail_over)
    return FAILED if failures else 0


@dataclass(frozen=True, slots=True)
class Files:
    """Where a measurement goes."""

    json: str | None
    html: str | None
    history: str | None

    def checked(self) -> list[Measurement]:
        """The measurements in the history. Raises OSError or CompileError if one of the files could not be made."""
        if self.html is not None:
            from ..bench.dashboard import check_library

            check_library()
        for path in (self.json, self.html, self.history):
            if path is not None:
                _make_room(Path(path))
        return [] if self.history is None else _load_history(self.history)

    def write(self, measurement: Measurement, earlier: Sequence[Measurement]) -> None:
        """Write the files that are wanted; the page shows what was `earlier` too."""
        if self.json is not None:
            from ..bench.results import to_json

            _write(self.json, json.dumps(to_json(measurement), indent=1) + "\n")
        if self.history is not None:
            from ..bench.history import append

            append(Path(self.history), measurement)
        if self.html is not None:
            from ..bench.dashboard import page

            _write(self.html, page(measurement, [*earlier, measurement]))


def _kernels(names: Sequence[str]) -> list[Kernel]:
    from ..bench.catalog import KERNELS

    for name in names:
        if name not in KERNELS:
            _refuse(f"there is no benchmark '{name}'", _close(name, KERNELS, "`wasmlathe bench --list` shows them"))
    return [KERNELS[name] for name in dict.fromkeys(names)] or list(KERNELS.values())


def _peers(words: Sequence[str]) -> dict[str, Peer]:
    from ..bench.runners import PEERS, USUAL

    names = [name for word in words for name in word.split(",")]
    if not names:
        names = list(USUAL)
    elif names == [_NO_PEERS]:
        return {}
    elif _ALL_PEERS in names:
        names = list(PEERS)
    for name in names:
        if name not in PEERS:
            _refuse(f"there is no peer '{name}'", _close(name, PEERS, f"there is {', '.join(PEERS)}"))
    return {name: peer for name, peer in PEERS.items() if name in names}


def _measure(kernels: Iterable[Kernel], request: Request) -> tuple[Measurement, int]:
    """The measurement, told row by row, and how many things went wrong."""
    from ..bench import surroundings, tables
    from ..bench.failures import Failed
    from ..bench.measuring import measured
    from ..bench.results import Measurement, Result

    failures = 0

    def note(kernel: str, text: str) -> None:
        nonlocal failures
        failures += 1
        _tell_note(kernel, text)

    results: dict[str, Result] = {}
    peers = list(request.peers)
    click.echo(tables.header(peers, request.engine))
    for kernel in kernels:
        try:
            results[kernel.name] = measured(kernel, request, note)
        except Failed as failure:
            note(kernel.name, str(failure))
        else:
            click.echo(tables.row(results[kernel.name], peers))
    versions = {name: peer.version() for name, peer in request.peers.items()}
    measurement = Measurement(
        surroundings.today(),
        surroundings.commit(),
        surroundings.machine(),
        versions,
        request.pipeline,
        results,
        request.engine,
    )
    if request.peers and results:
        click.echo(tables.summary(measurement))
    return measurement, failures


def _tell_note(kernel: str, text: str) -> None:
    tell(f"{kernel}: {text}" if kernel else f"note: {text}")


def _load_history(path: str) -> list[Measurement]:
    from ..bench.history import load
    from ..bench.results import BadMeasurement

    try:
        return load(Path(path))
    except BadMeasurement as error:
        _refuse(f"the history '{path}' cannot be used: {error}", "mend or remove the file")


def _load_base(base: str, history: list[Measurement], engine: str, any_machine: bool) -> Measurement:
    """The measurement of a commit, or in a file. Raises CompileError, also if another engine or machine made it."""
    from ..bench import gate, surroundings
    from ..bench.history import at_commit

    found = at_commit([one for one in history if one.engine == engine], base) or _load_measurement(base)
    if found.engine != engine:
        _refuse(f"the base was measured with --engine {found.engine}", f"say --engine {found.engine}")
    changes = gate.differences(found.machine, surroundings.machine())
    if changes and not any_machine:
        hint = "measure the base on this machine, or say --any-machine"
        _refuse(f"the base was measured on another machine ({'; '.join(changes)})", hint)
    return found


def _load_measurement(path: str) -> Measurement:
    from ..bench.results import BadMeasurement, from_text

    try:
        return from_text(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        hint = "give a file that --json wrote, or a commit and the --history that has it"
        _refuse(f"there is neither a file nor a measured commit '{path}'", hint)
    except (BadMeasurement, UnicodeDecodeError) as error:
        _refuse(f"'{path}' cannot be compared with: {error}", "give a file that --json wrote")


def _compare(base: Measurement, now: Measurement, limit: float) -> int:
    """Tell what became of the kernels; how many became slower."""
    from ..bench import gate, tables

    found = gate.compared(base, now, limit)
    click.echo(f"\ncompared with {base.date}{f' at {base.commit}' if base.commit else ''}:")
    click.echo(tables.verdicts(found, limit))
    if all(verdict.outcome == gate.NOT_COMPARED for verdict in found):
        _refuse("the base and this measurement have no kernel in common", None)
    return sum(verdict.outcome == gate.SLOWER for verdict in found)


def _show_sizes(kernels: Iterable[Kernel]) -> int:
    from ..bench import sizes
    from ..bench.failures import Failed

    missing = sizes.missing_tools()
    if missing:
        _tell_note("", f"there is nothing to compare sizes with: {' and '.join(missing)} missing")
        return 0
    try:
        click.echo(sizes.report(kernels))
    except Failed as failure:
        _refuse(str(failure), None)
    return 0


def _listing(kernels: Iterable[Kernel], peers: dict[str, Peer]) -> str:
    from .table import table

    rows = [
        (k.name, k.kind, k.work, " ".join(name for name, peer in peers.items() if peer.source(k.name).exists()))
        for k in kernels
    ]
    return table(("kernel", "kind", "work", "peers"), rows)


def _make_room(file: Path) -> None:
    """Make the folder of a file that is to be written. Raises OSError if that cannot be, or the file is a folder."""
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(file))


def _write(path: str, text: str) -> None:
    file = Path(path)
    write_all(str(file.parent), {file.name: text.encode()})


def _close(word: str, known: Iterable[str], otherwise: str) -> str:
    close = nearest(word, known)
    return f"did you mean '{close}'?" if close else otherwise


def _refuse(message: str, hint: str | None) -> NoReturn:
    raise CompileError([Diagnostic("error", "E0510", message, hint=hint)])
