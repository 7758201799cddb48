"""Python values to objects in linear memory and back, by the types of the manifest.

All arguments of one call become one block, so that compiled code is asked for memory once: `Image` lays the objects out
behind each other, then writes them where `__alloc` put the block. To the collector the block is an Arena, which stays as
long as any of its members is in use. Arrays are copied: what the program does to them is not seen by the caller.
"""

from __future__ import annotations

import operator
from array import array
from collections.abc import Sequence
from struct import error as StructError
from struct import pack, unpack, unpack_from
from typing import Any

from wasmlathe.lower import layout
from wasmlathe.wasm_runtime.panics import InternalError

INT_MIN, INT_MAX = -(1 << 63), (1 << 63) - 1
# Formats of a buffer's elements that are the program's own representation, so that the block is copied as it is.
NATIVE_FORMATS = {"Int": ("q", "l", "<q", "=q"), "Float": ("d", "<d", "=d"), "Bool": ("?", "<?")}
_INTEGER_FORMATS = frozenset("bBhHiIlLqQ")
_FLOAT_FORMATS = frozenset("fd")


class Mismatch(TypeError):
    """A value that is not of the wanted type; the message says what is wanted and what was given."""


def as_int(value: object) -> int:
    """`value` as an int, if it is a whole number by type (numpy's too). Its range is checked where it is stored."""
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise Mismatch(f"expected Int, got {describe(value)}")
    return operator.index(value)


def as_float(value: object) -> float:
    if isinstance(value, (bool, str)) or not hasattr(value, "__float__"):
        raise Mismatch(f"expected Float, got {describe(value)}")
    return float(value)


def as_bool(value: object) -> bool:
    if not isinstance(value, bool):
        if type(value).__name__ not in ("bool", "bool_"):  # numpy has its own, under both names
            raise Mismatch(f"expected Bool, got {describe(value)}")
        return bool(value)
    return value


def as_nil(value: object) -> int:
    if value is not None:
        raise Mismatch(f"expected Nil (None), got {describe(value)}")
    return 0


SCALARS = {"Int": as_int, "Float": as_float, "Bool": as_bool, "Nil": as_nil}


def describe(value: object) -> str:
    text = repr(value)
    return f"{type(value).__name__} {text if len(text) <= 40 else text[:37] + '...'}"


def is_array(type_name: str) -> bool:
    return type_name.startswith("[")


def element_type(type_name: str) -> str:
    return type_name[1:-1]


class Image:
    """Objects laid out behind each other, to be written at an address that is known later."""

    __slots__ = ("_pieces", "_pointers", "size")

    def __init__(self) -> None:
        self.size = layout.HEADER_BYTES
        self._pieces: list[tuple[int, bytes | memoryview]] = []
        self._pointers: list[tuple[int, list[int]]] = []  # where, and the offsets that become addresses there

    def add(self, type_name: str, value: object) -> int:
        """Offset of the object that stands for `value`. Raises Mismatch (a TypeError), OverflowError, UnicodeError."""
        return self._string(value) if type_name == "String" else self._array(element_type(type_name), value)

    def write(self, memory: memoryview, base: int) -> None:
        memory[base : base + layout.HEADER_BYTES] = pack("<II", layout.TYPE_ARENA, self.size)
        for offset, piece in self._pieces:
            memory[base + offset : base + offset + len(piece)] = piece
        for offset, targets in self._pointers:
            start = base + offset
            memory[start : start + 4 * len(targets)] = array("I", [base + target for target in targets]).tobytes()

    def _reserve(self, size: int) -> int:
        offset = self.size
        self.size += layout.aligned(size)
        return offset

    def _string(self, value: object) -> int:
        if not isinstance(value, str):
            raise Mismatch(f"expected String, got {describe(value)}")
        data = value.encode()
        offset = self._reserve(layout.STRING_OBJECT_BYTES)
        buffer = self._object(layout.TYPE_BUFFER, layout.BUFFER_START, data)
        self._header(offset, layout.TYPE_STRING, layout.STRING_OBJECT_BYTES)
        self._fields(offset, layout.STRING_BYTE_LENGTH, len(data))
        self._fields(offset, layout.STRING_CHARACTERS, len(value))
        self._fields(buffer, layout.BUFFER_USED, len(data))
        self._pointers.append((offset + layout.STRING_START, [buffer + layout.BUFFER_START]))
        self._pointers.append((offset + layout.STRING_BUFFER, [buffer]))
        return offset

    def _array(self, element: str, value: object) -> int:
        offset = self._reserve(layout.ARRAY_BYTES)
        is_scalar = element in NATIVE_FORMATS
        items = () if is_scalar else sequence(element, value)
        block = scalar_block(element, value) if is_scalar else bytes(layout.POINTER_BYTES * len(items))
        count = len(block) // layout.element_bytes(element)
        self._header(offset, layout.TYPE_ARRAY, layout.ARRAY_BYTES)
        self._fields(offset, layout.ARRAY_LENGTH, count, count)
        if count:
            data_type = layout.TYPE_DATA if is_scalar else layout.TYPE_DATA_REFS
            elements = self._object(data_type, layout.DATA_ELEMENTS, block) + layout.DATA_ELEMENTS
            self._pointers.append((offset + layout.ARRAY_ELEMENTS, [elements]))
            self._pointers.append((elements, [self._item(element, i, item) for i, item in enumerate(items)]))
        else:
            self._fields(offset, layout.ARRAY_ELEMENTS, 0)
        return offset

    def _item(self, element: str, index: int, item: object) -> int:
        try:
            return self.add(element, item)
        except Mismatch as error:
            raise Mismatch(f"element {index}: {error}") from None

    def _object(self, type_id: int, start: int, content: bytes | memoryview) -> int:
        """Reserve an object that has `content` from its offset `start` on."""
        size = layout.aligned(start + len(content))
        offset = self._reserve(size)
        self._header(offset, type_id, size)
        self._pieces.append((offset + start, content))
        return offset

    def _header(self, offset: int, type_id: int, size: int) -> None:
        self._fields(offset, layout.HEADER_TYPE, type_id | layout.MEMBER, size)

    def _fields(self, offset: int, field: int, *numbers: int) -> None:
        """Set u32 fields that follow each other."""
        self._pieces.append((offset + field, pack(f"<{len(numbers)}I", *numbers)))


