"""Has a kernel become slower than it was in an earlier measurement?

A kernel is told by its ratio to the first peer that both measurements have, which a machine that happens to be slower
changes little, and without such a peer by its own time. It has become slower when that figure grew by more than the
limit and the two intervals have nothing in common, so noise alone does not fail it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .figures import Estimate
from .results import Measurement, Result

SLOWER, FASTER, SAME, NOT_COMPARED = "slower", "faster", "same", "not compared"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one kernel. `measure` is the name of the peer, or "time"; `why` is for those not compared."""

    name: str
    outcome: str
    measure: str = ""
    before: Estimate | None = None
    now: Estimate | None = None
    why: str = ""

    @property
    def change(self) -> float:
        """By what part the figure grew: 0.1 is 10 % slower."""
        assert self.before is not None and self.now is not None
        return self.now.value / self.before.value - 1


def compared(base: Measurement, now: Measurement, limit: float) -> list[Verdict]:
    """One verdict for each kernel that was measured now."""
    return [_verdict(base.kernels.get(name), result, limit) for name, result in now.kernels.items()]


def differences(then: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """What of two machines differs, as sentences."""
    return [
        f"{key}: {then.get(key)} then, {now.get(key)} now"
        for key in dict.fromkeys([*then, *now])
        if then.get(key) != now.get(key)
    ]


def _verdict(base: Result | None, now: Result, limit: float) -> Verdict:
    if base is None:
        return Verdict(now.name, NOT_COMPARED, why="the base does not have it")
    if base.size != now.size:
        return Verdict(now.name, NOT_COMPARED, why=f"its size was {_size(base.size)} and is {_size(now.size)}")
    measure, before, after = _figures(base, now)
    change = after.value / before.value - 1
    is_clear = before.is_apart_from(after)
    outcome = SLOWER if is_clear and change > limit else FASTER if is_clear and change < -limit else SAME
    return Verdict(now.name, outcome, measure, before, after)


def _figures(base: Result, now: Result) -> tuple[str, Estimate, Estimate]:
    for peer, side in now.peers.items():
        other = base.sides.get(peer)
        if other is not None and other.ratio is not None and side.ratio is not None:
            return peer, other.ratio, side.ratio
    return "time", base.ours.median, now.ours.median


def _size(size: int | None) -> str:
    return "the usual one" if size is None else str(size)
