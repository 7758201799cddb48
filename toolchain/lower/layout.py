"""Where the parts of an object lie in linear memory: the one place that code generation, runtime and hosts read.

Every object starts at a multiple of `ALIGNMENT` with an 8-byte header:

    +0  u32  type id
    +4  u32  size of the whole object in bytes, a multiple of ALIGNMENT (the collector may keep its bits in the low three)

    String   +8 u32 length in bytes   +12 u32 length in characters   +16 the UTF-8 bytes
    Array    +8 u32 length            +12 u32 capacity               +16 u32 address of the first element
    Data     +8 the elements of one array; an array's pointer is the address of its Data object + 8

Numbers are little-endian.
"""

from __future__ import annotations

ALIGNMENT = 8

HEADER_TYPE = 0
HEADER_SIZE = 4
HEADER_BYTES = 8

TYPE_STRING = 1
TYPE_ARRAY = 2
TYPE_DATA = 3
TYPE_CLOSURE = 4
TYPE_CELL = 5

STRING_BYTE_LENGTH = 8
STRING_CHARACTERS = 12
STRING_BYTES = 16

ARRAY_LENGTH = 8
ARRAY_CAPACITY = 12
ARRAY_ELEMENTS = 16
ARRAY_BYTES = 24

DATA_ELEMENTS = 8

POINTER_BYTES = 4
SCALAR_BYTES = {"Int": 8, "Float": 8, "Bool": 1}


def element_bytes(type_name: str) -> int:
    """Size of one array element of a type: strings and arrays are held by address."""
    return SCALAR_BYTES.get(type_name, POINTER_BYTES)


def aligned(size: int) -> int:
    """`size` rounded up to the next multiple of ALIGNMENT."""
    return (size + ALIGNMENT - 1) & -ALIGNMENT
