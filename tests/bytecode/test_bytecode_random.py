"""Random functions of stage mem do as bytecode what the plain evaluator says, and what crosses to compiled code does too.

WASMLATHE_RANDOM_PROGRAMS=2000 pytest tests/bytecode/test_bytecode_random.py        # more of them
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from compiled import Compiled, export_all
from evaluate import Evaluator, OutOfSteps
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pass_harness import pass_named, run_pass
from random_ir import Shape, arguments, modules
from test_codegen_random import outcome
from wasmlathe.bytecode.link import link
from wasmlathe.ir.clone import clone_module
from wasmlathe.ir.core import Function, Module

many = settings(
    max_examples=int(os.environ.get("WASMLATHE_RANDOM_PROGRAMS", "15")),
    deadline=None,
    derandomize="WASMLATHE_RANDOM_PROGRAMS" not in os.environ,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.generate,),  # a failure is told as it is: making it smaller takes minutes
)
SHAPES = {
    "flow": Shape(blocks=14, ops_per_block=3, functions=1, memory=False),
    "straight": Shape(blocks=4, ops_per_block=14, functions=3),
    "mixed": Shape(),
}
#: What an optimized program looks like: constants folded, loops rotated, values merged.
PASSES = ("const-fold", "rewrite", "simplify-cfg", "gvn", "loop-rotate", "licm", "fold-offsets", "dce")
#: Which functions are bytecode.
WANTED: dict[str, Callable[[Function], bool]] = {
    "all": lambda _function: True,
    "every other": lambda function: int(function.name[1:]) % 2 == 0,
}


def as_bytecode(module: Module, wanted: Callable[[Function], bool]) -> Compiled:
    module = clone_module(module)
    export_all(module)
    return Compiled(module, program=link(module, wanted))


def check(module: Module, calls: list[tuple[str, list[Any]]]) -> None:
    plain = Evaluator(module)
    machines = {name: as_bytecode(module, wanted) for name, wanted in WANTED.items()}
    for name, args in calls:
        try:
            meant = outcome(plain.call, name, args)
        except OutOfSteps:
            return
        for which, machine in machines.items():
            assert outcome(machine.call, name, *args) == meant, f"@{name}{args} with {which} as bytecode"


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("passes", [(), PASSES], ids=["plain", "optimized"])
def test_random_functions_do_the_same_as_bytecode(shape: str, passes: tuple[str, ...]) -> None:
    @many
    @given(modules(SHAPES[shape]), st.data())
    def run(module: Module, data: st.DataObject) -> None:
        calls = [
            (name, data.draw(arguments(function))) for name, function in module.functions.items() for _ in range(2)
        ]
        for name in passes:
            run_pass(pass_named(name), module, {})
        check(module, calls)

    run()
