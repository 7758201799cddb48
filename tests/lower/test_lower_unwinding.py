"""Panics that are caught: `data.try_call`, `caught`, `rethrow`, and the versions of functions that make them work."""

from __future__ import annotations

import pytest
from lowering_harness import lower, run
from wasmlathe.ir.core import Loc

PROGRAM = """
func @risky(%n: i64) -> i64 source "risky" file "a.tova" !1:1 {
^entry:
  %zero: i64 = i64.const 0
  %two: i64 = i64.const 2
  switch %n {cases=[1, 2, 3]} ^constant, ^text, ^deeper, ^fine
^constant:
  panic "one" !2:2
^text:
  %s: string = data.string "tw"
  %more: i64 = i64.const 1
  %t: string = data.string_extend %s, %more, %more
  %letter: i64 = i64.const 111
  data.string_set_byte %t, %two, %letter
  data.panic %t !3:3
^deeper:
  %i: i64 = call @divide %two, %zero !4:4
  ret %i
^fine:
  ret %n
}
func @divide(%a: i64, %b: i64) -> i64 {
^entry:
  %q: i64 = i64.rem_s %a, %b
  ret %q
}
func @attempt(%n: i64) -> i64 {
^entry:
  %code: i64 = data.try_call @risky %n
  ret %code
}
func @message_bytes(%n: i64) -> i64 {
^entry:
  %code: i64 = data.try_call @risky %n
  %s: string = data.caught
  %length: i64 = data.string_bytes %s
  ret %length
}
func @again(%n: i64) -> i64 {
^entry:
  %code: i64 = data.try_call @risky %n
  %site: i64 = data.caught_site
  %s: string = data.caught
  %none: i64 = i64.const -1
  %failed: bool = i64.eq %code, %none
  cond_br %failed, ^go_on, ^fine
^go_on:
  data.rethrow %site, %s
^fine:
  ret %code
}
func @nested(%n: i64) -> i64 {
^entry:
  %code: i64 = data.try_call @again %n
  ret %code
}
"""


@pytest.fixture(scope="module")
def module():
    return lower(PROGRAM)


@pytest.mark.parametrize(("n", "code"), [(0, 0), (1, -1), (2, -1), (3, -1), (7, 7)])
def test_a_panic_gives_minus_one_and_else_the_result_counts(module, n, code):
    assert run(module, "attempt", n) == (code,)
    assert run(module, "nested", n) == (code,)


@pytest.mark.parametrize(("n", "message"), [(1, "one"), (2, "two"), (3, "division by zero")])
def test_the_message_is_kept_and_goes_on_with_the_panic(module, n, message):
    assert run(module, "message_bytes", n) == (len(message),)
    assert run(module, "again", n) == ("panic", message)


def test_what_is_not_under_a_try_panics_at_once(module):
    assert run(module, "risky", 1) == ("panic", "one")
    assert not any(op.name == "global.get" for op in module.functions["risky"].ops())


def test_only_functions_that_may_panic_under_a_try_have_a_version(module):
    versions = {name for name in module.functions if name.endswith("-try")}
    assert {"risky-try", "divide-try", "again-try"} <= versions
    assert not versions & {"attempt-try", "nested-try", "message_bytes-try"}


def test_a_panic_that_goes_on_is_told_at_its_first_place(module):
    places = [op.loc for op in module.functions["rt-rethrow"].ops() if op.name == "panic_text"]
    # The division stands in a function without places: it counts for the call.
    assert set(places) == {None, Loc("a.tova", 2, 2), Loc("a.tova", 3, 3), Loc("a.tova", 4, 4)}


def test_a_program_without_try_has_nothing_of_it():
    module = lower('func @f() -> i64 {\n^entry:\n  panic "x"\n}\n')
    assert list(module.functions) == ["f"] and not module.globals


def test_exhausted_memory_is_not_caught():
    text = """
func @fill() -> i64 {
^entry:
  br ^next
^next:
  %n: i64 = i64.const 100000000
  %a: array<i64> = data.array_new %n
  br ^next
}
func @attempt() -> i64 {
^entry:
  %code: i64 = data.try_call @fill
  ret %code
}
"""
    module = lower(text)
    assert not any(name.startswith("rt-collect") and name.endswith("-try") for name in module.functions)
    assert run(module, "attempt") == ("panic", "out of memory")
