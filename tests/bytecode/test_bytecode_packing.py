"""Packed bytecode: what comes out is what went in, it is small, and a module unpacks it like the model in Python."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from wasmlathe.bytecode.disassemble import instructions
from wasmlathe.bytecode.instructions import WORD, table
from wasmlathe.bytecode.link import link
from wasmlathe.bytecode.packing import dense_numbers, pack, packed_sizes, renumbered, unpack
from wasmlathe.bytecode.unpacking import add_unpacking
from wasmlathe.codegen.binaryen import BinaryenModule
from wasmlathe.codegen.emit import UNPACK_CODE
from wasmlathe.ir.parse import parse

PAGES = 3
CODE, ROOM = 4096, 65536


def samples() -> Iterator[bytes]:
    yield b""
    yield bytes(8 * 100)
    yield b"\xff" * 8 * 100
    for seed in range(12):
        some = random.Random(seed)
        # Few kinds of words, as code has them, then more and more noise; 255 makes carries run far.
        words = [bytes(some.choice((0, 0, 1, 8, 255, some.randrange(256))) for _ in range(WORD)) for _ in range(9)]
        yield b"".join(
            some.choice(words) if some.randrange(12) > seed else some.randbytes(WORD)
            for _ in range(some.randrange(1, 300))
        )


def test_what_is_unpacked_is_what_was_packed() -> None:
    for code in samples():
        assert unpack(pack(code), len(code)) == code


def test_sizes_of_parts_add_up() -> None:
    for code in samples():
        starts = [at for at in range(0, len(code), 5 * WORD)]
        sizes = packed_sizes(code, starts)
        assert len(sizes) == max(1, len(starts))
        assert abs(sum(sizes) - len(pack(code))) < 6


def test_a_module_unpacks_its_code_when_it_is_instantiated() -> None:
    wasmtime = pytest.importorskip("wasmtime")
    for code in [code for code in samples() if code][::4]:
        with BinaryenModule() as out:
            piece = add_unpacking(out, code, CODE, ROOM)
            out.set_memory(PAGES, [piece], "memory")
            out.set_start(UNPACK_CODE)
            out.validate()
            wasm, _places = out.write(names=False)
        store = wasmtime.Store()
        instance = wasmtime.Instance(store, wasmtime.Module(store.engine, wasm), [])
        memory = instance.exports(store)["memory"]
        assert memory.read(store, CODE, CODE + len(code)) == code


def test_numbers_without_gaps_stand_for_the_instructions_that_occur() -> None:
    program = link(
        parse("""
        module "m" mem
        func @f(%n: i64) -> i64 {
        ^entry:
          %big: i64 = i64.const 12345678901
          %c: bool = i64.lt_s %n, %big
          cond_br %c, ^small, ^large
        ^small:
          ret %n
        ^large:
          ret %big
        }
        """),
        lambda _function: True,
    )
    numbers = dense_numbers(program.used)
    assert sorted(numbers.values()) == list(range(len(program.used)))
    code = renumbered(program.content, numbers)
    assert len(code) == len(program.content)
    by_number = {number: code for code, number in numbers.items()}
    for at, instruction, _size in instructions(program.content, WORD):
        assert instruction is not None
        assert by_number[int.from_bytes(code[at : at + 2], "little")] == instruction.code
        assert code[at + 2 : at + WORD] == program.content[at + 2 : at + WORD]
    assert len(table()) > len(numbers)
