"""Pipelines that are no presets: neighbours of a preset, Binaryen's passes one by one, and what is kept of a measurement."""

from __future__ import annotations

from pathlib import Path

import pytest
from wasmlathe.bench import binaryen_passes, presets, search_pipeline
from wasmlathe.bench.trials import Finding, Log, compare
from wasmlathe.bench.variants import SMALL_SIZES, Suite, stages_of
from wasmlathe.passes.binaryen_passes import PASSES
from wasmlathe.pipeline.preparing import PipelineRequest, prepare


def test_a_neighbour_follows_from_seed_and_number_and_differs_from_the_preset() -> None:
    found = [search_pipeline.candidate("O2", 7, number) for number in range(12)]
    assert found == [search_pipeline.candidate("O2", 7, number) for number in range(12)]
    assert len({candidate.name for candidate in found}) == 12
    assert sum(candidate.stages != stages_of("O2") for candidate in found) > 6
    assert found[0].name != search_pipeline.candidate("O2", 8, 0).name


def test_neighbours_meet_the_demands_on_the_order() -> None:
    """`load-forwarding` comes before `dead-stores`: no neighbour has it otherwise."""
    for number in range(40):
        steps = [search_pipeline._label(entry) for entry in search_pipeline.candidate("Os", 3, number).stages["mem"]]
        if "dead-stores" in steps and "load-forwarding" in steps:
            assert steps.index("load-forwarding") < steps.index("dead-stores")


def test_every_pass_of_binaryen_is_a_candidate_and_every_step_can_be_left_out() -> None:
    names = [name for name, _ in binaryen_passes.candidates("O2")]
    assert len(set(names)) == len(names)
    steps = [step.label for step in prepare(PipelineRequest("O2")).pipeline.steps("wasm")]
    assert {f"without {step.removeprefix('binaryen-')}" for step in steps} <= set(names)
    tried = {name.removeprefix("with ").removesuffix(" again") for name in names}
    twice = {step.partition("#")[0].removeprefix("binaryen-") for step in steps if "#" in step}
    assert set(PASSES) <= tried | twice


@pytest.fixture(scope="module")
def suite() -> Suite:
    return Suite(["closure_counter"], "O1")


def test_a_candidate_is_compared_with_the_base(suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SMALL_SIZES, "closure_counter", 1000)
    base = {"closure_counter": suite.compile("closure_counter", stages_of("O1"))}
    same = compare("same", suite, base, base.__getitem__, runs=1)
    assert (same.mean_size, same.mean_time, same.time) == (1.0, 1.0, {})
    fewer = {**stages_of("O1"), "wasm": []}
    other = compare("no passes", suite, base, lambda name: suite.compile(name, fewer), runs=1)
    assert other.mean_size > 1.0
    assert other.time.keys() == {"closure_counter"}


def test_findings_are_kept_for_the_next_time(tmp_path: Path) -> None:
    path = tmp_path / "new" / "log.jsonl"
    finding = Finding("1/0 without dce", {"fib": 0.5, "tak": 2.0}, {"fib": 0.25})
    Log(path).add(finding)
    Log(path).add(Finding("1/1 x", failure="is no pipeline"))
    log = Log(path)
    assert list(log.findings) == ["1/0 without dce", "1/1 x"]
    assert log.findings["1/0 without dce"] == finding
    assert (finding.mean_size, finding.mean_time) == (pytest.approx(1.0), pytest.approx(0.5))
    assert "1 neighbours: 1 better, 0 worse, 0 alike" in search_pipeline.report(log, "time")
    assert "without dce" in binaryen_passes.report(log)


def test_the_table_of_presets_compares_with_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SMALL_SIZES, "closure_counter", 1000)
    rows = presets.measure(("O1", "O0"), ["closure_counter"], runs=1)
    assert [row.preset for row in rows] == ["O1", "O0"]
    assert rows[0].time == 1.0
    assert rows[0].size_bytes < rows[1].size_bytes
    assert presets.report(rows).splitlines()[-1].startswith("O1")
