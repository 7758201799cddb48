"""What a typed value is made of in mem IR, and how it lies in memory.

    Int -> i64    Float -> f64    Bool -> bool    nil -> nothing    String, array, cell, fn, object -> i32 (an address)
    opt<string> -> i32, 0 is none        opt<Int> -> bool, i64        opt<nil> -> bool        opt<opt<Int>> -> bool, bool, i64
    tuple<Int, string> -> i64, i32       sum<case<Int>, case<string, Int>> -> tag, i32, i64

A sum has, for each kind of scalar, as many slots as the case that needs most of them; a case uses the first slots of each
kind, and the others are zero. So a slot for addresses holds an address or 0, whatever the case is.

Locals, parameters, results and block parameters hold the components side by side; in memory they are fields, each at a
multiple of its size, in an order that leaves few gaps.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from ..ir import types as t


@dataclass(frozen=True, slots=True)
class Component:
    """One scalar of a value. `kind` distinguishes memory that never overlaps: a key of `ACCESS`."""

    type: t.Type
    kind: str


@dataclass(frozen=True, slots=True)
class Access:
    """How a kind of scalar lies in memory, and which ops load and store it.

    `load` gives a value of type `held`, and `store` takes one; `read` and `write` convert from and to the scalar's type.
    """

    bytes: int
    load: str
    store: str
    held: t.Type
    read: str | None = None
    write: str | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """A component at an offset in memory."""

    offset: int
    type: t.Type
    kind: str


@dataclass(frozen=True, slots=True)
class Record:
    """Fields in the order of the components. `end` is the offset behind the last, `align` what their start is a multiple of."""

    fields: tuple[Field, ...]
    end: int
    align: int

    def __iter__(self) -> Iterator[Field]:
        return iter(self.fields)


def _integer(load: str, store: str, size_bytes: int, extend: str) -> Access:
    """Access to a narrow integer that is an i64 as a value."""
    return Access(size_bytes, f"mem.{load}", f"mem.{store}", t.I32, f"i64.extend_i32_{extend}", "i32.wrap_i64")


#: By kind: what scalars are, addresses, tags of sums, and the narrow elements of arrays.
ACCESS: dict[str, Access] = {
    "i32": Access(4, "mem.load_i32", "mem.store_i32", t.I32),
    "i64": Access(8, "mem.load_i64", "mem.store_i64", t.I64),
    "f64": Access(8, "mem.load_f64", "mem.store_f64", t.F64),
    "bool": Access(1, "mem.load_bool", "mem.store_bool", t.BOOL),
    "ref": Access(4, "mem.load_i32", "mem.store_i32", t.I32),
    "tag": Access(1, "mem.load8_u", "mem.store8", t.I32),
    "u8": _integer("load8_u", "store8", 1, "u"),
    "s8": _integer("load8_s", "store8", 1, "s"),
    "u16": _integer("load16_u", "store16", 2, "u"),
    "s16": _integer("load16_s", "store16", 2, "s"),
    "u32": _integer("load_i32", "store_i32", 4, "u"),
    "s32": _integer("load_i32", "store_i32", 4, "s"),
    "f32": Access(4, "mem.load_i32", "mem.store_i32", t.I32, "f64.of_f32_bits", "i32.f32_bits"),
}

REFERENCE = Component(t.I32, "ref")
_PRESENT = Component(t.BOOL, "bool")
_TAG = Component(t.I32, "tag")

_SCALARS = (t.I64, t.F64, t.I32, t.BOOL)

#: The order of the slots of a sum, behind its tag.
_SLOTS = (REFERENCE, *(Component(type_, type_.name) for type_ in _SCALARS), _TAG)

#: More cases do not fit into a byte.
_MAX_TAGS = 256


@cache
def components(type_: t.Type) -> tuple[Component, ...]:
    """The scalars that a value of this type consists of. Raises ValueError for types that are not of typed IR."""
    if type_ in _SCALARS:
        return (Component(type_, type_.name),)
    if type_ is t.NIL:
        return ()
    if type_.is_reference:
        return (REFERENCE,)
    if type_.name == "opt":
        payload = type_.args[0]
        return (REFERENCE,) if payload.is_reference else (_PRESENT, *components(payload))
    if type_.name == "tuple":
        return _components_of(type_.args)
    if type_.name == "sum":
        needs = [Counter(_components_of(case.args)) for case in type_.args]
        tag = _TAG if len(needs) <= _MAX_TAGS else Component(t.I32, "i32")
        return (tag, *(slot for slot in _SLOTS for _ in range(max((need[slot] for need in needs), default=0))))
    raise ValueError(f"a value of type {type_} has no representation in memory")


def _components_of(types: Iterable[t.Type]) -> tuple[Component, ...]:
    return tuple(component for type_ in types for component in components(type_))


@cache
def case_slots(sum_: t.Type, case: int) -> tuple[tuple[int, ...], ...]:
    """For each field of a case of a sum type, the places of its components among those of the sum."""
    free: dict[Component, Iterator[int]] = {}
    for slot in _SLOTS:
        free[slot] = iter([place for place, found in enumerate(components(sum_)) if found == slot and place > 0])
    return tuple(tuple(next(free[part]) for part in components(field)) for field in sum_.args[case].args)


@cache
def flat(type_: t.Type) -> tuple[t.Type, ...]:
    """The types of the components."""
    return tuple(component.type for component in components(type_))


def flat_all(types: Iterable[t.Type]) -> tuple[t.Type, ...]:
    """The types of the components of several values, in order."""
    return tuple(part for type_ in types for part in flat(type_))


@cache
def record(types: tuple[t.Type, ...], start: int = 0) -> Record:
    """Where values of these types lie, from offset `start` on; a type may be one of `STORAGE`, for elements of arrays.

    At each place lies the largest component that may begin there, so that gaps are left only where nothing fits.
    """
    parts = [part for type_ in types for part in _stored(type_)]
    sizes = [ACCESS[part.kind].bytes for part in parts]
    waiting = sorted(range(len(parts)), key=lambda number: -sizes[number])  # stable: else in their own order
    offsets = [0] * len(parts)
    end = start
    while waiting:
        fitting = next((number for number in waiting if end % sizes[number] == 0), None)
        if fitting is None:
            end += 1
            continue
        waiting.remove(fitting)
        offsets[fitting] = end
        end += sizes[fitting]
    fields = [Field(offset, part.type, part.kind) for offset, part in zip(offsets, parts, strict=True)]
    return Record(tuple(fields), end, max(sizes, default=1))


def _stored(type_: t.Type) -> tuple[Component, ...]:
    """The components in memory: those of a value, or the one scalar of a narrow element."""
    value = t.STORAGE.get(type_)
    return components(type_) if value is None else (Component(value, type_.name),)


def part_of(types: Sequence[t.Type], start: int, index: int) -> Record:
    """The fields of value number `index` of `record(types, start)`."""
    whole = record(tuple(types), start)
    before = sum(len(components(type_)) for type_ in types[:index])
    return Record(whole.fields[before : before + len(components(types[index]))], whole.end, whole.align)


@cache
def stride(element: t.Type) -> int:
    """Bytes from one array element to the next: at least 1, so that a capacity can be counted for elements of type nil."""
    fields = record((element,))
    return max((fields.end + fields.align - 1) & -fields.align, 1)
