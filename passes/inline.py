"""Replace calls by the body of the called function where that pays.

    func @square(%x) { %y = i64.mul %x, %x; ret %y }
    %a = call @square %n                                  =>        %y = i64.mul %n, %n;  br ^rest(%y)
    B                                                               ^rest(%a): B

Bottom-up over the call graph, so that what is copied has been inlined into already. The decision compares the weight of
the callee (the ops' costs, branches and calls; cold blocks hardly count), less what constant arguments let go of it, with a
threshold that rises for calls in loops, for constant arguments, and for the only call of a function. Calls in cold blocks stay, and so do recursive ones.

A function with a loop is only inlined into a small function that makes no other call: WebAssembly engines spill what
lives across a call, and the spill may end up inside the loop.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from ..ir.core import Block, Function, Module, Op, Value
from ..pipeline.spec import PassContext, PassSpec, option
from .analysis.callgraph import CallGraph, callgraph
from .analysis.cfg import has_cycle
from .analysis.dominators import DominatorTree, dominators
from .analysis.fixed import has_fixed_signature
from .analysis.loops import loops
from .const_fold import constant_of, evaluate
from .edit import remove_unreachable
from .splice import splice_call

#: No op weighs more than this: a division is slow, but one instruction.
_HEAVIEST = 4
#: Callees so many times as heavy as what is ever inlined are not asked what constants would let go of them.
_HOPELESS = 4


@dataclass(frozen=True, slots=True)
class Options:
    small: int = option(14, "Callees up to this weight are always inlined, except in cold code.")
    threshold: int = option(30, "Callees up to this weight are inlined anywhere.")
    loop_bonus: int = option(40, "How much heavier the callee may be when the call is in a loop.")
    constant_bonus: int = option(10, "How much heavier the callee may be for each constant argument.")
    only_call: int = option(120, "Callees up to this weight are inlined when nothing else calls them.")
    loop_caller: int = option(60, "Callees with a loop are inlined only into functions that stay below this weight.")
    budget: int = option(400, "Weight that all callees together may add to one function.")


def run(module: Module, ctx: PassContext) -> bool:
    """Inline what pays in every function of `module`; True if anything was inlined."""
    graph = ctx.analyses.get(callgraph, module)
    calls = Counter(op.attrs["callee"] for ops in graph.sites.values() for op in ops)
    inliner = _Inliner(module, graph, calls, ctx)
    changed = False
    for function in graph.bottom_up:
        changed |= inliner.inline_into(function)
    return changed


@dataclass(slots=True)
class _Callee:
    """What the decision needs to know of a function."""

    weight: int
    has_loop: bool
    #: Made when it is needed.
    tree: DominatorTree | None = None


class _Inliner:
    def __init__(self, module: Module, graph: CallGraph, calls: Counter[str], ctx: PassContext) -> None:
        self._module = module
        self._graph = graph
        self._calls = calls
        self._ctx = ctx
        self._options: Options = ctx.options
        self._known: dict[Function, _Callee] = {}

    def inline_into(self, caller: Function) -> bool:
        """Decide about each call that `caller` had from the start; True if any was inlined."""
        sites = [op for op in self._graph.sites[caller] if op.row.name == "call" and self._has_body(op)]
        if not sites:
            return False
        nest = loops(caller)
        in_loop = {op for op in sites if nest.depth(op.block) > 0}
        size, start = weight(caller), weight(caller)
        changed = False
        for call in reversed(sites):  # the last first: a call leaves the ops before it where they are
            callee = self._module.functions[call.attrs["callee"]]
            reason = self._reason_against(call, callee, call in in_loop, size, size - start)
            self._tell(call, callee, reason)
            if reason is None:
                splice_call(call, callee.blocks)
                size += self._weight_of(call, callee)
                changed = True
        if changed:
            remove_unreachable(caller)
            self._known.pop(caller, None)
        return changed

    def _has_body(self, call: Op) -> bool:
        callee = self._module.functions.get(call.attrs["callee"])
        return callee is not None and bool(callee.blocks)

    def _facts(self, function: Function) -> _Callee:
        found = self._known.get(function)
        if found is None:
            found = self._known[function] = _Callee(weight(function), has_cycle(function))
        return found

    def _reason_against(self, call: Op, callee: Function, is_in_loop: bool, size: int, grown: int) -> str | None:
        """Why the call must stay, None if it is to be inlined."""
        wish, options, facts = callee.attrs.get("inline"), self._options, self._facts(callee)
        if self._graph.is_recursive(callee):
            return "it is recursive"
        if wish in ("always", "never"):
            return None if wish == "always" else "it asks not to be inlined"
        if call.block.cold:
            return "the call is in cold code"
        if facts.has_loop and size + facts.weight > options.loop_caller:
            return f"it has a loop, and with the caller weighs {size + facts.weight}, more than {options.loop_caller}"
        if facts.has_loop and self._calls_more(call):
            return "it has a loop, and the caller makes other calls"
        if facts.weight <= options.small:
            return None
        heavy = self._weight_of(call, callee)
        if grown + heavy > options.budget:
            return f"it weighs {heavy}, and what was inlined into the caller before {grown} of {options.budget}"
        allowed = self._threshold(call, callee, is_in_loop)
        return None if heavy <= allowed else f"it weighs {heavy}, more than {allowed}"

    def _weight_of(self, call: Op, callee: Function) -> int:
        """What the body weighs, as far as it does not go because of the call's constants."""
        facts = self._facts(callee)
        constants = {
            p: c for p, v in zip(callee.params, call.operands, strict=True) if (c := constant_of(v)) is not None
        }
        if not constants or facts.weight > _HOPELESS * self._options.only_call:
            return facts.weight
        facts.tree = facts.tree or dominators(callee)
        return max(facts.weight - saving(facts.tree, constants), 0)

    def _threshold(self, call: Op, callee: Function, is_in_loop: bool) -> int:
        options = self._options
        allowed = options.threshold + options.loop_bonus * is_in_loop
        allowed += options.constant_bonus * sum(constant_of(v) is not None for v in call.operands)
        is_only_call = self._calls[callee.name] == 1 and not has_fixed_signature(callee)
        return max(allowed, options.only_call) if is_only_call else allowed

    def _calls_more(self, call: Op) -> bool:
        """True if the function around `call` makes other calls, cold ones apart."""
        ops = call.block.function.ops()
        return any(op is not call and op.row.name == "call" and not op.block.cold for op in ops)

    def _tell(self, call: Op, callee: Function, reason: str | None) -> None:
        caller = call.block.function
        if reason is None:
            self._ctx.remark("inlined", call.loc, f"the call of {callee.source_name}", caller)
        else:
            self._ctx.remark("not-inlined", call.loc, f"the call of {callee.source_name}: {reason}", caller)


