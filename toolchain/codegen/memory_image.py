"""Static data: which segment lies at which address, and what memory holds before the program starts.

    0 .. 15        the null address and what is read near it: never data
    16 ..          segments, each at a multiple of its alignment: the shadow stack, whose overflow is to trap; those with
                   bytes, in the order of `module.data`; those that are zero, so that no zeros lie between bytes: wasmtime
                   keeps what lies between the first and the last byte in the compiled module
    heap base      the first multiple of 8 after them

Code generation and the reference interpreter place data by this one rule, so that a program sees the same addresses.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ..ir.core import DataSegment, Module
from ..lower.heap_state import SHADOW
from .unpacked import Progression, progression

FIRST_ADDRESS = 16
PAGE_BYTES = 65536
# A run of zeros shorter than this costs less as bytes than the header of another segment.
_SHORTEST_GAP = 12
_NOT_ZERO = re.compile(rb"[^\0]")


class MemoryImage:
    """Addresses of the data segments of a module, and their bytes."""

    __slots__ = ("addresses", "content", "heap_base", "tables")

    def __init__(self, module: Module) -> None:
        self.addresses: dict[str, int] = {}
        end = filled = FIRST_ADDRESS
        for segment in sorted(module.data.values(), key=_rank):
            address = _aligned(end, segment.align)
            self.addresses[segment.name] = address
            end = address + len(segment.content) + segment.room
            if segment.content:
                filled = address + len(segment.content)
        self.heap_base = _aligned(end, 8)
        content = bytearray(filled)
        for segment in module.data.values():
            start = self.addresses[segment.name]
            content[start : start + len(segment.content)] = segment.content
            for offset, name, addend in segment.relocations:
                target = (self.addresses[name] + addend) & 0xFFFF_FFFF
                content[start + offset : start + offset + 4] = target.to_bytes(4, "little")
        #: What memory holds from address 0 on; zeros after it.
        self.content = bytes(content)
        #: Segments that code can make.
        self.tables: list[Progression] = []
        for name, address in self.addresses.items():
            size = len(module.data[name].content)
            if (table := progression(address, self.content[address : address + size])) is not None:
                self.tables.append(table)

    @property
    def initial_pages(self) -> int:
        return max(1, -(-self.heap_base // PAGE_BYTES))

    def pieces(self, written_by_code: Iterable[tuple[int, int]] = ()) -> Iterator[tuple[int, bytes]]:
        """(address, bytes) of what is not zero nor made by code; long runs of zeros are left out, memory is zero anyway.

        `written_by_code`: (address, bytes) of what code makes besides the tables.
        """
        made = [(table.address, table.size_bytes) for table in self.tables]
        content, end = self._without([*made, *written_by_code]), len(self.content)
        gap = bytes(_SHORTEST_GAP)
        start = _skip_zeros(content, 0)
        while start < end:
            stop = content.find(gap, start)
            piece = content[start : stop if stop >= 0 else end].rstrip(b"\0")
            yield start, piece
            start = _skip_zeros(content, start + len(piece))

    def _without(self, spans: Iterable[tuple[int, int]]) -> bytes:
        content = bytearray(self.content)
        for address, size in spans:
            content[address : address + size] = bytes(size)
        return bytes(content)


def _rank(segment: DataSegment) -> int:
    if segment.name == SHADOW:
        return 0
    return 1 if segment.content else 2


def _skip_zeros(content: bytes, start: int) -> int:
    found = _NOT_ZERO.search(content, start)
    return found.start() if found else len(content)


def _aligned(address: int, align: int) -> int:
    return -(-address // align) * align
