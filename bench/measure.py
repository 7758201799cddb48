"""Measure the kernels of bench/programs against their peers.

    python bench/measure.py [NAMES..] [--runs N] [--size N] [--pipeline O3] [--json FILE]

Both sides take turns, so that a machine that gets slower or faster for a while does so for both. What is timed is the
kernel with its output, not the start of a process: ours runs in this process, compiled before and with its native code
cached, and a peer times itself and says the nanoseconds on stderr. Both have to print the same text.

The ratio is ours to the peer's median, so below 1 is faster than the peer. Its 95 % interval comes from a bootstrap over
the runs of both sides. Runs farther than three standard deviations from the mean are counted, and stay in.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter

import data

BENCH = Path(__file__).resolve().parent
PROGRAMS = BENCH / "programs"
GO_PEERS = BENCH / "peers" / "go"

RESAMPLES = 2000
OUTLIER_SIGMAS = 3
# The ratio to Go that each kernel should reach or beat.
TARGETS = {
    "fib": 0.57,
    "fib_iter": 0.45,
    "sieve": 0.65,
    "matmul": 0.9,
    "nbody": 1.05,
    "spectral_norm": 1.05,
    "fannkuch": 1.05,
    "mandelbrot": 1.0,
    "binary_trees": 0.35,
    "deriv": 0.25,
    "map_filter_reduce": 0.4,
    "find": 0.45,
    "match_dispatch": 1.2,
    "match_create": 0.5,
    "match_10arm": 0.6,
    "result_check": 1.0,
    "result_map3": 0.05,
    "result_flatmap": 0.4,
    "option_unwrap_or": 0.55,
    "closure_counter": 1.0,
    "tak": 0.85,
    "sort_floats": 0.15,
    "sort_ints": 0.1,
    "join": 0.35,
    "split": 0.5,
    "replace": 0.6,
    "contains": 1.0,
    "sha256": 1.15,
    "lz": 0.85,
    "levenshtein": 0.55,
    "word_count": 0.4,
    "brc": 0.7,
    "json_parse": 0.25,
    "json_stringify": 0.2,
}

# One run of one side: the text it printed and the seconds it took.
Run = Callable[[], tuple[str, float]]


class Failed(Exception):
    """A side cannot be built or run, or the two do not agree; the text says which."""


@dataclass(frozen=True, slots=True)
class Side:
    """The runs of one side, in seconds."""

    seconds: list[float]

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def outliers(self) -> int:
        mean, sigma = statistics.fmean(self.seconds), statistics.pstdev(self.seconds)
        return sum(abs(value - mean) > OUTLIER_SIGMAS * sigma for value in self.seconds)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What one kernel came to."""

    name: str
    ours: Side
    peer: Side
    ratio: float
    low: float
    high: float


def names_of_kernels() -> list[str]:
    return sorted(path.stem for path in PROGRAMS.glob("*.tova"))


def build_go_peers(folder: Path) -> None:
    """Build every Go peer into `folder`, each under the name of its kernel."""
    if shutil.which("go") is None:
        raise Failed("go is not installed; run: apt-get install -y golang-go")
    built = subprocess.run(
        ["go", "build", "-o", f"{folder}{os.sep}", "./..."], cwd=GO_PEERS, capture_output=True, text=True, check=False
    )
    if built.returncode:
        raise Failed(f"go build failed:\n{built.stderr}")


def peer_run(binary: Path, args: list[str]) -> Run:
    """Runs of a peer that times itself."""

    def run() -> tuple[str, float]:
        environment = {**os.environ, "BENCH": "1"}
        ended = subprocess.run([binary, *args], capture_output=True, text=True, check=False, env=environment)
        if ended.returncode:
            raise Failed(f"{binary.name} ended with status {ended.returncode}: {ended.stderr.strip()}")
        return ended.stdout, int(ended.stderr) / 1e9

    return run


def our_run(program: Path, args: list[str], pipeline: str) -> Run:
    """Runs of our program in this process; compiles it first, so that no run does."""
    from wasmlathe import api
    from wasmlathe.wasm_runtime import engine
    from wasmlathe.wasm_runtime.grants import Grants

    artifact = api.compile(program, pipeline=pipeline)
    grants = Grants(reads=[str(data.FOLDER)])

    def run() -> tuple[str, float]:
        output = io.StringIO()
        start = perf_counter()
        status = engine.run(artifact, args, engine.NO_LIMITS, output, grants=grants)
        elapsed = perf_counter() - start
        if status:
            raise Failed(f"{program.name} ended with status {status}")
        return output.getvalue(), elapsed

    return run


