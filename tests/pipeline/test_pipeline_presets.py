from __future__ import annotations

import pytest
from wasmlathe.diagnostics import CompileError
from wasmlathe.pipeline.plan import Pipeline, PlanError
from wasmlathe.pipeline.plugins import load_plugins
from wasmlathe.pipeline.preparing import PipelineRequest, prepare
from wasmlathe.pipeline.presets import DEFAULT, NAMELESS, PRESETS
from wasmlathe.pipeline.registry import Registry


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_meets_the_demands_of_its_passes(name: str) -> None:
    prepare(PipelineRequest(name)).pipeline.check()


def test_the_presets_are_those_of_the_contract() -> None:
    assert list(PRESETS) == ["O0", "O1", "O2", "O3", "Os"]
    assert DEFAULT in PRESETS
    assert set(PRESETS) >= NAMELESS


def test_o3_has_every_pass_over_ir() -> None:
    """So the tests of programs verify after every pass at O3 only."""

    def names(preset: str) -> set[str]:
        pipeline = prepare(PipelineRequest(preset)).pipeline
        return {step.spec.name for stage in ("hir", "typed", "mem") for step in pipeline.steps(stage)}

    assert set().union(*map(names, PRESETS)) == names("O3")


@pytest.mark.parametrize("name", PRESETS)
def test_passes_that_only_tell_run_on_request_in_every_preset(name: str) -> None:
    def telling(pipeline: Pipeline) -> set[str]:
        return {step.spec.name for step in pipeline.steps() if step.spec.only_tells}

    assert telling(prepare(PipelineRequest(name)).pipeline) == set()
    asked = prepare(PipelineRequest(name, telling=True)).pipeline
    assert telling(asked) == {"tell-checks", "tell-loops", "tell-objects"}
    asked.check()


def test_every_order_names_a_pass_that_exists() -> None:
    registry = Registry(load_plugins())
    for registered in registry.passes.values():
        spec = registered.spec
        for order in (*spec.after, *spec.before):
            assert order.other in registry.passes, f"{spec.name} speaks of {order.other}"
            assert order.reason.strip()


def test_command_line_edits_are_checked() -> None:
    with pytest.raises(CompileError, match="unknown pass 'dec'"):
        prepare(PipelineRequest("O0", without=["dec"]))
    with pytest.raises(CompileError, match="--set takes PASS.OPTION=VALUE"):
        prepare(PipelineRequest("O0", settings=["dce"]))
    prepare(PipelineRequest("O0", without=["dce"]))


def test_an_unknown_stage_of_a_preset_is_an_error() -> None:
    with pytest.raises(PlanError, match="unknown stage"):
        Pipeline("x", Registry(load_plugins()), {"memory": []})