def scalar_block(element: str, value: object) -> bytes | memoryview:
    """The elements of an array of scalars as the bytes they have in memory; a view where the caller's already are so."""
    if isinstance(value, (list, tuple)):
        return _pack(element, value)
    view = _view(element, value)
    if view.format in NATIVE_FORMATS[element] and view.itemsize == layout.element_bytes(element):
        is_native = view.contiguous and len(view.format) == 1  # memoryview can cast these only
        return view.cast("B") if is_native else view.tobytes()
    code = view.format[-1:]
    fits = code in _INTEGER_FORMATS or (element == "Float" and code in _FLOAT_FORMATS)
    if element == "Bool" or not fits:
        raise Mismatch(f"expected [{element}], got {type(value).__name__} with elements of format {view.format!r}")
    return _pack(element, unpack(f"{view.format[:-1]}{len(view)}{code}", view.tobytes()))


def sequence(element: str, value: object) -> Sequence[Any]:
    """`value` as a list or tuple; the rows of a buffer of two dimensions count as its elements."""
    if isinstance(value, (list, tuple)):
        return value
    view = None if isinstance(value, (str, bytes, bytearray)) else _buffer(value)
    shape = view.shape if view is not None else None
    if view is None or not shape or len(shape) < 2 or not is_array(element) or len(view.format) != 1:
        raise Mismatch(f"expected [{element}], got {describe(value)}")
    if len(shape) > 2 or not view.contiguous or not view.nbytes:  # memoryview cannot cut these into rows
        return view.tolist()
    flat: Any = view.cast("B").cast(view.format)  # type: ignore[call-overload]  # any format of one letter will do
    rows, width = shape
    return [flat[row * width : (row + 1) * width] for row in range(rows)]


def _view(element: str, value: object) -> memoryview:
    view = _buffer(value)
    if view is None or (isinstance(value, (bytes, bytearray)) and element != "Int"):
        raise Mismatch(f"expected [{element}], got {describe(value)}")
    if view.ndim != 1:
        raise Mismatch(f"expected [{element}], got {type(value).__name__} of {view.ndim} dimensions")
    return view


def _buffer(value: Any) -> memoryview | None:
    try:
        return memoryview(value)
    except TypeError:
        return None


def _pack(element: str, items: list[Any] | tuple[Any, ...]) -> bytes:
    kinds = set(map(type, items))
    if element == "Bool":
        return bytes(items if kinds <= {bool} else _convert(element, items))
    if not kinds <= ({int} if element == "Int" else {int, float}):
        items = _convert(element, items)
    try:
        return array("q" if element == "Int" else "d", items).tobytes()
    except OverflowError:
        raise OverflowError(f"an element of [{element}] is out of range") from None


def _convert(element: str, items: list[Any] | tuple[Any, ...]) -> list[Any]:
    convert = SCALARS[element]
    converted = []
    for index, item in enumerate(items):
        try:
            converted.append(convert(item))
        except Mismatch as error:
            raise Mismatch(f"element {index}: {error}") from None
    return converted


def read(type_name: str, memory: memoryview, address: int) -> Any:
    """The Python value of the String or array at `address`. `memory` has exactly the memory's size."""
    try:
        return _read_string(memory, address) if type_name == "String" else _read_array(type_name, memory, address)
    except (ValueError, TypeError, StructError) as error:
        raise InternalError(f"a result of type {type_name} is no such object ({error})") from None


def _read_string(memory: memoryview, address: int) -> str:
    _expect(memory, address, layout.TYPE_STRING)
    (length,) = unpack_from("<I", memory, address + layout.STRING_BYTE_LENGTH)
    (start,) = unpack_from("<I", memory, address + layout.STRING_START)
    return bytes(_slice(memory, start, length)).decode()


def _read_array(type_name: str, memory: memoryview, address: int) -> list[Any]:
    _expect(memory, address, layout.TYPE_ARRAY)
    (count,) = unpack_from("<I", memory, address + layout.ARRAY_LENGTH)
    (start,) = unpack_from("<I", memory, address + layout.ARRAY_ELEMENTS)
    element = element_type(type_name)
    elements = _slice(memory, start, count * layout.element_bytes(element)) if count else memory[:0]
    if element in NATIVE_FORMATS:
        return list(elements.cast(NATIVE_FORMATS[element][0]))  # type: ignore[call-overload]  # from a table
    inner = _read_string if element == "String" else lambda memory, address: _read_array(element, memory, address)
    return [inner(memory, pointer) for pointer in elements.cast("I")]


def _expect(memory: memoryview, address: int, type_id: int) -> None:
    (found,) = unpack_from("<H", memory, address)
    if found != type_id:
        raise ValueError(f"type id {found}, not {type_id}, at {address:#x}")


def _slice(memory: memoryview, start: int, size: int) -> memoryview:
    piece = memory[start : start + size]
    if len(piece) != size:
        raise ValueError(f"{size} bytes at {start:#x} are outside the memory")
    return piece
