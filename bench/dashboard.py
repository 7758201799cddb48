"""A measurement and its history as one page of HTML that needs no other file, no network and no script.

The plots are SVG by matplotlib, the text in them is text.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from wasmlathe.diagnostics import CompileError, Diagnostic

from .catalog import KERNELS
from .figures import Estimate
from .results import Measurement, Result
from .runners import PEERS
from .runners.ours import NAME as OURS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's, which people who see fewer colours can tell apart.
_COLORS = ("#0072b2", "#d55e00", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#666666")
_MARKS = "osD^vPX"
_COLUMNS = 5
_CELL_INCHES = (2.5, 1.6)
# The same measurement gives the same bytes: no date, no random identifiers; text stays text, not outlines.
_STYLE: dict[Any, Any] = {
    "svg.hashsalt": "wasmlathe",
    "svg.fonttype": "none",
    "font.size": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
}

_CSS = """
body { font: 15px/1.45 system-ui, sans-serif; max-width: 76rem; margin: 2rem auto; padding: 0 1rem; color: #222 }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin-top: 2.2rem }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 13px }
th, td { padding: .15rem .6rem; text-align: right; border-bottom: 1px solid #e4e4e4; white-space: nowrap }
th { border-bottom-color: #888 } td.text, th.text { text-align: left }
.faster { color: #00694b } .slower { color: #b34700 } .quiet { color: #666 }
.wide { overflow-x: auto } svg { max-width: 100%; height: auto }
"""


def check_library() -> None:
    """Raise CompileError, which says what to install, if there is no matplotlib."""
    import importlib.util

    if importlib.util.find_spec("matplotlib") is None:
        hint = "run: python -m pip install 'wasmlathe[bench]'"
        raise CompileError([Diagnostic("error", "E0508", "--html draws with matplotlib, which is missing", hint=hint)])


def page(measurement: Measurement, history: Sequence[Measurement]) -> str:
    """The page; `history` has the measurement itself as its last one, or it alone."""
    parts = [
        f"<h1>wasmlathe: benchmarks of {escape(measurement.date)}</h1>",
        _origin(measurement),
        "<h2>Our time by theirs</h2>",
        "<p>Below 1 we are faster. Medians, with 95 % intervals.</p>",
        _means_table(measurement),
        _svg(_ratio_plot(measurement), "Our time by each peer's, for every kernel"),
        "<h2>Kernels</h2>",
        _kernel_table(measurement),
        "<h2>Over time</h2>",
        _history_text(len(history)),
        _svg(_means_over_time(history), "Geometric means over time"),
        _svg(_kernels_over_time(history), "Every kernel over time"),
        _history_table(history),
    ]
    head = f"<meta charset=utf-8><title>wasmlathe bench {escape(measurement.date)}</title><style>{_CSS}</style>"
    return f"<!doctype html><html lang=en><head>{head}</head><body>\n" + "\n".join(parts) + "\n</body></html>\n"


def _history_text(count: int) -> str:
    measurements = f"{count} measurement{'s' if count > 1 else ''}, the oldest on the left."
    kernels = "For each kernel the ratio to the first peer that it was measured against, or our milliseconds."
    return f"<p>{measurements} {kernels}</p>"


# ---- tables ----


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], text: int = 1) -> str:
    """Cells are HTML; the first `text` columns are aligned to the left."""

    def line(cells: Sequence[str], tag: str) -> str:
        texts = ["text" if i < text else "" for i in range(len(cells))]
        return "<tr>" + "".join(f"<{tag} class='{c}'>{x}</{tag}>" for c, x in zip(texts, cells, strict=True)) + "</tr>"

    body = "\n".join(line(row, "td") for row in rows)
    return f"<div class=wide><table><thead>{line(head, 'th')}</thead><tbody>\n{body}\n</tbody></table></div>"


def _origin(measurement: Measurement) -> str:
    machine = ", ".join(measurement.machine.values())
    versions = ", ".join(f"{_title(peer)} {version}" for peer, version in measurement.versions.items())
    commit = f" at {measurement.commit}" if measurement.commit else ""
    text = f"Pipeline {measurement.way}{commit}. {machine}. {f'Peers: {versions}.' if versions else ''}"
    return f"<p>{escape(text)}</p>"


def _means_table(measurement: Measurement) -> str:
    rows = [
        (escape(_title(peer)), _ratio_text(mean), str(count)) for peer, (mean, count) in measurement.means().items()
    ]
    return _table(("peer", "geometric mean", "kernels"), rows) if rows else ""


def _kernel_table(measurement: Measurement) -> str:
    peers = _peers_of([measurement])
    head = ["kernel", "kind", "ours, ms", *(f"{escape(_title(peer))}, ms</th><th>ratio" for peer in peers), "outliers"]
    rows = []
    for name, result in measurement.kernels.items():
        kernel = KERNELS.get(name)
        size = "" if result.size is None else f" <span class=quiet>{result.size}</span>"
        cells = [f"{escape(name)}{size}", escape(kernel.kind if kernel else ""), _milliseconds(result.ours.median)]
        cells += [_peer_cells(result, peer) for peer in peers]
        rows.append((*cells, str(sum(side.outliers for side in result.sides.values()) or "")))
    return _table(head, rows, text=2)


def _peer_cells(result: Result, peer: str) -> str:
    """Two cells: the peer's time and our ratio to it."""
    side = result.sides.get(peer)
    if side is None or side.ratio is None:
        return "</td><td>"
    interval = f"{side.ratio.low:.3f} to {side.ratio.high:.3f}"
    return f"{_milliseconds(side.median)}</td><td title='{interval}'>{_ratio_text(side.ratio.value)}"


def _history_table(history: Sequence[Measurement]) -> str:
    rows = [
        (str(number), escape(m.date), escape(m.commit), escape(m.way), escape(", ".join(m.machine.values())))
        for number, m in enumerate(history, 1)
    ]
    return _table(("", "date", "commit", "pipeline", "machine"), rows, text=5)


def _milliseconds(median: Estimate) -> str:
    interval = f"{median.low * 1e3:.2f} to {median.high * 1e3:.2f}"
    return f"<span title='{interval}'>{median.value * 1e3:.2f}</span>"


def _ratio_text(ratio: float) -> str:
    kind = "faster" if ratio < 1 else "slower" if ratio > 1 else ""
    return f"<span class='{kind}'>{ratio:.3f}</span>"


def _title(peer: str) -> str:
    return PEERS[peer].title if peer in PEERS else peer


def _peers_of(measurements: Iterable[Measurement]) -> list[str]:
    """All peers that some kernel was measured against, in the usual order."""
    found = {peer for m in measurements for result in m.kernels.values() for peer in result.peers}
    return [*(peer for peer in PEERS if peer in found), *sorted(found - PEERS.keys())]


def _marks(peers: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Colour and mark of each peer, the same in every plot."""
    order = list(PEERS)
    places = {peer: order.index(peer) if peer in order else len(order) for peer in peers}
    return {
        peer: {"color": _COLORS[at % len(_COLORS)], "marker": _MARKS[at % len(_MARKS)], "label": _title(peer)}
        for peer, at in places.items()
    }


# ---- plots ----


def _figure(width: float, height: float, layout: Any = "constrained") -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout=layout)


def _svg(figure: Figure, label: str) -> str:
    from matplotlib import rc_context

    text = io.StringIO()
    with rc_context(_STYLE):
        figure.savefig(text, format="svg", metadata={"Date": None})
    svg = text.getvalue()
    svg = svg[svg.index("<svg") :]
    return svg.replace("<svg", f"<svg role='img' aria-label='{escape(label, quote=True)}'", 1)


def _ratio_plot(measurement: Measurement) -> Figure:
    """One line a kernel, on it one mark for each peer with its interval."""
    from matplotlib import rc_context

    names = list(measurement.kernels)
    peers = _peers_of([measurement])
    with rc_context(_STYLE):
        figure = _figure(11, 1 + 0.2 * max(len(names), 3))
        axes = figure.subplots()
        for peer, mark in _marks(peers).items():
            rows = [(row, measurement.kernels[name].sides.get(peer)) for row, name in enumerate(names)]
            points = [(row, side.ratio) for row, side in rows if side is not None and side.ratio is not None]
            values = [ratio.value for _, ratio in points]
            spread = [[max(r.value - r.low, 0) for _, r in points], [max(r.high - r.value, 0) for _, r in points]]
            axes.errorbar(values, [row for row, _ in points], xerr=spread, linestyle="", markersize=4, **mark)
        axes.axvline(1, color="#888", linewidth=0.8)
        axes.set_yticks(range(len(names)), names)
        axes.set_ylim(len(names) - 0.5, -0.5)
        axes.grid(axis="y", color="#eee")
        _use_ratio_scale(axes)
        if peers:
            figure.legend(loc="outside upper center", ncols=len(peers), frameon=False)
    return figure


def _means_over_time(history: Sequence[Measurement]) -> Figure:
    from matplotlib import rc_context

    with rc_context(_STYLE):
        figure = _figure(11, 3)
        axes = figure.subplots()
        means = [measurement.means() for measurement in history]
        for peer, mark in _marks(_peers_of(history)).items():
            points = [(number, mean[peer][0]) for number, mean in enumerate(means, 1) if peer in mean]
            axes.plot([x for x, _ in points], [y for _, y in points], linewidth=1, markersize=4, **mark)
        axes.axhline(1, color="#888", linewidth=0.8)
        axes.set_ylabel("geometric mean of ratios")
        axes.set_ylim(bottom=0)
        _number_axis(axes, len(history))
        if axes.get_legend_handles_labels()[0]:
            axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    return figure


def _kernels_over_time(history: Sequence[Measurement]) -> Figure:
    """A small plot for each kernel that any measurement has."""
    from matplotlib import rc_context

    names = dict.fromkeys(name for name in KERNELS for m in history if name in m.kernels)
    names |= dict.fromkeys(name for m in history for name in m.kernels)
    rows = -(-max(len(names), 1) // _COLUMNS)
    with rc_context(_STYLE):
        figure = _figure(_COLUMNS * _CELL_INCHES[0], rows * _CELL_INCHES[1], layout=None)
        # Cells are all alike: a solver that finds room for every label takes longer than all the drawing.
        margin = 0.35 / (rows * _CELL_INCHES[1])
        figure.subplots_adjust(left=0.03, right=0.99, bottom=margin, top=1 - margin, wspace=0.25, hspace=0.5)
        grid = list(figure.subplots(rows, _COLUMNS, squeeze=False).flat)
        for axes, name in zip(grid, names, strict=False):
            _kernel_over_time(axes, name, [m.kernels.get(name) for m in history])
        for axes in grid[len(names) :]:
            axes.set_visible(False)
    return figure


def _kernel_over_time(axes: Axes, name: str, results: Sequence[Result | None]) -> None:
    peer = next((peer for peer in PEERS for result in results if result is not None and peer in result.peers), None)
    found = [(n, _figure_of(result, peer)) for n, result in enumerate(results, 1) if result is not None]
    points = [(n, estimate) for n, estimate in found if estimate is not None]
    mark = _marks([peer])[peer] if peer else {"color": "#222", "marker": "o", "label": "ms"}
    values = [estimate.value for _, estimate in points]
    spread = [
        [max(e.value - e.low, 0) for _, e in points],
        [max(e.high - e.value, 0) for _, e in points],
    ]
    axes.errorbar([n for n, _ in points], values, yerr=spread, linewidth=1, markersize=3, **mark)
    axes.set_title(f"{name}, {mark['label']}", fontsize=7)
    axes.set_ylim(0, max([*values, 1e-9]) * 1.25)
    _number_axis(axes, len(results))


def _figure_of(result: Result, peer: str | None) -> Estimate | None:
    """What is plotted: the ratio to a peer, or without any peer our milliseconds."""
    if peer is None:
        median = result.sides[OURS].median
        return Estimate(median.value * 1e3, median.low * 1e3, median.high * 1e3)
    side = result.sides.get(peer)
    return None if side is None else side.ratio


def _number_axis(axes: Axes, count: int) -> None:
    """Measurements are numbered from 1, as in the table below the plots."""
    axes.set_xlim(0.5, count + 0.5)
    axes.set_xticks(sorted({1, count}))


def _use_ratio_scale(axes: Axes) -> None:
    """Ratios belong on a logarithmic scale: twice and half are equally far from 1. It is labelled with plain numbers."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
