"""Remove stores that nobody sees, because the same place is overwritten before anything reads it.

    mem.store_i64 %p, %v;  A;  mem.store_i64 %p, %w        =>        A;  mem.store_i64 %p, %w

Walks backwards with the places that are overwritten on every path from there: at a branch those that all its targets have.
Classes of memory tell what may read a place. After a trap or a return the caller or the host can see memory, so nothing
counts as overwritten across what may trap; and nothing across a loop, which may not come to its end.
"""

from __future__ import annotations

from ..ir.core import Block, Function, Op
from ..ir.ops import Effects
from ..pipeline.spec import CFG_ANALYSES, Order, PassContext, PassSpec
from .analysis.cfg import cfg
from .analysis.effects import Summaries, effects, may_overlap, op_effects, reads_of, summary_of
from .analysis.places import Place, access

#: So many overwritten places are remembered, which keeps the pass linear.
MAX_PLACES = 64

#: (class, place), the latest found last.
_Overwritten = dict[tuple[str, Place], None]


def run(fn: Function, ctx: PassContext) -> bool:
    """Remove lost stores of `fn`; True if there were any."""
    if not any(Effects.WRITES in op.row.effects for op in fn.ops()):
        return False
    summaries = ctx.analyses.get(effects, fn.module)
    at_start: dict[Block, _Overwritten] = {}
    changed = False
    for block in reversed(ctx.analyses.get(cfg, fn).order):
        overwritten = _at_end(block, at_start)
        kept: list[Op] = []
        for op in reversed(block.ops):
            if _is_lost(op, overwritten):
                ctx.remark("removed", op.loc, "a store that is overwritten before anybody reads it")
                changed = True
            else:
                overwritten = _before(op, overwritten, summaries)
                kept.append(op)
        if len(kept) < len(block.ops):
            block.ops = kept[::-1]
        at_start[block] = overwritten
    return changed


def _at_end(block: Block, at_start: dict[Block, _Overwritten]) -> _Overwritten:
    """What all successors overwrite; nothing where one was not looked at yet, because it lies on a way back."""
    first, *rest = [at_start.get(succ, {}) for succ in block.successors] or [{}]
    return {key: None for key in first if all(key in other for other in rest)}


def _is_lost(op: Op, overwritten: _Overwritten) -> bool:
    found = None if op.results else access(op)
    if found is None:
        return False
    name, place, _ = found
    return any(later == name and at.covers(place) for later, at in overwritten)


def _before(op: Op, overwritten: _Overwritten, summaries: Summaries) -> _Overwritten:
    """What is overwritten on every path that begins before `op`."""
    found = access(op)
    if found is not None and op.results:
        name, place, _ = found
        return {(n, p): None for n, p in overwritten if not may_overlap(n, name) or p.is_apart_from(place)}
    if found is not None:
        name, place, _ = found
        kept = list(overwritten)[1 - MAX_PLACES :] if len(overwritten) >= MAX_PLACES else overwritten
        return {**dict.fromkeys(kept), (name, place): None}
    if _can_be_seen(op, summaries):
        return {}
    read = reads_of(op, summaries)
    return {(n, p): None for n, p in overwritten if not any(may_overlap(n, r) for r in read)} if read else overwritten


def _can_be_seen(op: Op, summaries: Summaries) -> bool:
    """True if memory may be looked at from outside before the next op."""
    if op.row.terminator:
        return not op.targets
    return Effects.TRAPS in op_effects(op, summaries) or summary_of(op, summaries).may_diverge


SPEC = PassSpec(
    "dead-stores",
    "mem",
    run,
    "Remove stores to places that are overwritten before anything reads them.",
    preserves=CFG_ANALYSES | {"effects"},
    after=(Order("load-forwarding", "loads that were replaced read nothing"),),
)
