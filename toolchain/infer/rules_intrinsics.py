"""Rules of the operations that only the standard library may use."""

from __future__ import annotations

from collections.abc import Sequence

from wasmlathe.ir.core import Op
from wasmlathe.stdlib.intrinsics import INTRINSICS

from .choices import CallSites, Choice, Problem, Typed
from .lattice import BOOL, BOOLS, FLOAT, INT, NEVER, NIL, STRING, Array, Func, Ty, TypedArray, join, not_nil, show
from .rules import NUMBERS, Context, Rule, always, rule
from .rules_calls import with_arity, wrong_arity
from .rules_records import (
    address,
    all_fields,
    case_name,
    derives_eq,
    each_field,
    has_fields,
    has_method,
    is_declared,
    is_dictionary_test,
    is_sum,
    map_fields,
    same_kind,
)

_KINDS: dict[str, Ty] = {"Int": INT, "Float": FLOAT, "Bool": BOOL, "String": STRING, "Nil": NIL, "Never": NEVER}


@rule("intrinsic")
def _intrinsic(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    name = op.attrs["name"]
    row = INTRINSICS[name]
    special = _SPECIAL.get(name)
    if special is not None:
        return special(op, types, context)
    wants: list[Ty] = []
    array = next((type_ for type_ in types if isinstance(type_, Array)), None)
    for param, actual in zip(row.params, types, strict=True):
        wanted = _wanted(param, actual, array, context)
        if wanted is None:
            return Problem("E0100", f"Type mismatch: {param} is expected, but got {show(actual)}")
        wants.append(wanted)
    result = _intrinsic_result(row.result, array, context)
    if isinstance(result, TypedArray):
        return Typed(result, wants, lambda em, v: em.new_array(result, v[0]))
    return Typed(result, wants, lambda em, v: em.intrinsic(row, result, v, wants))


def _wanted(param: str, actual: Ty, array: Array | None, context: Context) -> Ty | None:
    if param == "T":
        return actual
    if param == "Array":
        return actual if isinstance(actual, Array) else None
    if param == "Element":
        assert array is not None  # every intrinsic with an Element takes an Array
        if isinstance(array, TypedArray) and not_nil(actual) not in NUMBERS:
            return None
        array.cell.grow(actual)
        return context.read(array.cell)
    wanted = _KINDS[param]
    if wanted is actual or (wanted is FLOAT and actual is INT) or (wanted is BOOL and actual in BOOLS):
        return wanted
    return None


def _intrinsic_result(result: str, array: Array | None, context: Context) -> Ty:
    if result.startswith("Typed<"):
        return context.typed_array(result.removeprefix("Typed<").removesuffix(">"))
    if result == "Element":
        assert array is not None
        return context.read(array.cell)
    return _KINDS[result]


def _array_new(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    cell = context.cell_of(op)
    if types[0] is not INT:
        return Problem("E0100", f"Type mismatch: Int is expected, but got {show(types[0])}")
    result = Array(cell)
    context.read(cell)
    return Typed(result, [INT], lambda em, v: em.new_array(result, v[0]))


def _array_like(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    """A new array whose elements are a copy of another's: it holds at least what the other holds, not the reverse."""
    model, size = types
    if not isinstance(model, Array) or size is not INT:
        return Problem("E0100", f"Type mismatch: an array is expected, but got {show(model)}")
    if isinstance(model, TypedArray):
        return Typed(model, [model, INT], lambda em, v: em.new_array(model, v[1]))
    cell = context.cell_of(op)
    cell.grow(context.read(model.cell))
    context.read(cell)
    result = Array(cell)
    return Typed(result, [model, INT], lambda em, v: em.new_array(result, v[1]))


def _array_copy(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    """A block copy needs one representation on both sides: their elements get one type."""
    target, _, source, _, _ = types
    if not isinstance(target, Array) or not isinstance(source, Array):
        return Problem("E0100", f"Type mismatch: an array is expected, but got {show(source)}")
    if target.name != source.name:
        return Problem("E0100", f"elements of {show(source)} cannot be copied to {show(target)} as a block")
    join(target, source)
    return Typed(NIL, [target, INT, source, INT, INT], lambda em, v: em.array_copy(target, source, v))


def _call_indexed(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    """A callback gets the element and, only if it requires a second argument, the index (LANGUAGE.md D45)."""
    function = not_nil(types[0])
    if not isinstance(function, Func):
        return Problem("E0104", f"{show(function)} is not a function")
    choice = CallSites()
    for site in sorted(function.sites, key=lambda s: s.number):
        required = site.function.attrs.get("required", 1)
        operands = [1, 2] if required >= 2 else [1]
        found = with_arity(site.function.name, len(operands), context)
        if found is None:
            return wrong_arity(site.function.name, len(operands), context)
        choice.calls.append((site, found, operands))
    return choice


def _takes(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    """Whether a function requires so many arguments, a constant; decided when the program is compiled."""
    function = not_nil(types[0])
    count = op.operands[1].op
    if not isinstance(function, Func):
        return Problem("E0104", f"{show(function)} is not a function")
    assert count is not None  # the library gives a literal
    required = {site.function.attrs.get("required", 1) for site in function.sites}
    return always(required == {count.attrs["value"]}, types)


_SPECIAL: dict[str, Rule] = {
    "array_new": _array_new,
    "array_like": _array_like,
    "array_copy": _array_copy,
    "call_indexed": _call_indexed,
    "takes": _takes,
    "each_field": each_field,
    "all_fields": all_fields,
    "map_fields": map_fields,
    "case_name": case_name,
    "is_dictionary": is_dictionary_test,
    "has_fields": has_fields,
    "derives_eq": derives_eq,
    "is_sum": is_sum,
    "same_kind": same_kind,
    "is_declared": is_declared,
    "has_method": has_method,
    "address": address,
}
