"""Running the sides of a kernel in turn, so that a machine that gets slower or faster for a while does so for all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import monotonic

from .failures import Failed

#: What a budget of time leaves at least.
FEWEST_RUNS = 3

# How much of an output that is not as it should be is shown.
_SHOWN = 400


@dataclass(frozen=True, slots=True)
class Outcome:
    """One run of one side: the text it printed and the seconds it took."""

    text: str
    seconds: float


Run = Callable[[], Outcome]


@dataclass(frozen=True, slots=True)
class Plan:
    """How often each side runs: `runs` times, or less often when `budget_seconds` for all of them are over."""

    runs: int
    budget_seconds: float | None = None


def sampled(
    sides: Mapping[str, Run], plan: Plan, clock: Callable[[], float] = monotonic
) -> tuple[dict[str, list[float]], dict[str, Failed]]:
    """The seconds of each side's runs, after one run of each that only counts for its output; and the sides that failed.

    The first side says what has to be printed. Raises Failed if it is the first side that fails.
    """
    first = next(iter(sides))
    failures: dict[str, Failed] = {}
    expected = sides[first]().text
    left = dict(sides)
    for name in [name for name in sides if name != first]:
        try:
            check_output(first, expected, name, left[name]().text)
        except Failed as failure:
            failures[name] = failure
            del left[name]
    seconds: dict[str, list[float]] = {name: [] for name in left}
    end = None if plan.budget_seconds is None else clock() + plan.budget_seconds
    for turn in range(plan.runs):
        if end is not None and turn >= min(FEWEST_RUNS, plan.runs) and clock() >= end:
            break
        for name, run in left.items():
            seconds[name].append(run().seconds)
    return seconds, failures


def check_output(first: str, expected: str, name: str, text: str) -> None:
    """Raise Failed if two sides did not print the same."""
    if text != expected:
        raise Failed(
            f"{first} and {name} print different texts\n{first}:\n{_shortened(expected)}\n{name}:\n{_shortened(text)}"
        )


def _shortened(text: str) -> str:
    return text.rstrip("\n") if len(text) <= _SHOWN else f"{text[:_SHOWN]}... ({len(text)} characters)"
