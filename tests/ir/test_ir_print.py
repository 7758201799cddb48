"""The textual form: details of names, constants, headers, and one op of every row."""

from __future__ import annotations

import math
import re
import struct
from typing import Any

import pytest
from wasmlathe.ir import types as t
from wasmlathe.ir.build import Builder
from wasmlathe.ir.clone import clone_blocks, clone_function, clone_module
from wasmlathe.ir.core import Function, Loc, Module, Op, Target
from wasmlathe.ir.ops import TABLE, OpRow
from wasmlathe.ir.parse import parse
from wasmlathe.ir.print import print as ir_text
from wasmlathe.ir.verify import verify

EVERYTHING = """module "a \\"quoted\\" name" mem

global @count: i64 = -1
global @k: f64 = nan const
global @"odd name": bool = true

data @other align 4 "12345678"
data @str0 align 8 "Hello\\0a\\22\\5c\\ff 0123456789" at 16 -> @other + 4, at 0 -> @str0 - 3, at 4 -> @other

closure @f.lambda0 tag 3 (i64, cell<i64>)

export "fib" symbol "fib" ("n": "Int") -> "Int"

import func @env.write(i32, i32) from "env" "write" effects READS|IO
import func @env.now() -> f64 from "env" "now"

func @fib(%n: i64, %p: i32) -> (i64, f64) effects NONE export "fib" source "fib 1" inline "never" {x=[1, "a", [none]]} \
file "fib.tova" !1:1 {
^entry:
  %two: i64 = i64.const 2 !2:10+5
  %two.1: f64 = f64.const -0.0 !"x.tova":3:4
  %0: f64 = f64.const nan:0x7ff8000000000001
  %c: bool = i64.lt_s %n, %two !2:8
  cond_br %c, ^small, ^big(%n)
^small: cold
  ret %n, %two.1
^big(%m: i64):
  %r: i64, %1: f64 = call @fib %m, %p
  mem.store_i64 %p, %r {offset=8, alias="elem.i64"}
  switch %r {cases=[1, 2]} ^a, ^b, ^"odd block"(%r)
^a:
  br ^"odd block"(%m)
^b:
  panic "index \\"out\\"\\n\\u{7} of é" !3:4
^"odd block"(%"odd value": i64):
  ret %"odd value", %0
}
"""


def test_everything_is_printed_as_it_was_read() -> None:
    assert ir_text(parse(EVERYTHING)) == EVERYTHING


def test_what_was_read_is_what_the_text_says() -> None:
    module = parse(EVERYTHING)
    function = module.functions["fib"]
    assert module.data["str0"].content == b'Hello\n"\\\xff 0123456789'
    assert module.data["str0"].relocations == [(16, "other", 4), (0, "str0", -3), (4, "other", 0)]
    assert function.attrs["x"] == [1, "a", [None]] and function.attrs["inline"] == "never"
    assert function.source_name == "fib 1" and function.exported == "fib"
    assert function.loc == Loc("fib.tova", 1, 1) and next(function.ops()).loc == Loc("fib.tova", 2, 10, 5)
    assert [block.cold for block in function.blocks] == [False, True, False, False, False, False]
    assert function.blocks[4].terminator.attrs["message"] == 'index "out"\n\a of é'
    assert module.exports == {"fib": {"symbol": "fib", "params": [{"name": "n", "type": "Int"}], "result": "Int"}}


DATA_TYPES = """module "m" hir

layout @Point tag 0 mutable (f64, f64)
layout @Tree.Node tag 1 (object, i64, tuple<bool, opt<string>>, sum<case, case<i64, array<u8>>>)

type @std.Option sum source "Option" params ("T") derives ("Eq", "Show")
case @std.Option "Some" ("value": "T")
case @std.Option "None" ()
method @std.Option "map" -> @std.Option.map

type @P record
case @P "P" ("x": "Float", "y": none)
static @P "origin" -> @P.origin

func @f(%a: dyn) -> dyn {
^entry:
  %p: dyn = dyn.construct %a, %a {type="P", case="P"}
  %r: dyn = dyn.record %a, %p {keys=["x", none]}
  ret %r
}
"""


def test_declared_types_and_layouts_are_printed_as_they_were_read() -> None:
    module = parse(DATA_TYPES)
    assert ir_text(module) == DATA_TYPES
    assert ir_text(clone_module(module)) == DATA_TYPES
    option, layout = module.declarations["std.Option"], module.layouts["Tree.Node"]
    assert (option.source_name, option.params, option.derives) == ("Option", ["T"], {"Eq", "Show"})
    assert option.methods == {"map": "std.Option.map"} and option.case_number("None") == 1
    assert module.declarations["P"].cases[0].fields == [("x", "Float"), ("y", None)]
    assert (layout.tag, layout.mutable, layout.fields[0]) == (1, False, t.OBJECT)


