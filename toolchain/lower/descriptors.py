"""What the collector knows of each type of object: where its references are.

    table "rt-descriptors", 8 bytes a type id      +0 u32 bits     +4 u32 kind | stride << 3

`bits` tells the references of an object, or of one element of a Data object: bit i stands for the four bytes at 4 * i, from
the end of the header on. What has references beyond 128 bytes has the address of a list there instead: number of
references, then the offset of each, all u32. Objects of the same shape share an id.
"""

from __future__ import annotations

from struct import pack

from ..ir import types as t
from ..ir.core import DataSegment, Module
from . import layout
from .representation import Record, record, stride

#: Name of the segment with the table.
TABLE = "rt-descriptors"
ROW_BYTES = 8

#: Kinds. LEAF has no references; ARRAY holds the address of its elements, which is in or behind a Data object.
LEAF, OBJECT, ARRAY, ELEMENTS, LISTED_OBJECT, LISTED_ELEMENTS = range(6)
KIND_BITS = 3

_SLOT_BYTES = layout.POINTER_BYTES
_SLOTS = 32


class Descriptors:
    """The types of one module. Ids are given on demand; the table grows with them."""

    __slots__ = ("_ids", "_module", "_rows", "_segment")

    def __init__(self, module: Module) -> None:
        self._module = module
        self._segment: DataSegment | None = None
        self._rows: list[tuple[int, int, tuple[int, ...]]] = []
        self._ids: dict[tuple[int, int, tuple[int, ...]], int] = {}
        string = _bits((layout.STRING_BUFFER - layout.HEADER_BYTES,))
        fixed = {
            layout.TYPE_STRING: (string, OBJECT),
            layout.TYPE_ARRAY: (0, ARRAY),
            layout.TYPE_DATA_REFS: (1, ELEMENTS | _SLOT_BYTES << KIND_BITS),
        }
        for number in range(layout.FIXED_TYPES):
            bits, kind = fixed.get(number, (0, LEAF))
            self._rows.append((bits, kind, ()))
        self._ids[1, ELEMENTS | _SLOT_BYTES << KIND_BITS, ()] = layout.TYPE_DATA_REFS

    def object_type(self, ref_offsets: tuple[int, ...], leaf: int = layout.TYPE_OBJECT) -> int:
        """Id of objects with references at these offsets from their start; `leaf` is the id if there are none."""
        offsets = tuple(offset - layout.HEADER_BYTES for offset in ref_offsets)
        return self._id(offsets, OBJECT, LISTED_OBJECT, 0) if offsets else leaf

    def data_type(self, stride: int, ref_offsets: tuple[int, ...]) -> int:
        """Id of Data objects whose elements of `stride` bytes have references at these offsets from their start."""
        return self._id(ref_offsets, ELEMENTS, LISTED_ELEMENTS, stride) if ref_offsets else layout.TYPE_DATA

    def elements_type(self, element: t.Type) -> int:
        """Id of Data objects with elements of this type."""
        return self.data_type(stride(element), references(record((element,))))

    def segment(self) -> str:
        """Name of the segment with the table, which is in the module from now on."""
        if self._segment is None:
            self._segment = self._module.data[TABLE] = DataSegment(TABLE, b"")
            self._refresh()
        return TABLE

    def _id(self, offsets: tuple[int, ...], short: int, listed: int, stride: int) -> int:
        if all(offset < _SLOTS * _SLOT_BYTES for offset in offsets):
            row: tuple[int, int, tuple[int, ...]] = (_bits(offsets), short | stride << KIND_BITS, ())
        else:
            row = (0, listed | stride << KIND_BITS, offsets)
        number = self._ids.get(row)
        if number is None:
            number = self._ids[row] = len(self._rows)
            self._rows.append(row)
            self._refresh()
        return number

    def _refresh(self) -> None:
        """Write the table anew: the rows, then the lists, to which rows refer by relocation."""
        if self._segment is None:
            return
        rows, lists, relocations = bytearray(), bytearray(), []
        start = ROW_BYTES * len(self._rows)
        for bits, kind, offsets in self._rows:
            if offsets:
                relocations.append((len(rows), TABLE, start + len(lists)))
                lists += pack(f"<{1 + len(offsets)}I", len(offsets), *offsets)
            rows += pack("<II", bits, kind)
        self._segment.content = bytes(rows + lists)
        self._segment.relocations = relocations


def references(fields: Record) -> tuple[int, ...]:
    """Offsets of the references of a record."""
    return tuple(field.offset for field in fields if field.kind == "ref")


def _bits(offsets: tuple[int, ...]) -> int:
    return sum(1 << offset // _SLOT_BYTES for offset in offsets)
