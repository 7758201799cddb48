"""Every pass keeps what random programs do; and the harness that says so finds planted faults.

python tests/validation/validate.py --functions 50000        # many more programs
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import validate
from harness import (
    Failure,
    Subject,
    Tally,
    Wrong,
    all_passes,
    apply_checked,
    preset_line,
    random_line,
    run_line,
    run_lowered,
)
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from profiles import ONLY, OPTIONS, PROFILES, Profile
from shrink import problem_of, shrink
from validate import Run
from wasmlathe.ir.core import Function, Module, Op
from wasmlathe.ir.print import print as ir_text
from wasmlathe.lower.lower_data import LowerOptions
from wasmlathe.pipeline.spec import PassSpec

SEEDS = st.integers(0, 2**32)
few = settings(
    max_examples=3,
    deadline=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),  # what fails is made small by `shrink`
    suppress_health_check=list(HealthCheck),
)


def fail(failure: Failure) -> None:
    small = shrink(failure)
    raise AssertionError(f"{'+'.join(small.passes)}: {small.problem}\n{ir_text(small.module)}")


@cache
def profile_named(name: str) -> Profile:
    return next(profile for profile in PROFILES if profile.name == name)


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
@few
@given(seed=SEEDS)
def test_every_pass_keeps_what_programs_do(profile: Profile, seed: int) -> None:
    run = Run(list(all_passes()), Path())
    run.report = fail  # type: ignore[method-assign]
    run.one(profile, seed)


@pytest.mark.parametrize("preset", validate.PRESETS)
@pytest.mark.parametrize("name", ["anything", "loops", "memory", "calls", "data", "fusion"])
@few
@given(seed=SEEDS)
def test_presets_keep_what_programs_do(preset: str, name: str, seed: int) -> None:
    profile = profile_named(name)
    subject = validate.make_subject(profile, seed)
    if subject is not None:
        run_line(subject, preset_line(preset, profile.stage), fail)


@pytest.mark.parametrize("name", ["anything", "loops", "choices", "objects"])
@few
@given(seed=SEEDS)
def test_passes_in_a_random_order_keep_what_programs_do(name: str, seed: int) -> None:
    profile = profile_named(name)
    subject = validate.make_subject(profile, seed)
    if subject is not None:
        run_line(subject, random_line(random.Random(seed), profile.stage, 8), fail)


@pytest.mark.parametrize("name", ["data", "fusion"])
def test_presets_keep_what_programs_do_with_the_real_heap(name: str) -> None:
    subject = validate.make_subject(profile_named(name), 5)
    assert subject is not None
    subject = replace(subject, inputs=subject.inputs[:2], outcomes=subject.outcomes[:2])
    assert run_lowered(subject, "O3", LowerOptions(gc_stress=True), fail) is not None


def test_something_is_generated_for_every_pass() -> None:
    """A new pass of whose pattern nothing is generated fails here: give it statements, and a profile if it is choosy."""
    missing = {name for name, spec in all_passes().items() if not spec.only_tells}
    for seed in range(40):
        for profile in PROFILES:
            run = Run(sorted(missing), Path())
            run.report = fail  # type: ignore[method-assign]
            if validate.passes_of(profile, run.names):
                run.one(profile, seed)
                missing -= {name for name in run.names if run.tally.changed.get(name)}
    assert not missing


def test_the_tables_name_what_there_is() -> None:
    profiles = {profile.name for profile in PROFILES}
    assert {name for names in ONLY.values() for name in names} <= profiles
    assert {*ONLY, *OPTIONS} <= set(all_passes())
    assert {name for profile in PROFILES for name in profile.before} <= set(all_passes())


# --- planted faults ---------------------------------------------------------------------------------------------------


def _ops(module: Module, *names: str) -> list[Op]:
    return [op for f in module.functions.values() for op in f.ops() if op.row.name in names]


def swap_operands(module: Module) -> bool:
    found = _ops(module, "i64.sub", "i64.shl", "i64.lt_s", "i64.div_s", "i64.gt_s")
    for op in found:
        op.operands.reverse()
    return bool(found)


def forget_stores(module: Module) -> bool:
    found = _ops(module, "mem.store_i64", "mem.store_f64", "mem.store8")
    for op in found:
        op.block.ops.remove(op)
    return bool(found)


def forget_checks(module: Module) -> bool:
    found = [op for op in _ops(module, "cond_br") if op.targets[1].block.cold and len(op.targets[1].block.ops) == 1]
    for op in found:
        op.targets[1] = op.targets[0]
    return bool(found)


def move_panics(module: Module) -> bool:
    found = _ops(module, "panic")
    for op in found:
        op.loc = None
    return bool(found)


def reorder_effects(module: Module) -> bool:
    changed = False
    for function in module.functions.values():
        for block in function.blocks:
            calls = [i for i, op in enumerate(block.ops) if op.attrs.get("callee") in ("log", "look")]
            if len(calls) > 1:
                call = block.ops.pop(calls[1])
                block.ops.insert(calls[0], call)
                changed = True
    return changed


def flatten_zeros(module: Module) -> bool:
    """Take -0.0 for 0.0."""
    found = [op for op in _ops(module, "f64.const") if str(op.attrs["value"]) == "-0.0"]
    for op in found:
        op.attrs["value"] = 0.0
    return bool(found)


def keep_quiet(module: Module) -> bool:
    swap_operands(module)
    return False


def never_end(module: Module) -> bool:
    changed = False
    for function in module.functions.values():
        for block in function.blocks:
            for target in block.terminator.targets:
                if target.args and target.block.params[0].name and target.block.params[0].name.startswith("i"):
                    target.args[0] = target.block.params[0] if block in _inside(target.block) else target.args[0]
                    changed = True
    return changed


def _inside(header: Any) -> list[Any]:
    seen, todo = [header], [header]
    while todo:
        for following in todo.pop().successors:
            if following not in seen:
                seen.append(following)
                todo.append(following)
    return seen if any(header in block.successors for block in seen) else []


def break_it(module: Module) -> bool:
    found = _ops(module, "i64.add")
    for op in found:
        op.operands.pop()
    return bool(found)


FAULTS: dict[Callable[[Module], bool], str] = {
    swap_operands: "numbers",
    forget_stores: "memory",
    forget_checks: "loops",
    move_panics: "checked",
    reorder_effects: "collected",
    flatten_zeros: "numbers",
    keep_quiet: "numbers",
    never_end: "loops",
    break_it: "anything",
}


def _planted(fault: Callable[[Module], bool]) -> PassSpec:
    return PassSpec("planted", "mem", lambda module, ctx: fault(module), "Breaks programs.", scope="module")


def _found(spec: PassSpec, profile: Profile, programs: int) -> Failure | None:
    failures: list[Failure] = []
    for seed in range(programs):
        subject = validate.make_subject(profile, seed)
        if subject is not None:
            validate.validate_each(subject, [spec], {}, Tally(), failures.append)
        if failures:
            return failures[0]
    return None


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_planted_fault_is_found(fault: Callable[[Module], bool]) -> None:
    assert _found(_planted(fault), profile_named(FAULTS[fault]), 400) is not None


def test_a_root_that_is_not_stored_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    from wasmlathe.passes import gc_roots

    monkeypatch.setattr(gc_roots, "_references", lambda function: set())
    assert _found(all_passes()["gc-roots"], profile_named("collected"), 60) is not None


def test_what_fails_is_made_small(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = _planted(swap_operands)
    monkeypatch.setitem(all_passes(), "planted", spec)
    failure = _found(spec, profile_named("numbers"), 60)
    assert failure is not None
    small = shrink(failure)
    assert problem_of(small)
    assert sum(1 for f in small.module.functions.values() for _ in f.ops()) < 20


def test_a_pass_that_raises_is_told_with_its_message() -> None:
    def run(function: Function, ctx: object) -> bool:
        raise KeyError("gone")

    subject = validate.make_subject(profile_named("anything"), 1)
    assert subject is not None
    with pytest.raises(Wrong, match="raised KeyError: 'gone'"):
        apply_checked(PassSpec("planted", "mem", run, "Raises."), subject)


def test_the_same_seed_makes_the_same_program() -> None:
    texts = []
    for _ in range(2):
        subject = validate.make_subject(profile_named("loops"), 3)
        assert isinstance(subject, Subject)
        texts.append((ir_text(subject.module), subject.inputs))
    assert texts[0] == texts[1]
