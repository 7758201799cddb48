"""Inline calls where an object may vanish by it: one made here and passed on, or one made there and given back.

    %p = data.object @P %x, %y; %d = call @length %p        =>        ... %a = data.object_get @P %p {index=0} ...
    func @plus(...) { ...; %r = data.object @P %s, %t; ret %r }; %q = call @plus ...        =>        the body of @plus

`scalar-replace` then sees all uses of the object. What is inlined for other reasons is decided later, when it is known what
data costs (`inline`). Bottom-up over the call graph; recursive functions and those with loops stay calls.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..ir import types as t
from ..ir.core import Function, Module, Op, Value
from ..pipeline.spec import Order, PassContext, PassSpec, option
from .allocations import may_vanish
from .analysis.callgraph import CallGraph, callgraph
from .analysis.cfg import has_cycle
from .edit import remove_unreachable
from .inline import weight
from .splice import splice_call


@dataclass(frozen=True, slots=True)
class Options:
    threshold: int = option(30, "Callees up to this weight are inlined.")
    budget: int = option(200, "Weight that all callees together may add to one function.")
    text_threshold: int = option(70, "The same limit for callees that give back a part of a text.")
    text_budget: int = option(400, "And the weight that they may add in addition.")


_VIEW = "data.string_view"

#: Values that hold what is put into them, or are taken out of what was.
_WRAPS = frozenset({"data.tuple", "data.sum", "data.opt_some", "data.closure", "data.object"})
_TAKES = frozenset({"data.tuple_get", "data.sum_get", "data.opt_get", "data.closure_capture", "data.object_get"})
#: What is taken out may be an object if it is no scalar.
_SCALARS = frozenset({t.I32, t.I64, t.F64, t.BOOL})


def run(module: Module, ctx: PassContext) -> bool:
    """Inline what may save an allocation in every function of `module`; True if anything was inlined."""
    if not any(_is_new(op) for function in module.functions.values() for op in function.ops()):
        return False
    graph = ctx.analyses.get(callgraph, module)
    givers: set[str] = set()  # functions that may return an object, or part of a text, which they made
    changed = False
    for function in graph.bottom_up:
        if not function.blocks:
            continue
        changed |= _inline_into(function, graph, givers, ctx)
        new = _new_values(function, givers)
        if any(value in new for block in function.blocks for value in block.terminator.operands):
            givers.add(function.name)
    return changed


def _is_new(op: Op) -> bool:
    return may_vanish(op) or op.row.name == _VIEW


def _inline_into(caller: Function, graph: CallGraph, givers: set[str], ctx: PassContext) -> bool:
    options: Options = ctx.options
    # Parts of texts are passed to calls as what they consist of (`scalar-views`).
    new = {value for value in _new_values(caller, givers) if value.type != t.STRING}
    grown, grown_for_texts, changed = 0, 0, False
    for call in reversed(graph.sites[caller]):  # the last first: a call leaves the ops before it where they are
        callee = caller.module.functions.get(call.attrs["callee"])
        if call.row.name != "call" or callee is None or not callee.blocks or call.block.cold:
            continue
        if new.isdisjoint(call.operands) and callee.name not in givers:
            continue
        size, gives_text = weight(callee), callee.results == (t.STRING,)
        if gives_text:
            most = min(options.text_threshold, options.text_budget - grown_for_texts)
        else:
            most = min(options.threshold, options.budget - grown)
        if size > most or not _may_inline(callee, graph):
            continue
        splice_call(call, callee.blocks)
        what = "text" if gives_text else "objects"
        ctx.remark("inlined", call.loc, f"the call of {callee.source_name}, for its {what}", caller)
        if gives_text:
            grown_for_texts += size
        else:
            grown += size
        changed = True
    if changed:
        remove_unreachable(caller)
    return changed


def _new_values(fn: Function, givers: set[str]) -> set[Value]:
    """The values that may be objects made in `fn` or given to it by a call, or flat values around them."""
    new = {op.results[0] for op in fn.ops() if _is_new(op) or (op.results and _gives(op, givers))}
    found = 0
    while found != len(new):
        found = len(new)
        for op in fn.ops():
            if _carries(op) and not new.isdisjoint(op.operands):
                new.add(op.results[0])
            for target in op.targets:
                pairs = zip(target.block.params, target.args, strict=True)
                new.update(param for param, arg in pairs if arg in new)
    return new


def _carries(op: Op) -> bool:
    """True if the result may be, or hold, an object that an operand is or holds."""
    return op.row.name in _WRAPS or (op.row.name in _TAKES and op.results[0].type not in _SCALARS)


def _gives(op: Op, givers: set[str]) -> bool:
    return op.row.name == "call" and op.attrs["callee"] in givers


def _may_inline(callee: Function, graph: CallGraph) -> bool:
    if callee.attrs.get("inline") == "never" or graph.is_recursive(callee):
        return False
    return not has_cycle(callee)


SPEC = PassSpec(
    "inline-objects",
    "typed",
    run,
    "Inline calls that pass on or give back an object which then need not exist.",
    scope="module",
    options=Options,
    before=(Order("scalar-replace", "an object that is passed to a call must exist"),),
)
