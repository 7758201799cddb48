"""Rules of declared types and tuples: making, telling cases apart, taking parts out, `?`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from wasmlathe.diagnostics import nearest
from wasmlathe.ir.core import Declaration, Op

from . import synthesis
from .annotations import AnnotationError, parse_annotation
from .choices import CallFunction, Choice, Problem, Typed
from .lattice import BOOL, FALSE, NEVER, TRUE, Array, Nominal, Opt, Tuple, Ty, TypeCell, Union, show
from .rules import Context, always, rule

OPTION, RESULT = "std.Option", "std.Result"
#: Type -> the case that `?` returns at once, and the one it takes the value out of.
_FAILURES = {OPTION: ("None", "Some"), RESULT: ("Err", "Ok")}


# --- tuples -----------------------------------------------------------------------------------------------------------


@rule("tuple")
def _tuple(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    cells = context.cells_of(op, len(types))
    for cell, type_ in zip(cells, types, strict=True):
        cell.grow(type_)
    result = Tuple(cells)
    return Typed(result, [context.read(cell) for cell in cells], lambda em, v: em.tuple(result, v))


@rule("tuple_get")
def _tuple_get(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    (receiver,) = types
    index = op.attrs["index"]
    if isinstance(receiver, Array):  # arrays serve as tuples, which the reference makes of them: (q, r) = divmod(a, b)
        return CallFunction(synthesis.array_part(context, index), [0])
    if not isinstance(receiver, Tuple):
        return Problem("E0105", f"{show(receiver)} is no tuple, so it has no part .{index}")
    if index >= len(receiver.cells):
        return Problem("E0105", f"a tuple of {len(receiver.cells)} parts has no part .{index}")
    return Typed(context.read(receiver.cells[index]), [receiver], lambda em, v: em.tuple_get(receiver, v[0], index))


# --- declared types ---------------------------------------------------------------------------------------------------


def is_open(declaration: Declaration, text: str | None) -> bool:
    """Whether the declared type of a field leaves open what it holds, so that every value may hold something else."""
    words = [] if text is None else re.findall(r"\w+", text)
    return text is None or "Any" in words or any(param in words for param in declaration.params)


@rule("construct")
def _construct(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    declaration = context.declaration(op.attrs["type"])
    number = declaration.case_number(op.attrs["case"]) if declaration is not None else None
    if declaration is None or number is None:
        return Problem("E0200", f"there is no type '{op.attrs['type']}' with '{op.attrs['case']}'")
    nominal = context.nominal_of(op, declaration)
    fields = declaration.cases[number].fields
    for (name, text), type_, cell in zip(fields, types, nominal.fields(number), strict=True):
        problem = store_field(declaration, name, text, type_, cell)
        if problem is not None:
            return problem
    wants = [context.read(cell) for cell in nominal.fields(number)]
    return Typed(nominal, wants, lambda em, v: em.construct(nominal, number, v))


def store_field(declaration: Declaration, name: str, text: str | None, type_: Ty, cell: TypeCell) -> Problem | None:
    """Let a field hold values of `type_`; the problem if its declared type does not allow it."""
    fitted: Ty | None = type_
    if text is not None and not is_open(declaration, text):
        try:
            fitted = parse_annotation(text).fit(type_)
        except AnnotationError as error:
            return Problem(error.code, error.message, error.hint)
    if fitted is None:
        return Problem("E0100", f"Type mismatch: '{name}' expects {text}, but got {show(type_)}")
    cell.grow(fitted)
    return None


@rule("is_case")
def _is_case(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    (operand,) = types
    member = member_of(operand, op.attrs["type"])
    if member is None:
        return always(False, types)
    number = member.declaration.case_number(op.attrs["case"])
    if number is None:
        return always(False, types)
    if member is operand:
        if len(member.declaration.cases) == 1:
            return always(True, types)
        return Typed(BOOL, [operand], lambda em, v: em.is_case(member, v[0], number))
    return Typed(BOOL, [operand], lambda em, v: em.op(
        "bool.and", em.is_member(operand, v[0], member), em.is_case(member, em.member(operand, v[0], member), number)))  # fmt: skip


def member_of(type_: Ty, name: str) -> Nominal | None:
    """The values of the declared type `name` among those of a type."""
    if isinstance(type_, Opt):
        return member_of(type_.payload, name)
    if isinstance(type_, Union):
        type_ = type_.members.get(name, NEVER)
    return type_ if isinstance(type_, Nominal) and type_.declaration.name == name else None


@rule("case_get")
def _case_get(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    (operand,) = types
    member = member_of(operand, op.attrs["type"])
    number = member.declaration.case_number(op.attrs["case"]) if member is not None else None
    if member is None or number is None:
        return Typed(NEVER, [operand], lambda em, v: em.unreachable())
    index = op.attrs["index"]
    result = context.read(member.cell(number, index))
    return Typed(result, [operand],
                 lambda em, v: em.case_get(member, em.member(operand, v[0], member), number, index))  # fmt: skip


def field_problem(receiver: Nominal, name: str) -> Problem:
    """What is wrong with naming a field that a declared type does not have."""
    declaration = receiver.declaration
    known = [field for case in declaration.cases for field, _ in case.fields] + list(declaration.methods)
    close = nearest(name, [k for k in known if not k.startswith("__")])
    hint = f"did you mean '.{close}'?" if close else None
    if name in declaration.methods:
        hint = f"it is a method: '.{name}(...)'"
    return Problem("E0105", f"{show(receiver)} has no field '{name}'", hint)


# --- propagation ------------------------------------------------------------------------------------------------------


def _failing(operand: Ty) -> tuple[Nominal, int, int] | None:
    """For Option and Result: the type and its failing and successful case."""
    if not isinstance(operand, Nominal) or operand.declaration.name not in _FAILURES:
        return None
    fails, succeeds = (operand.declaration.case_number(name) for name in _FAILURES[operand.declaration.name])
    assert fails is not None and succeeds is not None
    return operand, fails, succeeds


@rule("is_failure")
def _is_failure(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    found = _failing(types[0])
    if found is None:
        return Typed(FALSE, list(types), lambda em, v: em.bool(False))
    operand, fails, succeeds = found
    if all(context.read(cell) is NEVER for cell in operand.fields(succeeds)):
        return Typed(TRUE, list(types), lambda em, v: em.bool(True))
    return Typed(BOOL, [operand], lambda em, v: em.is_case(operand, v[0], fails))


@rule("failure")
def _failure(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    """A value of its own: what the failed one could have held does not matter to the function that returns it."""
    found = _failing(types[0])
    if found is None:
        return Typed(NEVER, list(types), lambda em, v: em.unreachable())
    operand, fails, _ = found
    result = context.nominal_of(op, operand.declaration)
    for ours, theirs in zip(result.fields(fails), operand.fields(fails), strict=True):
        ours.grow(context.read(theirs))
    wants = [context.read(cell) for cell in result.fields(fails)]
    given = [context.read(cell) for cell in operand.fields(fails)]

    def emit(em, v):  # type: ignore[no-untyped-def]
        parts = [em.case_get(operand, v[0], fails, index) for index in range(len(given))]
        return em.construct(result, fails, [em.convert(p, g, w) for p, g, w in zip(parts, given, wants, strict=True)])

    return Typed(result, [operand], emit)


@rule("success")
def _success(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    found = _failing(types[0])
    if found is None:
        return Typed(types[0], list(types), lambda em, v: v[0])
    operand, _, succeeds = found
    return Typed(context.read(operand.cell(succeeds, 0)), [operand],
                 lambda em, v: em.case_get(operand, v[0], succeeds, 0))  # fmt: skip


def same_values(op: Op, left: Nominal, right: Nominal) -> Typed:
    """`==` without derived equality: constants are themselves, objects are compared by identity."""
    if op.operands[0] is op.operands[1]:
        return always(True, [left, right])
    return Typed(BOOL, [left, left], lambda em, v: em.same_case(left, *v))
