"""Rules of conditions, nil and tests of kinds."""

from __future__ import annotations

from collections.abc import Sequence

from wasmlathe.ir.core import Op

from .choices import Choice, Problem, Typed
from .lattice import (
    BOOL,
    BOOLS,
    FALSE,
    FLOAT,
    NEVER,
    NIL,
    STRING,
    TRUE,
    Array,
    Nominal,
    Opt,
    Record,
    Ty,
    Union,
    kind,
    not_nil,
    show,
    union,
    union_key,
    union_members,
)
from .rules import NUMBERS, Context, always, library, rule, simple


def _tests_for_nil(operand: Ty) -> bool:
    """Whether a condition asks for nil: numbers and texts are left out, of which readers may think that 0 and "" count."""
    return isinstance(operand, Opt) and operand.payload not in (*NUMBERS, STRING, BOOL)


@rule("truth")
def _truth(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    (operand,) = types
    if operand in BOOLS:
        return Typed(operand, [operand], lambda em, v: v[0])
    if isinstance(operand, Opt) and operand.payload is BOOL:
        return Typed(BOOL, [operand], lambda em, v: em.op(
            "bool.and", em.op("data.opt_has", v[0]), em.op("data.opt_get", v[0])))  # fmt: skip
    if _tests_for_nil(operand):
        return Typed(BOOL, [operand], lambda em, v: em.op("data.opt_has", v[0]))
    if operand is NIL:
        return always(False, types)
    if isinstance(operand, Union):
        return Typed(BOOL, [operand], lambda em, v: em.truth(operand, v[0]))
    return Problem("E0103", f"a condition must be Bool, not {show(operand)}", _condition_hint(operand))


def _condition_hint(operand: Ty) -> str | None:
    if operand in NUMBERS:
        return "compare it: `... != 0`"
    if operand is STRING or isinstance(operand, Array):
        return "compare its length: `len(...) > 0`"
    return "compare it: `... != nil`" if isinstance(operand, Opt) else None


@rule("not")
def _not(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    (operand,) = types
    if operand is TRUE or operand is FALSE:
        return always(operand is FALSE, types)
    if operand is BOOL:
        return simple("bool.not", BOOL, BOOL)
    if operand is NIL:
        return always(True, types)
    if _tests_for_nil(operand):
        return Typed(BOOL, [operand], lambda em, v: em.op("bool.not", em.op("data.opt_has", v[0])))
    if isinstance(operand, Union):
        return Typed(BOOL, [operand], lambda em, v: em.op("bool.not", em.truth(operand, v[0])))
    return Problem("E0103", f"`not` needs a Bool, not {show(operand)}", _condition_hint(operand))


@rule("from_bool")
def _from_bool(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    return Typed(types[0], list(types), lambda em, v: v[0])


@rule("is_nil")
def _is_nil(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    (operand,) = types
    if isinstance(operand, Opt):
        return Typed(BOOL, [operand], lambda em, v: em.op("bool.not", em.op("data.opt_has", v[0])))
    if isinstance(operand, Union):
        if "Nil" not in operand.members:
            return always(False, types)
        return Typed(BOOL, [operand], lambda em, v: em.is_member(operand, v[0], NIL))
    return always(operand is NIL, types)


@rule("is_absent")
def _is_absent(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    (operand,) = types
    if operand is FLOAT:
        return Typed(BOOL, [FLOAT], lambda em, v: em.op("f64.ne", v[0], v[0]))
    if isinstance(operand, Opt) and operand.payload is FLOAT:
        return library("__absent_float", 1)
    return _is_nil(op, types, context)


@rule("not_nil")
def _is_there(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    (operand,) = types
    if isinstance(operand, Opt):
        return Typed(operand.payload, [operand], lambda em, v: em.op("data.opt_get", v[0]))
    if operand is NIL:
        return Typed(NEVER, [NIL], lambda em, v: em.unreachable())
    if isinstance(operand, Union):
        return _narrowed(operand, not_nil(operand))
    return Typed(operand, [operand], lambda em, v: v[0])


def _narrowed(operand: Ty, wanted: Ty) -> Typed:
    """The operand, which is known to be of the smaller type `wanted`."""
    if wanted is NEVER:
        return Typed(NEVER, [operand], lambda em, v: em.unreachable())
    return Typed(wanted, [operand], lambda em, v: em.convert(v[0], operand, wanted))


def _fits(type_: Ty, wanted: str) -> bool:
    """Whether values of a type, which is no union, are what the source calls `wanted`.

    Patterns ask for `Tuple2`, a tuple of two parts, and for `Fields`, records with and without a declared type.
    """
    if wanted == "Fields":
        return isinstance(type_, Record) or (isinstance(type_, Nominal) and not type_.declaration.is_sum)
    if wanted == "Array":
        return isinstance(type_, Array)
    return wanted in (kind(type_), union_key(type_)) or (wanted == "Number" and type_ in NUMBERS)


@rule("is")
def _is(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    (operand,) = types
    fitting = [member for member in union_members(operand) if _fits(member, op.attrs["type"])]
    if len(fitting) in (0, len(union_members(operand))):
        return always(bool(fitting), types)
    if isinstance(operand, Opt):
        has = fitting[0] is not NIL
        return Typed(BOOL, [operand], lambda em, v: em.op("data.opt_has", v[0]) if has else em.op(
            "bool.not", em.op("data.opt_has", v[0])))  # fmt: skip
    return Typed(BOOL, [operand], lambda em, v: em.is_member(operand, v[0], *fitting))


@rule("narrow", "exclude")
def _narrow(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    (operand,) = types
    keep = op.name == "dyn.narrow"
    kept = [member for member in union_members(operand) if _fits(member, op.attrs["type"]) == keep]
    if len(kept) == len(union_members(operand)):
        return Typed(operand, [operand], lambda em, v: v[0])
    return _narrowed(operand, union(kept) if kept else NEVER)
