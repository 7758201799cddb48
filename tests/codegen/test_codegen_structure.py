"""Structured control flow from graphs: the shapes that matter, and those that are hard."""

from __future__ import annotations

import pytest
from compiled import Compiled, build
from wasmlathe.codegen.emit import generate
from wasmlathe.ir import types as t
from wasmlathe.ir.build import Builder
from wasmlathe.ir.core import Function, Module, Target
from wasmlathe.ir.parse import parse
from wasmlathe.wasm_runtime.panics import ProgramPanic
from wasmlathe.wasm_runtime.python_engine import Program


def module_of(text: str) -> Module:
    return parse('module "m" mem\n' + text)


def wat(text: str) -> str:
    """The generated text, each list on the line where it starts: control flow can be read off."""
    generated = generate(module_of(text))
    found = generated.binaryen.text()
    generated.binaryen.dispose()
    return found


def keywords(text: str) -> list[str]:
    wanted = (
        "(block",
        "(loop",
        "(if",
        "(br_if",
        "(br ",
        "(br_table",
        "(return",
        "(global.set $__panic",
        "(unreachable",
    )
    return [
        next(word for word in wanted if line.strip().startswith(word)).strip("( ")
        for line in wat(text).splitlines()
        if line.strip().startswith(wanted)
    ]


ROTATED = """
func @f(%n: i64) -> i64 {
^entry:
  %zero: i64 = i64.const 0
  br ^loop(%zero, %zero)
^loop(%i: i64, %sum: i64):
  %one: i64 = i64.const 1
  %next: i64 = i64.add %i, %one
  %more: i64 = i64.add %sum, %i
  %again: bool = i64.lt_s %next, %n
  cond_br %again, ^loop(%next, %more), ^done
^done:
  ret %more
}
"""


def test_a_rotated_loop_has_its_condition_at_the_bottom_and_no_block() -> None:
    assert keywords(ROTATED) == ["loop", "br_if"]  # the moves of the back edge come before the branch
    assert Compiled(module_of(ROTATED)).call("f", 10) == (45,)


def test_moves_stay_behind_the_condition_where_the_way_out_needs_what_they_overwrite() -> None:
    text = ROTATED.replace("ret %more", "ret %sum")
    assert keywords(text) == ["loop", "if", "block", "br"]
    assert Compiled(module_of(text)).call("f", 10) == (36,)


def test_what_the_way_out_computes_of_old_values_is_computed_before_the_moves() -> None:
    text = ROTATED.replace("  %again", "  %old: i64 = i64.mul %sum, %i\n  %again").replace("^done\n", "^done(%old)\n")
    text = text.replace("^done:\n  ret %more", "^done(%r: i64):\n  ret %r")
    assert keywords(text) == ["loop", "br_if"]
    assert Compiled(module_of(text)).call("f", 10) == (36 * 9,)


def test_an_exchange_on_the_way_back_reads_both_before_it_writes() -> None:
    text = ROTATED.replace("^loop(%next, %more), ^done", "^done, ^loop(%more, %next)")
    text = text.replace("i64.lt_s %next, %n", "i64.gt_s %next, %n").replace("ret %more", "ret %next")
    assert keywords(text) == ["loop", "br_if"]
    assert Compiled(module_of(text)).call("f", 10) == (13,)


def test_a_loop_without_values_is_a_loop_and_a_conditional_branch() -> None:
    text = """
global @g: i64 = 10

func @f() {
^entry:
  br ^loop
^loop:
  %x: i64 = global.get @g
  %one: i64 = i64.const 1
  %y: i64 = i64.sub %x, %one
  global.set @g %y
  %again: bool = i64.ne %y, %one
  cond_br %again, ^loop, ^done
^done:
  ret
}
"""
    assert keywords(text) == ["loop", "br_if"]


PANIC_IN_LOOP = """
func @f(%n: i64) -> i64 {
^entry:
  %zero: i64 = i64.const 0
  br ^loop(%zero)
^loop(%i: i64):
  %seven: i64 = i64.const 7
  %bad: bool = i64.eq %i, %seven
  cond_br %bad, ^fail, ^good
^fail: cold
  panic "seven" !"a.tova":4:2
^good:
  %one: i64 = i64.const 1
  %next: i64 = i64.add %i, %one
  %again: bool = i64.lt_s %next, %n
  cond_br %again, ^loop(%next), ^done
^done:
  ret %next
}
"""


def test_a_cold_end_is_moved_out_of_the_loop_behind_everything_else() -> None:
    assert keywords(PANIC_IN_LOOP) == [
        *("block", "loop", "br_if", "br_if"),  # the last is the back edge
        *("return", "global.set $__panic", "unreachable"),
    ]
    wasm = Compiled(module_of(PANIC_IN_LOOP))
    assert wasm.call("f", 5) == (5,)
    with pytest.raises(ProgramPanic, match="seven") as caught:
        wasm.call("f", 9)
    assert str(caught.value.location) == "a.tova:4:2"


