"""Take the first turn of a loop in front of it, where what it checks holds in all later turns as well.

    br ^body(%n)                                         br ^body.1(%n)
    ^body(%i): cond_br (%i <u %len), ^in, ^bad           ^body.1(%i): cond_br (%i <u %len), ^in.1, ^bad
    ^in: ...; %j = %i - 1                         =>     ^in.1: ...; %j = %i - 1; cond_br (%j > 0), ^body(%j), ^end
      cond_br (%j > 0), ^body(%j), ^end                  ^body(%i): as before, but known to start below %len

A counter that falls is below the length in all turns if it is in the first one, and that turn knows whether it is: `index-range`
then removes the check from the loop. For innermost loops that check the index with which they count down.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..ir.clone import clone_blocks
from ..ir.core import Block, Function, Value
from ..pipeline.spec import Order, PassContext, PassSpec, option
from .analysis.loops import Loop, loops
from .const_fold import constant_of
from .inline import weight_of_block
from .ssa_repair import repair_copies


@dataclass(frozen=True, slots=True)
class Options:
    """See the fields."""

    weight: int = option(60, "Heavier loops stay as they are.")
    budget: int = option(200, "Weight that all first turns together may add to one function.")


def run(fn: Function, ctx: PassContext) -> bool:
    """Peel the loops of `fn` that check a falling counter; True if there were any."""
    options = ctx.options or Options()
    grown, changed = 0, False
    for loop in list(ctx.analyses.get(loops, fn)):
        weight = sum(map(weight_of_block, loop.blocks)) if _checks_what_falls(loop) else 0
        if not weight or weight > options.weight or grown + weight > options.budget:
            continue
        grown += weight
        _peel(fn, loop)
        ctx.remark("peeled", loop.header.ops[0].loc, "the first turn checks for all: later indexes are smaller")
        changed = True
    return changed


def _checks_what_falls(loop: Loop) -> bool:
    if loop.children or len(loop.latches) != 1 or loop.header.cold:
        return False
    back, *others = (target for target in loop.latches[0].terminator.targets if target.block is loop.header)
    if others:  # it may fall in two ways
        return False
    falling = {p for p, arg in zip(loop.header.params, back.args, strict=True) if _is_less(arg, p)}
    return any(_checked(block, loop) in falling for block in loop.blocks if not block.cold)


def _is_less(value: Value, than: Value) -> bool:
    """Whether `value` is `than` plus a negative constant."""
    op = value.op
    if op is None or op.row.name != "i64.add" or op.operands[0] is not than:
        return False
    step = constant_of(op.operands[1])
    return step is not None and step < 0


def _checked(block: Block, loop: Loop) -> Value | None:
    """The index that `block` checks in the end against something that the loop does not change."""
    end = block.terminator
    test = end.operands[0].op if end.row.name == "cond_br" else None
    if test is None or test.row.name != "i64.lt_u" or not end.targets[1].block.cold:
        return None
    index, length = test.operands
    return index if length.block not in loop else None


def _peel(fn: Function, loop: Loop) -> None:
    header = loop.header
    place = fn.blocks.index(header)
    tail = fn.blocks[place:]
    del fn.blocks[place:]
    copy = clone_blocks(loop.blocks, fn)
    fn.blocks += tail
    first = copy.blocks[header]
    for block in fn.blocks:
        if block not in loop:
            for target in block.terminator.targets:
                if target.block is header:
                    target.block = first
    for target in copy.blocks[loop.latches[0]].terminator.targets:
        if target.block is first:
            target.block = header
    repair_copies(fn, loop.blocks, [copy])


SPEC = PassSpec(
    "peel",
    "mem",
    run,
    "Take the first turn of a loop that counts down in front of it, for what it checks.",
    options=Options,
    after=(Order("loop-rotate", "the first turn must be the body, not the question whether there is one"),),
)
