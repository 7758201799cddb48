"""What the tests of lowering share: typed IR as text in, a mem module out, and running it."""

from __future__ import annotations

from typing import Any

from evaluate import Evaluator
from wasmlathe.ir import parse
from wasmlathe.ir import types as t
from wasmlathe.ir.build import Builder
from wasmlathe.ir.core import Function, Module, Value
from wasmlathe.ir.ops import Trap
from wasmlathe.ir.verify import verify_or_raise
from wasmlathe.lower import heap_state
from wasmlathe.lower.lower_data import LowerOptions, lower_data
from wasmlathe.lower.size_classes import BLOCK_BITS


def lower(text: str, **options: Any) -> Module:
    """The mem module of a typed program; both are verified."""
    typed = parse.parse(text, default_stage="typed")
    verify_or_raise(typed)
    lowered = lower_data(typed, LowerOptions(**options))
    verify_or_raise(lowered)
    return lowered


def run(module: Module, name: str, *args: Any, max_pages: int = 20_000) -> Any:
    """Components of what the function returns, or what it panics with: `("panic", message)`."""
    try:
        return tuple(_evaluator(module, max_pages).call(name, list(args)))
    except Trap as trap:
        return ("panic", trap.message)


def output(module: Module, name: str, *args: Any) -> bytes:
    """What the function writes."""
    evaluator = _evaluator(module)
    evaluator.call(name, list(args))
    return evaluator.output


def _evaluator(module: Module, max_pages: int = 20_000) -> Evaluator:
    return Evaluator(module, max_pages, max_steps=10_000_000)


def add_heap_meter(module: Module, callee: str) -> str:
    """Add a function that calls `callee` and gives the bytes taken since the program began, and those of blocks in use.

    Returns its name.
    """
    measured = module.functions[callee]
    function = Function(f"heap_after_{callee}", list(measured.param_types), (t.I64, t.I32))
    module.add(function)
    builder = Builder(function.add_block("entry"))
    params = [builder.block.add_param(type_) for type_ in measured.param_types]
    builder.call(callee, params, measured.results)
    heap = builder.op("mem.data_addr", data=heap_state.HEAP)

    def field(offset: int, type_: t.Type) -> Value:
        return builder.emit(f"mem.load_{type_}", (heap,), (type_,), offset=offset, alias="any").results[0]

    taken = field(heap_state.WIDE_FIELDS["since"], t.I64)
    used = builder.op("i32.sub", field(heap_state.FIELDS["blocks"], t.I32), field(heap_state.FIELDS["free"], t.I32))
    builder.emit("ret", (taken, builder.op("i32.shl", used, builder.const(t.I32, BLOCK_BITS))))
    verify_or_raise(module)
    return function.name


OUT_OF_RANGE = ("panic", "index out of range")

#: Functions over arrays of elements of type T.
ARRAYS = """
func @push(%a: array<T>, %v: T) {
^entry:
  %n: i64 = data.array_len %a
  %one: i64 = i64.const 1
  %more: i64 = i64.add %n, %one
  data.array_reserve %a, %more
  data.array_put %a, %n, %v
  data.array_set_len %a, %more
  ret
}
func @make(%x: T, %y: T, %n: i64) -> array<T> {
^entry:
  %zero: i64 = i64.const 0
  %one: i64 = i64.const 1
  %a: array<T> = data.array_new %zero
  br ^loop(%zero)
^loop(%i: i64):
  %go_on: bool = i64.lt_s %i, %n
  cond_br %go_on, ^body, ^done
^body:
  call @push %a, %x
  call @push %a, %y
  %next: i64 = i64.add %i, %one
  br ^loop(%next)
^done:
  ret %a
}
func @get(%x: T, %y: T, %n: i64, %i: i64) -> T {
^entry:
  %a: array<T> = call @make %x, %y, %n
  %v: T = data.array_get %a, %i
  ret %v
}
func @get_nonneg(%x: T, %y: T, %n: i64, %i: i64) -> T {
^entry:
  %a: array<T> = call @make %x, %y, %n
  %v: T = data.array_get %a, %i {nonneg=true}
  ret %v
}
func @first(%x: T, %y: T, %n: i64) -> T {
^entry:
  %a: array<T> = call @make %x, %y, %n
  %i: i64 = i64.const 0
  %v: T = data.array_get %a, %i
  ret %v
}
func @last(%x: T, %y: T, %n: i64) -> T {
^entry:
  %a: array<T> = call @make %x, %y, %n
  %i: i64 = i64.const -1
  %v: T = data.array_get %a, %i
  ret %v
}
func @set(%x: T, %y: T, %n: i64, %at: i64, %i: i64) -> T {
^entry:
  %a: array<T> = call @make %x, %x, %n
  data.array_set %a, %at, %y
  %v: T = data.array_get %a, %i
  ret %v
}
func @filled(%x: T, %y: T, %n: i64, %i: i64) -> T {
^entry:
  %a: array<T> = call @make %x, %x, %n
  %start: i64 = i64.const 1
  %two: i64 = i64.const 2
  %length: i64 = data.array_len %a
  %count: i64 = i64.sub %length, %two
  data.array_fill %a, %start, %count, %y
  %v: T = data.array_at %a, %i
  ret %v
}
func @copied(%x: T, %y: T, %n: i64, %i: i64) -> T {
^entry:
  %zero: i64 = i64.const 0
  %one: i64 = i64.const 1
  %a: array<T> = call @make %x, %y, %n
  %length: i64 = data.array_len %a
  %b: array<T> = data.array_new %length
  %count: i64 = i64.sub %length, %one
  data.array_copy %b, %one, %a, %zero, %count
  data.array_put %b, %zero, %y
  data.array_set_len %b, %length
  %v: T = data.array_get %b, %i
  ret %v
}
func @capacity(%x: T, %y: T, %n: i64) -> i64 {
^entry:
  %a: array<T> = call @make %x, %y, %n
  %c: i64 = data.array_cap %a
  ret %c
}
"""
