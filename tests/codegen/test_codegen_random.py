"""Random control flow: compiled code, the reference interpreter and the plain evaluator agree."""

from __future__ import annotations

import math
from typing import Any

import pytest
from compiled import Compiled
from evaluate import Evaluator, OutOfSteps
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_ir import Shape, arguments, modules
from wasmlathe.ir.core import Module
from wasmlathe.ir.ops import Trap
from wasmlathe.passes.binaryen_passes import PASSES
from wasmlathe.wasm_runtime.panics import ProgramPanic
from wasmlathe.wasm_runtime.python_engine import Program

many = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
FLOW = Shape(blocks=14, ops_per_block=3, functions=1, memory=False)
EFFECTS = Shape(blocks=4, ops_per_block=14, functions=3)


def comparable(value: Any) -> Any:
    return "NaN" if isinstance(value, float) and math.isnan(value) else (type(value), repr(value))


def outcome(call: Any, *args: Any) -> Any:
    try:
        return [comparable(value) for value in call(*args)]
    except (Trap, ProgramPanic) as end:
        return end.message


def place(call: Any, *args: Any) -> Any:
    try:
        call(*args)
    except ProgramPanic as end:
        return end.location and str(end.location)
    return None


def check(module: Module, data: st.DataObject, passes: tuple[str, ...]) -> None:
    wasm, interpreted, plain = Compiled(module, passes), Program(module), Evaluator(module)
    for name, function in module.functions.items():
        args = data.draw(arguments(function))
        try:
            meant = outcome(plain.call, name, args)
        except OutOfSteps:
            return
        assert outcome(interpreted.call, name, *args) == meant
        assert outcome(wasm.call, name, *args) == meant


@pytest.mark.parametrize("shape", [FLOW, EFFECTS], ids=["flow", "effects"])
def test_engines_agree_on_random_functions(shape: Shape) -> None:
    @many
    @given(modules(shape), st.data())
    def run(module: Module, data: st.DataObject) -> None:
        check(module, data, ())

    run()


@many
@given(modules(), st.data())
def test_passes_of_binaryen_keep_what_functions_do(module: Module, data: st.DataObject) -> None:
    check(module, data, tuple(PASSES))


@many
@given(modules(Shape(functions=1, calls=0)), st.data())
def test_failures_have_the_same_place_on_both_engines(module: Module, data: st.DataObject) -> None:
    args = data.draw(arguments(module.functions["f0"]))
    wasm, interpreted = Compiled(module), Program(module)
    found, meant = place(wasm.call, "f0", *args), place(interpreted.call, "f0", *args)
    assert found == meant
