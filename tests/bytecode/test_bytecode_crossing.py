"""Calls across the border of bytecode and compiled code go through slots, which can change hands while a program runs."""

from __future__ import annotations

from typing import Any

import wasmtime
from wasmlathe.bytecode.crossing import FROM, TABLE, Signature
from wasmlathe.bytecode.instructions import table
from wasmlathe.bytecode.link import Program, link
from wasmlathe.codegen.emit import finish, generate
from wasmlathe.ir import types as t
from wasmlathe.ir.parse import parse

#: @main and @less are bytecode, the others are compiled. @main gives 100 * (what bytecode gets of @less) + what compiled code gets.
MODULE = """
module "m" mem
func @less(%x: i64, %y: f64) -> (i64, bool) {
^entry:
  %one: i64 = i64.const 1
  %r: i64 = i64.sub %x, %one
  %b: bool = f64.lt %y, %y
  ret %r, %b
}
func @native_more(%x: i64, %y: f64) -> (i64, bool) export "more" {
^entry:
  %ten: i64 = i64.const 10
  %r: i64 = i64.add %x, %ten
  %b: bool = f64.eq %y, %y
  ret %r, %b
}
func @native_ask(%x: i64, %y: f64) -> i64 {
^entry:
  %r: i64, %b: bool = call @less %x, %y
  ret %r
}
func @main(%x: i64) -> i64 export "main" {
^entry:
  %y: f64 = f64.const 2.5
  %own: i64, %b: bool = call @less %x, %y
  %hundred: i64 = i64.const 100
  %high: i64 = i64.mul %own, %hundred
  %other: i64 = call @native_ask %x, %y
  %low: i64, %c: bool = call @native_more %other, %y
  %sum: i64 = i64.add %high, %other
  ret %sum
}
"""


class Running:
    """An instance of the module."""

    def __init__(self) -> None:
        module = parse(MODULE)
        self.program: Program = link(module, lambda f: not f.name.startswith("native"))
        self.program.every_instruction = True  # not only those that compilers write
        artifact = finish(generate(module, self.program), name="m", names=True)
        self.store = wasmtime.Store()
        instance = wasmtime.Instance(self.store, wasmtime.Module(self.store.engine, artifact.wasm), [])
        self.exports: Any = instance.exports(self.store)

    def main(self, x: int) -> int:
        return int(self.exports["main"](self.store, x))

    def put(self, slot: int, function: str) -> None:
        self.exports[TABLE].set(self.store, slot, self.exports[function])


def test_a_slot_that_changes_hands_takes_every_call_of_compiled_code_with_it() -> None:
    running = Running()
    assert running.main(5) == 404
    slot = running.program.table.names.index(FROM + "less")
    stub = running.exports[TABLE].get(running.store, slot)
    running.put(slot, "more")
    assert running.main(5) == 415, "only compiled code calls through the slot"
    running.exports[TABLE].set(running.store, slot, stub)
    assert running.main(5) == 404


def test_a_function_that_was_compiled_is_entered_from_bytecode_by_its_first_word() -> None:
    running = Running()
    program = running.program
    adapter = Signature((t.I64, t.F64), (t.I64, t.BOOL)).adapter
    slots = [program.table.names.index(name) for name in ("native_more", adapter)]
    word = b"".join(number.to_bytes(2, "little") for number in (table()["enter"].code, 0, *slots))
    running.exports["memory"].write(running.store, word, program.code + program.functions["less"])
    # Compiled code that calls @less comes to its first word as well, through the stub.
    assert running.main(5) == 1515
    running.put(program.table.names.index(FROM + "less"), "more")
    assert running.main(5) == 1515


def test_functions_of_one_signature_share_an_adapter() -> None:
    adapters = Running().program.table.adapters
    assert sorted(str(name) for name in adapters) == ["vm-to (i64, f64) -> (i64)", "vm-to (i64, f64) -> (i64, bool)"]
