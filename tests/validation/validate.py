"""Run every pass over random programs and compare what they do before and after.

    python tests/validation/validate.py --functions 50000                     every pass, until each has seen so many
    python tests/validation/validate.py --passes licm,gvn --seed 7 --minutes 5
    python tests/validation/validate.py --lines --minutes 5                   whole presets, and random orders

With `--jobs 2` in two processes. Prints how many functions each pass has seen, and of how many programs it changed something. What fails is made small and written to a folder as text of IR.
The exit status is 1 if anything failed.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "ir"), str(HERE.parent / "passes")]

import mem_functions
from harness import (
    INPUTS,
    Failure,
    Subject,
    Tally,
    all_passes,
    preset_line,
    random_line,
    run_line,
    run_lowered,
    validate_each,
)
from profiles import ONLY, OPTIONS, PROFILES, Profile
from shrink import shrink, write
from wasmlathe.lower.lower_data import LowerOptions
from wasmlathe.pipeline.spec import PassSpec

PRESETS = ("O1", "O2", "O3", "Os")
#: So many failures of one pass are written; more would not say more.
MAX_WRITTEN = 3
SEEDS_PER_TASK = 4

#: Name of a pass -> functions and programs that it saw, programs that it changed, failures.
Totals = dict[str, list[int]]


def make_subject(profile: Profile, seed: int) -> Subject | None:
    """A program of the profile; None if none of its executions ends."""
    rng = random.Random(f"{profile.name} {seed}")
    generator = mem_functions
    if profile.stage == "typed":
        import typed_functions as generator  # type: ignore[no-redef]
    module = generator.make_module(rng, profile.focus)
    subject = Subject.of(module, [generator.arguments(rng, module) for _ in range(INPUTS)])
    return subject if subject.says_something else None


def passes_of(profile: Profile, names: Sequence[str]) -> list[PassSpec]:
    """Those of the passes that the profile is for."""
    return [
        spec
        for name, spec in all_passes().items()
        if name in names and profile.stage in spec.stages and profile.name in ONLY.get(name, (profile.name,))
    ]


@dataclass(frozen=True)
class Task:
    """A piece of work: programs of these profiles, with these seeds."""

    mode: str
    passes: tuple[str, ...]
    profiles: tuple[str, ...]
    seeds: range
    output: Path


def work(task: Task) -> Totals:
    """Do a piece of work, in a process of its own or not."""
    run = Run(task.passes, task.output)
    do = MODES[task.mode]
    for seed in task.seeds:
        for profile in PROFILES:
            if profile.name in task.profiles:
                run.seed = seed
                do(run, profile, seed)
    return run.totals()


class Run:
    """Programs that are made and validated, and what was seen."""

    def __init__(self, names: Sequence[str], output: Path) -> None:
        self.names = list(names)
        self.output = output
        self.tally = Tally()
        self.failures: dict[str, int] = {}
        self.seed = 0

    def one(self, profile: Profile, seed: int) -> None:
        """Make a program and run the profile's passes over it."""
        passes = passes_of(profile, self.names)
        subject = make_subject(profile, seed) if passes else None
        if subject is None:
            return
        prepared = run_line(subject, profile.before, self.report) if profile.before else subject
        if prepared is not None:
            given = {name: random.Random(seed).choice(({}, *options)) for name, options in OPTIONS.items()}
            validate_each(prepared, passes, given, self.tally, self.report)

    def line(self, profile: Profile, seed: int) -> None:
        """Make a program and run a preset, or passes in a random order, over it."""
        rng = random.Random(seed)
        subject = make_subject(profile, seed)
        if subject is None:
            return
        if rng.random() < 0.5:
            name = rng.choice(PRESETS)
            names = preset_line(name, profile.stage)
        else:
            name = "random order"
            names = random_line(rng, profile.stage, rng.randint(3, 12))
        functions = sum(1 for f in subject.module.functions.values() if f.blocks)
        after = run_line(subject, names, self.report)
        self.tally.add(f"{name} ({profile.stage})", functions, after is not subject)

    def lowered(self, profile: Profile, seed: int) -> None:
        """Make a typed program, run a preset over it with lowering between, and execute it with the real heap."""
        subject = make_subject(profile, seed) if profile.stage == "typed" else None
        if subject is None:
            return
        rng = random.Random(seed)
        name = rng.choice(PRESETS)
        options = LowerOptions(gc_stress=rng.random() < 0.5)
        subject = replace(subject, inputs=subject.inputs[:2], outcomes=subject.outcomes[:2])
        functions = sum(1 for f in subject.module.functions.values() if f.blocks)
        run_lowered(subject, name, options, self.report)
        self.tally.add(f"{name}, lowered{' and collecting' if options.gc_stress else ''}", functions, True)

    def report(self, failure: Failure) -> None:
        name = "+".join(failure.passes)
        self.failures[name] = count = self.failures.get(name, 0) + 1
        if count > MAX_WRITTEN:
            return
        print(f"{name}: {failure.problem}", file=sys.stderr, flush=True)
        path = write(shrink(failure), self.output, f"{name}-{self.seed}-{count}")
        print(f"  {path}", file=sys.stderr, flush=True)

    def totals(self) -> Totals:
        tally = self.tally
        return {
            name: [tally.functions[name], tally.programs[name], tally.changed[name], self.failures.get(name, 0)]
            for name in tally.functions
        }


