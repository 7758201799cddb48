"""Taking turns: order, budget, and sides that fail or print something else."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import pytest
from wasmlathe.bench.failures import Failed
from wasmlathe.bench.sampling import FEWEST_RUNS, Outcome, Plan, Run, sampled


def side(log: list[str], name: str, text: str = "42\n", seconds: float = 1.0) -> Run:
    def run() -> Outcome:
        log.append(name)
        return Outcome(text, seconds)

    return run


def failing() -> Outcome:
    raise Failed("it fell over")


def ticking(step: float) -> Callable[[], float]:
    """A clock that goes on by `step` at every look."""
    times: Iterator[float] = itertools.count(0.0, step)
    return lambda: next(times)


def test_the_sides_take_turns_after_one_run_of_each_for_its_output() -> None:
    log: list[str] = []
    seconds, failures = sampled({"a": side(log, "a", seconds=1.0), "b": side(log, "b", seconds=2.0)}, Plan(3))
    assert log == ["a", "b"] + ["a", "b"] * 3
    assert seconds == {"a": [1.0] * 3, "b": [2.0] * 3}
    assert failures == {}


def test_a_budget_ends_the_runs_early_but_not_before_the_fewest() -> None:
    seconds, _ = sampled({"a": side([], "a")}, Plan(30, 10.0), ticking(1.0))
    assert len(seconds["a"]) == 12
    seconds, _ = sampled({"a": side([], "a")}, Plan(30, 10.0), ticking(100.0))
    assert len(seconds["a"]) == FEWEST_RUNS
    seconds, _ = sampled({"a": side([], "a")}, Plan(2, 10.0), ticking(100.0))
    assert len(seconds["a"]) == 2


def test_a_side_that_prints_something_else_is_named_with_the_first_and_left_out() -> None:
    log: list[str] = []
    seconds, failures = sampled({"a": side(log, "a"), "b": side(log, "b", "43\n"), "c": side(log, "c")}, Plan(2))
    assert list(seconds) == ["a", "c"]
    assert "a and b print different texts" in str(failures["b"])
    assert "42" in str(failures["b"])
    assert "43" in str(failures["b"])


def test_a_peer_that_fails_is_left_out_and_the_others_are_measured() -> None:
    seconds, failures = sampled({"a": side([], "a"), "b": failing}, Plan(2))
    assert list(seconds) == ["a"]
    assert str(failures["b"]) == "it fell over"


def test_the_first_side_has_to_run() -> None:
    with pytest.raises(Failed, match="fell over"):
        sampled({"a": failing, "b": side([], "b")}, Plan(2))


def test_long_outputs_are_told_in_part() -> None:
    _, failures = sampled({"a": side([], "a", "x" * 9999), "b": side([], "b", "y" * 9999)}, Plan(1))
    assert len(str(failures["b"])) < 1000
    assert "(9999 characters)" in str(failures["b"])
