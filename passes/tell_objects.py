"""Say of each object that is still allocated who may see it. It changes nothing; `explain` runs it.

    %p = data.object @P %x, %y; call @show %p        =>        not-scalar-replaced: an object of P is passed to show

Told for what `scalar-replace` would have replaced if nothing else saw it: records, values of declared types, captured
variables, closures and short arrays of constant length.
"""

from __future__ import annotations

from ..ir.core import Function, Op, Value
from ..pipeline.spec import Order, PassContext, PassSpec
from .allocations import SHAPES, may_vanish, part_of
from .analysis.uses import Use, Uses, uses
from .analysis.words import words_of_object

#: What a use by one of these ops does with an object.
_KEEPERS = {
    "ret": "it is returned",
    "data.object": "it becomes a part of another object",
    "data.object_set": "it is stored in another object",
    "data.array_put": "it is stored in an array",
    "data.array_set": "it is stored in an array",
    "data.array_fill": "it is stored in an array",
    "data.cell_new": "it is captured by a function value",
    "data.cell_set": "it is stored in a captured variable",
    "data.closure": "it is captured by a function value",
    "global.set": "it is stored in a variable of the module",
    "data.try_call": "it is used where panics are caught",
}


#: Ops that put an object into a flat value, or take it out again: it is where that is.
_FLAT = frozenset(
    {
        "data.sum",
        "data.sum_get",
        "data.sum_tag",
        "data.opt_some",
        "data.opt_get",
        "data.opt_has",
        "data.tuple",
        "data.tuple_get",
    }
)


def run(fn: Function, ctx: PassContext) -> bool:
    """Tell of the objects that `fn` makes; always False, since nothing changes."""
    known: Uses | None = None
    for op in fn.ops():
        if op.row.name not in SHAPES or op.loc is None or op.block.cold or not may_vanish(op):
            continue
        known = known or uses(fn)
        reason = _reason(op, known)
        if reason is not None:
            ctx.remark("not-scalar-replaced", op.loc, f"{words_of_object(op)}: {reason}")
    return False


def _reason(op: Op, known: Uses) -> str | None:
    """Why the object has to exist; None if that cannot be told from a use."""
    shape = SHAPES[op.row.name](op, known)
    if shape is None:
        return None
    pending: list[Value] = [op.result]
    seen: set[Value] = set()
    while pending:
        value = pending.pop()
        if value in seen:
            continue
        seen.add(value)
        for use in known.of(value):
            if use.target is not None:
                pending.append(use.target.block.params[use.slot])
            elif use.op.row.name in _FLAT:
                pending += use.op.results
            elif use.slot != 0 or part_of(use.op, shape) is None:
                return _escape(use)
    return "it is one of several objects where paths meet" if len(seen) > 1 else None


def _escape(use: Use) -> str | None:
    op = use.op
    if op.row.name == "call":
        callee = op.block.function.module.functions.get(op.attrs["callee"])
        return f"it is passed to {callee.source_name}" if callee is not None else "it is passed on"
    return _KEEPERS.get(op.row.name, "it is used as a whole")


SPEC = PassSpec(
    "tell-objects",
    "typed",
    run,
    "Tell which objects are allocated, and who may see them.",
    after=(Order("scalar-replace", "what it replaces is not allocated"),),
    only_tells=True,
)
