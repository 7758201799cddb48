"""The arithmetic of measurements, on made-up runs."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wasmlathe.bench.figures import Estimate, geometric_mean, median_of, outliers_of, ratio_of

SECONDS = st.lists(st.floats(1e-6, 1e3), min_size=1, max_size=12)


def test_equal_runs_have_an_interval_without_width() -> None:
    assert median_of([2.0] * 5) == Estimate(2.0, 2.0, 2.0)
    assert ratio_of([2.0] * 5, [4.0] * 5) == Estimate(0.5, 0.5, 0.5)


def test_the_median_is_that_of_the_runs_and_one_slow_run_does_not_move_it() -> None:
    assert median_of([1.0, 2.0, 3.0, 4.0, 1000.0]).value == 3.0


def test_the_interval_narrows_with_more_runs() -> None:
    few, many = [1.0, 2.0, 3.0], [1.0, 2.0, 3.0] * 30
    assert median_of(many).high - median_of(many).low < median_of(few).high - median_of(few).low


def test_the_same_runs_give_the_same_interval() -> None:
    runs = [1.0, 1.5, 1.2, 9.0, 1.1]
    assert ratio_of(runs, runs[::-1]) == ratio_of(runs, runs[::-1])


@settings(max_examples=30)
@given(SECONDS, SECONDS)
def test_a_figure_lies_in_its_interval_and_the_interval_among_the_runs(ours: list[float], theirs: list[float]) -> None:
    ratio = ratio_of(ours, theirs)
    assert ratio.low <= ratio.high
    assert min(ours) / max(theirs) <= ratio.low * (1 + 1e-9)
    assert ratio.high <= max(ours) / min(theirs) * (1 + 1e-9)


def test_intervals_are_apart_only_if_they_have_nothing_in_common() -> None:
    assert Estimate(1, 0.9, 1.1).is_apart_from(Estimate(2, 1.9, 2.1))
    assert Estimate(2, 1.9, 2.1).is_apart_from(Estimate(1, 0.9, 1.1))
    assert not Estimate(1, 0.9, 1.1).is_apart_from(Estimate(1.2, 1.1, 1.3))


def test_the_geometric_mean_of_twice_and_half_is_one() -> None:
    assert math.isclose(geometric_mean([2.0, 0.5]), 1.0)
    assert math.isclose(geometric_mean([1.0, 10.0, 100.0]), 10.0)


def test_there_is_no_mean_of_nothing() -> None:
    with pytest.raises(ValueError, match="no ratios"):
        geometric_mean([])


def test_a_run_far_away_is_an_outlier_and_a_spread_is_none() -> None:
    assert outliers_of([1.0] * 20 + [50.0]) == [20]
    assert outliers_of([float(n) for n in range(20)]) == []
    assert outliers_of([3.0]) == []
