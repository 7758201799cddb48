"""Remove functions, globals and data that nothing reachable mentions.

    export @main calls @f; @g calls @h        =>        @main, @f

What is reachable starts at exports and at functions with the attribute `keep`. Closures are no roots of their own: a
function value is code that calls the functions directly, so those that may be called are mentioned there.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from ..ir.core import DataSegment, Function, Module, Op
from ..pipeline.spec import PassContext, PassSpec
from .analysis.fixed import KEEP

_Item = TypeVar("_Item")


def run(module: Module, ctx: PassContext) -> bool:
    """Remove what cannot be reached; True if there was anything."""
    functions = _reachable_functions(module)
    ops = [op for function in functions.values() for op in function.ops()]
    globals_ = _mentioned(ops, "name", module.globals)
    data = _with_relocations(_mentioned(ops, "data", module.data), module.data)
    for name, function in module.functions.items():
        if name not in functions and not function.is_import:
            ctx.remark("removed", function.loc, f"{function.source_name}: no call of it is left", function)
    changed = [
        _keep_only(functions, module.functions),
        _keep_only(globals_, module.globals),
        _keep_only(data, module.data),
    ]
    return any(changed)


def _reachable_functions(module: Module) -> dict[str, Function]:
    found = {f.name: f for f in module.functions.values() if f.exported is not None or f.attrs.get(KEEP)}
    pending = list(found.values())
    while pending:
        called = _mentioned(pending.pop().ops(), "callee", module.functions)
        new = [function for name, function in called.items() if name not in found]
        found.update((function.name, function) for function in new)
        pending += new
    return found


def _mentioned(ops: Iterable[Op], attribute: str, items: dict[str, _Item]) -> dict[str, _Item]:
    """The items that the attribute of some op names."""
    names = {op.attrs.get(attribute) for op in ops}
    return {name: item for name, item in items.items() if name in names}


def _with_relocations(data: dict[str, DataSegment], segments: dict[str, DataSegment]) -> dict[str, DataSegment]:
    """`data` and the segments whose addresses are stored in them, directly or not."""
    found = dict(data)
    pending = list(data.values())
    while pending:
        for _, name, _ in pending.pop().relocations:
            if name not in found:
                found[name] = segments[name]
                pending.append(segments[name])
    return found


def _keep_only(wanted: dict[str, _Item], items: dict[str, _Item]) -> bool:
    gone = [name for name in items if name not in wanted]
    for name in gone:
        del items[name]
    return bool(gone)


SPEC = PassSpec(
    "dead-functions",
    "mem",
    run,
    "Remove functions, globals and data that nothing reachable from an export mentions.",
    scope="module",
    also=("typed",),
)
