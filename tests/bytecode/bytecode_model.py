"""The VM's instructions in Python, over the `eval` of the op table's rows: what the handlers must do.

    Model(memory).run(pc, fp)        the memory as the VM must leave it, or a trap with the place of its instruction

It knows the layouts of instructions (docs/bytecode.md) and how a frame is linked to its caller's, and nothing of how handlers
are made.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from wasmlathe.bytecode.disassemble import by_code
from wasmlathe.bytecode.instructions import HEADER, WORD, Instruction
from wasmlathe.ir import types as t
from wasmlathe.ir.ops import Trap
from wasmlathe.ir.ops.numeric import wrap32
from wasmlathe.ir.ops.row import Load, OpRow, Store

PAGE_BYTES = 1 << 16
OUT_OF_BOUNDS = "out of bounds"
LANES = 16

_REGISTER = {t.I32: "<i", t.I64: "<q", t.F64: "<d"}
_ACCESS = {(1, False): "<B", (1, True): "<b", (2, False): "<H", (2, True): "<h", (4, False): "<i", (8, False): "<q"}


class BytecodeTrap(Exception):
    """An instruction ended the program: at this pc, in this frame."""

    def __init__(self, message: str, pc: int, fp: int) -> None:
        super().__init__(message)
        self.message, self.pc, self.fp = message, pc, fp


class BytecodePanic(Exception):
    """The instruction `panic`, with the number of its site."""

    def __init__(self, site: int, pc: int, fp: int) -> None:
        super().__init__(f"site {site}")
        self.site, self.pc, self.fp = site, pc, fp


class Lost(Exception):
    """There is no code at pc, or no frame at fp: the program has overwritten where to go on."""


class Model:
    """An interpreter over a memory, without calls of compiled code."""

    def __init__(self, memory: bytearray, limit: int) -> None:
        self.memory = memory
        #: A frame that begins here or above is a stack overflow.
        self.limit = limit
        self.pc = self.fp = 0

    def run(self, pc: int, fp: int, fuel: int = 1000) -> None:
        """Execute until the frame whose return address is 0 is left. Raises BytecodeTrap, BytecodePanic."""
        self.pc, self.fp = pc, fp
        while self.pc and fuel:
            fuel -= 1
            found = by_code().get(int.from_bytes(self.memory[self.pc : self.pc + 2], "little"))
            if found is None or self.pc >= len(self.memory):
                raise Lost
            self._instruction(found)
        assert fuel, "the code does not end"

    def _instruction(self, instruction: Instruction) -> None:
        if instruction.first is not None and instruction.second is not None:
            behind = self.pc + instruction.first.words * WORD
            self._instruction(instruction.first)
            if self.pc == behind:  # it is no jump that was taken
                self._instruction(instruction.second)
            return
        own = _OWN.get(instruction.name)
        if own is not None:
            own(self)
            return
        try:
            value = self._value(instruction, self._operands(instruction))
        except Trap as trap:
            raise BytecodeTrap(trap.message, self.pc, self.fp) from None
        behind = self.pc + instruction.words * WORD
        if instruction.layout.startswith("j"):
            taken = not value if instruction.name.startswith("jump.not.") else value
            self.pc = behind + (self._field(0, signed=True) * WORD if taken else 0)
            return
        if instruction.layout.startswith("w"):
            self.write(self._field(0), instruction.types[0], value)
        self.pc = behind

    # Fields

    def _field(self, index: int, signed: bool = False) -> int:
        at = self.pc + 2 + 2 * index if index < 3 else self.pc + WORD + 2 * (index - 3)
        return self._number("<h" if signed else "<H", at)

    def _operands(self, instruction: Instruction) -> list[Any]:
        """The fields that are read: values of registers, immediates, and distances."""
        types = iter(instruction.operand_types)
        found = []
        for index, letter in enumerate(instruction.layout):
            if letter == "r":
                found.append(self.read(self._field(index), next(types)))
            elif letter == "i":
                next(types)
                found.append(self._field(index, signed=True))
            elif letter == "u":
                found.append(self._field(index))
        return found

    def _wide(self) -> int:
        return self._number("<i", self.pc + 4)

    # Values

    def _number(self, form: str, at: int) -> Any:
        if not 0 <= at <= len(self.memory) - struct.calcsize(form):
            raise Lost
        return struct.unpack_from(form, self.memory, at)[0]

    def read(self, register: int, type_: t.Type) -> Any:
        """A register as a value; of a narrow one the high half says nothing."""
        if type_ is t.BOOL:
            return self._number("<i", self.fp + register) != 0
        return self._number(_REGISTER[type_], self.fp + register)

    def write(self, register: int, type_: t.Type, value: Any) -> None:
        """Write a whole register: a narrow value without a sign."""
        content = struct.pack("<d" if type_ is t.F64 else "<q", _as_read(value, type_, t.I64))
        at = self.fp + register
        if at + len(content) > len(self.memory):
            raise Lost
        self.memory[at : at + len(content)] = content

    def _value(self, instruction: Instruction, operands: list[Any]) -> Any:
        """What an instruction computes. A composed one gives its inner the operands that stand where its result goes."""
        outer, inner, row = instruction.outer, instruction.inner, instruction.row
        if outer is not None and inner is not None:
            at = outer.operand_place(instruction.operand)
            behind = at + inner.operand_count
            value = self._value(inner, operands[at:behind])
            value = _as_read(value, inner.types[0], outer.operand_types[instruction.operand])
            return self._value(outer, [*operands[:at], value, *operands[behind:]])
        assert row is not None  # the others are in _OWN
        if isinstance(row.wasm, Load):
            address, offset = operands
            return struct.unpack(_access(row), self.memory[self.span(address + offset, row.wasm.bytes)])[0]
        if isinstance(row.wasm, Store):
            address, value, offset = operands
            return self._store(row.wasm.bytes, address + offset, value)
        return _MEMORY[row.name](self, *operands) if row.eval is None else row.eval(*operands)

    def _store(self, size: int, at: int, value: Any) -> None:
        content = struct.pack("<d", value) if isinstance(value, float) else value & ((1 << 8 * size) - 1)
        self.memory[self.span(at, size)] = content if isinstance(content, bytes) else content.to_bytes(size, "little")

    def span(self, at: int, size: int) -> slice:
        """The bytes from an address on; both are numbers without a sign."""
        at, size = at & 0xFFFF_FFFF, size & 0xFFFF_FFFF
        if at + size > len(self.memory):
            raise Trap(OUT_OF_BOUNDS)
        return slice(at, at + size)

    # Instructions that are not derived

    def _copy(self, source: int) -> None:
        self.write(self._field(0), t.I64, self.read(self._field(source), t.I64))
        self.pc += WORD

    def _constant(self) -> None:
        self.write(self._field(0), t.I64, self._wide())
        self.pc += WORD

    def _wide_constant(self) -> None:
        self.write(self._field(0), t.I64, self._number("<q", self.pc + WORD))
        self.pc += 2 * WORD

    def _jump(self) -> None:
        self.pc += WORD + self._wide() * WORD

    def _jump_if(self, wanted: bool) -> None:
        taken = self.read(self._field(1), t.BOOL) is wanted
        self.pc += WORD + (self._field(0, signed=True) * WORD if taken else 0)

    def _switch(self) -> None:
        number, last = self.read(self._field(1), t.I64), self._field(2)
        index = number if 0 <= number < last else last
        self.pc += WORD + self._number("<i", self.pc + WORD + 4 * index) * WORD

    def _call(self) -> None:
        frame = self.fp + self._field(0)
        if frame >= self.limit:
            raise BytecodeTrap("stack overflow", self.pc, self.fp)
        struct.pack_into("<II", self.memory, frame, self.pc + WORD, self.fp)
        self.pc, self.fp = self._wide(), frame

    def _return(self) -> None:
        self.pc, caller = struct.unpack_from("<II", self.memory, self.fp)
        if self.pc:
            self.fp = caller

    def _return_value(self) -> None:
        self.write(HEADER, t.I64, self.read(self._field(0), t.I64))
        self._return()

    def _panic(self) -> None:
        raise BytecodePanic(self._wide(), self.pc, self.fp)

    # Ops over memory, which have no `eval`

    def _copy_bytes(self, to: int, source: int, size: int) -> None:
        target = self.span(to, size)
        self.memory[target] = self.memory[self.span(source, size)]

    def _fill(self, to: int, byte: int, size: int) -> None:
        target = self.span(to, size)
        self.memory[target] = bytes([byte & 0xFF]) * (target.stop - target.start)

    def _lanes(self, address: int, test: Callable[[int], bool]) -> int:
        lanes = struct.unpack(f"<{LANES}b", self.memory[self.span(address, LANES)])
        return sum(test(lane) << index for index, lane in enumerate(lanes))

    def _grow(self, pages: int) -> int:
        """The memory is as large as it may be."""
        return -1 if pages else len(self.memory) // PAGE_BYTES


def _access(row: OpRow) -> str:
    assert isinstance(row.wasm, Load)
    return "<d" if row.results == ("f64",) else _ACCESS[row.wasm.bytes, row.wasm.signed]


def _as_read(value: Any, has: t.Type, wanted: t.Type) -> Any:
    """What is read as `wanted` from a register to which the value was written."""
    if has in (t.I32, t.BOOL) and wanted in (t.I64, t.F64):
        return int(value) & 0xFFFF_FFFF
    return wrap32(value) if has is t.I64 and wanted is t.I32 else value


def _signed_byte(number: int) -> int:
    return (number & 0xFF ^ 0x80) - 0x80


_OWN: dict[str, Callable[[Model], None]] = {
    "move": lambda self: self._copy(1),
    "const": Model._constant,
    "const.wide": Model._wide_constant,
    "jump": Model._jump,
    "jump.if": lambda self: self._jump_if(True),
    "jump.unless": lambda self: self._jump_if(False),
    "switch": Model._switch,
    "call": Model._call,
    "ret": Model._return,
    "ret.value": Model._return_value,
    "panic": Model._panic,
}

_MEMORY: dict[str, Callable[..., Any]] = {
    "mem.copy": Model._copy_bytes,
    "mem.fill": Model._fill,
    "mem.size": lambda self: len(self.memory) // PAGE_BYTES,
    "mem.grow": Model._grow,
    "mem.bytes_equal": lambda self, address, byte: self._lanes(address, lambda lane: lane == _signed_byte(byte)),
    "mem.bytes_upto": lambda self, address, byte: self._lanes(address, lambda lane: lane <= _signed_byte(byte)),
}
