"""The instruction table against the op table, and its words against the disassembler."""

from __future__ import annotations

import pytest
from wasmlathe.artifact import PANIC_SITE
from wasmlathe.bytecode.disassemble import instructions
from wasmlathe.bytecode.instructions import WITHOUT, has_instructions, opposites, table
from wasmlathe.bytecode.machine import add_machine
from wasmlathe.codegen.binaryen import BinaryenModule
from wasmlathe.ir import types as t
from wasmlathe.ir.ops import STAGE_FAMILIES, TABLE

MEM_ROWS = [row for row in TABLE.values() if row.family in STAGE_FAMILIES["mem"]]


@pytest.mark.parametrize("row", MEM_ROWS, ids=lambda row: row.name)
def test_every_op_of_stage_mem_is_an_instruction_or_done_without_one(row) -> None:
    if row.name in WITHOUT:
        assert not has_instructions(row)
    else:
        assert row.name in table()


def test_codes_are_the_places_in_the_table() -> None:
    assert [instruction.code for instruction in table().values()] == list(range(len(table())))


def test_the_opposite_of_the_opposite_is_the_jump_itself() -> None:
    jumps = {name for name, found in table().items() if name.startswith("jump.") and found.first is None}
    assert set(opposites()) == jumps
    for name, opposite in opposites().items():
        assert opposites()[opposite.name].name == name != opposite.name


def test_the_machine_with_all_handlers_is_valid() -> None:
    with BinaryenModule() as out:
        for name in ("vm-top", "vm-frame", "vm-place", PANIC_SITE):
            out.add_global(name, t.I32, True, 0)
        out.set_memory(1, [], "memory")
        out.add_table("vm-table", 0)
        add_machine(out, None, 65536, 0)
        out.validate()


def test_instructions_of_code_are_found_with_their_tables() -> None:
    codes = {name: instruction.code for name, instruction in table().items()}
    code = b"".join(
        (
            codes["switch"].to_bytes(2, "little") + bytes(4) + (2).to_bytes(2, "little"),  # three jumps: two words
            bytes(16),
            codes["const.wide"].to_bytes(2, "little") + bytes(6),
            bytes(8),
            codes["ret"].to_bytes(2, "little") + bytes(6),
            b"\xff\xff" + bytes(6),
        )
    )
    found = [(at, instruction and instruction.name, size) for at, instruction, size in instructions(code)]
    assert found == [(0, "switch", 24), (24, "const.wide", 16), (40, "ret", 8), (48, None, 8)]
