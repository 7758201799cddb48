from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pytest
from pipelines import make_pass, make_pipeline
from wasmlathe.pipeline.options import OptionError, make_options
from wasmlathe.pipeline.plan import Group, PlanError, Repeat
from wasmlathe.pipeline.spec import Order, option


@dataclass(frozen=True)
class Options:
    budget: int = option(40, "How much.")
    ratio: float = option(0.5, "How far.")
    loops: bool = option(False, "Whether.")
    mode: Literal["fast", "small"] = option("fast", "Which.")
    names: tuple[str, ...] = option((), "Whose.")


PASSES = [make_pass(name) for name in ("a", "b", "c")]
WITH_OPTIONS = make_pass("inline", options=Options)


def test_a_preset_is_data_with_groups_and_numbered_occurrences() -> None:
    pipeline = make_pipeline({"mem": ["a", Repeat(3, ("b", "c")), "a#2"]}, *PASSES)
    assert pipeline.labels() == ["a", "b", "c", "a#2"]
    assert isinstance(pipeline.stages["mem"][1], Group)


def test_a_second_occurrence_needs_a_number() -> None:
    with pytest.raises(PlanError, match="has the step 'a' twice"):
        make_pipeline({"mem": ["a", "a"]}, *PASSES)


def test_insert_replace_remove_and_move() -> None:
    pipeline = make_pipeline({"mem": ["a", "b"]}, *PASSES)
    pipeline.insert("c", after="a")
    pipeline.insert("a", before="b")
    assert pipeline.labels() == ["a", "c", "a#2", "b"]
    pipeline.replace("c", "b")
    assert pipeline.labels() == ["a", "b#2", "a#2", "b"]
    pipeline.move("a", after="b")
    assert pipeline.labels() == ["b#2", "a#2", "b", "a"]
    pipeline.remove("a")
    assert pipeline.labels() == ["b#2", "b"]


def test_edits_reach_into_groups_and_an_empty_group_disappears() -> None:
    pipeline = make_pipeline({"mem": [Repeat(2, ("a", "b"))]}, *PASSES)
    pipeline.insert("c", after="a")
    assert [step.label for step in pipeline.stages["mem"][0].steps] == ["a", "c", "b"]  # type: ignore[union-attr]
    for name in "abc":
        pipeline.remove(name)
    assert pipeline.stages["mem"] == []


@pytest.mark.parametrize(
    ("edit", "message", "hint"),
    [
        (lambda p: p.insert("d"), "unknown pass 'd'", None),
        (lambda p: p.insert("inlne"), "unknown pass 'inlne'", "did you mean 'inline'?"),
        (lambda p: p.insert("b", after="c"), "does not run 'c'", "its passes are a, inline"),
        (lambda p: p.insert("b", stage="men"), "unknown stage 'men'", "did you mean 'mem'?"),
        (lambda p: p.insert("b", stage="wasm"), "cannot run in stage wasm", None),
        (lambda p: p.remove("c"), "does not run 'c'", None),
        (lambda p: p.set_option("inline", "budgett", 1), "no option 'budgett'", "did you mean 'budget'?"),
        (lambda p: p.set_option("inline", "budget", "x"), "inline.budget cannot be 'x'; it takes: integer", None),
        (lambda p: p.set_option("a", "x", 1), "'a' has no option 'x'", "it has no options"),
    ],
)
def test_an_edit_that_means_nothing_is_told(edit: object, message: str, hint: str | None) -> None:
    pipeline = make_pipeline({"mem": ["a", "inline"]}, *PASSES, WITH_OPTIONS)
    with pytest.raises(PlanError, match=message) as caught:
        edit(pipeline)  # type: ignore[operator]
    assert hint is None or caught.value.hint == hint


def test_order_is_checked_with_the_reason() -> None:
    later = make_pass("late", after=(Order("a", "a leaves dead operands"),))
    make_pipeline({"mem": ["a", "late"]}, *PASSES, later).check()
    make_pipeline({"mem": ["late", "b"]}, *PASSES, later).check()
    with pytest.raises(PlanError, match="'late' must run after 'a': a leaves dead operands"):
        make_pipeline({"mem": ["late", "a"]}, *PASSES, later).check()
    early = make_pass("early", before=(Order("a", "a hides it"),))
    with pytest.raises(PlanError, match="'early' must run before 'a': a hides it"):
        make_pipeline({"mem": ["a", "early"]}, *PASSES, early).check()


def test_order_holds_between_stages() -> None:
    early = make_pass("early", stage="typed", after=(Order("a", "it looks at what a made"),))
    with pytest.raises(PlanError, match="must run after 'a'"):
        make_pipeline({"typed": ["early"], "mem": ["a"]}, *PASSES, early).check()


def test_options_of_one_occurrence_or_of_all() -> None:
    pipeline = make_pipeline({"mem": ["inline", "inline#2"]}, WITH_OPTIONS)
    pipeline.set_option("inline", "budget", 10)
    pipeline.set_option("inline#2", "loops", True)
    first, second = pipeline.steps()
    assert (first.options.budget, first.options.loops) == (10, False)
    assert (second.options.budget, second.options.loops) == (10, True)


@pytest.mark.parametrize(
    ("name", "value", "result"),
    [
        ("budget", "1_000", 1000),
        ("ratio", 2, 2.0),
        ("ratio", "0.25", 0.25),
        ("loops", "yes", True),
        ("mode", "small", "small"),
        ("names", "a,b", ("a", "b")),
        ("names", ["a"], ("a",)),
    ],
)
def test_option_values_are_read_by_their_type(name: str, value: object, result: object) -> None:
    assert getattr(make_options("p", Options, {name: value}), name) == result


@pytest.mark.parametrize(
    ("name", "value"),
    [("budget", True), ("budget", 1.5), ("budget", "much"), ("loops", 1), ("mode", "quick"), ("names", [1])],
)
def test_option_values_of_another_type_are_refused(name: str, value: object) -> None:
    with pytest.raises(OptionError, match=f"p.{name} cannot be"):
        make_options("p", Options, {name: value})
