"""A measurement as data: where it was made, with what, and the runs of every side of every kernel; as JSON and back.

{"format": "wasmlathe bench 1", "date": ..., "commit": ..., "machine": {...}, "versions": {...}, "pipeline": "O3",
 "engine": "wasm",
 "kernels": {"fib": {"size": null, "sides": {"wasmlathe": {"median": 0.2, "low": ..., "high": ..., "seconds": [...]},
                                             "go": {..., "ratio": [0.57, 0.56, 0.58]}}}}}
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .figures import Estimate, geometric_mean, median_of, outliers_of, ratio_of
from .runners.ours import NAME as OURS
from .runners.ours import WASM

FORMAT = "wasmlathe bench 1"


class BadMeasurement(ValueError):
    """A text that is no measurement; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a kernel: its median in seconds, our ratio to it (None for ourselves), and its runs, if they were kept."""

    median: Estimate
    ratio: Estimate | None = None
    seconds: tuple[float, ...] = ()

    @property
    def outliers(self) -> int:
        return len(outliers_of(self.seconds)) if self.seconds else 0


@dataclass(frozen=True, slots=True)
class Result:
    """What one kernel came to; the first side is ours. `size` is None for the usual one."""

    name: str
    size: int | None
    sides: Mapping[str, Side]

    @property
    def ours(self) -> Side:
        return self.sides[OURS]

    @property
    def peers(self) -> dict[str, Side]:
        return {name: side for name, side in self.sides.items() if name != OURS}


@dataclass(frozen=True, slots=True)
class Measurement:
    """One run of the benchmarks. `commit` is "" outside of a checkout, `date` is ISO 8601."""

    date: str
    commit: str
    machine: Mapping[str, str]
    versions: Mapping[str, str]
    pipeline: str
    kernels: Mapping[str, Result] = field(default_factory=dict)
    #: What ran our side.
    engine: str = WASM

    @property
    def way(self) -> str:
        """How our side was compiled, for readers: the pipeline, and the engine if it is not the usual one."""
        return self.pipeline if self.engine == WASM else f"{self.pipeline}, engine {self.engine}"

    def means(self) -> dict[str, tuple[float, int]]:
        """The geometric mean of our ratios to each peer, and of how many kernels."""
        ratios: dict[str, list[float]] = {}
        for result in self.kernels.values():
            for peer, side in result.peers.items():
                if side.ratio is not None:
                    ratios.setdefault(peer, []).append(side.ratio.value)
        return {peer: (geometric_mean(values), len(values)) for peer, values in ratios.items()}


def result_of(name: str, size: int | None, seconds: Mapping[str, list[float]]) -> Result:
    """The figures of what was sampled; the first side is ours."""
    ours = seconds[OURS]
    sides = {
        side: Side(median_of(runs), None if side == OURS else ratio_of(ours, runs), tuple(runs))
        for side, runs in seconds.items()
    }
    return Result(name, size, sides)


def to_json(measurement: Measurement, with_runs: bool = True) -> dict[str, Any]:
    """The measurement as plain data; without the single runs it is a tenth as long."""
    return {
        "format": FORMAT,
        "date": measurement.date,
        "commit": measurement.commit,
        "machine": dict(measurement.machine),
        "versions": dict(measurement.versions),
        "pipeline": measurement.pipeline,
        "engine": measurement.engine,
        "kernels": {
            name: {"size": result.size, "sides": {side: _side_json(s, with_runs) for side, s in result.sides.items()}}
            for name, result in measurement.kernels.items()
        },
    }


def from_text(text: str) -> Measurement:
    """The measurement in a JSON text. Raises BadMeasurement."""
    try:
        return from_json(json.loads(text))
    except json.JSONDecodeError as error:
        raise BadMeasurement(f"it is no JSON: {error}") from None


def from_json(plain: Any) -> Measurement:
    """Back from plain data. Raises BadMeasurement."""
    found = plain.get("format") if isinstance(plain, dict) else None
    if found != FORMAT:
        raise BadMeasurement(f"it is no measurement: its format is {found!r}, not {FORMAT!r}")
    try:
        kernels = {
            name: Result(name, row["size"], {side: _side(figures) for side, figures in row["sides"].items()})
            for name, row in plain["kernels"].items()
        }
        for name, result in kernels.items():
            if OURS not in result.sides:
                raise BadMeasurement(f"the kernel '{name}' lacks the side '{OURS}'")
        return Measurement(
            str(plain["date"]),
            str(plain["commit"]),
            dict(plain["machine"]),
            dict(plain["versions"]),
            str(plain["pipeline"]),
            kernels,
            str(plain.get("engine", WASM)),  # which was the only one
        )
    except KeyError as missing:
        raise BadMeasurement(f"it lacks {missing}") from None
    except (TypeError, ValueError, AttributeError) as error:
        if isinstance(error, BadMeasurement):
            raise
        raise BadMeasurement(f"it is malformed: {error}") from None


def in_order(results: Iterable[Result], order: Iterable[str]) -> dict[str, Result]:
    """Results by name, in the order of the names."""
    by_name = {result.name: result for result in results}
    return {name: by_name[name] for name in order if name in by_name}


def _side_json(side: Side, with_runs: bool) -> dict[str, Any]:
    plain: dict[str, Any] = dict(zip(("median", "low", "high"), _rounded(side.median), strict=True))
    if side.ratio is not None:
        plain["ratio"] = _rounded(side.ratio)
    if with_runs and side.seconds:
        plain["seconds"] = [_short(value) for value in side.seconds]
    return plain


def _side(plain: Any) -> Side:
    ratio = plain.get("ratio")
    return Side(
        Estimate(*(float(plain[key]) for key in ("median", "low", "high"))),
        None if ratio is None else Estimate(*(float(value) for value in ratio)),
        tuple(float(value) for value in plain.get("seconds", ())),
    )


def _rounded(estimate: Estimate) -> list[float]:
    return [_short(value) for value in (estimate.value, estimate.low, estimate.high)]


def _short(value: float) -> float:
    return float(f"{value:.6g}")
