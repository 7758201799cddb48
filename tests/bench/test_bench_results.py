"""Measurements as data, over time, and compared."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from made_up import exactly, measurement, result
from wasmlathe.bench import gate, history, tables
from wasmlathe.bench.results import OURS, BadMeasurement, Side, from_text, result_of, to_json


def outcomes(base: object, now: object, limit: float = 0.05) -> dict[str, str]:
    return {verdict.name: verdict.outcome for verdict in gate.compared(base, now, limit)}  # type: ignore[arg-type]


# ---- as data ----


def test_the_ratio_is_ours_to_the_peers_median() -> None:
    found = result_of("fib", None, {OURS: [1.0, 2.0, 3.0], "go": [4.0, 4.0, 4.0]})
    ratio = found.sides["go"].ratio
    assert ratio is not None
    assert ratio.value == 0.5
    assert 0.25 <= ratio.low <= ratio.high <= 0.75
    assert found.ours.ratio is None


def test_a_measurement_survives_its_json_with_and_without_its_runs() -> None:
    before = measurement(result("fib", 0.5, go=1.0), result("tak", 0.25))
    assert from_text(json.dumps(to_json(before))) == before
    bare = from_text(json.dumps(to_json(before, with_runs=False)))
    assert bare.kernels["fib"].ours == replace(before.kernels["fib"].ours, seconds=())
    assert bare.kernels["fib"].sides["go"].ratio == before.kernels["fib"].sides["go"].ratio


def test_means_are_over_the_kernels_that_a_peer_has() -> None:
    means = measurement(result("fib", 1.0, go=2.0), result("tak", 1.0, go=0.5), result("find", 1.0)).means()
    assert means == {"go": (pytest.approx(1.0), 2)}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "no JSON"),
        ("[1]", "its format is None"),
        ('{"format": "other"}', "its format is 'other'"),
        ('{"format": "wasmlathe bench 1"}', "it lacks 'kernels'"),
        ('{"format": "wasmlathe bench 1", "kernels": {"fib": 3}}', "malformed"),
        ('{"format": "wasmlathe bench 1", "kernels": {"fib": {"size": null, "sides": {}}}}', "'fib' lacks the side"),
        (
            '{"format": "wasmlathe bench 1", "kernels": {"fib": {"size": null, "sides": {"wasmlathe": {"median": "x", "low": 1, "high": 1}}}}}',
            "malformed: could not convert",
        ),
    ],
)
def test_what_is_no_measurement_is_refused_with_a_reason(text: str, reason: str) -> None:
    with pytest.raises(BadMeasurement, match=reason):
        from_text(text)


# ---- over time ----


def test_the_history_keeps_measurements_in_order(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "history.jsonl"
    history.append(path, measurement(result("fib", 0.5), commit="aaa1"))
    history.append(path, measurement(result("fib", 0.4), commit="bbb2"))
    found = history.load(path)
    assert [one.commit for one in found] == ["aaa1", "bbb2"]
    assert found[1].kernels["fib"].ours.median == exactly(0.4, 0.004)


def test_an_unfinished_line_of_a_dead_process_is_ended_and_named(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    path.write_text('{"format": "wasml')
    history.append(path, measurement(result("fib", 0.5)))
    with pytest.raises(BadMeasurement, match="line 1 is no JSON"):
        history.load(path)
    lines = path.read_text().splitlines()
    path.write_text("\n".join(lines[1:]) + "\n")
    assert len(history.load(path)) == 1


def test_no_file_is_no_history(tmp_path: Path) -> None:
    assert history.load(tmp_path / "none") == []


def test_a_commit_is_found_by_its_beginning_and_the_newest_counts() -> None:
    one, two = measurement(commit="abcdef", date="1"), measurement(commit="abcdef", date="2")
    assert history.at_commit([one, two], "abc") is two
    assert history.at_commit([one, two], "b") is None
    assert history.at_commit([one], "") is None


# ---- compared ----


def test_a_kernel_whose_ratio_grew_clearly_is_slower() -> None:
    base, now = measurement(result("fib", 1.0, go=2.0)), measurement(result("fib", 1.2, go=2.0))
    assert outcomes(base, now) == {"fib": gate.SLOWER}
    assert outcomes(base, now, limit=0.25) == {"fib": gate.SAME}
    assert outcomes(now, base) == {"fib": gate.FASTER}


def test_a_slower_machine_is_no_slower_kernel() -> None:
    base, now = measurement(result("fib", 1.0, go=2.0)), measurement(result("fib", 3.0, go=6.0))
    assert outcomes(base, now) == {"fib": gate.SAME}


def test_intervals_that_overlap_are_no_difference() -> None:
    base, now = result("fib", 1.0), result("fib", 1.2)
    noisy = replace(now, sides={OURS: Side(exactly(1.2, 0.3))})
    assert outcomes(measurement(base), measurement(noisy)) == {"fib": gate.SAME}
    assert outcomes(measurement(base), measurement(now)) == {"fib": gate.SLOWER}


def test_without_a_common_peer_the_time_is_compared() -> None:
    base, now = measurement(result("fib", 1.0, go=2.0)), measurement(result("fib", 2.0, node=9.0))
    assert [verdict.measure for verdict in gate.compared(base, now, 0.05)] == ["time"]
    assert outcomes(base, now) == {"fib": gate.SLOWER}


def test_other_sizes_and_new_kernels_are_not_compared_and_told() -> None:
    base = measurement(result("fib", 1.0), result("tak", 1.0))
    now = measurement(result("fib", 9.0, size=30), result("find", 1.0))
    found = gate.compared(base, now, 0.05)
    assert [verdict.outcome for verdict in found] == [gate.NOT_COMPARED] * 2
    text = tables.verdicts(found, 0.05)
    assert "fib is not compared: its size was the usual one and is 30" in text
    assert "find is not compared: the base does not have it" in text


def test_the_report_names_the_slower_first_and_counts_them() -> None:
    base = measurement(result("fib", 1.0, go=2.0), result("tak", 1.0, go=2.0), result("find", 1.0, go=2.0))
    now = measurement(result("fib", 1.0, go=2.0), result("tak", 1.5, go=2.0), result("find", 0.5, go=2.0))
    lines = tables.verdicts(gate.compared(base, now, 0.05), 0.05).splitlines()
    assert lines[1].split() == ["tak", "go", "0.500", "0.750", "+50.0%", "slower"]
    assert lines[2].split() == ["find", "go", "0.500", "0.250", "-50.0%", "faster"]
    assert lines[-1] == "1 of 3 kernels became slower by more than 5%"


def test_machines_that_differ_are_told_apart() -> None:
    assert gate.differences({"cpu": "A", "cores": "2"}, {"cpu": "A", "cores": "2"}) == []
    assert gate.differences({"cpu": "A"}, {"cpu": "B"}) == ["cpu: A then, B now"]
