"""Measurements and peers made up for tests: no clock, no other language."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from wasmlathe.bench import surroundings
from wasmlathe.bench.figures import Estimate
from wasmlathe.bench.results import OURS, Measurement, Result, Side
from wasmlathe.bench.runners.peer import Peer
from wasmlathe.bench.runners.process import timed_process
from wasmlathe.bench.sampling import Run


def exactly(value: float, spread: float = 0.0) -> Estimate:
    return Estimate(value, value - spread, value + spread)


def result(name: str, ours: float, size: int | None = None, **peers: float) -> Result:
    """A kernel that takes us `ours` seconds and the peers what is given, within 1 %."""
    sides = {OURS: Side(exactly(ours, ours / 100), None, (ours,) * 3)}
    for peer, seconds in peers.items():
        ratio = ours / seconds
        sides[peer] = Side(exactly(seconds, seconds / 100), exactly(ratio, ratio / 100), (seconds,) * 3)
    return Result(name, size, sides)


def measurement(*results: Result, commit: str = "abc1234567", date: str = "2026-01-02T03:04:05Z") -> Measurement:
    peers = {peer: "1.0" for one in results for peer in one.peers}
    return Measurement(date, commit, surroundings.machine(), peers, "O3", {one.name: one for one in results})


@dataclass(frozen=True, slots=True)
class FakePeer(Peer):
    """A peer whose programs are lines of Python: kernel -> what it prints, or raises."""

    programs: dict[str, str] = field(default_factory=dict)
    seconds: float = 20.0

    def source(self, kernel: str) -> Path:
        return Path(__file__) if kernel in self.programs else Path("/nowhere")

    def prepare(self, kernel: str, args: Sequence[str]) -> Run:
        program = f"import sys\n{self.programs[kernel]}\nprint(1000000, file=sys.stderr)"
        return timed_process(self.name, [sys.executable, "-IS", "-c", program, *args], self.seconds)


def fake(name: str = "fake", tools: tuple[str, ...] = (), seconds: float = 20.0, **programs: str) -> FakePeer:
    return FakePeer(name, name.title(), tools, (sys.executable, "--version"), True, programs, seconds)