def test_an_if_with_both_sides_needs_no_branch() -> None:
    text = """
func @f(%c: bool, %a: i64, %b: i64) -> i64 {
^entry:
  cond_br %c, ^then, ^else
^then:
  %x: i64 = i64.add %a, %b
  br ^end(%x)
^else:
  %y: i64 = i64.mul %a, %b
  br ^end(%y)
^end(%r: i64):
  ret %r
}
"""
    assert keywords(text) == ["if"]


def test_a_condition_is_negated_by_its_opposite() -> None:
    text = """
func @f(%a: i64, %b: i64) -> i64 {
^entry:
  %c: bool = i64.lt_s %a, %b
  cond_br %c, ^end(%b), ^other
^other:
  %x: i64 = i64.sub %a, %b
  br ^end(%x)
^end(%r: i64):
  ret %r
}
"""
    wasm = Compiled(module_of(text))
    assert (wasm.call("f", 1, 5), wasm.call("f", 5, 1)) == ((5,), (4,))
    assert "i32.eqz" not in wat(text)


IRREDUCIBLE = """
func @f(%n: i64, %c: bool) -> i64 {
^entry:
  %zero: i64 = i64.const 0
  %one: i64 = i64.const 1
  %ten: i64 = i64.const 10
  cond_br %c, ^left(%n, %zero), ^right(%n, %one)
^left(%i: i64, %s: i64):
  %s1: i64 = i64.mul %s, %ten
  %s2: i64 = i64.add %s1, %one
  %i1: i64 = i64.sub %i, %one
  %end1: bool = i64.le_s %i1, %zero
  cond_br %end1, ^done(%s2), ^right(%i1, %s2)
^right(%j: i64, %u: i64):
  %two: i64 = i64.const 2
  %u1: i64 = i64.mul %u, %ten
  %u2: i64 = i64.add %u1, %two
  %j1: i64 = i64.sub %j, %one
  %end2: bool = i64.le_s %j1, %zero
  cond_br %end2, ^done(%u2), ^left(%j1, %u2)
^done(%r: i64):
  ret %r
}
"""


def test_a_loop_with_two_entries_goes_through_a_dispatcher() -> None:
    module = module_of(IRREDUCIBLE)
    for engine in (Compiled(module), Program(module)):
        assert engine.call("f", 4, True) == (1212,)
        assert engine.call("f", 4, False) == (12121,)
    assert "br_table" in wat(IRREDUCIBLE)


def switch_text(cases: list[int]) -> str:
    targets = ", ".join(f"^c{index}" for index in range(len(cases)))
    text = f"func @f(%n: i64) -> i64 {{\n^entry:\n  switch %n {{cases={cases}}} {targets}, ^other\n"
    for index in range(len(cases)):
        text += f"^c{index}:\n  %r{index}: i64 = i64.const {100 + index}\n  ret %r{index}\n"
    return text + "^other:\n  %none: i64 = i64.const -1\n  ret %none\n}\n"


@pytest.mark.parametrize(
    ("cases", "has_table"),
    [
        ([0, 1, 2, 3], False),
        ([3, 0, 4, 1, 2, 7, 9], True),
        ([-5, -4, -3, -2, -1, 0], True),
        ([-(2**63), -1, 0, 10**6, 10**12, 2**63 - 1], False),
        ([2**63 - 1 - index for index in range(6)], True),
        (list(range(0, 4000, 40)), False),
    ],
    ids=["chain", "table", "negative", "search", "high", "sparse"],
)
def test_a_switch_finds_its_case(cases: list[int], has_table: bool) -> None:
    text = switch_text(cases)
    assert ("br_table" in wat(text)) == has_table
    module = module_of(text)
    for engine in (Compiled(module), Program(module)):
        for index, case in enumerate(cases):
            assert engine.call("f", case) == (100 + index,)
        for other in {x for case in cases for x in (case - 1, case + 1, case + 2**32)} - set(cases):
            if -(2**63) <= other < 2**63:
                assert engine.call("f", other) == (-1,), other


def test_edges_of_a_switch_hand_over_their_arguments() -> None:
    text = """
func @f(%n: i64) -> i64 {
^entry:
  %a: i64 = i64.const 10
  %b: i64 = i64.const 20
  switch %n {cases=[0, 1, 2, 3, 4, 5]} ^end(%a), ^end(%b), ^end(%a), ^end(%n), ^twice(%b), ^twice(%n), ^end(%n)
^twice(%x: i64):
  %y: i64 = i64.add %x, %x
  br ^end(%y)
^end(%r: i64):
  ret %r
}
"""
    module = module_of(text)
    for engine in (Compiled(module), Program(module)):
        assert [engine.call("f", n)[0] for n in range(8)] == [10, 20, 10, 3, 40, 10, 6, 7]


