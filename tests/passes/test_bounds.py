"""Facts about integers: what follows from them, and what must not."""

from __future__ import annotations

import pytest
from pass_harness import read_module
from wasmlathe.ir.core import Op, Value
from wasmlathe.passes.analysis.bounds import Bounds

FUNCTION = """
func @f(%a: i64, %b: i64, %c: i64, %m: i32) -> i64 {
^entry:
  %one: i64 = i64.const 1
  %top: i64 = i64.const 9223372036854775807
  %n: i64 = i64.extend_i32_u %m
  %s: i64 = i64.extend_i32_s %m
  %next: i64 = i64.add %a, %one
  %mask: i64 = i64.const 15
  %low: i64 = i64.and %a, %mask
  %lt: bool = i64.lt_s %a, %b
  %lt2: bool = i64.lt_s %b, %c
  %ac: bool = i64.lt_s %a, %c
  %nb: bool = i64.le_s %next, %b
  %au: bool = i64.lt_u %a, %n
  %an: bool = i64.lt_s %a, %n
  %nu: bool = i64.lt_u %next, %top
  ret %next
}
"""


@pytest.fixture
def values() -> dict[str, Value]:
    function = read_module(FUNCTION, "bounds").functions["f"]
    found = {param.name or "": param for param in function.params}
    return found | {value.name or "": value for op in function.ops() for value in op.results}


def op(value: Value) -> Op:
    assert value.op is not None
    return value.op


def test_an_order_follows_through_a_third_value(values: dict[str, Value]) -> None:
    bounds = Bounds()
    bounds.assume(values["lt"], True)
    assert bounds.decide(op(values["ac"])) is None
    bounds.assume(values["lt2"], True)
    assert bounds.decide(op(values["ac"])) is True


def test_the_next_number_is_greater_only_if_there_is_a_greater_one(values: dict[str, Value]) -> None:
    bounds = Bounds()
    assert not bounds.is_at_most(values["a"], values["next"])
    bounds.assume(values["lt"], True)  # so a is not the greatest number
    assert bounds.is_at_most(values["a"], values["next"], -1)
    assert bounds.decide(op(values["nb"])) is True


def test_below_a_length_without_sign_means_not_negative(values: dict[str, Value]) -> None:
    bounds = Bounds()
    bounds.assume(values["au"], True)
    assert bounds.lower(values["a"]) == 0
    assert bounds.decide(op(values["an"])) is True


def test_below_a_length_with_sign_may_be_negative(values: dict[str, Value]) -> None:
    bounds = Bounds()
    bounds.assume(values["an"], True)
    assert bounds.decide(op(values["au"])) is None


def test_ranges_of_ops_are_known_without_facts(values: dict[str, Value]) -> None:
    bounds = Bounds()
    assert (bounds.lower(values["n"]), bounds.upper(values["n"])) == (0, (1 << 32) - 1)
    assert (bounds.lower(values["s"]), bounds.upper(values["s"])) == (-(1 << 31), (1 << 31) - 1)
    assert (bounds.lower(values["low"]), bounds.upper(values["low"])) == (0, 15)


def test_facts_end_with_their_scope(values: dict[str, Value]) -> None:
    bounds = Bounds()
    bounds.enter()
    bounds.assume(values["lt"], True)
    bounds.leave()
    assert bounds.decide(op(values["nb"])) is None
