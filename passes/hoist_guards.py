"""Test a loop-invariant guard once, in front of the loop.

    br ^h                                            cond_br %ok, ^checked, ^panic
  ^h(%i): cond_br %ok, ^next, ^panic        =>     ^checked: br ^h
                                                   ^h(%i): br ^next

A guard is a branch whose other side leaves the loop and does nothing but panic. It may be tested before the loop if every
entry of the loop would test it before anything else can be noticed: it is reached from the header through guards that have
been hoisted too, past ops that neither write nor trap. What the guard protects (a load behind a bounds check) is then
executed on every turn, so that the next round of `licm` can move it as well.
"""

from __future__ import annotations

from ..ir.core import Block, Function, Op, Target, Value
from ..ir.ops import Effects
from ..pipeline.spec import Order, PassContext, PassSpec
from .analysis.effects import Summaries, effects, op_effects, summary_of
from .analysis.loops import Loop, loops
from .edit import branch, replace_terminator

_NOTICEABLE = Effects.WRITES | Effects.IO | Effects.TRAPS


def run(fn: Function, ctx: PassContext) -> bool:
    """Hoist invariant guards of the loops of `fn`; True if there were any."""
    changed = False
    for loop in ctx.analyses.get(loops, fn):  # inner loops come first
        summaries = ctx.analyses.get(effects, fn.module)
        entry = _entry(fn, loop)
        if entry is not None:
            changed |= _hoist_from(fn, loop, entry, summaries, ctx)
    return changed


def _entry(fn: Function, loop: Loop) -> Block | None:
    """The only block that leads to the loop from outside, if it leads nowhere else."""
    sources = [b for b in fn.blocks if b not in loop and loop.header in b.successors]
    if len(sources) != 1 or sources[0].terminator.name != "br":
        return None
    return sources[0]


def _hoist_from(fn: Function, loop: Loop, entry: Block, summaries: Summaries, ctx: PassContext) -> bool:
    changed = False
    block: Block | None = loop.header
    seen: set[Block] = set()
    while block is not None and block not in seen and not _is_noticeable(block, summaries):
        seen.add(block)
        guard = block.terminator
        if guard.name == "br":
            block = _inside(guard.targets[0], loop)
            continue
        kept = _hot_side(guard, loop)
        if kept is None or not _is_outside(guard.operands[0], loop):
            return changed
        hot, cold = guard.targets[kept], guard.targets[1 - kept]
        if not all(_is_outside(value, loop) for value in cold.args):
            return changed
        entry = _test_before(fn, entry, guard, kept)
        replace_terminator(block, branch(Target(hot.block, hot.args), guard.loc))
        ctx.remark("hoisted", guard.loc, "a check out of the loop")
        changed = True
        block = _inside(hot, loop)
    return changed


def _inside(target: Target, loop: Loop) -> Block | None:
    return target.block if target.block in loop and target.block is not loop.header else None


def _is_noticeable(block: Block, summaries: Summaries) -> bool:
    """True if something in the block (its terminator aside) can be told from nothing having happened."""
    return any(
        op_effects(op, summaries) & _NOTICEABLE or summary_of(op, summaries).may_diverge for op in block.ops[:-1]
    )


def _hot_side(op: Op, loop: Loop) -> int | None:
    """Which target of the branch stays in the loop, if the other one only panics."""
    if op.name != "cond_br":
        return None
    for kept, other in ((0, 1), (1, 0)):
        if op.targets[kept].block in loop and _only_panics(op.targets[other].block, loop):
            return kept
    return None


def _only_panics(block: Block, loop: Loop) -> bool:
    return block not in loop and len(block.ops) == 1 and block.terminator.name == "panic"


def _is_outside(value: Value, loop: Loop) -> bool:
    return value.block not in loop


def _test_before(fn: Function, entry: Block, guard: Op, kept: int) -> Block:
    """End `entry` with the guard; the new block behind it that leads to the loop."""
    checked = Block(fn)
    into = entry.terminator
    checked.append(branch(Target(into.targets[0].block, into.targets[0].args), into.loc))
    targets = [Target(t.block, list(t.args)) for t in guard.targets]
    targets[kept] = Target(checked, [])
    replace_terminator(entry, Op(guard.row, list(guard.operands), (), dict(guard.attrs), guard.loc, targets))
    fn.blocks.insert(fn.blocks.index(entry) + 1, checked)
    return checked


SPEC = PassSpec(
    "hoist-guards",
    "mem",
    run,
    "Test loop-invariant checks once, in front of the loop.",
    preserves=frozenset({"effects"}),
    after=(Order("licm", "a check can only leave the loop when its condition has left it"),),
)
