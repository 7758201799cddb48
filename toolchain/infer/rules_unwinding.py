"""Rules of what sees panics: `try`, `with`, `defer`."""

from __future__ import annotations

from collections.abc import Sequence

from wasmlathe.ir.core import Op

from .choices import Choice, TryCall, Typed
from .lattice import INT, NIL, STRING, Nominal, Record, Shared, Ty
from .rules import RULES, Context, rule, simple
from .rules_records import field_names

#: What `with` calls at its end: the first of these that the value has.
_CLOSERS = ("close", "dispose")


@rule("try_call")
def _try_call(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    return TryCall(op.attrs["callee"], list(range(len(types))))


@rule("caught")
def _caught(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    return simple("data.caught", STRING)


@rule("caught_site")
def _caught_site(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    return simple("data.caught_site", INT)


@rule("cell_empty")
def _cell_empty(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    cell = context.cell_of(op)
    context.read(cell)
    result = Shared(cell)
    return Typed(result, [], lambda em, v: em.cell_empty(result))


@rule("close")
def _close(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    (value,) = types
    for name in _CLOSERS:
        if _has(value, name, context):
            call = Op(op.row, op.operands, (), {"name": name}, op.loc)
            return RULES["dyn.method"](call, types, context)
    return Typed(NIL, list(types), lambda em, v: None)


def _has(value: Ty, name: str, context: Context) -> bool:
    if isinstance(value, Nominal):
        fields = (field for case in value.declaration.cases for field, _ in case.fields)
        return name in value.declaration.methods or name in fields
    return isinstance(value, Record) and name in (field_names(value, context) or ())
