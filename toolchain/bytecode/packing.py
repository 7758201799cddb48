"""Bytecode as it lies in the file of a module: a third of its size in memory, and smaller than compiled code.

    i64.add.imm r3, r0, 1        8 bytes in memory        about 19 bits in the file

An instruction has fields at fixed places because a machine reads those fast; most of their bytes are 0 and others recur. So
each bit is coded by how often it was 0 and 1 in its context before: by the range coder of LZMA, with counts as of Krichevsky
and Trofimov that forget. A byte is a bit that tells whether it is 0, with the instruction as its context (for opcodes the
one before), and if it is not, its eight bits, highest first, each with those before it as its context.

A module unpacks its code when it is instantiated (`unpacking`): the VM, the disassembler and the host know the form in memory.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from math import log2
from struct import pack_into
from typing import Protocol

from .disassemble import instructions
from .instructions import WORD, table

#: Contexts of "is this byte 0?": one for each place in a word and low byte of an opcode. Behind them those of the bytes.
ZERO_CONTEXTS = WORD << 8
#: Bytes of opcodes and bytes of fields, low and high.
BYTE_KINDS = 4
CONTEXTS = ZERO_CONTEXTS + (BYTE_KINDS << 8)

#: A bit that occurred n times weighs STEP * n + 1, so that few occurrences tell much.
STEP = 4
#: After more occurrences both counts are halved.
MOST = 15
#: The range is kept at this or above, by a byte at a time.
LEAST_RANGE = 1 << 24

_WHOLE = 0xFFFF_FFFF


def dense_numbers(used: Collection[str]) -> dict[int, int]:
    """Numbers for the codes of the instructions of these names, without gaps: a smaller table of handlers."""
    codes = [instruction.code for instruction in table().values() if instruction.name in used]
    return {code: number for number, code in enumerate(codes)}


def renumbered(code: bytes, numbers: Mapping[int, int]) -> bytes:
    """The code with other numbers for its instructions."""
    changed = bytearray(code)
    for at, instruction, _size in instructions(code, WORD):  # no function begins at 0
        assert instruction is not None  # the code was made here
        pack_into("<H", changed, at, numbers[instruction.code])
    return bytes(changed)


def pack(code: bytes) -> bytes:
    """The packed form of words of bytecode. Who unpacks reads zeros behind its end."""
    encoder = _Encoder()
    for _at in _walk(encoder, bytearray(code)):
        pass
    return encoder.finished()


def unpack(packed: bytes, size: int) -> bytes:
    """The `size` bytes of bytecode that were packed: what `unpacking` does in a module."""
    code = bytearray(size)
    for _at in _walk(_Decoder(packed), code):
        pass
    return bytes(code)


def packed_sizes(code: bytes, starts: Iterable[int]) -> list[float]:
    """How many bytes each part takes when all are packed; `starts` are ascending offsets of words, the first 0."""
    meter = _Meter()
    ends = set(starts)
    sizes: list[float] = []
    for at in _walk(meter, bytearray(code)):
        if at in ends and at:
            sizes.append(meter.take())
    return [*sizes, meter.take()]


class _Coder(Protocol):
    def bit(self, context: int, bit: int) -> int:
        """Code a bit, which only who encodes knows; the bit."""


def _walk(coder: _Coder, code: bytearray) -> Iterator[int]:
    """Code all bytes; yields the offset of each word before it."""
    opcode = 0
    for start in range(0, len(code), WORD):
        yield start
        for place in range(WORD):
            byte = code[start + place]
            if not coder.bit(place << 8 | opcode, not byte):
                code[start + place] = _byte(coder, ZERO_CONTEXTS + (kind_of_byte(place) << 8), byte)
            if place == 0:
                opcode = code[start]


def kind_of_byte(place: int) -> int:
    """Which bytes are alike: those of the opcode, and those of all fields."""
    return place & 1 | (place > 1) << 1


def _byte(coder: _Coder, context: int, byte: int) -> int:
    known = 1
    for shift in range(7, -1, -1):
        known = known << 1 | coder.bit(context + known, byte >> shift & 1)
    return known & 0xFF


class _Model:
    """How often each bit occurred in each context."""

    def __init__(self) -> None:
        self.counts = [0] * (2 * CONTEXTS)

    def count(self, context: int, bit: int) -> None:
        counts, at = self.counts, 2 * context
        counts[at + bit] += 1
        if counts[at + bit] > MOST:
            counts[at] >>= 1
            counts[at + 1] >>= 1


class _Encoder(_Model):
    def __init__(self) -> None:
        super().__init__()
        self._done = bytearray()
        self._low = 0
        self._range = _WHOLE

    def bit(self, context: int, bit: int) -> int:
        zeros, ones = self.counts[2 * context], self.counts[2 * context + 1]
        bound = self._range // (STEP * (zeros + ones) + 2) * (STEP * zeros + 1)
        if bit:
            self._add(bound)
            self._range -= bound
        else:
            self._range = bound
        while self._range < LEAST_RANGE:
            self._done.append(self._low >> 24)
            self._low = self._low << 8 & _WHOLE
            self._range <<= 8
        self.count(context, bit)
        return bit

    def _add(self, number: int) -> None:
        self._low += number
        if self._low > _WHOLE:
            self._low &= _WHOLE
            at = len(self._done) - 1
            while self._done[at] == 0xFF:
                self._done[at] = 0
                at -= 1
            self._done[at] += 1

    def finished(self) -> bytes:
        """All bytes: the roundest number of the range ends them."""
        for zeros in (24, 16, 8, 0):
            more = -self._low & (1 << zeros) - 1
            if more < self._range:
                self._add(more)
                break
        return bytes(self._done + self._low.to_bytes(4, "big")).rstrip(b"\0")


class _Decoder(_Model):
    def __init__(self, packed: bytes) -> None:
        super().__init__()
        self._packed = packed + bytes(8)
        self._next = 4
        self._code = int.from_bytes(self._packed[:4], "big")
        self._range = _WHOLE

    def bit(self, context: int, _bit: int) -> int:
        zeros, ones = self.counts[2 * context], self.counts[2 * context + 1]
        bound = self._range // (STEP * (zeros + ones) + 2) * (STEP * zeros + 1)
        bit = int(self._code >= bound)
        if bit:
            self._code -= bound
            self._range -= bound
        else:
            self._range = bound
        while self._range < LEAST_RANGE:
            self._range <<= 8
            self._code = self._code << 8 | (self._packed[self._next] if self._next < len(self._packed) else 0)
            self._next += 1
        self.count(context, bit)
        return bit


class _Meter(_Model):
    """Counts the bits that an encoder would make."""

    def __init__(self) -> None:
        super().__init__()
        self._bits = 0.0

    def bit(self, context: int, bit: int) -> int:
        zeros, ones = self.counts[2 * context], self.counts[2 * context + 1]
        self._bits += log2((STEP * (zeros + ones) + 2) / (STEP * (ones if bit else zeros) + 1))
        self.count(context, bit)
        return bit

    def take(self) -> float:
        """The bytes since this was asked before."""
        size, self._bits = self._bits / 8, 0.0
        return size
