"""Where the parts of an object lie in linear memory: the one place that code generation, runtime and hosts read.

Every object starts at a multiple of `ALIGNMENT` with an 8-byte header:

    +0  u16  type id
    +2  u16  the tag of an object's layout, which tells the cases of a sum apart; 0 in all else; and INNER or MEMBER
    +4  u32  size of the whole object in bytes, a multiple of ALIGNMENT; the low three bits are the collector's

    String   +8 u32 length in bytes   +12 u32 length in characters   +16 u32 address of the first byte
             +20 u32 address of the Buffer that owns the bytes, 0 if they are static
    Buffer   +8 u32 bytes in use      +12 the UTF-8 bytes; what lies beyond those in use is room to grow
    Array    +8 u32 length            +12 u32 capacity               +16 u32 address of the first element, 0 if none
    Data     +8 the elements of one array; an array's pointer is the address of its Data object + 8
    Closure  +8 u32 tag               then the captured values, each at a multiple of its size
    Cell     +8 the content
    Object   +8 the fields of its layout, ordered such that little is lost between them
    Arena    +8 other objects, all of them MEMBERs: what a host hands over with one allocation

An INNER object is a Data or Buffer that was allocated together with the Array or String before it and lives as long.

A string never changes, but it may be a view of bytes that other strings share; whoever appends to the string that ends
where its buffer's bytes in use end may take the room behind it (as Go's `append` does). Eight bytes of memory at least lie
before those of every string, the empty one too, and may be loaded. Numbers are little-endian.
"""

from __future__ import annotations

ALIGNMENT = 8

HEADER_TYPE = 0
HEADER_TAG = 2
HEADER_SIZE = 4
HEADER_BYTES = 8

TYPE_STRING = 1
TYPE_ARRAY = 2
TYPE_DATA = 3
TYPE_CLOSURE = 4
TYPE_CELL = 5
TYPE_BUFFER = 6
TYPE_DATA_REFS = 7  # elements that are one reference each
TYPE_OBJECT = 8  # without references; objects with references get ids from `descriptors`
TYPE_ARENA = 9
FIXED_TYPES = 10  # further ids are given by `descriptors`

TAG_SHIFT = 16
MAX_TAG = 0x3FFF
# Flags above the tag, of objects that are not allocated for themselves.
INNER = 1 << 30
MEMBER = 1 << 31
OUTER_BYTES = 24  # what an INNER object comes after: an Array or a String

STRING_BYTE_LENGTH = 8
STRING_CHARACTERS = 12
STRING_START = 16
STRING_BUFFER = 20
STRING_OBJECT_BYTES = 24

BUFFER_USED = 8
BUFFER_START = 12

ARRAY_LENGTH = 8
ARRAY_CAPACITY = 12
ARRAY_ELEMENTS = 16
ARRAY_BYTES = 24

DATA_ELEMENTS = 8

CLOSURE_TAG = 8
CLOSURE_CAPTURES = 12

CELL_CONTENT = 8

OBJECT_FIELDS = 8

#: No object is larger, so that sizes can be added in 32 bits without a carry.
MAX_OBJECT_BYTES = (1 << 31) - 64

POINTER_BYTES = 4
SCALAR_BYTES = {"Int": 8, "Float": 8, "Bool": 1}


def element_bytes(type_name: str) -> int:
    """Size of one array element of a type: strings and arrays are held by address."""
    return SCALAR_BYTES.get(type_name, POINTER_BYTES)


def aligned(size: int) -> int:
    """`size` rounded up to the next multiple of ALIGNMENT."""
    return (size + ALIGNMENT - 1) & -ALIGNMENT
