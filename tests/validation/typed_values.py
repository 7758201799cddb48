"""The meaning of typed IR's data over Python objects, for `execute`: lists for arrays and objects, tuples for flat values.

data.object @O %x, %y        =>        Record("O", [x, y])
data.sum %x {case=1}         =>        (1, x)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wasmlathe.ir import types as t
from wasmlathe.ir.core import Op
from wasmlathe.ir.ops import Trap

MAX_ELEMENTS = 1 << 20


class Record:
    """An object, a cell or a closure: its layout or closure, the tag, and the fields."""

    __slots__ = ("fields", "name", "tag")

    def __init__(self, name: str, tag: int, fields: list[Any]) -> None:
        self.name = name
        self.tag = tag
        self.fields = fields


class Array:
    """`items` has as many places as there is capacity."""

    __slots__ = ("items", "length")

    def __init__(self, capacity: int) -> None:
        if not 0 <= capacity <= MAX_ELEMENTS:
            raise Trap("array length out of range")
        self.items: list[Any] = [None] * capacity
        self.length = 0


class Text:
    """A view of `size` bytes of a buffer from `start` on, which are `characters` characters."""

    __slots__ = ("buffer", "characters", "size", "start")

    def __init__(self, buffer: bytes | bytearray, start: int, size: int, characters: int) -> None:
        self.buffer = buffer
        self.start = start
        self.size = size
        self.characters = characters

    def byte(self, index: int) -> int:
        if not 0 <= index < self.size:
            raise IndexError(index)
        return self.buffer[self.start + index]

    def view(self, begin: int, size: int, characters: int) -> Text:
        return Text(self.buffer, self.start + begin, size, characters)

    def set_byte(self, index: int, value: int) -> None:
        if not 0 <= index < self.size:
            raise IndexError(index)
        self.buffer[self.start + index] = value & 255  # type: ignore[index]

    def copy(self, at: int, source: Text, begin: int, size: int) -> None:
        for index in range(size):
            self.set_byte(at + index, source.byte(begin + index))

    def written(self) -> list[tuple[str, bytes]]:
        """The effect of writing it; nothing to write is none."""
        content = bytes(self.buffer[self.start : self.start + self.size])
        return [("write", content)] if content else []


def array_index(array: Array, index: int) -> int:
    """The index from the start. Raises Trap."""
    if not 0 <= index < array.length:
        index += array.length
        if not 0 <= index < array.length:
            raise Trap("index out of range")
    return index


def array_get(array: Array, index: int) -> Any:
    return array.items[array_index(array, index)]


def array_set(array: Array, index: int, value: Any) -> None:
    array.items[array_index(array, index)] = value


def array_set_len(array: Array, length: int) -> None:
    array.length = length


def array_reserve(array: Array, capacity: int) -> None:
    if capacity > MAX_ELEMENTS:
        raise Trap("out of memory")
    missing = capacity - len(array.items)
    if missing > 0:
        array.items += [None] * max(missing, len(array.items))


def array_copy(to: Array, at: int, source: Array, begin: int, count: int) -> None:
    to.items[at : at + count] = source.items[begin : begin + count]


def array_fill(to: Array, at: int, count: int, value: Any) -> None:
    to.items[at : at + count] = [value] * count


def at_place(index: int) -> int:
    """An index into a Python list that means nothing but a place of the array."""
    if index < 0:
        raise IndexError(index)
    return index


def _nothing(type_: t.Type) -> str:
    """Some value of a type: what is asked of a flat value that does not hold it, which passes may do too early."""
    if type_.name == "cell":
        return "Record('cell', 0, [0])"
    return {"i64": "0", "i32": "0", "f64": "0.0", "bool": "False", "tuple": "(0, 0.0)"}.get(type_.name, "None")


def _sum_get(op: Op, x: list[str]) -> str:
    case, index = op.attrs["case"], op.attrs["index"]
    return f"{x[0]}[{index + 1}] if {x[0]}[0] == {case} else {_nothing(op.results[0].type)}"


def _capture(op: Op, x: list[str]) -> str:
    name, index = op.attrs["name"], op.attrs["index"]
    return f"{x[0]}.fields[{index}] if {x[0]}.name == {name!r} else {_nothing(op.results[0].type)}"


_NARROW = {"u8": "{} & 255", "s8": "({} + 128 & 255) - 128", "u16": "{} & 65535", "s16": "({} + 32768 & 65535) - 32768"}


def _stored(op: Op, value: str) -> str:
    """What an array keeps of a value."""
    element = op.operands[0].type.args[0]
    if element in t.STORAGE and element.name not in _NARROW:
        raise NotImplementedError(f"elements of type {element}")
    return f"({_NARROW[element.name].format(value)})" if element in t.STORAGE else value


def _record(kind: str) -> Callable[[Op, list[str]], str]:
    def text(op: Op, operands: list[str]) -> str:
        name = op.attrs["name"]
        tag = getattr(op.block.function.module, kind)[name].tag
        return f"Record({name!r}, {tag}, [{', '.join(operands)}])"

    return text


def _flat(operands: list[str]) -> str:
    return f"({''.join(f'{x}, ' for x in operands)})"


#: Name of an op -> the Python expression for it, given the op and the texts of its operands.
EXPRESSIONS: dict[str, Callable[[Op, list[str]], str]] = {
    "data.array_new": lambda op, x: f"Array({x[0]})",
    "data.array_len": lambda op, x: f"{x[0]}.length",
    "data.array_cap": lambda op, x: f"len({x[0]}.items)",
    "data.array_index": lambda op, x: f"array_index({x[0]}, {x[1]})",
    "data.array_get": lambda op, x: f"array_get({x[0]}, {x[1]})",
    "data.array_set": lambda op, x: f"array_set({x[0]}, {x[1]}, {_stored(op, x[2])})",
    "data.array_at": lambda op, x: f"{x[0]}.items[at_place({x[1]})]",
    "data.array_put": lambda op, x: f"{x[0]}.items[at_place({x[1]})] = {_stored(op, x[2])}",
    "data.array_set_len": lambda op, x: f"array_set_len({x[0]}, {x[1]})",
    "data.array_reserve": lambda op, x: f"array_reserve({x[0]}, {x[1]})",
    "data.array_copy": lambda op, x: f"array_copy({', '.join(x)})",
    "data.array_fill": lambda op, x: f"array_fill({x[0]}, {x[1]}, {x[2]}, {_stored(op, x[3])})",
    "data.opt_some": lambda op, x: f"({x[0]},)",
    "data.opt_none": lambda op, x: "()",
    "data.opt_has": lambda op, x: f"{x[0]} != ()",
    "data.opt_get": lambda op, x: f"{x[0]}[0] if {x[0]} else {_nothing(op.results[0].type)}",
    "data.tuple": lambda op, x: _flat(x),
    "data.tuple_get": lambda op, x: f"{x[0]}[{op.attrs['index']}]",
    "data.sum": lambda op, x: _flat([str(op.attrs["case"]), *x]),
    "data.sum_tag": lambda op, x: f"{x[0]}[0]",
    "data.sum_get": _sum_get,
    "data.object": _record("layouts"),
    "data.object_get": lambda op, x: f"{x[0]}.fields[{op.attrs['index']}]",
    "data.object_set": lambda op, x: f"{x[0]}.fields[{op.attrs['index']}] = {x[1]}",
    "data.object_tag": lambda op, x: f"{x[0]}.tag",
    "data.cell_new": lambda op, x: f"Record('cell', 0, [{x[0]}])",
    "data.cell_get": lambda op, x: f"{x[0]}.fields[0]",
    "data.cell_set": lambda op, x: f"{x[0]}.fields[0] = {x[1]}",
    "data.closure": _record("closures"),
    "data.closure_tag": lambda op, x: f"{x[0]}.tag",
    "data.closure_capture": _capture,
    "data.zero": lambda op, x: _nothing(op.results[0].type),
    "data.string": lambda op, x: f"Text({(v := op.attrs['value'].encode())!r}, 0, {len(v)}, {len(op.attrs['value'])})",
    "data.string_len": lambda op, x: f"{x[0]}.characters",
    "data.string_bytes": lambda op, x: f"{x[0]}.size",
    "data.string_byte": lambda op, x: f"{x[0]}.byte({x[1]})",
    "data.string_view": lambda op, x: f"{x[0]}.view({x[1]}, {x[2]}, {x[3]})",
    "data.string_new": lambda op, x: f"Text(bytearray({x[0]}), 0, {x[0]}, {x[1]})",
    "data.string_set_byte": lambda op, x: f"{x[0]}.set_byte({x[1]}, {x[2]})",
    "data.string_copy": lambda op, x: f"{x[0]}.copy({', '.join(x[1:])})",
    "data.write": lambda op, x: f"effects.extend({x[0]}.written())",
    "data.write_part": lambda op, x: f"effects.extend({x[0]}.view({x[1]}, {x[2]}, 0).written())",
    "data.same": lambda op, x: f"{x[0]} is {x[1]}",
}

#: What those expressions name.
NAMES: dict[str, Any] = {
    function.__name__: function
    for function in (
        Record,
        Text,
        Array,
        array_index,
        array_get,
        array_set,
        array_set_len,
        array_reserve,
        array_copy,
        array_fill,
        at_place,
    )
}
