"""Functions with the same code become one.

    func @area(%p: i32) { .. mem.load_f64 %p .. }
    func @volume(%p: i32) { .. mem.load_f64 %p .. }             func @area(%p: i32) { .. }
    call @area %a; call @volume %b                      =>      call @area %a; call @area %b

Two versions of a generic function often differ in nothing but the classes of memory that they touch, which say nothing
any more when all other passes are done: the one that stays is told to touch `any` memory where they differ. What a user can
see must be alike: where ops that may trap, panic or call stand in the source. Callees are compared before their callers,
so callers that only differ in callees that were merged are merged too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable

from ..ir.core import Block, Function, Module, Op, Value
from ..ir.ops import Effects
from ..ir.ops.numeric import bits_of_f64
from ..pipeline.spec import Order, PassContext, PassSpec
from .analysis.callgraph import callgraph
from .analysis.effects import ANY
from .analysis.fixed import FINISHED, KEEP, SHARED

_VISIBLE = Effects.TRAPS | Effects.CALLS | Effects.IO
#: Facts about memory: they may differ.
_MEMORY = ("alias", "invariant")


def run(module: Module, ctx: PassContext) -> bool:
    """Merge functions of `module`; True if there were two alike. The others are gone then."""
    kept: dict[Hashable, Function] = {}
    instead: dict[str, str] = {}
    alike = Counter(map(_outline, module.functions.values()))
    for function in ctx.analyses.get(callgraph, module).bottom_up:
        if not function.blocks or any(function.attrs.get(fact) for fact in (KEEP, SHARED, FINISHED)):
            continue
        if alike[_outline(function)] == 1:
            continue
        key = _key(function, instead)
        twin = kept.setdefault(key, function)
        if twin is function:
            continue
        if function.exported is not None:
            if twin.exported is not None:
                continue
            twin, function = function, twin
            kept[key] = twin
        _forget_classes(twin, function)
        instead[function.name] = twin.name
        ctx.remark("folded", function.loc, f"{function.source_name} is the same code as {twin.source_name}", function)
    _redirect(module, instead)
    return bool(instead)


def _outline(function: Function) -> Hashable:
    """What is quickly seen to differ."""
    sizes = tuple(len(block.ops) for block in function.blocks)
    return tuple(function.param_types), function.results, sizes


def _key(function: Function, instead: dict[str, str]) -> Hashable:
    """What functions with the same code have in common."""
    numbers: dict[Block | Value, int] = {}
    for block in function.blocks:
        numbers[block] = len(numbers)
        for value in (*block.params, *(v for op in block.ops for v in op.results)):
            numbers[value] = len(numbers)
    blocks = tuple(
        (block.cold, tuple(p.type for p in block.params), tuple(_op_key(op, numbers, instead) for op in block.ops))
        for block in function.blocks
    )
    facts = tuple(sorted((name, repr(fact)) for name, fact in function.attrs.items()))
    return tuple(function.param_types), function.results, facts, blocks


def _op_key(op: Op, numbers: dict[Block | Value, int], instead: dict[str, str]) -> Hashable:
    attrs = tuple((k, _frozen(v)) for k, v in sorted(op.attrs.items()) if k not in _MEMORY and k != "callee")
    return (
        op.row.name,
        _callee(op, instead),
        attrs,
        tuple(numbers[v] for v in op.used_values()),
        tuple(v.type for v in op.results),
        tuple(numbers[target.block] for target in op.targets),
        op.loc if op.row.effects & _VISIBLE else None,
    )


def _callee(op: Op, instead: dict[str, str]) -> str | None:
    """What `op` calls, once all is merged; nothing that has a name if it is its own function."""
    name: str | None = op.attrs.get("callee")
    if name is None:
        return None
    return "" if name == op.block.function.name else _final(name, instead)


def _frozen(value: object) -> Hashable:
    if isinstance(value, float):
        return "f64", bits_of_f64(value)
    return tuple(value) if isinstance(value, list) else (type(value), value)


def _forget_classes(twin: Function, other: Function) -> None:
    """Let `twin` claim of memory what both functions claim."""
    for mine, theirs in zip(twin.ops(), other.ops(), strict=True):
        if mine.attrs.get("alias") != theirs.attrs.get("alias"):
            mine.attrs["alias"] = ANY
        if "invariant" in mine.attrs and not theirs.attrs.get("invariant"):
            del mine.attrs["invariant"]


def _redirect(module: Module, instead: dict[str, str]) -> None:
    for name in instead:
        del module.functions[name]
    for function in module.functions.values():
        for op in function.ops():
            if op.attrs.get("callee") in instead:
                op.attrs["callee"] = _final(op.attrs["callee"], instead)


def _final(name: str, instead: dict[str, str]) -> str:
    while name in instead:
        name = instead[name]
    return name


SPEC = PassSpec(
    "merge-functions",
    "mem",
    run,
    "Merge functions with the same code.",
    scope="module",
    after=(
        Order("inline", "what is merged is less known about"),
        Order("gvn", "classes of memory are forgotten"),
        Order("load-forwarding", "classes of memory are forgotten"),
        Order("licm", "classes of memory are forgotten"),
    ),
)
