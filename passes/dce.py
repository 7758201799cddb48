"""Remove what nobody needs: ops and block parameters that no effect, branch or result depends on, and dead blocks.

    ^loop(%i, %unused): %n = i64.add %unused, %i; ... br ^loop(%j, %n)        =>        ^loop(%i): ... br ^loop(%j)

Liveness is marked from the roots (ops with effects, conditions, results), so that a parameter which only feeds itself
goes too. An op that may trap stays, and so does a call that may not come back.
"""

from __future__ import annotations

from ..ir.core import Block, Function, Op, Target, Value
from ..pipeline.spec import PassContext, PassSpec
from .analysis.effects import Summaries, effects, is_removable
from .edit import drop_params, remove_unreachable


def run(fn: Function, ctx: PassContext) -> bool:
    """Erase dead code of `fn` in place; True if there was any."""
    return remove_dead(fn, ctx.analyses.get(effects, fn.module))


def remove_dead(fn: Function, summaries: Summaries) -> bool:
    """Erase dead code of `fn`, for other passes too; True if there was any."""
    changed = remove_unreachable(fn)
    edges: dict[Block, list[tuple[Block, Target]]] = {}
    for block in fn.blocks:
        for target in block.terminator.targets:
            edges.setdefault(target.block, []).append((block, target))
    needed = _needed(fn, edges, summaries)
    for block in fn.blocks:
        kept = [op for op in block.ops if op in needed]
        if len(kept) < len(block.ops):
            block.ops = kept
            changed = True
    for block in fn.blocks[1:]:
        dead = [i for i, param in enumerate(block.params) if param not in needed]
        if dead:
            drop_params(block, dead, edges[block])
            changed = True
    return changed


def _needed(fn: Function, edges: dict[Block, list[tuple[Block, Target]]], summaries: Summaries) -> set[Op | Value]:
    """The ops that must stay, and the block parameters."""
    needed: set[Op | Value] = set()
    pending: list[Value] = []
    for op in fn.ops():
        if op.row.terminator or not is_removable(op, summaries):
            needed.add(op)
            pending += op.operands  # arguments of targets count only if the parameter does
    while pending:
        value = pending.pop()
        owner = value.owner
        if isinstance(owner, Op):
            if owner not in needed:
                needed.add(owner)
                pending += owner.operands
        elif value not in needed:
            needed.add(value)
            index = owner.params.index(value)
            pending += (target.args[index] for _, target in edges.get(owner, ()))
    return needed


SPEC = PassSpec(
    "dce",
    "mem",
    run,
    "Remove ops, block parameters and blocks that nothing depends on.",
    preserves=frozenset({"effects"}),
    also=("typed",),
)
