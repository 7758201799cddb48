"""The arithmetic of bench/measure.py, on made-up runs."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).resolve().parent.parent / "bench/measure.py"


@pytest.fixture(scope="module")
def measure() -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("bench_measure", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(SCRIPT.parent)  # where its module `data` is
        # dataclasses look their own module up
        patch.setitem(sys.modules, "bench_measure", module)
        spec.loader.exec_module(module)
        yield module


def test_the_ratio_is_ours_to_the_peers_median(measure: ModuleType) -> None:
    ours, peers = iter([9.0, 1.0, 2.0, 3.0]), iter([9.0, 4.0, 4.0, 4.0])
    compared = measure.compare("k", lambda: ("42\n", next(ours)), lambda: ("42\n", next(peers)), 3)
    assert compared.ratio == 0.5
    assert 0.25 <= compared.low <= compared.ratio <= compared.high <= 0.75
    assert compared.ours.seconds == [1.0, 2.0, 3.0]


def test_the_sides_take_turns(measure: ModuleType) -> None:
    order: list[str] = []

    def side(name: str) -> object:
        def run() -> tuple[str, float]:
            order.append(name)
            return "", 1.0

        return run

    measure.compare("k", side("ours"), side("peer"), 3)
    assert order[2:] == ["ours", "peer"] * 3


def test_different_outputs_are_refused(measure: ModuleType) -> None:
    with pytest.raises(measure.Failed, match="outputs differ"):
        measure.compare("k", lambda: ("1\n", 1.0), lambda: ("2\n", 1.0), 3)


def test_equal_runs_give_an_interval_without_width(measure: ModuleType) -> None:
    assert measure.ratio_interval([2.0] * 5, [4.0] * 5) == (0.5, 0.5)


def test_a_run_far_away_is_an_outlier_and_a_spread_is_none(measure: ModuleType) -> None:
    assert measure.Side([1.0] * 20 + [50.0]).outliers == 1
    assert measure.Side([float(n) for n in range(20)]).outliers == 0


def test_an_unknown_kernel_is_refused(measure: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        measure.main(["fibb"])
    assert ended.value.code == 2
    assert "no such kernel: fibb" in capsys.readouterr().err