def test_parameters_are_exchanged_at_once() -> None:
    text = """
func @f(%n: i64) -> i64 {
^entry:
  %a: i64 = i64.const 1
  %b: i64 = i64.const 2
  %c: i64 = i64.const 3
  br ^loop(%n, %a, %b, %c)
^loop(%i: i64, %x: i64, %y: i64, %z: i64):
  %one: i64 = i64.const 1
  %ten: i64 = i64.const 10
  %left: i64 = i64.sub %i, %one
  %again: bool = i64.ge_s %left, %one
  %t: i64 = i64.mul %x, %ten
  %u: i64 = i64.add %t, %y
  %v: i64 = i64.mul %u, %ten
  %w: i64 = i64.add %v, %z
  cond_br %again, ^loop(%left, %y, %z, %x), ^done
^done:
  ret %w
}
"""
    module = module_of(text)
    for engine in (Compiled(module), Program(module)):
        assert [engine.call("f", n)[0] for n in (1, 2, 3, 4)] == [123, 231, 312, 123]


def test_several_results() -> None:
    text = """
func @divide(%a: i64, %b: i64) -> (i64, i64, bool) {
^entry:
  %q: i64 = i64.div_s %a, %b
  %r: i64 = i64.rem_s %a, %b
  %zero: i64 = i64.const 0
  %exact: bool = i64.eq %r, %zero
  ret %q, %r, %exact
}
func @f(%a: i64, %b: i64) -> i64 {
^entry:
  %q: i64, %r: i64, %e: bool = call @divide %a, %b
  %hundred: i64 = i64.const 100
  %x: i64 = i64.mul %q, %hundred
  %y: i64 = i64.add %x, %r
  ret %y
}
"""
    module = module_of(text)
    for engine in (Compiled(module), Program(module)):
        assert engine.call("divide", 17, 5) == (3, 2, False)
        assert engine.call("f", 17, 5) == (302,)


def nested(depth: int, is_chain: bool) -> Module:
    """`depth` conditions inside each other, or each in the `else` of the one before."""
    module = Module("deep", "mem")
    function = module.add(Function("f", [t.I64], (t.I64,)))
    builder = Builder(function.add_block())
    n = builder.block.add_param(t.I64)
    end = function.add_block("end")
    result = end.add_param(t.I64)
    for level in range(depth):
        other, inner = function.add_block(), function.add_block()
        test = builder.op("i64.eq" if is_chain else "i64.gt_s", n, builder.const(t.I64, level))
        targets = (other, inner) if is_chain else (inner, other)
        builder.cond_br(test, *targets)
        builder.at_end(other)
        builder.br(end, builder.const(t.I64, level * 2))
        builder.at_end(inner)
    builder.br(end, builder.const(t.I64, -1))
    builder.at_end(end)
    builder.ret(result)
    return module


@pytest.mark.parametrize("is_chain", [False, True], ids=["then", "else"])
def test_five_thousand_nested_blocks(is_chain: bool) -> None:
    depth = 5000
    module = nested(depth, is_chain)
    for engine in (Compiled(module), Program(module)):
        assert engine.call("f", 10) == (20,)
        assert engine.call("f", depth - 1) == (2 * depth - 2,)
        assert engine.call("f", depth + 1) == (-1,)


def test_a_chain_of_conditions_does_not_nest() -> None:
    generated = generate(nested(300, is_chain=True))
    depth = max(len(line) - len(line.lstrip()) for line in generated.binaryen.text().splitlines())
    generated.binaryen.dispose()
    assert depth < 100


def test_a_thousand_loops_behind_each_other() -> None:
    count = 1000
    module = Module("loops", "mem")
    function = module.add(Function("f", [t.I64], (t.I64,)))
    builder = Builder(function.add_block())
    n = builder.block.add_param(t.I64)
    total = builder.const(t.I64, 0)
    for _ in range(count):
        head, after = function.add_block(), function.add_block()
        i, s = head.add_param(t.I64), head.add_param(t.I64)
        builder.br(head, n, total)
        builder.at_end(head)
        left = builder.op("i64.sub", i, builder.const(t.I64, 1))
        more = builder.op("i64.add", s, builder.const(t.I64, 1))
        again = builder.op("i64.gt_s", left, builder.const(t.I64, 0))
        builder.cond_br(again, Target(head, [left, more]), Target(after))
        builder.at_end(after)
        total = more
    builder.ret(total)
    for engine in (Compiled(module), Program(module)):
        assert engine.call("f", 3) == (3 * count,)


def test_names_are_only_in_the_binary_when_wanted() -> None:
    assert b"divide_by" in build(module_of(ROTATED.replace("@f", "@divide_by"))).wasm
    module = module_of(ROTATED.replace("@f", "@divide_by"))
    module.functions["divide_by"].exported = "g"
    assert b"divide_by" not in build(module, names=False).wasm
