"""The arithmetic of measurements: medians, intervals, outliers, means.

Intervals are percentile bootstraps (Efron 1979) of `CONFIDENCE`, from `RESAMPLES` drawings with a fixed seed: the same
runs give the same interval.
"""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

CONFIDENCE = 0.95
RESAMPLES = 2000
OUTLIER_SIGMAS = 3


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and its interval."""

    value: float
    low: float
    high: float

    def is_apart_from(self, other: Estimate) -> bool:
        """Whether the intervals have nothing in common."""
        return self.low > other.high or self.high < other.low


def median_of(runs: Sequence[float]) -> Estimate:
    """The median, with its interval."""
    return _estimate(statistics.median(runs), _resampled_medians(runs, random.Random(0)))


def ratio_of(ours: Sequence[float], theirs: Sequence[float]) -> Estimate:
    """Our median by theirs, with its interval: below 1 is faster than they are."""
    chance = random.Random(0)
    pairs = zip(_resampled_medians(ours, chance), _resampled_medians(theirs, chance), strict=True)
    return _estimate(statistics.median(ours) / statistics.median(theirs), [a / b for a, b in pairs])


def outliers_of(runs: Sequence[float]) -> list[int]:
    """The numbers of the runs that are farther than three standard deviations from the mean; they stay in."""
    mean, sigma = statistics.fmean(runs), statistics.pstdev(runs)
    return [number for number, value in enumerate(runs) if abs(value - mean) > OUTLIER_SIGMAS * sigma]


def geometric_mean(ratios: Iterable[float]) -> float:
    """The mean of ratios: 2 and 0.5 come to 1. Raises ValueError without any."""
    logarithms = [math.log(ratio) for ratio in ratios]
    if not logarithms:
        raise ValueError("the mean of no ratios")
    return math.exp(statistics.fmean(logarithms))


def _resampled_medians(runs: Sequence[float], chance: random.Random) -> list[float]:
    count = len(runs)
    return [statistics.median(chance.choices(runs, k=count)) for _ in range(RESAMPLES)]


def _estimate(value: float, resampled: list[float]) -> Estimate:
    ordered = sorted(resampled)
    last = len(ordered) - 1
    tail = (1 - CONFIDENCE) / 2
    return Estimate(value, ordered[round(tail * last)], ordered[round((1 - tail) * last)])
