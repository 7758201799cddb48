"""Every instruction of the VM, in each of its forms, does on edge values what the `eval` of its op says (`Model`).

Registers and fields are filled at random from edge values, registers coincide at random, and the high halves of those that
hold narrow values are garbage. What the whole memory holds afterwards is compared, so nothing else may have changed.
"""

from __future__ import annotations

import ctypes
import math
import random
import struct
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import wasmtime
from bytecode_model import OUT_OF_BOUNDS, PAGE_BYTES, BytecodePanic, BytecodeTrap, Lost, Model
from test_codegen_ops import SAMPLES
from wasmlathe.artifact import PANIC_SITE
from wasmlathe.bytecode.handlers import FRAME, PLACE
from wasmlathe.bytecode.instructions import HEADER, REGISTER, Instruction, table
from wasmlathe.bytecode.machine import RUN, add_machine
from wasmlathe.codegen.binaryen import BinaryenModule
from wasmlathe.ir import types as t
from wasmlathe.wasm_runtime.engine import OUT_OF_BOUNDS as OUT_OF_BOUNDS_CODE
from wasmlathe.wasm_runtime.engine import PANICS, UNREACHABLE

#: Runs of each instruction, times the number of its fields.
RUNS = 24
CODE, STACK, DATA = 64, 4096, 16384
DATA_BYTES = 256
MEMORY_BYTES = PAGE_BYTES
OVERFLOW_SITE = 7
LIMIT = STACK + 1024
REGISTERS = 12
IMMEDIATES = (0, 1, -1, 2, 3, 5, 31, 32, 33, 63, 64, 127, -128, 255, 0x7FFF, -0x8000)
#: Addresses that an access may not reach, or just so.
FAR = (-1, -8, 2**31 - 1, -(2**31), MEMORY_BYTES - 1, MEMORY_BYTES - 8, MEMORY_BYTES - 16, MEMORY_BYTES)
SIZES = (0, 1, 2, 16, 100, 127, -1, 2**31 - 1)
OFFSETS = (0, 1, 4, 8, 17, 100, 0x7FFF, 0x8000, 0xFFFF)
#: Where jumps lead, in words behind an instruction: each place sets another mark.
PLACES = (0, 2, 4)
MARK = HEADER + REGISTER * REGISTERS

#: Calls of compiled code are tested by programs, and in `test_bytecode_crossing`.
COMPILED = ("native", "enter")
DERIVED = [i for i in table().values() if i.row is not None]
SEQUENCES = [i for i in table().values() if i.first is not None and "native" not in i.name]
OWN = [i for i in table().values() if i.row is None and i.first is None and i.name not in COMPILED]