def saving(tree: DominatorTree, known: dict[Value, Any]) -> int:
    """The weight that goes when these parameters are constants: what follows from them, and the sides not taken."""
    values, saved = dict(known), 0
    for block in tree.cfg.order:
        for op in () if block.cold else block.ops:
            operands = [values.get(v, constant_of(v)) for v in op.operands]
            if None in operands or not any(v in values for v in op.operands):
                continue
            if op.row.name == "cond_br":
                saved += 1 + _weight_below(op.targets[1 if operands[0] else 0].block, tree)
            elif len(op.results) == 1 and (value := evaluate(op.row, operands)) is not None:
                values[op.result] = value
                saved += min(op.row.cost, _HEAVIEST)
    return saved


def _weight_below(block: Block, tree: DominatorTree) -> int:
    """What goes with an edge into `block`, if no other leads there."""
    if len(tree.cfg.edges_into[block]) > 1:
        return 0
    pending, total = [block], 0
    while pending:
        current = pending.pop()
        total += weight_of_block(current)
        pending += tree.children[current]
    return total


def weight(function: Function) -> int:
    """How much code the function is: ops by their costs, branches by their targets; a cold block weighs 1."""
    return sum(map(weight_of_block, function.blocks))


def weight_of_block(block: Block) -> int:
    return 1 if block.cold else sum(map(_op_weight, block.ops))


def _op_weight(op: Op) -> int:
    if op.row.terminator:
        return len(op.targets) - 1 if op.targets else 0
    return op.row.cost + len(op.operands) if op.row.name == "call" else min(op.row.cost, _HEAVIEST)


SPEC = PassSpec(
    "inline",
    "mem",
    run,
    "Replace calls of small or only once called functions by their bodies.",
    scope="module",
    options=Options,
    also=("typed",),
)
