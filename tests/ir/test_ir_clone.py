"""Copies share nothing with their originals but what lies outside of what was copied."""

from __future__ import annotations

from wasmlathe.ir.clone import Copy, clone_blocks, clone_function, clone_module, clone_op
from wasmlathe.ir.core import DataSegment
from wasmlathe.ir.parse import parse
from wasmlathe.ir.print import print as ir_text
from wasmlathe.ir.verify import verify

TEXT = """
func @f(%n: i64) -> i64 {
^entry:
  %one: i64 = i64.const 1
  br ^loop(%n)
^loop(%i: i64):
  %j: i64 = i64.sub %i, %one
  %c: bool = i64.lt_s %j, %one
  cond_br %c, ^out(%j), ^loop(%j)
^out(%r: i64):
  switch %r {cases=[1]} ^a, ^b
^a: cold
  ret %r
^b:
  ret %one
}
"""


def test_a_region_keeps_its_outside() -> None:
    module = parse(TEXT, default_stage="mem")
    function = module.functions["f"]
    entry, loop, out = function.blocks[:3]
    copy = clone_blocks([loop], function)
    twin = copy.blocks[loop]
    assert twin.ops[0].operands == [twin.params[0], entry.ops[0].result]
    assert [target.block for target in twin.terminator.targets] == [out, twin]
    assert verify(module) == []


def test_given_values_replace_those_of_the_region() -> None:
    function = parse(TEXT, default_stage="mem").functions["f"]
    loop = function.blocks[1]
    copy = clone_blocks([loop], function, {loop.params[0]: function.params[0]})
    assert copy.blocks[loop].ops[0].operands[0] is function.params[0]


def test_blocks_may_come_in_any_order() -> None:
    function = parse(TEXT, default_stage="mem").functions["f"]
    copy = clone_blocks(function.blocks[::-1], function)
    originals = {value for block in function.blocks[:5] for op in block.ops for value in op.results}
    copied = [op for block in copy.blocks.values() for op in block.ops]
    assert originals.isdisjoint(value for op in copied for value in op.used_values())


def test_a_function_copied_under_another_name_is_not_exported() -> None:
    function = parse(TEXT.replace("-> i64 {", '-> i64 export "f" {', 1), default_stage="mem").functions["f"]
    same, _ = clone_function(function)
    other, copy = clone_function(function, "g")
    assert (same.exported, other.exported) == ("f", None)
    assert ir_text(same) == ir_text(function)
    assert other.name == "g" and "g" not in function.module.functions
    assert other.blocks[3].cold and copy.blocks[function.blocks[3]] is other.blocks[3]


def test_changing_a_copy_changes_no_original() -> None:
    module = parse(TEXT, default_stage="mem")
    module.data["d"] = DataSegment("d", b"12345678")
    module.exports["f"] = {"symbol": "f", "params": [{"name": "n", "type": "Int"}], "result": "Int"}
    text = ir_text(module)
    copy = clone_module(module)
    copy.functions["f"].blocks[2].terminator.attrs["cases"].append(9)
    copy.data["d"].relocations.append((0, "d", 1))
    copy.exports["f"]["params"].clear()
    copy.functions["f"].param_types.clear()
    copy.functions["f"].attrs["inline"] = "never"
    assert ir_text(module) == text


def test_an_op_copied_alone_uses_what_the_copy_knows() -> None:
    function = parse(TEXT, default_stage="mem").functions["f"]
    loop = function.blocks[1]
    copy = Copy()
    first = clone_op(loop.ops[0], copy)
    second = clone_op(loop.ops[1], copy)
    assert second.operands[0] is first.result and first.operands == loop.ops[0].operands
