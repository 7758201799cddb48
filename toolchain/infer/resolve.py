"""From an HIR op and the types of its operands to what it does: the rules of the language, one per op.

`choose` looks up the op's rule, which one of the modules `rules_*` has registered. Operators on numbers, Bools and strings
are rows of tables; everything richer is a function of the standard library. What has no meaning is a `Problem`: an error
where the types are known, a panic for the kinds of values that only turn up when the program runs.
"""

from __future__ import annotations

from collections.abc import Sequence

from wasmlathe.ir.core import Op
from wasmlathe.stdlib.intrinsics import INTRINSICS

from . import (  # noqa: F401  the modules register their rules
    rules_annotations,
    rules_arrays,
    rules_calls,
    rules_data,
    rules_generators,
    rules_intrinsics,
    rules_kinds,
    rules_operators,
    rules_records,
    rules_unwinding,
)
from .choices import Choice, Problem, Split, Typed
from .lattice import NEVER, NIL, Opt, Record, Ty, Union, not_nil
from .rules import RULES, Context
from .rules_operators import SYMBOLS

_ARITHMETIC = (
    "add",
    "sub",
    "mul",
    "div",
    "rem",
    "pow",
    "lt",
    "le",
    "gt",
    "ge",
    "and",
    "or",
    "xor",
    "shl",
    "shr",
    "shr_u",
)

#: Operands (by number) that must not be nil: an optional one is tested, and nil panics.
STRICT: dict[str, tuple[int, ...]] = {
    **{f"dyn.{op}": (0, 1) for op in _ARITHMETIC},
    "dyn.neg": (0,), "dyn.bit_not": (0,), "dyn.index": (0, 1), "dyn.index_or_nil": (0, 1), "dyn.set_index": (0, 1),
    "dyn.slice": (0,), "dyn.method": (0,), "dyn.getattr": (0,), "dyn.setattr": (0,), "dyn.call_value": (0,),
    "dyn.in": (1,), "dyn.tuple_get": (0,),
    "dyn.iter_start": (0,), "dyn.iter_more": (0,), "dyn.iter_value": (0,), "dyn.iter_next": (0,), "dyn.iter_key": (0,),
}  # fmt: skip

#: Operands that are taken apart when they may be of several kinds.
SPLIT: dict[str, tuple[int, ...]] = {
    **STRICT,
    "dyn.eq": (0, 1), "dyn.show": (0,), "dyn.is_absent": (0,),
    "dyn.is_failure": (0,), "dyn.failure": (0,), "dyn.success": (0,), "dyn.close": (0,),
}  # fmt: skip

#: Where nil is one of the kinds to be told apart.
SPLIT_NIL: dict[str, tuple[int, ...]] = {
    "dyn.is_failure": (0,), "dyn.failure": (0,), "dyn.success": (0,), "dyn.close": (0,),
}  # fmt: skip


def choose(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    """What `op` means for operands of these types (none of them Never).

    Types at the strict positions of the op are taken without their nil.
    """
    types = strip(op, types)
    if NEVER in types:
        return Problem("E0102", f"{_doing(op)} of nil", "the value is always nil here")
    for index in split_operands(op):
        if isinstance(types[index], Union):
            return Split(index)
    for index in SPLIT_NIL.get(op.name, ()):
        if isinstance(types[index], Opt):
            return Split(index)
    if any(isinstance(type_, Record) for type_ in types):
        types = [_record(type_, context) for type_ in types]
        if NEVER in types:  # a dictionary that nobody has made yet
            return Typed(NEVER, [], lambda em, v: em.unreachable())
    return RULES[op.name](op, types, context)


def _record(type_: Ty, context: Context) -> Ty:
    """The dictionary that a record has become, if it has."""
    if isinstance(type_, Record) and context.read_record(type_.cell) is None:
        return type_.cell.dictionary
    return type_


def strip(op: Op, types: Sequence[Ty]) -> list[Ty]:
    """The operand types without nil where the op does not take it."""
    strict = strict_operands(op)
    return [plain(type_) if number in strict else type_ for number, type_ in enumerate(types)]


def plain(type_: Ty) -> Ty:
    """An optional type without nil; nil alone is Never. The nil of a union is one of its kinds."""
    return not_nil(type_) if isinstance(type_, Opt) or type_ is NIL else type_


def strict_operands(op: Op) -> tuple[int, ...]:
    if op.name == "dyn.intrinsic":
        params = INTRINSICS[op.attrs["name"]].params
        return tuple(i for i, p in enumerate(params) if p not in ("T", "Element"))
    return STRICT.get(op.name, ())


def split_operands(op: Op) -> tuple[int, ...]:
    if op.name == "dyn.intrinsic":
        fields = op.attrs["name"] in rules_records.FIELD_INTRINSICS
        return (0,) if fields else strict_operands(op)
    return SPLIT.get(op.name, ())


def _doing(op: Op) -> str:
    name = op.name.removeprefix("dyn.")
    if name in SYMBOLS:
        return f"use in `{SYMBOLS[name]}`"
    if name in ("method", "getattr", "setattr"):
        return f"use of '.{op.attrs['name']}'"
    return {"index": "indexing", "set_index": "indexing", "call_value": "a call"}.get(name, "use")
