"""Sizes of the cells that small objects live in: multiples of 8 up to 128, then four steps to each doubling.

    1 .. 8 -> class 0    ...    121 .. 128 -> class 15    129 .. 160 -> 16    161 .. 192 -> 17    ...    -> 43 (16 KiB)

So no object wastes more than a fifth of its cell. A block of `BLOCK_BYTES` holds cells of one class.
"""

from __future__ import annotations

BLOCK_BITS = 15
BLOCK_BYTES = 1 << BLOCK_BITS

FINE_BITS = 7  # up to 2^7 bytes classes are 8 bytes apart
FINE_CLASSES = (1 << FINE_BITS) // 8
STEP_BITS = 2  # of a doubling: 2^2 classes

CELL_BYTES: tuple[int, ...] = (
    *range(8, (1 << FINE_BITS) + 1, 8),
    *((1 << e) + (step << e - STEP_BITS) for e in range(FINE_BITS, BLOCK_BITS - 1) for step in range(1, 5)),
)
CLASSES = len(CELL_BYTES)
MAX_SMALL_BYTES = CELL_BYTES[-1]


def class_of(size_bytes: int) -> int:
    """The class for objects of this size, 1 to MAX_SMALL_BYTES."""
    return next(number for number, cell in enumerate(CELL_BYTES) if size_bytes <= cell)


def span(cell_bytes: int) -> int:
    """Bytes of a block that its cells take."""
    return BLOCK_BYTES // cell_bytes * cell_bytes
