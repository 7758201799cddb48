"""Static tables that a few instructions make: they are left out of the binary and written when the program starts.

    00: 1, 24, 1, 1, 8000   24: 1, 24, 1, 1, 8001   ..   (128 rows)        =>        a loop of 128 turns

A table is a progression if each of its 32-bit words differs from the one a row before by a number of its own, as in the
objects of the ASCII characters: 3 KB that become 70 bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from struct import iter_unpack
from typing import TYPE_CHECKING

from ..ir import types as t

if TYPE_CHECKING:
    from .binaryen import BinaryenModule, Expression

NAME = "rt-unpack"

_WORD = 4
_ROW_SIZES = (8, 16, 24, 32)
#: Shorter tables cost less as they are.
_SHORTEST = 256
_M32 = 0xFFFF_FFFF


@dataclass(frozen=True, slots=True)
class Progression:
    """`count` rows of words from `address` on: the words of the first row, and what they grow by."""

    address: int
    count: int
    words: tuple[int, ...]
    steps: tuple[int, ...]

    @property
    def size_bytes(self) -> int:
        return self.count * len(self.words) * _WORD


def progression(address: int, content: bytes) -> Progression | None:
    """The rule of a table at an address; None if there is none that is worth it."""
    if len(content) < _SHORTEST or not any(content):
        return None
    for size in _ROW_SIZES:
        if len(content) % size == 0:
            rows = list(iter_unpack(f"<{size // _WORD}I", content))
            steps = _difference(rows[1], rows[0])
            if all(_difference(later, row) == steps for row, later in pairwise(rows)):
                return Progression(address, len(rows), rows[0], steps)
    return None


def _difference(later: tuple[int, ...], row: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(b - a & _M32 for a, b in zip(row, later, strict=True))


def add_unpacking(out: BinaryenModule, tables: list[Progression]) -> None:
    """Add the function that writes the tables, which has to run before anything else."""
    out.add_function(NAME, (), (), [out.type_of([t.I32])] * 2, out.block(None, _loops(out, tables)), ())


def _loops(out: BinaryenModule, tables: list[Progression]) -> list[Expression]:
    statements: list[Expression] = []
    for number, table in enumerate(tables):
        label = f"table{number}"
        statements.append(out.local_set(_TURN, out.const(t.I32, 0)))
        statements.append(out.local_set(_ROW, out.const(t.I32, table.address)))
        statements.append(out.loop(label, _turn(out, table, label)))
    return statements


#: Local variables: how many rows are written, and where the next one is.
_TURN, _ROW = 0, 1


def _turn(out: BinaryenModule, table: Progression, label: str) -> list[Expression]:
    def get(local: int) -> Expression:
        return out.local_get(local, out.type_of([t.I32]))

    def plus(local: int, number: int) -> Expression:
        return out.binary("AddInt32", get(local), out.const(t.I32, number))

    body: list[Expression] = []
    for index, (word, step) in enumerate(zip(table.words, table.steps, strict=True)):
        value = out.const(t.I32, word)
        if step:
            grown = get(_TURN) if step == 1 else out.binary("MulInt32", get(_TURN), out.const(t.I32, step))
            value = out.binary("AddInt32", grown, value)
        if word or step:
            body.append(out.store(_WORD, index * _WORD, t.I32, get(_ROW), value))
    body.append(out.local_set(_ROW, plus(_ROW, len(table.words) * _WORD)))
    body.append(out.local_set(_TURN, plus(_TURN, 1)))
    body.append(out.branch(label, out.binary("NeInt32", get(_TURN), out.const(t.I32, table.count))))
    return body