class Machine:
    """The VM with all handlers, alone in a module."""

    def __init__(self) -> None:
        with BinaryenModule() as out:
            for name in ("vm-top", FRAME, PLACE, PANIC_SITE):
                out.add_global(name, t.I32, True, 0)
                out.add_global_export(name, name)
            out.set_memory(MEMORY_BYTES // PAGE_BYTES, [], "memory")
            out.add_table("vm-table", 0)
            add_machine(out, None, LIMIT, OVERFLOW_SITE)
            out.add_export(RUN, RUN)
            wasm, _places = out.write(False)
        engine = wasmtime.Engine()
        self._store = wasmtime.Store(engine, None)
        self._store.set_limits(memory_size=MEMORY_BYTES)
        exports = wasmtime.Instance(self._store, wasmtime.Module(engine, wasm), []).exports(self._store)
        self._run, memory = exports[RUN], exports["memory"]
        self._globals = {name: exports[name] for name in (PLACE, FRAME, PANIC_SITE)}
        self._memory = ctypes.cast(memory.data_ptr(self._store), ctypes.POINTER(ctypes.c_ubyte * MEMORY_BYTES)).contents

    def run(self, image: bytearray, pc: int, fp: int) -> bytes:
        """The memory afterwards. Raises BytecodeTrap, BytecodePanic."""
        ctypes.memmove(self._memory, bytes(image), len(image))
        try:
            self._run(self._store, pc, fp)
        except wasmtime.Trap as trap:
            code = trap.trap_code.value if trap.trap_code is not None else None
            place, frame, site = (self._globals[name].value(self._store) for name in (PLACE, FRAME, PANIC_SITE))
            self._globals[PANIC_SITE].set_value(self._store, 0)
            if code == UNREACHABLE and site == OVERFLOW_SITE + 1:
                raise BytecodeTrap("stack overflow", place, frame) from None
            if code == UNREACHABLE:
                raise BytecodePanic(site - 1, place, frame) from None
            message = OUT_OF_BOUNDS if code == OUT_OF_BOUNDS_CODE else PANICS.get(code or 0, str(trap))
            raise BytecodeTrap(message, place, frame) from None
        return bytes(self._memory)


@pytest.fixture(scope="module")
def machine() -> Machine:
    return Machine()


class Writer:
    """Makes a memory with code and a frame of random registers."""

    def __init__(self, seed: str) -> None:
        self.rng = random.Random(seed)
        self.image = bytearray(MEMORY_BYTES)
        self.image[CODE:STACK] = b"\xff" * (STACK - CODE)
        self.at = CODE
        self.fp = STACK + 8 * self.rng.randrange(4)
        self.image[DATA : DATA + DATA_BYTES] = self.rng.randbytes(DATA_BYTES)
        for index in range(REGISTERS):
            struct.pack_into("<q", self.image, self.fp + HEADER + REGISTER * index, self.rng.choice(SAMPLES["i64"]))

    def register(self, type_: t.Type | None, value: Any = None) -> int:
        """A field for a register; it is given a value of the type, which one that is used already loses."""
        field = HEADER + REGISTER * self.rng.randrange(REGISTERS)
        if value is None:
            value = self.rng.choice(SAMPLES[str(type_) if type_ is not None else "i64"])
        form = {t.I32: "<i", t.BOOL: "<i", t.F64: "<d"}.get(type_, "<q")
        struct.pack_into(form, self.image, self.fp + field, value)
        return field

    def address(self) -> int:
        """Mostly one of the data, where there is no code to be destroyed."""
        return DATA + self.rng.randrange(DATA_BYTES) if self.rng.random() < 0.8 else self.rng.choice(FAR)

    def words(self, instruction: Instruction, fields: list[int], wide: int | None = None) -> None:
        """Write an instruction with these fields; `wide` takes the place of the second and third."""
        first = [instruction.code, *(field & 0xFFFF for field in fields[:3])]
        struct.pack_into(f"<{len(first)}H", self.image, self.at, *first)
        if wide is not None:
            struct.pack_into("<i", self.image, self.at + 4, wide)
        if len(fields) > 3:
            struct.pack_into(f"<{len(fields) - 3}H", self.image, self.at + 8, *(field & 0xFFFF for field in fields[3:]))
        self.at += 8 * instruction.words

    def derived(self, instruction: Instruction, shown: Instruction | None = None) -> None:
        """An instruction with random operands, under the number of `shown`."""
        types, roles = iter(instruction.types), iter(_roles(instruction))
        fields = []
        for letter in instruction.layout:
            type_ = next(types) if letter in "wri" else None
            fields.append(self.field(letter, type_, next(roles) if letter in "ri" else ""))
        self.words(_numbered(instruction, shown), fields)

    def field(self, letter: str, type_: t.Type | None = None, role: str = "") -> int:
        if letter == "r":
            value = {"address": self.address, "size": lambda: self.rng.choice(SIZES)}.get(role, lambda: None)()
            return self.register(type_, value)
        if letter == "w":
            return HEADER + REGISTER * self.rng.randrange(REGISTERS)
        choices = {"i": IMMEDIATES, "u": OFFSETS, "j": PLACES, "-": (0,)}[letter]
        return self.rng.choice(choices)

    def marks(self) -> None:
        """What follows: at each of PLACES another number is noted and the VM left."""
        start = self.at
        for number, place in enumerate(PLACES):
            self.at = start + 8 * place
            self.words(table()["const"], [MARK], wide=number + 1)
            self.words(table()["ret"], [])


def _numbered(instruction: Instruction, shown: Instruction | None) -> Instruction:
    if shown is None:
        return instruction
    assert shown.words == instruction.words
    return Instruction(instruction.name, shown.code, instruction.layout, instruction.row, instruction.types)


#: What the operands of ops over memory are; of loads and stores the first is an address.
ROLES = {"mem.copy": ("address", "address", "size"), "mem.fill": ("address", "", "size"), "mem.grow": ("",)}


def _roles(instruction: Instruction) -> list[str]:
    """What the operands are, those of a composed instruction's inner one where its result goes."""
    outer, inner = instruction.outer, instruction.inner
    if outer is not None and inner is not None:
        roles, inside = _roles(outer), _roles(inner)
        if roles[instruction.operand]:  # the first of what makes an address is one, the others distances
            inside[0] = roles[instruction.operand]
        return [*roles[: instruction.operand], *inside, *roles[instruction.operand + 1 :]]
    assert instruction.row is not None  # it is derived
    count = len(instruction.operand_types)
    first = "address" if instruction.row.family == "mem" else ""
    return list(ROLES.get(instruction.row.name, (first, *[""] * (count - 1))[:count]))


def _plain_fields(name: str, *letters: Any) -> Callable[[Writer, Instruction | None], None]:
    def write(writer: Writer, shown: Instruction | None) -> None:
        fields = [writer.field(letter, type_) for letter, type_ in letters]
        writer.words(_numbered(table()[name], shown), fields)

    return write


def _with_number(name: str, register: bool, numbers: tuple[int, ...]) -> Callable[[Writer, Instruction | None], None]:
    def write(writer: Writer, shown: Instruction | None) -> None:
        fields = [writer.field("w")] if register else [0]
        writer.words(_numbered(table()[name], shown), fields, wide=writer.rng.choice(numbers))

    return write


def _const_wide(writer: Writer, shown: Instruction | None) -> None:
    number = writer.rng.choice(SAMPLES["i64"])
    struct.pack_into("<q", writer.image, writer.at + 8, number)
    writer.words(_numbered(table()["const.wide"], shown), [writer.field("w")])


def _switch(writer: Writer, shown: Instruction | None) -> None:
    cases = writer.rng.randrange(5)
    number = writer.rng.choice([0, 1, 2, cases - 1, cases, cases + 1, -1, 2**32, 2**32 + 1, -(2**63), 2**63 - 1])
    at = writer.at
    writer.words(_numbered(table()["switch"], shown), [0, writer.register(t.I64, value=number), cases])
    table_words = (cases + 2) // 2
    for index in range(cases + 1):
        struct.pack_into("<i", writer.image, at + 8 + 4 * index, table_words + writer.rng.choice(PLACES))
    writer.at += 8 * table_words


def _call(writer: Writer, shown: Instruction | None) -> None:
    """A call of the code behind the marks, which gives back one of its registers; of a frame too many sometimes."""
    frame = writer.rng.choice([256, LIMIT - writer.fp, LIMIT - writer.fp - 8])
    callee = writer.at + 512
    writer.words(_numbered(table()["call"], shown), [frame], wide=callee)
    at, writer.at = writer.at, callee
    writer.words(table()["ret.value"], [0, HEADER + REGISTER * writer.rng.randrange(3)][1:])
    writer.at = at


_OWN: dict[str, Callable[[Writer, Instruction | None], None]] = {
    "move": _plain_fields("move", ("w", None), ("r", t.I64)),
    "const": _with_number("const", True, (0, 1, -1, 2**31 - 1, -(2**31))),
    "const.wide": _const_wide,
    "jump": _with_number("jump", False, PLACES),
    "jump.if": _plain_fields("jump.if", ("j", None), ("r", t.BOOL)),
    "jump.unless": _plain_fields("jump.unless", ("j", None), ("r", t.BOOL)),
    "switch": _switch,
    "call": _call,
    "ret": _plain_fields("ret"),
    "ret.value": _plain_fields("ret.value", ("r", t.I64)),
    "panic": _with_number("panic", False, (-1, 0, 3, 70_000)),
}


def write(writer: Writer, instruction: Instruction, shown: Instruction | None = None) -> None:
    if instruction.row is not None:
        writer.derived(instruction, shown)
    else:
        _OWN[instruction.name](writer, shown)


def outcome(run: Callable[[], Any]) -> Any:
    try:
        return run()
    except BytecodeTrap as trap:
        return trap.message, trap.pc, trap.fp
    except BytecodePanic as panic:
        return panic.site, panic.pc, panic.fp


def check(machine: Machine, writer: Writer) -> None:
    writer.marks()
    model = Model(bytearray(writer.image), LIMIT)
    try:
        meant = outcome(lambda: model.run(CODE, writer.fp))
    except Lost:
        return
    found = outcome(lambda: machine.run(writer.image, CODE, writer.fp))
    if meant is None:
        assert differences(found, model.memory) == []
    elif meant[0] == OUT_OF_BOUNDS:  # no program's fault: its place is not told
        assert found[0] == OUT_OF_BOUNDS
    else:
        assert found == meant


def differences(found: bytes, meant: bytearray) -> list[tuple[int, bytes, bytes]]:
    """Addresses of doublewords that differ and are not both NaN, with their contents."""
    if found == meant:
        return []
    pairs = ((at, found[at : at + 8], bytes(meant[at : at + 8])) for at in range(0, len(meant), 8))
    return [(at, a, b) for at, a, b in pairs if a != b and not (_is_nan(a) and _is_nan(b))]


def _is_nan(content: bytes) -> bool:
    return math.isnan(struct.unpack("<d", content)[0])


def cases(instruction: Instruction) -> Iterator[Writer]:
    for number in range(RUNS * max(1, len(instruction.layout.rstrip("-")))):
        yield Writer(f"{instruction.name} {number}")


@pytest.mark.parametrize("instruction", [*DERIVED, *OWN], ids=lambda instruction: instruction.name)
def test_an_instruction_does_what_its_op_means(machine: Machine, instruction: Instruction) -> None:
    for writer in cases(instruction):
        write(writer, instruction)
        check(machine, writer)


@pytest.mark.parametrize("instruction", SEQUENCES, ids=lambda instruction: instruction.name)
def test_a_sequence_does_what_its_two_instructions_do(machine: Machine, instruction: Instruction) -> None:
    assert instruction.first is not None and instruction.second is not None  # it is one
    for writer in cases(instruction):
        write(writer, instruction.first, shown=instruction)
        write(writer, instruction.second)
        check(machine, writer)
