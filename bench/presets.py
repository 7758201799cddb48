"""What the presets cost and give: seconds of compiling, bytes, and speed, over the kernels that need no file.

    python -m wasmlathe.bench.presets --programs nbody,lz,json_stringify

Compiling is measured without any cache, in seconds of the processor. Times of runs are ratios to the first preset, by the
shortest runs, taken in turn.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from time import process_time

from wasmlathe.artifact import Artifact
from wasmlathe.cli.table import table
from wasmlathe.driver import CompileOptions, compile_file
from wasmlathe.pipeline.preparing import PipelineRequest

from .catalog import KERNELS
from .figures import geometric_mean
from .trials import time_ratio
from .variants import SMALL_SIZES

SHOWN = ("O1", "O0", "O2", "O3", "Os")


@dataclass(frozen=True, slots=True)
class Row:
    """One preset over all programs: seconds and bytes in sum, the geometric mean of times to the first preset's."""

    preset: str
    seconds: float
    size_bytes: int
    time: float


def measure(presets: Sequence[str], programs: Sequence[str], runs: int) -> list[Row]:
    """A row for each preset; the first is what times are compared with. Raises Failed if outputs differ."""
    first: dict[str, Artifact] = {}
    rows = []
    for preset in presets:
        seconds, made = 0.0, {}
        for program in programs:
            start = process_time()
            made[program] = _compiled(program, preset)
            seconds += process_time() - start
        first = first or made
        ratios = [1.0 if made is first else time_ratio(name, first[name], made[name], runs) for name in programs]
        rows.append(Row(preset, seconds, sum(len(a.wasm) for a in made.values()), geometric_mean(ratios)))
    return rows


def _compiled(program: str, preset: str) -> Artifact:
    artifact = compile_file(str(KERNELS[program].program), CompileOptions(PipelineRequest(preset))).artifact
    assert artifact is not None
    return artifact


def report(rows: Sequence[Row]) -> str:
    shown = [
        (r.preset, f"{r.seconds:.1f} s", f"{r.seconds / rows[0].seconds:.2f}", str(r.size_bytes), f"{r.time:.2f}")
        for r in sorted(rows, key=lambda row: row.preset)
    ]
    head = ("preset", "compiling", f"to {rows[0].preset}", "bytes", f"time to {rows[0].preset}")
    return table(head, shown, right=range(1, 5))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--programs", default=",".join(SMALL_SIZES), help="names with commas between")
    parser.add_argument("--runs", type=int, default=7, help="runs of each side")
    args = parser.parse_args()
    print(report(measure(SHOWN, args.programs.split(","), args.runs)))


if __name__ == "__main__":
    main()
