"""Where the allocator and the collector keep what they know, in static memory.

    "rt-heap"     for each class: next free cell, end of the run of free cells; for each class: where sweeping the class's
                  block goes on (0: nowhere), number of the next block to look at for sweeping; then `FIELDS`
    "rt-blocks"   two bytes for each block of the heap: what it is, and its state
    "rt-classes"  for each class: bytes of a cell, bytes of a block that are cells
    "rt-marks"    the mark stack: objects whose references are to be followed
    "rt-shadow"   the shadow stack, first in memory, so that its overflow traps

The heap begins at the first multiple of BLOCK_BYTES behind the static data.
"""

from __future__ import annotations

from struct import pack

from ..ir.core import DataSegment, Module
from .size_classes import BLOCK_BITS, CELL_BYTES, CLASSES, span

HEAP, BLOCKS, CLASS_TABLE, MARKS, SHADOW = "rt-heap", "rt-blocks", "rt-classes", "rt-marks", "rt-shadow"

#: What a block is: FREE, a class + 1, the first block of a large object, or another one of it.
FREE, LARGE, LARGE_REST = 0, 254, 255

#: States of a block of small cells, as bits. UNSWEPT: nothing was allocated in it since the last collection, so what that
#: did not mark is free. While a collection marks, HAD_UNSWEPT is what was UNSWEPT before, and UNSWEPT is set where
#: something is marked.
UNSWEPT, WAS_UNSWEPT = 1, 2

ENTRY_BYTES = 2
CLASS_ROW_BYTES = 8

# Of a class, from its row in "rt-heap" on.
NEXT, END = 0, 4
SWEEP_AT, SWEEP_BLOCK = 8 * CLASSES, 8 * CLASSES + 4
CLASSES_BYTES = 16 * CLASSES

_FIELD_NAMES = (
    "blocks",  # blocks in use or free; what lies behind them was never used
    "free",  # how many of them are free
    "cursor",  # where the search for free blocks goes on
    "epoch",  # what the last collection marked with: 1 to 6, or 7 for what did at the last wrap
    "before",  # what the collection before marked with
    "marks",  # bytes of the mark stack in use
    "lost",  # not 0: the mark stack was full, so marked objects have to be looked for
    "pad",
)
_WIDE_NAMES = (
    "since",  # bytes taken since the last collection, in whole runs and blocks
    "headroom",  # what may be taken between two collections because much is alive
    "live",  # bytes that the last collection marked
    "collections",
    "allocated",  # bytes taken before the last collection
    "objects",  # small and large objects, counted when cells are taken
    "longest",  # pauses in microseconds
    "paused",
)

#: Offsets of the fields in "rt-heap": words, then 64-bit numbers.
FIELDS = {name: CLASSES_BYTES + 4 * number for number, name in enumerate(_FIELD_NAMES)}
WIDE_FIELDS = {name: CLASSES_BYTES + 4 * len(_FIELD_NAMES) + 8 * number for number, name in enumerate(_WIDE_NAMES)}

SHADOW_BYTES = 1 << 20
MARKS_BYTES = 1 << 17
_MAX_BLOCKS = 1 << (32 - BLOCK_BITS)

_ROOM = {
    HEAP: CLASSES_BYTES + 4 * len(_FIELD_NAMES) + 8 * len(_WIDE_NAMES),
    BLOCKS: ENTRY_BYTES * _MAX_BLOCKS,
    MARKS: MARKS_BYTES,
    SHADOW: SHADOW_BYTES,
}


def segment(module: Module, name: str) -> str:
    """`name`, whose segment is in the module from now on."""
    if name not in module.data:
        content = b"".join(pack("<II", cell, span(cell)) for cell in CELL_BYTES) if name == CLASS_TABLE else b""
        module.data[name] = DataSegment(name, content, 8, _ROOM.get(name, 0))
    return name


def shadow_first(module: Module) -> None:
    """Place the shadow stack, if there is one, before all other data."""
    shadow = module.data.pop(SHADOW, None)
    if shadow is not None:
        rest = dict(module.data)
        module.data.clear()
        module.data.update({SHADOW: shadow, **rest})
