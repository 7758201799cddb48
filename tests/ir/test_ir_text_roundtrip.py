"""print -> parse -> print is the identity, and random IR is valid."""

from __future__ import annotations

from typing import Any

from evaluate import Evaluator
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_ir import arguments, modules
from wasmlathe.ir.clone import clone_module
from wasmlathe.ir.core import Module
from wasmlathe.ir.ops import Trap
from wasmlathe.ir.parse import parse
from wasmlathe.ir.print import print as ir_text
from wasmlathe.ir.verify import verify

quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@quick
@given(modules())
def test_random_modules_are_valid(module: Module) -> None:
    assert verify(module) == []


@quick
@given(modules())
def test_printing_what_was_parsed_gives_the_same_text(module: Module) -> None:
    text = ir_text(module)
    assert ir_text(parse(text)) == text


@quick
@given(modules())
def test_a_copy_of_a_module_prints_the_same_and_shares_no_op(module: Module) -> None:
    copy = clone_module(module)
    assert ir_text(copy) == ir_text(module)
    assert verify(copy) == []
    ops = {op for function in module.functions.values() for op in function.ops()}
    assert ops.isdisjoint(op for function in copy.functions.values() for op in function.ops())


@quick
@given(st.data())
def test_random_functions_end_and_read_text_computes_the_same(data: st.DataObject) -> None:
    module = data.draw(modules())
    function = list(module.functions.values())[-1]
    args = data.draw(arguments(function))
    assert _outcome(module, function.name, args) == _outcome(parse(ir_text(module)), function.name, args)


def _outcome(module: Module, name: str, args: list[Any]) -> str:
    try:
        return repr(Evaluator(module).call(name, args))
    except Trap as trap:
        return f"traps: {trap.message}"
