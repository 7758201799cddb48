"""Rules of calls, methods, function values, shared variables and module variables."""

from __future__ import annotations

from collections.abc import Sequence

from wasmlathe.diagnostics import nearest
from wasmlathe.frontend.tova.names import (
    METHODS,
    MORE_ARGUMENTS,
    ONE_BY_ONE,
    TUPLE_METHODS,
    camel_case,
    method_function,
)
from wasmlathe.ir.core import Op

from . import synthesis
from .choices import CallFunction, CallSites, Choice, Problem, Typed
from .lattice import INT, NEVER, NIL, STRING, Array, Func, Nominal, Record, Shared, Tuple, Ty, is_dictionary, kind, show
from .rules import Context, library, rule
from .rules_records import field_names, get_field


@rule("call")
def _call(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    name = op.attrs["callee"]
    function = context.function(name)
    given = len(types) - (function.attrs["captures"] if function is not None else 0)
    found = with_arity(name, given, context)
    if found is None:
        return wrong_arity(name, given, context)
    return CallFunction(found, list(range(len(types))))


def with_arity(name: str, given: int, context: Context) -> str | None:
    """The function, or its stub, that takes `given` arguments besides its captures."""
    function = context.function(name)
    if function is None:
        return None
    if len(function.param_types) - function.attrs["captures"] == given:
        return name
    stub = f"{name}/{given}"
    return stub if context.function(stub) is not None else None


def wrong_arity(name: str, given: int, context: Context, method: bool = False) -> Problem:
    """The problem of a call with so many arguments; the receiver of a method is none of them."""
    function = context.function(name)
    if function is None:
        return Problem("E0200", f"'{name.removeprefix('std.')}' is not defined")
    shown = function.source_name.removeprefix("std.")
    most = len(function.param_types) - function.attrs["captures"]
    least = function.attrs.get("required", most)
    least, most, given = (count - method for count in (least, most, given))
    wanted = str(most) if least == most else f"{least} to {most}"
    return Problem("E0206", f"'{shown}' takes {wanted} argument{'' if wanted == '1' else 's'}, not {given}")


@rule("call_value")
def _call_value(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    function, *arguments = types
    if not isinstance(function, Func):
        return Problem("E0104", f"{show(function)} is not a function")
    return _call_sites(function, list(range(1, 1 + len(arguments))), context)


def _call_sites(function: Func, operands: list[int], context: Context) -> Choice:
    choice = CallSites()
    for site in sorted(function.sites, key=lambda s: s.number):
        found = with_arity(site.function.name, len(operands), context)
        if found is None:
            return wrong_arity(site.function.name, len(operands), context)
        choice.calls.append((site, found, operands))
    return choice


def _method_kind(receiver: Ty) -> str:
    """Whose methods values of the type have."""
    return "Array" if isinstance(receiver, Array) else kind(receiver)


@rule("method")
def _method(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    name, receiver = op.attrs["name"], types[0]
    if isinstance(receiver, Nominal):
        return _own_method(receiver, name, types, context)
    if isinstance(receiver, Record):
        names = field_names(receiver, context)
        if names is not None and name in names:
            return CallFunction(synthesis.call_field(context, name, len(types) - 1), list(range(len(types))))
    if isinstance(receiver, Tuple) and name in TUPLE_METHODS:
        called = synthesis.tuple_method(context, len(receiver.cells), name, len(types) - 1)
        return CallFunction(called, list(range(len(types))))
    function = method_function(_method_kind(receiver), name)
    if function in ONE_BY_ONE and op.attrs.get("iterated"):
        function = ONE_BY_ONE[function]
    if function is None:
        known = sorted(METHODS.get(_method_kind(receiver), ()))
        close = nearest(name, known)
        hint = f"did you mean '.{close}'?" if close else None
        return Problem("E0105", f"{show(receiver)} has no method '{name}'", hint)
    found = with_arity("std." + function, len(types), context)
    if found is None and name in MORE_ARGUMENTS:
        found = with_arity("std." + MORE_ARGUMENTS[name], len(types), context)
    if found is None:
        problem = wrong_arity("std." + function, len(types), context)
        return Problem(problem.code, f"wrong number of arguments for '.{name}'") if problem.code == "E0206" else problem
    return CallFunction(found, list(range(len(types))))


#: Methods of the library's types whose names cannot be declared.
_RESERVED = {"or": "__or", "and": "__and"}


def _own_method(receiver: Nominal, name: str, types: Sequence[Ty], context: Context) -> Choice:
    """A method of a declared type, or a function that one of its fields holds."""
    methods = receiver.declaration.methods
    function = methods.get(name) or methods.get(camel_case(name)) or methods.get(_RESERVED.get(name, ""))
    if function is None:
        is_field = any(field == name for case in receiver.declaration.cases for field, _ in case.fields)
        if is_field or is_dictionary(receiver):
            return CallFunction(synthesis.call_field(context, name, len(types) - 1), list(range(len(types))))
        known = [method for method in methods if not method.startswith("__")]
        close = nearest(name, known)
        return Problem(
            "E0105", f"{show(receiver)} has no method '{name}'", f"did you mean '.{close}'?" if close else None
        )
    found = with_arity(function, len(types), context)
    if found is None:
        return wrong_arity(function, len(types), context, method=True)
    return CallFunction(found, list(range(len(types))))


@rule("getattr")
def _getattr(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    name, (receiver,) = op.attrs["name"], types
    if name == "length" and (isinstance(receiver, Array) or receiver is STRING):
        return library("len", 1)
    found = get_field(op, receiver, name, context)
    if found is not None:
        return found
    hint = f"it is a method: '.{name}(...)'" if name in METHODS.get(_method_kind(receiver), ()) else None
    return Problem("E0105", f"{show(receiver)} has no field '{name}'", hint)


@rule("closure")
def _closure(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    function = context.function(op.attrs["function"])
    if function is None:
        return Problem("E0200", f"'{op.attrs['function'].removeprefix('std.')}' cannot be used as a value")
    site = context.site_of(op, function, len(types))
    for cell, type_ in zip(site.captures, types, strict=True):
        cell.grow(type_)
    wants = [context.read(cell) for cell in site.captures]
    return Typed(Func(frozenset({site})), wants, lambda em, v: em.closure(site, v))


@rule("cell_new")
def _cell_new(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    cell = context.cell_of(op)
    cell.grow(types[0])
    result = Shared(cell)
    return Typed(result, [context.read(cell)], lambda em, v: em.cell_new(result, v[0]))


@rule("cell_get")
def _cell_get(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    (shared,) = types
    assert isinstance(shared, Shared)  # the lowering makes cells, and only cells reach here
    return Typed(context.read(shared.cell), [shared], lambda em, v: em.array_op("data.cell_get", v[0], shared))


@rule("cell_set")
def _cell_set(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    shared, value = types
    assert isinstance(shared, Shared)
    shared.cell.grow(value)
    return Typed(NIL, [shared, context.read(shared.cell)], lambda em, v: em.cell_set(shared, *v))


@rule("global_get")
def _global_get(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    name, checked = op.attrs["name"], op.attrs["checked"]
    cell = context.global_cell(name)
    if op.attrs["zero"]:
        cell.grow(INT)
    content = context.read(cell)
    if content is NEVER:  # nothing that is executed sets it
        return Typed(NEVER, [], lambda em, v: em.uninitialised(name))
    return Typed(content, [], lambda em, v: em.global_get(name, checked))


@rule("global_set")
def _global_set(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    name = op.attrs["name"]
    cell = context.global_cell(name)
    cell.grow(types[0])
    return Typed(NIL, [context.read(cell)], lambda em, v: em.global_set(name, v[0]))