def test_comments_layout_and_whole_floats_are_free() -> None:
    text = """; a comment
func @f() -> f64 {  ; another
 ^entry:

     %x : f64=f64.const 3   ; a third
     ret %x
  }
"""
    expected = 'module "t" mem\n\nfunc @f() -> f64 {\n^entry:\n  %x: f64 = f64.const 3.0\n  ret %x\n}\n'
    assert ir_text(parse(text, default_stage="mem")) == expected


def _function_with_names(*names: str | None) -> Function:
    function = Module("m", "mem").add(Function("f", [], ()))
    builder = Builder(function.add_block("entry"))
    for name in names:
        builder.const(t.I64, 0).name = name
    builder.ret()
    return function


@pytest.mark.parametrize(
    ("names", "printed"),
    [
        (["x", "x", "x"], ["x", "x.1", "x.2"]),
        (["x", "x.1", "x"], ["x", "x.1", "x.2"]),
        (["x.1", "x.1", "x"], ["x.1", "x.2", "x"]),
        ([None, "7", None], ["0", "1", "2"]),
        (["", "a b", "a-b"], ["0", '"a b"', "a-b"]),
    ],
)
def test_names_are_unique_and_stay_when_read_again(names: list[str | None], printed: list[str]) -> None:
    text = ir_text(_function_with_names(*names))
    assert [line.split(":")[0].strip(" %") for line in text.splitlines()[2:-2]] == printed
    assert text in ir_text(parse(text, default_stage="mem"))


def test_a_function_copied_into_itself_keeps_unique_names() -> None:
    function = parse(EVERYTHING).functions["fib"]
    clone_blocks(function.blocks[1:], function)
    text = ir_text(function)
    assert "^big.1(%m.1: i64):" in text and "f64 = call @fib %m.1, %p" in text
    assert verify(function.module) == []


@pytest.mark.parametrize(
    "number", [0.0, -0.0, 1.0, 0.1, 1e300, 5e-324, -2.5e-7, 123456789012345680.0, math.inf, -math.inf]
)
def test_floats_come_back_to_the_bit(number: float) -> None:
    text = f"func @f() -> f64 {{\n^entry:\n  %x: f64 = f64.const {number!r}\n  ret %x\n}}\n"
    value = next(parse(text, default_stage="mem").functions["f"].ops()).attrs["value"]
    assert struct.pack("d", value) == struct.pack("d", number)


def test_a_nan_comes_back_to_the_bit() -> None:
    for bits in (0x7FF8000000000000, 0x7FF8000000000001, 0xFFF8000000000000):
        nan = struct.unpack("<d", struct.pack("<Q", bits))[0]
        module = Module("m", "mem")
        builder = Builder(module.add(Function("f", [], (t.F64,))).add_block())
        builder.ret(builder.const(t.F64, nan))
        value = next(parse(ir_text(module)).functions["f"].ops()).attrs["value"]
        assert struct.unpack("<Q", struct.pack("<d", value))[0] == bits


# One op of every row.

_SAMPLES: dict[Any, Any] = {int: 7, float: 2.5, bool: True, str: "na me", list: [3], object: None}


def _sample_op(row: OpRow, function: Function) -> Op:
    """An op of the row with an operand for each pattern (`*`: two) and all attributes; its types may not fit."""
    patterns = [p for pattern in row.operands for p in ([pattern, pattern] if pattern == "*" else [pattern])]
    operands = [function.entry.add_param(t.parse(p) if p != "*" else t.I64, "in") for p in patterns]
    attrs = {
        key.removesuffix("?"): kind[0] if isinstance(kind, tuple) else _SAMPLES[kind] for key, kind in row.attrs.items()
    }
    targets = [Target(function.blocks[1]) for _ in range(2 if row.targets is None else row.targets)]
    patterns = ("i64",) if row.results is None else row.results
    results = tuple(t.parse(re.sub(r"\bT\b|value<T>", "i64", pattern)) for pattern in patterns)
    return Op(row, operands, results, attrs, None, targets)


@pytest.mark.parametrize("name", TABLE)
def test_an_op_of_every_row_has_a_textual_form(name: str) -> None:
    module = Module("m", "typed")
    function = module.add(Function("f", [], ()))
    entry, _ = function.add_block("entry"), function.add_block("next")
    entry.append(_sample_op(TABLE[name], function))
    for param in entry.params:
        param.type = t.I64 if len(param.type.name) == 1 or param.type.args else param.type
    if not TABLE[name].terminator:
        Builder(entry).emit("unreachable")
    Builder(function.blocks[1]).emit("unreachable")
    text = ir_text(module)
    again = parse(text, verified=False)
    assert ir_text(again) == text
    read, made = next(again.functions["f"].ops()), entry.ops[0]
    assert read.row is made.row and read.attrs == made.attrs
    assert [v.type for v in read.results] == [v.type for v in made.results]


def test_broken_functions_are_printed_too() -> None:
    function = parse(EVERYTHING).functions["fib"]
    copy, _ = clone_function(function, "copy")
    function.blocks[1].terminator.operands[0] = copy.params[0]
    function.blocks[1].terminator.attrs["odd"] = {1}
    assert "  ret %n?, %two.1 {odd=?{1}?}" in ir_text(function)