def compare(name: str, ours: Run, peer: Run, runs: int) -> Comparison:
    """Run both in turn, after one run of each that only counts for the output."""
    expected, _ = peer()
    printed, _ = ours()
    if printed != expected:
        raise Failed(f"{name}: the outputs differ\nours:\n{printed}\npeer's:\n{expected}")
    times = [(ours()[1], peer()[1]) for _ in range(runs)]
    our_side, peer_side = (Side(list(column)) for column in zip(*times, strict=True))
    low, high = ratio_interval(our_side.seconds, peer_side.seconds)
    return Comparison(name, our_side, peer_side, our_side.median / peer_side.median, low, high)


def ratio_interval(ours: list[float], peer: list[float]) -> tuple[float, float]:
    """The 95 % percentile bootstrap interval of the ratio of medians; the same runs give the same interval."""
    chance = random.Random(0)
    ratios = sorted(
        statistics.median(chance.choices(ours, k=len(ours))) / statistics.median(chance.choices(peer, k=len(peer)))
        for _ in range(RESAMPLES)
    )
    return ratios[round(0.025 * (RESAMPLES - 1))], ratios[round(0.975 * (RESAMPLES - 1))]


def row(comparison: Comparison) -> str:
    target = TARGETS.get(comparison.name)
    goal = "" if target is None else f"{target:.2f} {'met' if comparison.ratio <= target else 'missed'}"
    outliers = comparison.ours.outliers + comparison.peer.outliers
    return (
        f"{comparison.name:<18}{comparison.ours.median * 1e3:>10.2f}{comparison.peer.median * 1e3:>10.2f}"
        f"{comparison.ratio:>8.3f}  {comparison.low:.3f}-{comparison.high:.3f}  {goal:<12}"
        f"{f'{outliers} outliers' if outliers else ''}"
    ).rstrip()


HEADER = f"{'kernel':<18}{'ours ms':>10}{'go ms':>10}{'ratio':>8}  {'95 % CI':<11}  target"


def arguments_of(name: str, size: str | None) -> list[str]:
    """The arguments of both sides of a kernel: its size, or the path of its file of that size."""
    if name in data.DATA:
        return [str(data.file_for(name, None if size is None else int(size)))]
    return [] if size is None else [size]


def measure(names: list[str], runs: int, size: str | None, pipeline: str) -> Iterator[Comparison | Failed]:
    """One comparison a kernel; what went wrong instead, if something did, so that the others are measured all the same."""
    with tempfile.TemporaryDirectory() as folder:
        build_go_peers(Path(folder))
        for name in names:
            try:
                args = arguments_of(name, size)
                ours = our_run(PROGRAMS / f"{name}.tova", args, pipeline)
                yield compare(name, ours, peer_run(Path(folder) / name, args), runs)
            except Failed as problem:
                yield problem


def parse_arguments(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure the kernels of bench/programs against Go.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(names_of_kernels())}; default: all")
    parser.add_argument("--runs", type=int, default=15, help="measured runs of each side (default 15)")
    parser.add_argument("--size", help="the argument of both sides instead of their usual size, or that of their file")
    parser.add_argument("--pipeline", default="O3", help="the pipeline that compiles ours (default O3)")
    parser.add_argument("--json", type=Path, help="write all runs to this file as well")
    arguments = parser.parse_args(words)
    unknown = sorted(set(arguments.names) - set(names_of_kernels()))
    if unknown:
        parser.error(f"no such kernel: {', '.join(unknown)} (there are {', '.join(names_of_kernels())})")
    if arguments.runs < 1:
        parser.error("--runs needs at least 1")
    return arguments


def main(words: list[str] | None = None) -> int:
    arguments = parse_arguments(words)
    done: list[Comparison] = []
    failures = 0
    try:
        print(HEADER)
        names = arguments.names or names_of_kernels()
        for result in measure(names, arguments.runs, arguments.size, arguments.pipeline):
            if isinstance(result, Failed):
                failures += 1
                print(result, file=sys.stderr)
            else:
                done.append(result)
                print(row(result), flush=True)
    except Failed as problem:
        print(problem, file=sys.stderr)
        return 1
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(comparison) for comparison in done], indent=2) + "\n")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
