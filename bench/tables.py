"""What a measurement came to, for terminals."""

from __future__ import annotations

from collections.abc import Sequence

from wasmlathe.cli.table import table

from .catalog import KERNELS
from .figures import Estimate
from .gate import FASTER, NOT_COMPARED, SLOWER, Verdict
from .results import Measurement, Result
from .runners.ours import WASM

_NAME_WIDTH = max(map(len, KERNELS))
_TIME_WIDTH, _RATIO_WIDTH = 15, 11


def header(peers: Sequence[str], engine: str = WASM) -> str:
    """The head of the rows that `row` makes; `engine` ran our side."""
    ours = "ours" if engine == WASM else engine
    cells = "".join(f"{f'{peer} ms':>{_TIME_WIDTH}}  {'ratio':<{_RATIO_WIDTH}}" for peer in peers)
    return f"{'kernel':<{_NAME_WIDTH}}{f'{ours} ms':>10}{cells}".rstrip()


def row(result: Result, peers: Sequence[str]) -> str:
    """Our median, and each peer's with our ratio to it and half of its interval, a star for a missed target."""
    cells = "".join(_cell(result, peer) for peer in peers)
    outliers = sum(side.outliers for side in result.sides.values())
    note = f"  {outliers} outlier{'s' if outliers > 1 else ''}" if outliers else ""
    return f"{result.name:<{_NAME_WIDTH}}{result.ours.median.value * 1e3:>10.2f}{cells}{note}".rstrip()


def _cell(result: Result, peer: str) -> str:
    side = result.sides.get(peer)
    if side is None or side.ratio is None:
        return f"{'-':>{_TIME_WIDTH}}  {'':<{_RATIO_WIDTH}}"
    ratio = side.ratio
    missed = "*" if is_missed(result, peer) else ""
    spread = f"{ratio.value:.2f}±{(ratio.high - ratio.low) / 2:.2f}{missed}"
    return f"{side.median.value * 1e3:>{_TIME_WIDTH}.2f}  {spread:<{_RATIO_WIDTH}}"


def is_missed(result: Result, peer: str) -> bool:
    """Whether the kernel has a target for its ratio to this peer (Go) and is above it."""
    kernel, side = KERNELS.get(result.name), result.sides[peer]
    return peer == "go" and kernel is not None and side.ratio is not None and side.ratio.value > kernel.target


def summary(measurement: Measurement) -> str:
    """The geometric means, one line a peer."""
    lines = [
        f"geometric mean to {peer} {measurement.versions.get(peer, '')}: {mean:.3f} over {_kernels(count)}"
        for peer, (mean, count) in measurement.means().items()
    ]
    c_like = Measurement(
        "", "", {}, {}, "", {n: r for n, r in measurement.kernels.items() if n in KERNELS and KERNELS[n].c_like}
    )
    found = c_like.means().get("clang-wasm")
    if found:
        lines.append(f"geometric mean to clang-wasm of the C-like kernels: {found[0]:.3f} over {_kernels(found[1])}")
    return "\n".join(lines)


def _kernels(count: int) -> str:
    return f"{count} kernel{'' if count == 1 else 's'}"


def verdicts(found: Sequence[Verdict], limit: float) -> str:
    """The comparison with a base: what became slower first."""
    order = {SLOWER: 0, FASTER: 1}
    rows = [
        (v.name, v.measure, _figure(v, v.before), _figure(v, v.now), f"{v.change:+.1%}", v.outcome)
        for v in sorted(found, key=lambda v: (order.get(v.outcome, 2), v.name))
        if v.outcome != NOT_COMPARED
    ]
    text = table(("kernel", "measure", "before", "now", "change", ""), rows, right=(2, 3, 4)) if rows else ""
    skipped = [f"{v.name} is not compared: {v.why}" for v in found if v.outcome == NOT_COMPARED]
    slower = sum(v.outcome == SLOWER for v in found)
    end = f"{slower} of {len(rows)} kernels became slower by more than {limit * 100:g}%"
    return "\n".join([line for line in (text, *skipped, end) if line])


def _figure(verdict: Verdict, figure: Estimate | None) -> str:
    assert figure is not None  # of a kernel that was compared
    return f"{figure.value * 1e3:.2f} ms" if verdict.measure == "time" else f"{figure.value:.3f}"
