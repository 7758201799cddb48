"""Is a preset beaten by a pipeline next to it? Random neighbours, each measured against the preset itself.

    python -m wasmlathe.bench.search_pipeline --preset Os --goal size --seed 1 --candidates 40 --seconds 50
    python -m wasmlathe.bench.search_pipeline --preset O3 --goal time --report

A neighbour is one edit away: a step is taken out, moved, or put in, or two that follow each other change places. Edits that
break a demand on the order are no neighbours. Candidate number n depends on the seed and n only, and findings are lines
of JSON, so a search can be stopped and goes on later. One that seems better by more than the noise is measured again with
four times as many runs: of many candidates some are better by chance.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from wasmlathe.artifact import Artifact
from wasmlathe.cli.table import table
from wasmlathe.diagnostics import CompileError
from wasmlathe.pipeline.plan import Pipeline, PlanError, Repeat, With
from wasmlathe.pipeline.plugins import load_plugins
from wasmlathe.pipeline.registry import Registry

from .trials import Finding, Log, compare, until
from .variants import SMALL_SIZES, Stages, Suite, stages_of

_LOGS = Path("build/bench")
#: A gain below this is not told from noise. Sizes have none, but a byte or two is nothing to change a preset for.
_NOISE = {"time": 0.02, "size": 0.0005}
_RUNS, _AGAIN = 5, 4
_ATTEMPTS = 100
_USUAL = {"time": "nbody,lz,match_10arm,sort_ints,levenshtein,binary_trees", "size": "sieve,fannkuch,lz,nbody"}


class Candidate(NamedTuple):
    """A neighbour, and what it differs in."""

    name: str
    stages: Stages


# Neighbours.


def candidate(preset: str, seed: int, number: int) -> Candidate:
    """Neighbour `number` of the search `seed`. Raises ValueError if none is found."""
    chance = random.Random(f"{seed}/{number}")
    registry = Registry(load_plugins())
    for _ in range(_ATTEMPTS):
        stages = stages_of(preset)
        what = chance.choice((_remove, _move, _swap, _insert))(stages, registry, chance)
        if _is_allowed(stages, registry):
            return Candidate(f"{seed}/{number} {what}", stages)
    raise ValueError(f"no neighbour of {preset} in {_ATTEMPTS} attempts")


def _place(stages: Stages, chance: random.Random) -> tuple[str, int]:
    """A step at random, a group counting as one."""
    return chance.choice([(stage, index) for stage, entries in stages.items() for index in range(len(entries))])


def _remove(stages: Stages, registry: Registry, chance: random.Random) -> str:
    stage, index = _place(stages, chance)
    return f"without {_label(stages[stage].pop(index))}"


def _move(stages: Stages, registry: Registry, chance: random.Random) -> str:
    stage, index = _place(stages, chance)
    entry = stages[stage].pop(index)
    to = chance.randrange(len(stages[stage]) + 1)
    stages[stage].insert(to, entry)
    return f"{_label(entry)} moved from {index} to {to}"


def _swap(stages: Stages, registry: Registry, chance: random.Random) -> str:
    stage, index = _place(stages, chance)
    entries = stages[stage]
    if index + 1 < len(entries):
        entries[index], entries[index + 1] = entries[index + 1], entries[index]
    return f"{_label(entries[min(index + 1, len(entries) - 1)])} and {_label(entries[index])} exchanged"


def _insert(stages: Stages, registry: Registry, chance: random.Random) -> str:
    stage, index = _place(stages, chance)
    fitting = [
        name
        for name, registered in registry.passes.items()
        if stage in registered.spec.stages and not registered.spec.final and not registered.spec.only_tells
    ]
    name = chance.choice(fitting)
    stages[stage].insert(index, f"{name}#inserted")
    return f"{name} inserted at {stage} {index}"


def _label(entry: str | Repeat | With) -> str:
    if isinstance(entry, Repeat):
        return f"({' '.join(entry.passes)})"
    return entry.label if isinstance(entry, With) else entry


def _is_allowed(stages: Stages, registry: Registry) -> bool:
    try:
        pipeline = Pipeline("candidate", registry, stages)
        pipeline.place_final()
        pipeline.check()
    except PlanError:
        return False
    return True


# Measuring.


def search(
    preset: str, goal: str, names: list[str], numbers: Iterator[int], seed: int, seconds: float, log: Log
) -> None:
    """Measure neighbours until the time is over or there are no more numbers."""
    done = {name.partition(" ")[0] for name in log.findings}
    todo = (number for number in numbers if f"{seed}/{number}" not in done)
    suite = Suite(names, preset)
    base = {name: suite.compile(name, stages_of(preset)) for name in names}
    for number, _ in zip(todo, until(seconds), strict=False):
        found = candidate(preset, seed, number)
        finding = _measure(found, suite, base, goal)
        log.add(finding)
        print(f"{finding.candidate}: {finding.failure or f'{100 * gain(finding, goal):+.2f} % better'}", flush=True)


def _measure(found: Candidate, suite: Suite, base: dict[str, Artifact], goal: str) -> Finding:
    runs = _RUNS if goal == "time" else 0
    try:
        finding = compare(found.name, suite, base, partial(suite.compile, stages=found.stages), runs)
        if runs and gain(finding, goal) > _NOISE[goal]:
            finding = compare(found.name, suite, base, partial(suite.compile, stages=found.stages), runs * _AGAIN)
    except CompileError as error:
        return Finding(found.name, failure=str(error))
    return finding


def gain(finding: Finding, goal: str) -> float:
    """How much better than the preset: 0.01 is one percent."""
    return 1 - (finding.mean_time if goal == "time" else finding.mean_size)


def report(log: Log, goal: str) -> str:
    """The best and the worst neighbours, and how many there were of each kind."""
    tried = sorted((f for f in log.findings.values() if not f.failure), key=lambda f: -gain(f, goal))
    rows = [(f.candidate, f"{100 * gain(f, goal):+.2f} %") for f in [*tried[:8], *tried[8:][-4:]]]
    noise = _NOISE[goal]
    better, worse = sum(gain(f, goal) > noise for f in tried), sum(gain(f, goal) < -noise for f in tried)
    summary = f"{len(tried)} neighbours: {better} better, {worse} worse, {len(tried) - better - worse} alike"
    return "\n".join([table(("neighbour", f"gain in {goal}"), rows, right=range(1, 2)), summary])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--preset", default="O3", choices=("O1", "O2", "O3", "Os"))
    parser.add_argument("--goal", default="time", choices=("time", "size"))
    parser.add_argument("--programs", help=f"names with commas between, of {', '.join(SMALL_SIZES)}")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--candidates", type=int, default=40, help="how many neighbours")
    parser.add_argument("--seconds", type=float, default=50, help="stop after so long; the next call goes on")
    parser.add_argument("--log", type=Path, help="where the findings are kept")
    parser.add_argument("--report", action="store_true", help="only show what was found")
    args = parser.parse_args()
    log = Log(args.log or _LOGS / f"search-{args.preset}-{args.goal}.jsonl")
    if not args.report:
        names = (args.programs or _USUAL[args.goal]).split(",")
        search(args.preset, args.goal, names, iter(range(args.candidates)), args.seed, args.seconds, log)
    print(report(log, args.goal))


if __name__ == "__main__":
    main()
