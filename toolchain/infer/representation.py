"""Which type of typed IR stands for the values of a type of inference, once nothing grows any more.

Sums and tuples are flat values unless they contain themselves or need too many scalars; then they are objects. What
would make an infinite type, an array that contains itself at some depth, is held as an `object` and cast where it is used.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from wasmlathe.ir import types as t
from wasmlathe.ir.core import Declaration, Module
from wasmlathe.ir.core import Layout as ObjectLayout
from wasmlathe.lower.representation import components

from .lattice import (
    BOOLS,
    FLOAT,
    INT,
    NEVER,
    NIL,
    STRING,
    Array,
    Func,
    Nominal,
    Opt,
    Record,
    Shared,
    Tuple,
    Ty,
    TypeCell,
    TypedArray,
    Union,
)

_SCALARS = {INT: t.I64, FLOAT: t.F64, NIL: t.NIL, STRING: t.STRING, **dict.fromkeys(BOOLS, t.BOOL)}

#: Sums and tuples that need more scalars than this are objects.
MAX_FLAT = 6


class NoRepresentation(Exception):
    """A type has no representation; `type` is the type or the part of it that has none."""

    def __init__(self, type_: Ty, why: str) -> None:
        super().__init__(why)
        self.type = type_
        self.why = why


def ir_type(type_: Ty) -> t.Type:
    """The typed IR's type for values of `type_`. Raises NoRepresentation."""
    scalar = _SCALARS.get(type_)
    if scalar is not None:
        return scalar
    if isinstance(type_, Array | Shared):
        if is_recursive(type_):
            return t.OBJECT
        return view_type(type_)
    if isinstance(type_, Opt):
        return t.opt(ir_type(type_.payload))
    if isinstance(type_, Func):
        return t.FN
    if isinstance(type_, Record):
        return t.OBJECT
    if isinstance(type_, Union):
        return t.sum_(tuple(t.case(() if m is NIL else (ir_type(m),)) for m in type_.members.values()))
    if isinstance(type_, Tuple | Nominal):
        return t.OBJECT if is_object(type_) else _flat_type(type_)
    raise NoRepresentation(type_, "a value that never exists")


def view_type(type_: Array | Shared) -> t.Type:
    """The type of an array or a cell as the ops on it want it."""
    if isinstance(type_, TypedArray):
        return t.array(t.make(type_.storage))
    content = type_.cell.type
    part = t.I64 if content is NEVER else ir_type(content)
    return t.array(part) if isinstance(type_, Array) else t.cell(part)


def field_type(cell: TypeCell) -> t.Type:
    """The type of a field; a field that never gets a value takes no room."""
    return t.NIL if cell.type is NEVER else ir_type(cell.type)


def _flat_type(type_: Tuple | Nominal) -> t.Type:
    if isinstance(type_, Tuple):
        return t.tuple_(tuple(map(field_type, type_.cells)))
    cases = range(len(type_.declaration.cases))
    return t.sum_(tuple(t.case(tuple(map(field_type, type_.fields(case)))) for case in cases))


def is_object(type_: Tuple | Nominal) -> bool:
    """Whether the values are heap objects."""
    if isinstance(type_, Nominal) and (not type_.declaration.is_sum or _holds_itself(type_.declaration)):
        return True
    cells = type_.cells
    if not cells:
        return False
    key = _question("is object", type_, cells)
    known = cells[0].memo.get(key)
    if known is None:
        known = is_recursive(type_) or len(components(_flat_type(type_))) > MAX_FLAT
        cells[0].memo[key] = known
    return known


def _holds_itself(declaration: Declaration) -> bool:
    """Whether a case has a field of the type itself: then all its values are objects, those too whose own cells differ
    from the cells of what they hold."""
    own = re.compile(rf"{re.escape(declaration.name)}(?:<.*>)?(?: \| Nil)?")
    return any(text is not None and own.fullmatch(text) for case in declaration.cases for _, text in case.fields)


def is_recursive(type_: Ty) -> bool:
    """Whether a value of this type can contain one of the same type without an object in between."""
    cells = list(_cells(type_))
    if not cells:
        return False
    memo = cells[0].memo
    key = _question("is recursive", type_, cells)
    known = memo.get(key)
    if known is None:
        known = memo[key] = _reaches(cells, (type_.name, *cells))
    return known


def _question(text: str, type_: Ty, cells: Sequence[TypeCell]) -> str:
    """What is remembered of a type. Two types of one declaration may have their first cells in common, and not the rest."""
    return f"{type_.name} {text} {' '.join(str(id(cell)) for cell in cells)}"


def _reaches(cells: list[TypeCell], goal: tuple[str | TypeCell, ...]) -> bool:
    """Whether the type with the name and the cells of `goal` is met on the way through `cells`."""
    seen: set[tuple[str | TypeCell, ...]] = set()
    pending = [cell.type for cell in cells]
    while pending:
        for part in _plain_parts(pending.pop()):
            inner = list(_cells(part))
            if not inner:
                continue
            node = (part.name, *inner)
            if node == goal:
                return True
            if node not in seen:
                seen.add(node)
                pending.extend(cell.type for cell in inner)
    return False


def _plain_parts(type_: Ty) -> Iterator[Ty]:
    if isinstance(type_, Opt):
        yield type_.payload
    elif isinstance(type_, Union):
        yield from type_.members.values()
    else:
        yield type_


def _cells(type_: Ty) -> Iterator[TypeCell]:
    """The cells of what a value holds itself, rather than through an object."""
    if isinstance(type_, Array | Shared):
        yield type_.cell
    elif isinstance(type_, Tuple) or (isinstance(type_, Nominal) and type_.declaration.is_sum):
        yield from type_.cells


def layout_of(module: Module, base: str, fields: list[t.Type], tag: int, mutable: bool) -> str:
    """The name of the module's layout with these fields, which is added if it is missing."""
    name, number = base, 1
    while (known := module.layouts.get(name)) is not None:
        if known.fields == fields and known.tag == tag:
            return name
        number += 1
        name = f"{base}.{number}"
    module.layouts[name] = ObjectLayout(name, fields, tag, mutable)
    return name
