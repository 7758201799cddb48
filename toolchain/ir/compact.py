"""Bodies of functions as plain tuples, which `marshal` writes and reads faster than anything makes them.

    ^entry: %c = i64.add %a, %b !f:3:1; ret %c        =>        (("entry", False, (("i64", "a"), ...), (("i64.add", (0, 1), ...), ...)),)

Values and blocks are numbers in the order of the text. Places and the names of data segments are numbers in tables of their
own (`Symbols`): so a function whose lines moved, or whose texts are called `@string.7` now, has the same form.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from functools import cache
from typing import Any, Generic, TypeVar

from .core import Block, DataSegment, Function, Loc, Op, Target, Value
from .ops import row_named
from .types import Type, parse

_Symbol = TypeVar("_Symbol", bound=Hashable)

#: The number of "no place".
NOWHERE = -1


class Unknown(Exception):
    """Something that a closed table of symbols does not have."""


class Table(Generic[_Symbol]):
    """Things with a number each, in the order in which they were first asked for."""

    __slots__ = ("_numbers", "is_closed", "items")

    def __init__(self, items: Iterable[_Symbol] = ()) -> None:
        self.items = list(items)
        self._numbers = {item: number for number, item in enumerate(self.items)}
        self.is_closed = False

    def number(self, item: _Symbol) -> int:
        """Raises Unknown for a new thing once the table is closed."""
        found = self._numbers.get(item)
        if found is None:
            if self.is_closed:
                raise Unknown(item)
            found = self._numbers[item] = len(self.items)
            self.items.append(item)
        return found


class Symbols:
    """What a body mentions and what is not part of its form: places, and names of data segments."""

    __slots__ = ("data", "locs")

    def __init__(self) -> None:
        self.locs: Table[Loc] = Table()
        self.data: Table[str] = Table()

    def close(self) -> None:
        """From now on nothing new is mentioned."""
        self.locs.is_closed = self.data.is_closed = True

    def place(self, loc: Loc | None) -> int:
        return NOWHERE if loc is None else self.locs.number(loc)

    def loc(self, number: int) -> Loc | None:
        return None if number == NOWHERE else self.locs.items[number]


Body = tuple[Any, ...]


def encode(function: Function, symbols: Symbols) -> Body:
    """The body of `function`. Raises Unknown if it mentions what closed `symbols` do not have."""
    values: dict[Value, int] = {}
    blocks: dict[Block, int] = {}
    for block in function.blocks:
        blocks[block] = len(blocks)
        for param in block.params:
            values[param] = len(values)
        for op in block.ops:
            for result in op.results:
                values[result] = len(values)
    return tuple(
        (
            block.name,
            block.cold,
            tuple([(p.type.text, p.name) for p in block.params]),
            tuple([_encode_op(op, values, blocks, symbols) for op in block.ops]),
        )
        for block in function.blocks
    )


def _encode_op(op: Op, values: dict[Value, int], blocks: dict[Block, int], symbols: Symbols) -> tuple[Any, ...]:
    attrs: dict[str, Any] | None = op.attrs or None
    if attrs and "data" in attrs:
        attrs = {**attrs, "data": symbols.data.number(attrs["data"])}
    return (
        op.row.name,
        tuple([values[v] for v in op.operands]),
        tuple([(r.type.text, r.name) for r in op.results]),
        attrs,
        symbols.place(op.loc),
        tuple([(blocks[t.block], tuple([values[v] for v in t.args])) for t in op.targets]) if op.targets else (),
    )


def decode(body: Body, function: Function, symbols: Symbols) -> list[Block]:
    """New blocks for `function` from what `encode` made; they are not put into it."""
    values: list[Value] = []
    blocks: list[Block] = []
    made: list[tuple[Op, tuple[Any, ...]]] = []
    for name, cold, params, ops in body:
        block = Block(function, name)
        block.cold = cold
        blocks.append(block)
        values += [block.add_param(_type(type_), param) for type_, param in params]
        for entry in ops:
            op = block.append(_decode_op(entry, symbols))
            values += op.results
            made.append((op, entry))
    for op, (_, operands, _, _, _, targets) in made:  # a use may come before its definition
        op.operands = [values[v] for v in operands]
        if targets:
            op.targets = [Target(blocks[block], [values[v] for v in args]) for block, args in targets]
    return blocks


def _decode_op(entry: tuple[Any, ...], symbols: Symbols) -> Op:
    row, _operands, results, attrs, place, _targets = entry
    if attrs and "data" in attrs:
        attrs = {**attrs, "data": symbols.data.items[attrs["data"]]}
    op = Op(row_named(row), [], tuple([_type(type_) for type_, _ in results]), attrs, symbols.loc(place))
    for result, (_, name) in zip(op.results, results, strict=True):
        result.name = name
    return op


@cache
def _type(text: str) -> Type:
    return parse(text)


def content_of(segment: DataSegment, segments: dict[str, DataSegment]) -> tuple[Any, ...]:
    """What lies in a data segment and in those whose addresses are stored there, whatever they are called."""
    relocations = tuple([(at, segments[name].content, addend) for at, name, addend in segment.relocations])
    return segment.content, segment.align, segment.room, relocations
