"""Run every pass over random programs and compare what they do before and after.

    python tests/validation/validate.py --functions 50000                     every pass, until each has seen so many
    python tests/validation/validate.py --passes licm,gvn --seed 7 --minutes 5
    python tests/validation/validate.py --lines --minutes 5                   whole presets, and random orders

Prints how many functions each pass has seen and changed. What fails is made small and written to a folder as text of IR.
The exit status is 1 if anything failed.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
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
from wasmlathe.ir.print import print as ir_text  # noqa: F401
from wasmlathe.lower.lower_data import LowerOptions
from wasmlathe.pipeline.spec import PassSpec

PRESETS = ("O1", "O2", "O3", "Os")
#: So many failures of one pass are written; more would not say more.
MAX_WRITTEN = 3


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


class Run:
    """What was seen so far."""

    def __init__(self, names: Sequence[str], output: Path) -> None:
        self.names = list(names)
        self.output = output
        self.tally = Tally()
        self.failures: dict[str, int] = {}
        #: What earlier runs have seen: name of a pass -> functions, programs, changed, failed.
        self.earlier: dict[str, list[int]] = {}

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
        path = write(shrink(failure), self.output, f"{name}-{count}")
        print(f"  {path}", file=sys.stderr, flush=True)

    def record(self) -> str:
        """Functions, programs, changed programs and failures of each pass, earlier runs included, as JSON."""
        tally, total = self.tally, dict(self.earlier)
        for name in tally.functions:
            now = (tally.functions[name], tally.programs[name], tally.changed[name], self.failures.get(name, 0))
            total[name] = [a + b for a, b in zip(total.get(name, (0, 0, 0, 0)), now, strict=True)]
        return "{\n" + ",\n".join(f'  "{name}": {total[name]}' for name in sorted(total)) + "\n}\n"

    def table(self) -> str:
        tally = self.tally
        lines = [f"{'pass':24} {'functions':>10} {'programs':>9} {'changed':>8} {'failed':>7}"]
        for name in sorted(tally.functions):
            share = f"{100 * tally.share(name):.1f} %"
            failed = self.failures.get(name, 0)
            lines.append(f"{name:24} {tally.functions[name]:10} {tally.programs[name]:9} {share:>8} {failed:7}")
        return "\n".join(lines)


def seeds(first: int) -> Iterator[tuple[Profile, int]]:
    """Profiles in turn, each with another seed every time."""
    seed = first
    while True:
        for profile in PROFILES:
            yield profile, seed
        seed += 1


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--functions", type=int, default=1000, help="functions that every pass is to see")
    parser.add_argument("--passes", default="", help="names with commas between; default: all")
    parser.add_argument("--profiles", default="", help="names with commas between; default: all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=60.0, help="stop after so long in any case")
    parser.add_argument("--lines", action="store_true", help="run presets and random orders instead of single passes")
    parser.add_argument(
        "--lowered", action="store_true", help="presets over typed programs, lowered, with the real heap"
    )
    parser.add_argument("--output", type=Path, default=Path("validation-failures"), help="folder for what fails")
    parser.add_argument(
        "--record", type=Path, help="add what was seen to this file (JSON), every minute and at the end"
    )
    given = parser.parse_args(arguments)
    names = given.passes.split(",") if given.passes else list(all_passes())
    unknown = [name for name in names if name not in all_passes()]
    if unknown:
        parser.error(f"there is no pass over IR called {unknown[0]}")
    wanted_profiles = given.profiles.split(",") if given.profiles else [p.name for p in PROFILES]
    run = Run(names, given.output)
    if given.record and given.record.exists():
        run.earlier = json.loads(given.record.read_text())
    end = time.monotonic() + 60 * given.minutes
    written = time.monotonic()
    for profile, seed in seeds(given.seed):
        if profile.name not in wanted_profiles:
            continue
        (run.lowered if given.lowered else run.line if given.lines else run.one)(profile, seed)
        now = time.monotonic()
        if given.record and now - written > 60:
            given.record.write_text(run.record())
            written = now
        earlier = {name: counts[0] for name, counts in run.earlier.items()}
        tally = {
            name: run.tally.functions.get(name, 0) + earlier.get(name, 0) for name in run.tally.functions | earlier
        }
        is_done = (
            sum(tally.values()) >= given.functions
            if given.lines or given.lowered
            else min((tally.get(name, 0) for name in run.names), default=0) >= given.functions
        )
        if now > end or is_done:
            break
        # A pass that has seen enough makes place for those that have not.
        if not (given.lines or given.lowered) and seed % 50 == 0:
            run.names = [name for name in names if tally.get(name, 0) < given.functions] or names
    print(run.table())
    if given.record:
        given.record.write_text(run.record())
    return 1 if run.failures else 0


if __name__ == "__main__":
    sys.exit(main())
