"""Every rewrite rule: proved, tested on values, not dearer on the right, and applied by the engine."""

from __future__ import annotations

from typing import Any

import pytest
import rule_prover as prover
from wasmlathe.ir import types as t
from wasmlathe.ir.build import Builder
from wasmlathe.ir.core import Function, Module, Value
from wasmlathe.ir.print import print as ir_text
from wasmlathe.ir.verify import verify
from wasmlathe.passes import algebra_rules, bool_rules, conversion_rules, float_rules, strength_rules
from wasmlathe.passes.const_fold import make_const
from wasmlathe.passes.rewrite import RuleIndex, apply_rules
from wasmlathe.passes.rules import Const, Lit, Node, Rule, Var, cost

GROUPS = (algebra_rules, bool_rules, conversion_rules, float_rules)
RULES = [rule for group in (*GROUPS, strength_rules) for rule in group.RULES]
by_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)


def test_there_are_many_rules_and_each_has_its_own_name() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES) > 90


@by_rule
def test_the_right_side_is_not_dearer(rule: Rule) -> None:
    chosen = next(prover.constant_choices(rule))
    assert cost(rule.right(chosen)) <= cost(rule.pattern)


@by_rule
def test_both_sides_compute_the_same_on_special_values(rule: Rule) -> None:
    sort, tested = prover.result_sort(rule), 0
    for chosen, values in prover.samples(rule, limit=1000 if "f64" in prover.sorts(rule).values() else 60):
        left = prover.outcome(rule.pattern, values, sort)
        if _traps_below_the_root(rule, values):
            continue
        assert left == prover.outcome(rule.right(chosen), values, sort), values
        tested += 1
    assert tested


def _traps_below_the_root(rule: Rule, values: dict[str, Any]) -> bool:
    return any(
        isinstance(prover.outcome(a, values, ""), str)
        for a in rule.pattern.args
        if isinstance(a, Node) and a.row.effects
    )


@by_rule
def test_a_rule_is_proved(rule: Rule) -> None:
    try:
        prover.prove(rule)
    except prover.NotProvable:
        assert prover.is_float(rule), "an op over integers has no z3 meaning"
    except TimeoutError:
        # Rules over floats are also tested on every pair of special values.
        assert prover.is_float(rule), "z3 did not prove it in time"


@by_rule
def test_the_engine_applies_the_rule(rule: Rule) -> None:
    module, function = _example(rule)
    before = ir_text(function)
    assert apply_rules(function, RuleIndex([rule]), function.blocks)
    assert not verify(module)
    assert ir_text(function) != before


def _example(rule: Rule) -> tuple[Module, Function]:
    """A function that returns what the pattern computes."""
    module = Module("rule", "mem")
    kinds = {name: t.make(sort) for name, sort in prover.sorts(rule).items()}
    result = t.make(prover.result_sort(rule))
    function = module.add(Function("f", list(kinds.values()), (result,)))
    entry = function.add_block()
    values: dict[str, Value] = {name: entry.add_param(type_, name) for name, type_ in kinds.items()}
    builder = Builder(entry)
    for name, constant in vars(next(prover.constant_choices(rule))).items():
        values[name] = builder.insert(make_const(kinds[name], constant)).result
    builder.ret(_build(rule.pattern, builder, values))
    return module, function


def _build(pattern: Any, builder: Builder, values: dict[str, Value]) -> Value:
    if isinstance(pattern, (Var, Const)):
        return values[pattern.name]
    if isinstance(pattern, Lit):
        return builder.insert(make_const(pattern.type, pattern.value)).result
    return builder.op(pattern.name, *(_build(a, builder, values) for a in pattern.args))
