"""Random programs mean the same before and after each pass, and after all of them in a row.

WASMLATHE_RANDOM_PROGRAMS=5000 pytest tests/passes/test_random_programs.py        # more of them
"""

from __future__ import annotations

import os
import random
from typing import Any

import pytest
from evaluate import Evaluator
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from loop_programs import Writer
from pass_harness import pass_named, read_module, run_pass
from random_ir import arguments, modules
from wasmlathe.ir.clone import clone_module
from wasmlathe.ir.core import Module
from wasmlathe.ir.ops import Trap
from wasmlathe.ir.print import literal
from wasmlathe.ir.print import print as ir_text

PROGRAMS = int(os.environ.get("WASMLATHE_RANDOM_PROGRAMS", "100"))
PASSES = (
    "const-fold",
    "rewrite",
    "dce",
    "simplify-cfg",
    "gvn",
    "load-forwarding",
    "loop-rotate",
    "licm",
    "hoist-guards",
    "index-signs",
    "index-range",
    "unroll-linear",
    "unsigned",
    "match-table",
    "divisibility",
    "unroll-jam",
    "loop-versioning",
    "unroll",
    "fold-offsets",
    "strength-reduce",
)
LINES = (*((name,) for name in PASSES), PASSES, (*PASSES[::-1], *PASSES))
LOOP_LINES = (
    ("index-range",),
    ("index-signs",),
    ("loop-rotate", "index-range"),
    ("loop-rotate", "simplify-cfg", "index-signs"),
    ("loop-rotate", "licm", "hoist-guards", "licm"),
    ("loop-rotate", "simplify-cfg", "unroll-linear"),
    ("loop-rotate", "simplify-cfg", "unroll"),
    ("loop-rotate", "simplify-cfg", "loop-versioning", "unroll"),
    ("loop-rotate", "simplify-cfg", "unsigned", "divisibility"),
    PASSES,
)

Calls = list[tuple[str, list[Any]]]


def run(module: Module, passes: tuple[str, ...]) -> None:
    for name in passes:
        run_pass(pass_named(name), module, {})


def observe(module: Module, calls: Calls) -> list[Any]:
    """What each call does in a fresh instance: results or trap, globals, memory."""
    found = []
    for name, args in calls:
        evaluator = Evaluator(module)
        try:
            outcome: Any = [literal(x) for x in evaluator.call(name, args)]
        except Trap as trap:
            outcome = trap.message
        state = {name: literal(value) for name, value in evaluator.globals.items()}
        found.append((name, args, outcome, state, bytes(evaluator.memory[:4096])))
    return found


@settings(
    max_examples=PROGRAMS,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),  # shrinking runs for minutes; the failure prints the program
    suppress_health_check=list(HealthCheck),
    derandomize=True,
)
@given(st.data())
def test_passes_keep_the_meaning_of_random_programs(data: st.DataObject) -> None:
    module = data.draw(modules())
    calls = [(f.name, data.draw(arguments(f))) for f in module.functions.values() for _ in range(3)]
    before = observe(module, calls)
    for passes in LINES:
        changed = clone_module(module)
        run(changed, passes)
        assert str(observe(changed, calls)) == str(before), f"{passes}\n{ir_text(module)}\nbecame\n{ir_text(changed)}"


@pytest.mark.parametrize("block", range(max(PROGRAMS // 50, 1)))
def test_passes_keep_the_meaning_of_random_loops(block: int) -> None:
    for seed in range(block * 50, block * 50 + 50):
        writer = Writer(random.Random(seed))
        module = read_module(writer.text(), "loops")
        calls: Calls = [("f", writer.arguments()) for _ in range(12)]
        before = observe(module, calls)
        for passes in LOOP_LINES:
            changed = clone_module(module)
            run(changed, passes)
            assert observe(changed, calls) == before, f"{seed} {passes}\n{ir_text(module)}\nbecame\n{ir_text(changed)}"
