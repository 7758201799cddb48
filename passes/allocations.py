"""What objects consist of: which ops make one, and what every other op does with a part of it.

data.object @P %x, %y        =>        Shape: fields f64, f64, at first %x and %y
data.object_set @P %p, %v {index=1}        =>        Write(1, %v)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..ir import types as t
from ..ir.core import Op, Value
from .analysis.uses import Uses
from .const_fold import constant_of

#: Objects with more fields stay objects.
MAX_FIELDS = 16


@dataclass(frozen=True, slots=True)
class Shape:
    """A kind of object: what makes it and from which description; the types of its fields.

    Objects that are not `mutable` may be seen under two names at once. Where `flows` is false an object cannot be passed
    on as a parameter of a block. `length` is that of an array.
    """

    kind: str
    name: str
    fields: tuple[t.Type, ...]
    mutable: bool
    flows: bool = True
    length: int = 0


@dataclass(frozen=True, slots=True)
class Read:
    """The op gives what field `index` holds."""

    index: int


@dataclass(frozen=True, slots=True)
class Write:
    """The op replaces what field `index` holds."""

    index: int
    value: Value


@dataclass(frozen=True, slots=True)
class Known:
    """The op gives this constant, whatever the fields hold; an op without result is done already."""

    value: int | None


Part = Read | Write | Known


# Shapes, by the op that makes an object; None if it is not suited.


def _object(op: Op, uses: Uses) -> Shape | None:
    layout = op.block.function.module.layouts[op.attrs["name"]]
    return Shape("object", layout.name, tuple(layout.fields), layout.mutable) if layout.fields else None


def _cell(op: Op, uses: Uses) -> Shape | None:
    return Shape("cell", "", op.result.type.args, mutable=True)


def _closure(op: Op, uses: Uses) -> Shape | None:
    closure = op.block.function.module.closures[op.attrs["name"]]
    return Shape("closure", closure.name, tuple(closure.captures), mutable=False) if closure.captures else None


def _array(op: Op, uses: Uses) -> Shape | None:
    """An array whose length is set once, in the block that makes it, before anything asks for it."""
    capacity, element = constant_of(op.operands[0]), op.result.type.args[0]
    setters = [use.op for use in uses.of(op.result) if use.op.row.name == "data.array_set_len"]
    if capacity is None or not 0 <= capacity <= MAX_FIELDS or element in t.STORAGE or len(setters) != 1:
        return None
    (setter,) = setters
    length = constant_of(setter.operands[1])
    if length is None or not 0 <= length <= capacity or setter.block is not op.block:
        return None
    ops = op.block.ops
    before = ops[ops.index(op) : ops.index(setter)]
    if any(other.row.name in _NEEDS_LENGTH and other.operands[0] is op.result for other in before):
        return None
    return Shape("array", "", (element,) * capacity, mutable=True, flows=False, length=length)


_NEEDS_LENGTH = frozenset({"data.array_len", "data.array_index", "data.array_get", "data.array_set"})

SHAPES: dict[str, Callable[[Op, Uses], Shape | None]] = {
    "data.object": _object,
    "data.cell_new": _cell,
    "data.closure": _closure,
    "data.array_new": _array,
}


def may_vanish(op: Op) -> bool:
    """True if `op` makes an object that has a shape, as far as can be told without looking at its uses."""
    if op.row.name != "data.array_new":
        return op.row.name in SHAPES and bool(op.operands)
    capacity = constant_of(op.operands[0])
    return capacity is not None and 0 < capacity <= MAX_FIELDS


# What an op does with the object that is its first operand; None if the object must really exist for it.


def _object_get(op: Op, shape: Shape) -> Part | None:
    return Read(op.attrs["index"]) if op.attrs["name"] == shape.name else None


def _object_set(op: Op, shape: Shape) -> Part | None:
    return Write(op.attrs["index"], op.operands[1]) if op.attrs["name"] == shape.name else None


def _object_tag(op: Op, shape: Shape) -> Part | None:
    return Known(op.block.function.module.layouts[shape.name].tag)


def _cell_get(op: Op, shape: Shape) -> Part | None:
    return Read(0)


def _cell_set(op: Op, shape: Shape) -> Part | None:
    return Write(0, op.operands[1])


def _closure_tag(op: Op, shape: Shape) -> Part | None:
    return Known(op.block.function.module.closures[shape.name].tag)


def _array_len(op: Op, shape: Shape) -> Part | None:
    return Known(shape.length)


def _array_set_len(op: Op, shape: Shape) -> Part | None:
    return Known(None)


def _array_index(op: Op, shape: Shape) -> Part | None:
    index = _element(op, shape)
    return None if index is None else Known(index)


def _array_get(op: Op, shape: Shape) -> Part | None:
    index = _element(op, shape)
    return None if index is None else Read(index)


def _array_set(op: Op, shape: Shape) -> Part | None:
    index = _element(op, shape)
    return None if index is None else Write(index, op.operands[2])


def _array_at(op: Op, shape: Shape) -> Part | None:
    index = _unchecked(op, shape)
    return None if index is None else Read(index)


def _array_put(op: Op, shape: Shape) -> Part | None:
    index = _unchecked(op, shape)
    return None if index is None else Write(index, op.operands[2])


def _element(op: Op, shape: Shape) -> int | None:
    """The field that the index of `op` means if it is a constant in range."""
    index: int | None = constant_of(op.operands[1])
    if index is None or not -shape.length <= index < shape.length:
        return None
    return index + shape.length if index < 0 else index


def _unchecked(op: Op, shape: Shape) -> int | None:
    """The field that an index from the start means, also one that was checked in the same array."""
    checked = op.operands[1].op
    if checked is not None and checked.row.name == "data.array_index" and checked.operands[0] is op.operands[0]:
        return _element(checked, shape)
    index = constant_of(op.operands[1])
    return index if index is not None and 0 <= index < len(shape.fields) else None


PARTS: dict[tuple[str, str], Callable[[Op, Shape], Part | None]] = {
    ("object", "data.object_get"): _object_get,
    ("object", "data.object_set"): _object_set,
    ("object", "data.object_tag"): _object_tag,
    ("cell", "data.cell_get"): _cell_get,
    ("cell", "data.cell_set"): _cell_set,
    ("closure", "data.closure_capture"): _object_get,
    ("closure", "data.closure_tag"): _closure_tag,
    ("array", "data.array_len"): _array_len,
    ("array", "data.array_set_len"): _array_set_len,
    ("array", "data.array_index"): _array_index,
    ("array", "data.array_get"): _array_get,
    ("array", "data.array_set"): _array_set,
    ("array", "data.array_at"): _array_at,
    ("array", "data.array_put"): _array_put,
}


def part_of(op: Op, shape: Shape) -> Part | None:
    """What `op` does with its first operand, an object of this shape; None if it needs the object itself."""
    find = PARTS.get((shape.kind, op.row.name))
    return find(op, shape) if find is not None else None
