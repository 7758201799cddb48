"""How long compiling takes, by level, and how much of it the cache of functions saves.

    .venv/bin/python bench/compile_time.py [FILES] [--runs N] [--levels O1,O2,O3] [--markdown]

Without files: the programs of bench/programs, examples and tests/programs. For each program the least of N compilations in
one process counts (processor time, front-end to bytes), so starting Python and reading the compiler are not in it. `warm`
is the last level once more, with all functions in the cache.
"""

from __future__ import annotations

import argparse
import glob
import math
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass

from wasmlathe.cache import Cache
from wasmlathe.diagnostics import CompileError
from wasmlathe.driver import CompileOptions, compile_file
from wasmlathe.pipeline.preparing import PipelineRequest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FOLDERS = ("bench/programs", "examples", "tests/programs/programs")
LEVELS = ("O0", "O1", "O2", "O3", "Os")
WARM = "warm"


@dataclass(frozen=True, slots=True)
class Row:
    """One program: its lines, and the seconds by level."""

    name: str
    lines: int
    seconds: dict[str, float]


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("files", nargs="*")
    parser.add_argument("--runs", type=int, default=2)
    parser.add_argument("--levels", default=",".join(LEVELS))
    parser.add_argument("--markdown", action="store_true")
    given = parser.parse_args(argv)
    files = given.files or [f for folder in FOLDERS for f in sorted(glob.glob(f"{ROOT}/{folder}/*.tova"))]
    levels = given.levels.split(",")
    rows = [row for file in files if (row := measure(file, levels, given.runs)) is not None]
    print("\n".join(table(rows, [*levels, WARM], given.markdown)))
    return 0


def measure(file: str, levels: Sequence[str], runs: int) -> Row | None:
    """The row of a program; None, with a word about it, for one that is refused."""
    seconds: dict[str, float] = {}
    try:
        compile_file(file, CompileOptions(PipelineRequest(levels[0])))  # reads the compiler and the library
        for level in levels:
            seconds[level] = min(once(file, level, None) for _ in range(runs))
    except CompileError as error:
        print(f"{file}: {error}", file=sys.stderr)
        return None
    with tempfile.TemporaryDirectory() as folder:
        cache = Cache(os.path.join(folder, "cache"))
        once(file, levels[-1], cache)
        seconds[WARM] = min(once(file, levels[-1], cache) for _ in range(runs))
    with open(file, encoding="utf-8") as stream:
        lines = len(stream.readlines())
    return Row(os.path.splitext(os.path.basename(file))[0], lines, seconds)


def once(file: str, level: str, cache: Cache | None) -> float:
    """Processor time of one compilation, in seconds."""
    started = time.process_time()
    compile_file(file, CompileOptions(PipelineRequest(level), cache=cache))
    return time.process_time() - started


def table(rows: Sequence[Row], columns: Sequence[str], markdown: bool) -> list[str]:
    """The lines of the table, in milliseconds, with the geometric means of the ratios to O1."""
    head = ["program", "lines", *columns]
    cells = [[row.name, str(row.lines), *(f"{row.seconds[c] * 1e3:.0f}" for c in columns)] for row in rows]
    if "O1" in columns and rows:
        means = [geometric_mean([row.seconds[c] / row.seconds["O1"] for row in rows]) for c in columns]
        cells.append(["times O1", "", *(f"{mean:.2f}" for mean in means)])
        worst = [max(row.seconds[c] / row.seconds["O1"] for row in rows) for c in columns]
        cells.append(["at most", "", *(f"{ratio:.2f}" for ratio in worst)])
    if markdown:
        return ["| " + " | ".join(line) + " |" for line in (head, ["---", *["---:"] * (len(head) - 1)], *cells)]
    widths = [max(len(line[i]) for line in [head, *cells]) for i in range(len(head))]
    return [
        f"{line[0]:<{widths[0]}}"
        + "".join(f"  {cell:>{width}}" for cell, width in zip(line[1:], widths[1:], strict=True))
        for line in [head, *cells]
    ]


def geometric_mean(values: Sequence[float]) -> float:
    return math.exp(sum(map(math.log, values)) / len(values))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