MODES = {"passes": Run.one, "lines": Run.line, "lowered": Run.lowered}


def add(total: Totals, more: Totals) -> None:
    for name, counts in more.items():
        total[name] = [a + b for a, b in zip(total.get(name, [0, 0, 0, 0]), counts, strict=True)]


def as_json(total: Totals) -> str:
    return "{\n" + ",\n".join(f'  "{name}": {total[name]}' for name in sorted(total)) + "\n}\n"


def as_table(total: Totals) -> str:
    """The totals for people, and for Markdown."""
    lines = [
        f"| {'pass':32} | functions | programs | changed | failed |",
        f"|{'-' * 34}|----------:|---------:|--------:|-------:|",
    ]
    for name, (functions, programs, changed, failed) in sorted(total.items()):
        share = f"{100 * changed / programs:.0f} %"
        lines.append(f"| {name:32} | {functions:9} | {programs:8} | {share:>7} | {failed:6} |")
    return "\n".join(lines)


def missing(total: Totals, given: argparse.Namespace, names: Sequence[str]) -> list[str]:
    """The passes that have not seen enough functions; for pipelines all of them, as long as these have not in sum."""
    if given.mode != "passes":
        return list(names) if sum(counts[0] for counts in total.values()) < given.functions else []
    return [name for name in names if total.get(name, [0])[0] < given.functions]


def run_all(given: argparse.Namespace, names: Sequence[str], total: Totals) -> Totals:
    """Work until every pass has seen enough, or the time is up; adds to `total`, which is what was seen before."""
    new: Totals = {}
    end, first, seconds_at = time.monotonic() + 60 * given.minutes, given.seed, time.monotonic()
    profiles = tuple(given.profiles or [p.name for p in PROFILES])
    with ProcessPoolExecutor(given.jobs) if given.jobs > 1 else _InProcess() as pool:
        pending: list[Future[Totals]] = []
        while (left := missing(total, given, names)) and time.monotonic() < end:
            while len(pending) < given.jobs:
                seeds = range(first, first := first + SEEDS_PER_TASK)
                pending.append(pool.submit(work, Task(given.mode, tuple(left), profiles, seeds, given.output)))
            seen = pending.pop(0).result()
            add(total, seen)
            add(new, seen)
            if given.record and time.monotonic() - seconds_at > 60:
                given.record.write_text(as_json(total))
                seconds_at = time.monotonic()
        for future in pending:
            seen = future.result()
            add(total, seen)
            add(new, seen)
    return new


class _InProcess(Executor):
    """Does what it is given at once."""

    def submit(self, fn, /, *args):  # type: ignore[no-untyped-def]
        future: Future[Totals] = Future()
        future.set_result(fn(*args))
        return future


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    names = partial(str.split, sep=",")
    parser.add_argument("--functions", type=int, default=1000, help="functions that every pass is to see")
    parser.add_argument("--passes", type=names, default=[], help="names with commas between; default: all")
    parser.add_argument("--profiles", type=names, default=[], help="names with commas between; default: all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=60.0, help="stop after so long in any case")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    mode = parser.add_mutually_exclusive_group()
    for name, text in (
        ("lines", "presets, and passes in random orders, instead of single passes"),
        ("lowered", "presets over typed programs, lowered, with the real heap"),
    ):
        mode.add_argument(f"--{name}", dest="mode", action="store_const", const=name, default="passes", help=text)
    parser.add_argument("--output", type=Path, default=Path("validation-failures"), help="folder for what fails")
    parser.add_argument(
        "--record", type=Path, help="a file (JSON) with what was seen before; what is seen now is added"
    )
    given = parser.parse_args(arguments)
    wrong = [name for name in given.passes if name not in all_passes()]
    wrong += [name for name in given.profiles if name not in {p.name for p in PROFILES}]
    if wrong:
        parser.error(f"there is no pass over IR, or profile, called {wrong[0]}")
    total: Totals = json.loads(given.record.read_text()) if given.record and given.record.exists() else {}
    new = run_all(given, given.passes or list(all_passes()), total)
    print(as_table(total))
    if given.record:
        given.record.write_text(as_json(total))
    return 1 if any(counts[3] for counts in new.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
