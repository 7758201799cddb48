"""Summaries of functions: what a call may do."""

from __future__ import annotations

from pass_harness import read_module
from wasmlathe.ir.ops import Effects
from wasmlathe.passes.analysis.effects import clobbers, effects, is_removable, op_effects, reads_of, writes_of

PROGRAM = """
module "t" mem

global @count: i64 = 0

import func @write(i32, i32) from "env" "write" effects READS|IO
import func @unknown(i32) from "env" "unknown"

func @square(%a: i64) -> i64 {
^entry:
  %b: i64 = i64.mul %a, %a
  ret %b
}

func @divide(%a: i64, %b: i64) -> i64 {
^entry:
  %three: i64 = i64.const 3
  %c: i64 = i64.div_s %a, %three
  %d: i64 = i64.div_s %c, %b
  ret %d
}

func @factorial(%n: i64) -> i64 {
^entry:
  %one: i64 = i64.const 1
  %small: bool = i64.le_s %n, %one
  cond_br %small, ^base, ^more
^base:
  ret %one
^more:
  %m: i64 = i64.sub %n, %one
  %r: i64 = call @factorial %m
  %p: i64 = i64.mul %n, %r
  ret %p
}

func @even(%n: i64) -> i64 {
^entry:
  global.set @count %n
  %r: i64 = call @odd %n
  ret %r
}

func @odd(%n: i64) -> i64 {
^entry:
  %r: i64 = call @even %n
  ret %r
}

func @loads(%p: i32) -> i64 {
^entry:
  %a: i64 = mem.load_i64 %p {offset=0, alias="elem.i64"}
  %n: i32 = mem.load_i32 %p {offset=8, alias="string.length", invariant=true}
  %w: i64 = i64.extend_i32_u %n
  %s: i64 = i64.add %a, %w
  ret %s
}

func @stores(%p: i32, %v: f64) {
^entry:
  mem.store_f64 %p, %v {offset=0, alias="elem.f64"}
  %x: i64 = call @loads %p
  ret
}

func @waits() {
^entry:
  br ^loop
^loop:
  br ^loop
}

func @prints(%p: i32) {
^entry:
  call @write %p, %p
  ret
}
"""

MODULE = read_module(PROGRAM, "effects")
SUMMARIES = effects(MODULE)


def test_a_function_that_computes_is_pure_and_may_be_removed() -> None:
    assert SUMMARIES["square"].is_pure
    assert SUMMARIES["square"].is_removable


def test_a_division_may_trap_unless_its_divisor_is_a_good_constant() -> None:
    by_constant, by_value = (op for op in MODULE.functions["divide"].ops() if op.name == "i64.div_s")
    assert op_effects(by_constant, SUMMARIES) is Effects.NONE
    assert op_effects(by_value, SUMMARIES) is Effects.TRAPS
    assert SUMMARIES["divide"].is_pure
    assert not SUMMARIES["divide"].is_removable


def test_recursion_may_exhaust_the_stack_but_stays_pure() -> None:
    summary = SUMMARIES["factorial"]
    assert summary.is_pure
    assert summary.may_diverge
    assert Effects.TRAPS in summary.effects


def test_functions_that_call_each_other_share_their_effects() -> None:
    assert SUMMARIES["even"] == SUMMARIES["odd"]
    assert SUMMARIES["odd"].writes == {"@count"}


def test_an_invariant_load_reads_nothing_that_changes() -> None:
    plain, invariant = (op for op in MODULE.functions["loads"].ops() if op.name.startswith("mem.load"))
    assert reads_of(plain, SUMMARIES) == {"elem.i64"}
    assert not reads_of(invariant, SUMMARIES)
    assert not SUMMARIES["loads"].is_pure
    assert SUMMARIES["loads"].is_removable


def test_a_summary_keeps_classes_of_memory_apart() -> None:
    summary = SUMMARIES["stores"]
    assert (summary.reads, summary.writes) == ({"elem.i64"}, {"elem.f64"})
    assert not clobbers(summary.writes, summary.reads)
    assert clobbers({"any"}, summary.reads)
    assert not clobbers({"any"}, {"@count"})
    assert clobbers({"*"}, {"@count"})


def test_a_loop_may_not_come_back() -> None:
    assert SUMMARIES["waits"].is_pure
    assert not SUMMARIES["waits"].is_removable


def test_an_import_does_what_it_declares_and_anything_if_it_declares_nothing() -> None:
    (call,) = (op for op in MODULE.functions["prints"].ops() if op.name == "call")
    assert Effects.IO in op_effects(call, SUMMARIES)
    assert not writes_of(call, SUMMARIES)
    assert not is_removable(call, SUMMARIES)
    assert SUMMARIES["unknown"].writes == {"*"}


def test_each_field_that_can_change_is_a_class_of_its_own() -> None:
    module = read_module(
        """module "t" typed
layout @P tag 0 mutable (i64, i64)
layout @Q tag 0 (i64)
func @f(%p: object, %n: i64) {
^entry:
  data.object_set @P %p, %n {index=1}
  %x: i64 = data.object_get @P %p {index=0}
  %y: i64 = data.object_get @Q %p {index=0}
  %q: object = data.object @P %x, %y
  ret
}
""",
        "effects",
    )
    write, read, fixed, new = module.functions["f"].entry.ops[:4]
    assert (writes_of(write, {}), reads_of(read, {}), reads_of(fixed, {})) == ({"P.1"}, {"P.0"}, set())
    assert is_removable(new, {}) and not writes_of(new, {})
