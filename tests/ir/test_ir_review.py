"""Texts to compare: names that stay while a function changes, and names that a change elsewhere leaves alone."""

from __future__ import annotations

from wasmlathe.ir.core import Function
from wasmlathe.ir.parse import parse
from wasmlathe.ir.print import SteadyNames, review_text

TEXT = """module "t" mem

func @f(%a: i64) -> i64 file "a.tova" !1:1+9 {
^entry:
  %0: i64 = i64.const 1 !"b.tova":2:3
  %1: i64 = i64.add %a, %0 !2:5+3
  br ^next(%1) !3:1
^next(%2: i64):
  %sum: i64 = i64.add %2, %2
  %3: i64 = i64.mul %sum, %sum
  ret %3
}
"""


def read() -> Function:
    return parse(TEXT).functions["f"]


def test_values_keep_their_names_when_others_go() -> None:
    function, names = read(), SteadyNames()
    before = names.text(function).splitlines()
    add = function.blocks[0].ops[1]
    function.blocks[0].ops = [op for op in function.blocks[0].ops if op is not add]
    function.blocks[0].terminator.targets[0].args = [function.params[0]]
    after = names.text(function).splitlines()
    assert [line for line in after if line not in before] == ["  br ^next(%a) !3:1"]


def test_a_new_value_gets_a_name_that_no_other_ever_had() -> None:
    function, names = read(), SteadyNames()
    names.text(function)
    removed = function.blocks[1].ops.pop(1)
    function.blocks[1].ops.insert(1, type(removed)(removed.row, list(removed.operands), (removed.result.type,)))
    function.blocks[1].terminator.operands = [function.blocks[1].ops[1].result]
    assert "  %4: i64 = i64.mul %sum, %sum" in names.text(function).splitlines()


def test_the_text_for_review_has_no_places_and_numbers_by_block() -> None:
    assert review_text(read()).splitlines() == [
        "func @f(%a: i64) -> i64 {",
        "^entry:",
        "  %entry.0: i64 = i64.const 1",
        "  %entry.1: i64 = i64.add %a, %entry.0",
        "  br ^next(%entry.1)",
        "^next(%next.0: i64):",
        "  %sum: i64 = i64.add %next.0, %next.0",
        "  %next.1: i64 = i64.mul %sum, %sum",
        "  ret %next.1",
        "}",
    ]
