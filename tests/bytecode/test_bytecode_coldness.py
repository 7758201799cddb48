"""Which functions are cold, and which of those are worth being bytecode: estimates over textual IR and over a program."""

from __future__ import annotations

from wasmlathe.bytecode.coldness import COLD_SHARE, TURNS, estimates
from wasmlathe.bytecode.savings import NOT_SMALLER, choose
from wasmlathe.bytecode.splitting import split
from wasmlathe.diagnostics import SourceFile
from wasmlathe.driver import CompileOptions, compile_source
from wasmlathe.ir.core import Module
from wasmlathe.ir.parse import parse
from wasmlathe.pipeline.preparing import PipelineRequest

CALLS = """
module "m" mem
func @_start() export "_start" {
^entry:
  call @once
  %zero: i64 = i64.const 0
  br ^loop(%zero)
^loop(%i: i64):
  call @often
  %ten: i64 = i64.const 10
  %c: bool = i64.lt_s %i, %ten
  %one: i64 = i64.const 1
  %j: i64 = i64.add %i, %one
  cond_br %c, ^loop(%j), ^maybe
^maybe:
  cond_br %c, ^rare, ^broken
^rare: cold
  call @seldom
  ret
^broken:
  call @told
  br ^end
^end:
  panic "broken"
}
func @once() {
^entry:
  call @told
  ret
}
func @often() {
^entry:
  call @below
  ret
}
func @below() {
^entry:
  ret
}
func @seldom() {
^entry:
  call @circle
  ret
}
func @circle() {
^entry:
  %yes: bool = bool.const true
  cond_br %yes, ^again, ^end
^again:
  call @circle
  ret
^end:
  ret
}
func @told() {
^entry:
  ret
}
func @asked() export "asked" {
^entry:
  ret
}
func @never() {
^entry:
  ret
}
"""


def test_calls_count_as_often_as_the_blocks_that_make_them() -> None:
    found = estimates(parse(CALLS), ["_start"])
    assert {name: estimate.calls for name, estimate in found.items()} == {
        "_start": 1.0,
        "once": 1.0,
        "often": TURNS,
        "below": TURNS,
        "seldom": COLD_SHARE,
        "circle": TURNS * COLD_SHARE,
        "told": 1.0,  # not what only leads to a panic
        "asked": TURNS,
        "never": 0.0,
    }


def test_what_is_not_cold_has_a_reason() -> None:
    assert {name: found.reason for name, found in estimates(parse(CALLS), ["_start"]).items() if not found.is_cold} == {
        "_start": "it has a loop",
        "often": "_start calls it in a loop",
        "below": "often calls it, which is called often",
        "asked": "a host may call it often",
    }


def test_a_function_that_calls_itself_is_not_cold_unless_hardly_anybody_calls_it() -> None:
    found = estimates(parse(CALLS.replace("call @once", "call @circle")), ["_start"])
    assert found["circle"].reason == "it calls itself"


def test_many_calls_in_straight_code_are_often_too() -> None:
    found = estimates(parse(CALLS.replace("  call @once\n", "  call @once\n" * 50, 1)), ["_start"])
    assert found["once"].reason == "many places call it"


SIZES = """
module "m" mem
func @_start() export "_start" {
^entry:
  call @large
  ret
}
func @large() {
^entry:
  %a: i64 = i64.const 123456789012
  call @below %a
  ret
}
func @below(%n: i64) {
^entry:
  ret
}
func @missing() {
^entry:
  ret
}
"""


def chosen(module: Module, sizes: dict[str, int]) -> tuple[list[str], dict[str, str]]:
    choice = choose(module, [name for name in module.functions if name != "_start"], sizes)
    return sorted(choice.chosen), choice.refused


def test_calls_from_compiled_code_cost_what_calls_among_bytecode_do_not() -> None:
    module = parse(SIZES)
    # What only bytecode calls is worth it when small; what compiled code calls, when it is larger than its stub.
    assert chosen(module, {"_start": 9, "large": 200, "below": 10})[0] == ["below", "large"]
    assert chosen(module, {"_start": 9, "large": 40, "below": 10}) == (
        [],
        {"below": NOT_SMALLER, "large": NOT_SMALLER, "missing": NOT_SMALLER},
    )


def test_a_function_of_which_no_code_is_left_saves_nothing() -> None:
    assert chosen(parse(SIZES), {"large": 200})[1] == {"below": NOT_SMALLER, "missing": NOT_SMALLER}


def test_what_cannot_be_bytecode_says_why() -> None:
    unfit = '  %b: i32 = mem.heap_base\n  mem.store_i64 %b, %n {offset=0, alias="any"}\n'
    module = parse(SIZES.replace("(%n: i64) {\n^entry:\n", f"(%n: i64) {{\n^entry:\n{unfit}"))
    assert chosen(module, {"large": 200, "below": 99})[1]["below"] == "it cannot be bytecode: it contains mem.heap_base"


def test_every_function_has_a_remark() -> None:
    text = 'fn twice(x) { x * 2 }\nfn main() {\n  var sum = 0\n  for i in 0..9 { sum += twice(i) }\n  print("sum {sum}")\n}\n'
    options = CompileOptions(PipelineRequest("O0"), stop_at="mem")
    mem = compile_source(SourceFile("p.tova", text), options).modules["mem"]
    names, remarks = split(mem, dict.fromkeys(mem.functions, 1000), ["_start"])
    assert "_start" in names
    assert not names & {"main", "twice"}
    told = {remark.text: remark.kind for remark in remarks}
    assert len(remarks) == sum(bool(function.blocks) for function in mem.functions.values())
    assert told["twice is compiled: main calls it in a loop"] == "not-cold"
    assert told["main is compiled: it has a loop"] == "not-cold"
    assert any(text.startswith("_start is bytecode: 1000 bytes of code became ") for text in told)
