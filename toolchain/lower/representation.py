"""What a typed value is made of in mem IR, and how it lies in memory.

    Int -> i64    Float -> f64    Bool -> bool    nil -> nothing    String, array, cell, fn -> i32 (an address)
    opt<string> -> i32, 0 is none        opt<Int> -> bool, i64        opt<nil> -> bool        opt<opt<Int>> -> bool, bool, i64

Locals, parameters, results and block parameters hold the components side by side; in memory they are fields, each at a
multiple of its size.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from ..ir import types as t


@dataclass(frozen=True, slots=True)
class Component:
    """One scalar of a value. `kind` distinguishes memory that never overlaps: a scalar's name, or "ref"."""

    type: t.Type
    kind: str


@dataclass(frozen=True, slots=True)
class Access:
    """How a scalar type lies in memory and which ops load and store it."""

    bytes: int
    load: str
    store: str


@dataclass(frozen=True, slots=True)
class Field:
    """A component at an offset in memory."""

    offset: int
    type: t.Type
    kind: str


@dataclass(frozen=True, slots=True)
class Record:
    """Fields behind each other. `end` is the offset behind the last one, `align` what their start is a multiple of."""

    fields: tuple[Field, ...]
    end: int
    align: int

    def __iter__(self) -> Iterator[Field]:
        return iter(self.fields)


ACCESS: dict[t.Type, Access] = {
    t.I32: Access(4, "mem.load_i32", "mem.store_i32"),
    t.I64: Access(8, "mem.load_i64", "mem.store_i64"),
    t.F64: Access(8, "mem.load_f64", "mem.store_f64"),
    t.BOOL: Access(1, "mem.load_bool", "mem.store_bool"),
}

REFERENCE = Component(t.I32, "ref")
_TAG = Component(t.BOOL, "bool")


@cache
def components(type_: t.Type) -> tuple[Component, ...]:
    """The scalars that a value of this type consists of. Raises ValueError for types that are not of typed IR."""
    if type_ in ACCESS:
        return (Component(type_, type_.name),)
    if type_ is t.NIL:
        return ()
    if type_.is_reference:
        return (REFERENCE,)
    if type_.name == "opt":
        payload = type_.args[0]
        return (REFERENCE,) if payload.is_reference else (_TAG, *components(payload))
    raise ValueError(f"a value of type {type_} has no representation in memory")


@cache
def flat(type_: t.Type) -> tuple[t.Type, ...]:
    """The types of the components."""
    return tuple(component.type for component in components(type_))


def flat_all(types: Iterable[t.Type]) -> tuple[t.Type, ...]:
    """The types of the components of several values, in order."""
    return tuple(part for type_ in types for part in flat(type_))


@cache
def record(types: tuple[t.Type, ...], start: int = 0) -> Record:
    """Where values of these types lie behind each other, from offset `start` on."""
    fields = []
    end, align = start, 1
    for component in (c for type_ in types for c in components(type_)):
        size = ACCESS[component.type].bytes
        offset = (end + size - 1) & -size
        fields.append(Field(offset, component.type, component.kind))
        end, align = offset + size, max(align, size)
    return Record(tuple(fields), end, align)


@cache
def stride(element: t.Type) -> int:
    """Bytes from one array element to the next: at least 1, so that a capacity can be counted for elements of type nil."""
    fields = record((element,))
    return max((fields.end + fields.align - 1) & -fields.align, 1)
