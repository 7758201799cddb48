"""Rules of constants and operators on numbers, strings and Bools."""

from __future__ import annotations

from collections.abc import Sequence

from wasmlathe.ir.core import Op

from .choices import CallFunction, Choice, Problem, Typed
from .lattice import (
    BOOL,
    BOOLS,
    FALSE,
    FLOAT,
    INT,
    NEVER,
    NIL,
    STRING,
    TRUE,
    Array,
    Func,
    Nominal,
    Opt,
    Record,
    Tuple,
    Ty,
    Union,
    join,
    show,
    union_key,
)
from .rules import NUMBERS, Context, always, library, rule, simple
from .rules_data import same_values
from .rules_records import as_dictionary, field_names

#: Operators as the source writes them, for messages.
SYMBOLS = {
    "add": "+", "sub": "-", "mul": "*", "div": "/", "rem": "%", "pow": "**", "lt": "<", "le": "<=", "gt": ">",
    "ge": ">=", "and": "&", "or": "|", "xor": "^", "shl": "<<", "shr": ">>", "shr_u": ">>>", "neg": "-",
    "bit_not": "~", "eq": "==",
}  # fmt: skip


@rule("const")
def _const(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    value = op.attrs["value"]
    return Typed(constant_type(value), [], lambda em, v: em.constant(value))


def constant_type(value: object) -> Ty:
    if isinstance(value, bool):
        return TRUE if value else FALSE
    return {int: INT, float: FLOAT, str: STRING, type(None): NIL}[type(value)]


_INT_OPS = {
    "add": "i64.add", "sub": "i64.sub", "mul": "i64.mul", "rem": "i64.rem_s", "and": "i64.and", "or": "i64.or",
    "xor": "i64.xor", "shl": "i64.shl", "shr": "i64.shr_s", "shr_u": "i64.shr_u",
}  # fmt: skip
_FLOAT_OPS = {"add": "f64.add", "sub": "f64.sub", "mul": "f64.mul", "div": "f64.div"}
_STRING_FUNCTIONS = {"add": "__concat"}
_COMPARE = {"lt": ("i64.lt_s", "f64.lt"), "le": ("i64.le_s", "f64.le"), "gt": ("i64.gt_s", "f64.gt"),
            "ge": ("i64.ge_s", "f64.ge")}  # fmt: skip


@rule("add", "sub", "mul", "div", "rem", "pow", "and", "or", "xor", "shl", "shr", "shr_u")
def _arithmetic(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    name = op.name.removeprefix("dyn.")
    left, right = types
    if left in NUMBERS and right in NUMBERS:
        if left is INT and right is INT and name in _INT_OPS:
            return simple(_INT_OPS[name], INT, INT, INT)
        if name in _FLOAT_OPS:
            return simple(_FLOAT_OPS[name], FLOAT, FLOAT, FLOAT)
        if name == "rem":
            return library("__float_rem", 2)
        if name == "pow":
            return library("__int_pow" if left is INT and right is INT else "__float_pow", 2)
    if left is STRING and right is STRING and name in _STRING_FUNCTIONS:
        return library(_STRING_FUNCTIONS[name], 2)
    if name == "mul" and left is STRING and right is INT:
        return library("repeat", 2)
    return _no_operator(name, left, right)


def _no_operator(name: str, left: Ty, right: Ty) -> Problem:
    hint = None
    if name == "add" and STRING in (left, right):
        hint = 'build text by interpolation: "{a}{b}"'
    elif name in ("and", "or", "xor", "shl", "shr", "shr_u") and FLOAT in (left, right):
        hint = "bit operators work on Int; convert with toInt(...)"
    return Problem("E0102", f"`{SYMBOLS[name]}` is not defined for {show(left)} and {show(right)}", hint)


@rule("lt", "le", "gt", "ge")
def _compare(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    name = op.name.removeprefix("dyn.")
    left, right = types
    of_ints, of_floats = _COMPARE[name]
    if left is INT and right is INT:
        return simple(of_ints, BOOL, INT, INT)
    if left in NUMBERS and right in NUMBERS:
        return simple(of_floats, BOOL, FLOAT, FLOAT)
    if left is STRING and right is STRING:
        return library(f"__string_{name}", 2)
    return _no_operator(name, left, right)


@rule("eq")
def _equal(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    left, right = types
    if left is INT and right is INT:
        return simple("i64.eq", BOOL, INT, INT)
    if left in NUMBERS and right in NUMBERS:
        return simple("f64.eq", BOOL, FLOAT, FLOAT)
    if left in BOOLS and right in BOOLS:
        return simple("bool.eq", BOOL, BOOL, BOOL)
    if left is STRING and right is STRING:
        return library("__string_eq", 2)
    if isinstance(left, Opt) or isinstance(right, Opt):
        return _equal_optional(left, right)
    if isinstance(left, Union) or isinstance(right, Union):
        return _equal_union(left, right)
    if left is NIL and right is NIL:
        return always(True, types)
    if isinstance(left, Array) and isinstance(right, Array):
        shared = join(left, right)
        return simple("data.same", BOOL, shared, shared)
    if isinstance(left, Func) and isinstance(right, Func):
        return simple("data.same", BOOL, left, right)
    return _equal_data(op, left, right)


def _equal_data(op: Op, left: Ty, right: Ty) -> Choice:
    """Declared types with derived equality compare field by field; all else is compared by identity."""
    joins = union_key(left) == union_key(right) and isinstance(left, Nominal | Record)
    if isinstance(left, Tuple) and isinstance(right, Tuple) and op.operands[0] is op.operands[1]:
        return always(True, [left, right])
    if not joins or type(left) is not type(right):
        return always(False, [left, right])
    if isinstance(left, Nominal):
        if "Eq" in left.declaration.derives:
            return library("__deep_eq", 2)
        if left.declaration.is_sum:
            return same_values(op, left, right)
    shared = join(left, right)
    return simple("data.same", BOOL, shared, shared)


def _equal_union(left: Ty, right: Ty) -> Choice:
    """Only with nil is a union compared as a whole."""
    union = left if isinstance(left, Union) else right
    number = int(union is right)
    wanted = [left, right]
    if "Nil" not in union.members:  # type: ignore[attr-defined]
        return always(False, wanted)
    return Typed(BOOL, wanted, lambda em, v: em.is_member(union, v[number], NIL))


def _equal_optional(left: Ty, right: Ty) -> Choice:
    if left is NIL:
        return Typed(BOOL, [left, right], lambda em, v: em.op("bool.not", em.op("data.opt_has", v[1])))
    if right is NIL:
        return Typed(BOOL, [left, right], lambda em, v: em.op("bool.not", em.op("data.opt_has", v[0])))
    return library("__optional_eq", 2)


@rule("neg")
def _negate(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    (operand,) = types
    if operand is INT:
        return Typed(INT, [INT], lambda em, v: em.op("i64.sub", em.int(0), v[0]))
    if operand is FLOAT:
        return simple("f64.neg", FLOAT, FLOAT)
    return Problem("E0102", f"`-` is not defined for {show(operand)}")


@rule("bit_not")
def _complement(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    (operand,) = types
    if operand is INT:
        return Typed(INT, [INT], lambda em, v: em.op("i64.xor", v[0], em.int(-1)))
    return Problem("E0102", f"`~` is not defined for {show(operand)}")


@rule("in")
def _contains(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    item, container = types
    if container is STRING:
        if item is not STRING:
            return Problem("E0102", f"{show(item)} cannot be part of a String")
        return CallFunction("std.contains", [1, 0])
    if isinstance(container, Array):
        return CallFunction("std.includes", [1, 0])
    own = container.declaration.methods.get("__in") if isinstance(container, Nominal) else None
    if own is not None:
        return CallFunction(own, [1, 0])
    names = field_names(container, context)
    key = op.operands[0].op
    if names is not None and key is not None and key.name == "dyn.const":
        return always(key.attrs["value"] in names, types)
    if isinstance(container, Record):
        container = as_dictionary(container, context)
        if container is NEVER:
            return Typed(NEVER, [], lambda em, v: em.unreachable())
        assert isinstance(container, Nominal)
        return CallFunction(container.declaration.methods["__in"], [1, 0])
    return Problem("E0106", f"`in` is not defined for {show(container)}")
