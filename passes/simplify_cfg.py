"""Straighten control flow: fewer blocks, fewer branches, fewer block parameters.

    ^a: cond_br %c, ^b, ^d(%x)    ^b: br ^d(%y)    ^d(%z): ret %z        =>        ^a: %z = select %c, %y, %x; ret %z

Each step below is one linear sweep; they are repeated while one of them finds something, because a merged block makes
the next pattern visible. A branch that only chooses between cheap values becomes `select`: a mispredicted branch costs
about 15 cycles, so evaluating both sides pays for a handful of cheap ops and never for more.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..ir import types as t
from ..ir.core import Block, Function, Op, Target, Value, resolve
from ..ir.ops import Effects, row_named
from ..pipeline.spec import PassContext, PassSpec, option
from .analysis.dominators import dominators
from .analysis.effects import op_effects
from .const_fold import constant_of, evaluate, make_const, target_index
from .edit import Edges, branch, consequences, drop_params, edges_of, remove_unreachable, replace_terminator
from .ssa_repair import repair

MAX_ROUNDS = 8
#: A longer block is no mere decision.
MAX_DECIDING_OPS = 4

_COND_BR = row_named("cond_br")
_SELECT = row_named("select")
_EQ = row_named("i64.eq")


@dataclass(frozen=True, slots=True)
class Options:
    """Options of `simplify-cfg`."""

    select_budget: int = option(6, "the greatest cost of ops and selects that may replace one branch; 0 keeps branches")
    select_floats: bool = option(False, "also select between floats, which x86 does with a branch of its own")


def run(fn: Function, ctx: PassContext) -> bool:
    """Simplify the control flow of `fn` in place; True if anything changed."""
    changed = False
    edges = _Edges(fn)
    for _ in range(MAX_ROUNDS):
        steps = (
            edges.after(_simplify_branches(fn)),
            edges.after(remove_unreachable(fn)),  # in a cycle that nothing enters a value may stand for itself
            _drop_redundant_params(fn, edges.now()),
            edges.after(_convert_branches(fn, ctx.options, edges)),
            edges.after(_use_known_conditions(fn, edges)),
            edges.after(_thread_jumps(fn)),
            edges.after(_thread_decisions(fn, edges)),
            edges.after(remove_unreachable(fn)),
            edges.after(_merge_chains(fn, edges)),
        )
        if not any(steps):
            break
        changed = True
    return changed


class _Edges:
    """The edges of a function, found anew only when a step has changed the graph."""

    __slots__ = ("_fn", "_known")

    def __init__(self, fn: Function) -> None:
        self._fn = fn
        self._known: Edges | None = None

    def now(self) -> Edges:
        if self._known is None:
            self._known = edges_of(self._fn)
        return self._known

    def after(self, changed: bool) -> bool:
        """What a step says that may have changed the graph."""
        if changed:
            self._known = None
        return changed


# Branches by themselves.


def _simplify_branches(fn: Function) -> bool:
    changed = False
    for block in fn.blocks:
        op = block.terminator
        while (better := _better_branch(block, op)) is not None:
            replace_terminator(block, better)
            op, changed = better, True
    return changed


def _better_branch(block: Block, op: Op) -> Op | None:
    """A simpler terminator with the same meaning; None if there is none."""
    if len(op.targets) < 2:
        return branch(op.targets[0], op.loc) if op.row.name == "switch" else None
    condition = constant_of(op.operands[0])
    if condition is not None:
        return branch(op.targets[target_index(op, condition)], op.loc)
    first = op.targets[0]
    if all(x.block is first.block and x.args == first.args for x in op.targets):
        return branch(first, op.loc)
    return _better_cond_br(op) if op.row is _COND_BR else _better_switch(block, op)


def _better_cond_br(op: Op) -> Op | None:
    for side, other in (op.targets, op.targets[::-1]):
        if side.block.ops[0].row.name == "unreachable":
            return branch(other, op.loc)
    inverted = op.operands[0].op
    if inverted is not None and inverted.row.name == "bool.not":
        return Op(_COND_BR, [inverted.operands[0]], (), None, op.loc, op.targets[::-1])
    return None


def _better_switch(block: Block, op: Op) -> Op | None:
    default = op.targets[-1]
    cases = [
        (c, x)
        for c, x in zip(op.attrs["cases"], op.targets, strict=False)
        if x.block is not default.block or x.args != default.args
    ]
    if len(cases) == 1:
        ((case, target),) = cases
        const = block.insert(len(block.ops) - 1, make_const(t.I64, case, op.loc))
        test = block.insert(len(block.ops) - 1, Op(_EQ, [op.operands[0], const.result], (t.BOOL,), None, op.loc))
        return Op(_COND_BR, [test.result], (), None, op.loc, [target, default])
    if len(cases) < len(op.targets) - 1:
        attrs = op.attrs | {"cases": [c for c, _ in cases]}
        return Op(op.row, op.operands, (), attrs, op.loc, [*(x for _, x in cases), default])
    return None


# Parameters.


def _drop_redundant_params(fn: Function, edges: Edges) -> bool:
    """Replace parameters that always get the same value, and those that always get the same as another one."""
    replaced: dict[Value, Value] = {}
    pending = True
    while pending:
        pending = False
        for block in fn.blocks[1:]:
            gone = _redundant(block, [target for _, target in edges[block]], replaced)
            if gone:
                drop_params(block, gone, edges[block])
                pending = True
    fn.replace_uses(replaced)
    return bool(replaced)


def _redundant(block: Block, targets: list[Target], replaced: dict[Value, Value]) -> list[int]:
    gone: list[int] = []
    twins: dict[tuple[Value, ...], Value] = {}
    for index, param in enumerate(block.params):
        args = tuple(resolve(replaced, target.args[index]) for target in targets)
        sources = dict.fromkeys(arg for arg in args if arg is not param)
        if len(sources) == 1:
            (same,) = sources
        else:
            same = twins.setdefault(args, param)
        if same is not param:
            replaced[param] = same
            gone.append(index)
    return gone


# Threading and merging.


def _thread_jumps(fn: Function) -> bool:
    """Let edges skip blocks that only branch on: always, or for the constants that the edge passes."""
    used_elsewhere: set[Block] | None = None
    changed = False
    for block in fn.blocks:
        for target in block.terminator.targets:
            seen = {target.block}
            while (onward := _onward(target)) and onward.block not in seen:
                if used_elsewhere is None:
                    used_elsewhere = {v.block for op in fn.ops() for v in op.used_values() if v.block is not op.block}
                if target.block in used_elsewhere:
                    break
                target.block, target.args = onward.block, onward.args
                seen.add(onward.block)
                changed = True
    return changed


def _thread_decisions(fn: Function, known_edges: _Edges) -> bool:
    """The same where the parameters of the block are used behind it: those see what came along either way."""
    candidates = [b for b in fn.blocks[1:] if b.params and 1 < len(b.ops) <= MAX_DECIDING_OPS and len(b.successors) > 1]
    if not candidates:
        return False
    edges = known_edges.now()
    idom: dict[Block, Block | None] | None = None
    computed_for_others: set[Block] | None = None
    changed = False
    for block in candidates:
        taken = [
            (source, target, onward)
            for source, target in edges[block]
            if len(source.terminator.targets) == 1 and (onward := _onward(target)) and onward.block is not block
        ]
        if not taken:
            continue
        if computed_for_others is None:
            computed_for_others = _computed_for_others(fn)
        if block in computed_for_others:
            continue
        if idom is None:
            idom = dominators(fn).idom
        if not any(_is_dominated(source, block, idom) for source, _ in edges[block]):  # a loop stays one
            _lead_on(fn, block, taken)
            edges, idom = edges_of(fn), None
            changed = True
    return changed


def _computed_for_others(fn: Function) -> set[Block]:
    """The blocks that compute something, parameters apart, which other blocks use."""
    return {v.block for op in fn.ops() for v in op.used_values() if v.op and v.block is not op.block}


def _is_dominated(block: Block, by: Block, idom: dict[Block, Block | None]) -> bool:
    above: Block | None = block
    while above is not None and above is not by:
        above = idom.get(above)
    return above is by


def _lead_on(fn: Function, block: Block, taken: list[tuple[Block, Target, Target]]) -> None:
    at_end: dict[Value, dict[Block, Value]] = {param: {block: param} for param in block.params}
    for source, target, onward in taken:
        for param, arg in zip(block.params, target.args, strict=True):
            at_end[param][source] = arg
        target.block, target.args = onward.block, onward.args
    repair(fn, at_end)


def _onward(target: Target) -> Target | None:
    """Where `target` leads if its block does nothing but branch, or compare constants with constants and branch."""
    block = target.block
    op = block.terminator
    if not op.targets or len(block.ops) > MAX_DECIDING_OPS:
        return None
    passed = dict(zip(block.params, target.args, strict=True))
    if len(block.ops) > 1 and not _decide(block, passed):
        return None
    if len(op.targets) == 1:
        chosen = op.targets[0]
        if block.cold and not chosen.block.cold:
            return None  # the block says how unlikely the edge is
    else:
        condition = op.operands[0]
        constant = constant_of(passed.get(condition, condition))
        if constant is None:
            return None
        chosen = op.targets[target_index(op, constant)]
    if any(v.op is not None and v.op.block is block for v in chosen.args):
        return None
    return Target(chosen.block, [passed.get(v, v) for v in chosen.args])


def _decide(block: Block, passed: dict[Value, Value]) -> bool:
    """Add to `passed` what the ops of `block` compute, all constants; False if they compute anything else."""
    for op in block.ops[:-1]:
        if len(op.results) != 1 or (op.operands and not _is_comparison(op)):
            return False
        constant = constant_of(op.result)
        if constant is None:
            operands = [constant_of(passed.get(v, v)) for v in op.operands]
            constant = None if not operands or None in operands else evaluate(op.row, operands)
        if constant is None:
            return False
        passed[op.result] = make_const(op.result.type, constant, op.loc).result
    return True


def _is_comparison(op: Op) -> bool:
    return op.result.type is t.BOOL and op.row.name != "select"


def _merge_chains(fn: Function, known_edges: _Edges) -> bool:
    """Append blocks with one entry to the block that alone leads to them."""
    edges = known_edges.now()
    merged: dict[Block, None] = {}
    replaced: dict[Value, Value] = {}
    for block in fn.blocks:
        if block in merged:
            continue
        while len(targets := block.terminator.targets) == 1:
            (target,) = targets
            follower = target.block
            if len(edges[follower]) > 1 or follower is block or follower is fn.entry:
                break
            replaced.update(zip(follower.params, target.args, strict=True))
            block.ops.pop()
            for op in follower.ops:
                block.append(op)
            block.cold = (block.cold or follower.cold) and block is not fn.entry
            merged[follower] = None
    if merged:
        fn.blocks = [block for block in fn.blocks if block not in merged]
        fn.replace_uses(replaced)
    return bool(merged)


# Conditions known from a dominating branch.


def _use_known_conditions(fn: Function, known_edges: _Edges) -> bool:
    """Where a branch on a condition dominates, use what it found out."""
    if not _may_be_known(fn):
        return False
    edges = known_edges.now()
    known: dict[Value, bool] = {}
    undo: list[list[Value]] = []
    changed = False
    for block, entering in dominators(fn).walk():
        if not entering:
            for value in undo.pop():
                del known[value]
            continue
        added: list[Value] = []
        undo.append(added)
        if len(edges[block]) == 1:
            source, target = edges[block][0]
            op = source.terminator
            if op.row is _COND_BR:
                for value, truth in consequences(op.operands[0], op.targets[0] is target):
                    if value not in known:
                        known[value] = truth
                        added.append(value)
        changed |= _settle_branch(block, known, edges)
    return changed


def _may_be_known(fn: Function) -> bool:
    """True if something that branches decide on is used a second time: by another branch, or along an edge."""
    decided: set[Value] = set()
    passed: set[Value] = set()
    for block in fn.blocks:
        op = block.terminator
        for target in op.targets:
            passed.update([arg for arg in target.args if arg.type is t.BOOL])
        if op.row is _COND_BR:
            condition = op.operands[0]
            parts = {value for truth in (True, False) for value, _ in consequences(condition, truth)}
            if not decided.isdisjoint(parts):
                return True
            decided |= parts
    return not decided.isdisjoint(passed)


def _settle_branch(block: Block, known: dict[Value, bool], edges: Edges) -> bool:
    """Use what is known at the end of `block`, and on its edges, in its terminator."""
    op = block.terminator
    changed = False
    if op.row is _COND_BR:
        truth = known.get(op.operands[0])
        if truth is not None:
            kept, lost = op.targets if truth else op.targets[::-1]
            edges[lost.block] = [(b, x) for b, x in edges[lost.block] if x is not lost]
            op = branch(kept, op.loc)
            replace_terminator(block, op)
            changed = True
    for index, target in enumerate(op.targets):
        for place, arg in enumerate(target.args):
            truth = index == 0 if op.row is _COND_BR and arg is op.operands[0] else known.get(arg)
            if truth is not None and constant_of(arg) is None:
                const = block.insert(len(block.ops) - 1, make_const(t.BOOL, truth, op.loc))
                target.args[place] = const.results[0]
                changed = True
    return changed


# Branches that only choose.


def _convert_branches(fn: Function, options: Options, edges: _Edges) -> bool:
    if not options.select_budget:
        return False
    known = edges.now()
    changed = False
    for block in fn.blocks:
        op = block.terminator
        if op.row is _COND_BR:
            changed |= _convert(block, op, known, options)
    return changed


def _convert(block: Block, op: Op, edges: Edges, options: Options) -> bool:
    """Replace a branch over cheap sides by the sides' ops and selects; True if that was done."""
    sides = [_side(target, edges) for target in op.targets]
    (first, then), (second, orelse) = ((ops, end) for ops, end in sides)
    if then.block is not orelse.block:
        # A side may itself be where the other one leads.
        if then.block is op.targets[1].block:
            second, orelse = [], op.targets[1]
        elif orelse.block is op.targets[0].block:
            first, then = [], op.targets[0]
        else:
            return False
    differing = [i for i, (a, b) in enumerate(zip(then.args, orelse.args, strict=True)) if a is not b]
    price = sum(o.row.cost for o in (*first, *second)) + len(differing)
    if price > options.select_budget or not _may_select([then.args[i] for i in differing], options):
        return False
    block.ops.pop()
    for moved in (*first, *second):
        block.append(moved)
    args = list(then.args)
    for i in differing:
        chosen = Op(_SELECT, [op.operands[0], then.args[i], orelse.args[i]], (then.args[i].type,), None, op.loc)
        chosen.results[0].name = then.block.params[i].name
        block.append(chosen)
        args[i] = chosen.results[0]
    block.append(branch(Target(then.block, args), op.loc))
    for side, ops in zip(op.targets, (first, second), strict=True):
        if ops or side.block is not then.block:
            side.block.ops = side.block.ops[-1:]  # what was moved is gone; the block itself is unreachable now
    return True


def _side(target: Target, edges: Edges) -> tuple[list[Op], Target]:
    """The ops of a side that may be executed in any case, and where it ends; the edge itself if there is no such side."""
    block = target.block
    end = block.terminator
    is_side = (
        len(edges[block]) == 1
        and not block.params
        and not block.cold
        and len(end.targets) == 1
        and all(_is_speculatable(op) for op in block.ops[:-1])
    )
    return (block.ops[:-1], end.targets[0]) if is_side else ([], target)


def _is_speculatable(op: Op) -> bool:
    return Effects.CALLS not in op.row.effects and op_effects(op, {}) is Effects.NONE


def _may_select(values: list[Value], options: Options) -> bool:
    kinds = {t.I32, t.I64, t.BOOL} | ({t.F64} if options.select_floats else set())
    return all(v.type in kinds for v in values)


SPEC = PassSpec(
    "simplify-cfg",
    "mem",
    run,
    "Merge and skip blocks, drop redundant branches and block parameters, select between cheap values.",
    options=Options,
    preserves=frozenset({"effects"}),
    also=("typed",),
)
