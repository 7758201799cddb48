"""Ask once, in front of a loop, what does not change in it: each answer gets a loop of its own.

    ^h(%i): ...; cond_br %c, ^a, ^b                   ^choose(%i): cond_br %c, ^h.1(%i), ^h(%i)
    ^a: ...   ^b: call ...               =>           ^h.1(%i): ...; br ^a.1
    ^latch: cond_br ..., ^h(%j), ^out                 ^h(%i): ...; br ^b

For innermost loops in which a side of the branch makes a call: what lives across a call is spilled, in the turns that do not
make it too, and the copy without the call keeps everything in registers. Other branches that do not change cost next to
nothing, since they are always predicted.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..ir.build import Builder
from ..ir.clone import clone_blocks
from ..ir.core import Block, Function, Op, Target, Value
from ..ir.ops import Effects
from ..pipeline.spec import Order, PassContext, PassSpec, option
from .analysis.loops import Loop, loops
from .const_fold import constant_of
from .edit import branch, remove_unreachable, replace_terminator
from .inline import weight_of_block
from .ssa_repair import repair_copies


@dataclass(frozen=True, slots=True)
class Options:
    """See the fields."""

    weight: int = option(120, "Heavier loops stay as they are.")
    budget: int = option(300, "Weight that all copies together may add to one function.")


def run(fn: Function, ctx: PassContext) -> bool:
    """Give the loops of `fn` that can do without a call a copy that does; True if there were any."""
    options = ctx.options or Options()
    grown, changed = 0, False
    for loop in list(ctx.analyses.get(loops, fn)):
        question = _question(loop)
        if question is None:
            continue
        weight = sum(weight_of_block(block) for block in loop.blocks)
        if weight > options.weight or grown + weight > options.budget:
            ctx.remark("not-unswitched", question.loc, "the loop is too large for a copy of it")
            continue
        grown += weight
        _give_each_answer_a_loop(fn, loop, question)
        ctx.remark("unswitched", question.loc, "the answer does not change in the loop: asked once, in front of it")
        changed = True
    if changed:
        remove_unreachable(fn)
    return changed


# --- recognizing ------------------------------------------------------------------------------------------------------


def _question(loop: Loop) -> Op | None:
    """The branch in the loop whose condition does not change, and one answer to which makes calls that the other spares."""
    if loop.children or loop.header.cold or not _calls(loop.blocks):
        return None
    for block in loop.blocks:
        op = block.terminator
        if op.row.name != "cond_br" or block.cold or _is_settled(op.operands[0], loop):
            continue
        sides = [target.block for target in op.targets]
        if sides[0] is sides[1] or any(side not in loop or side is loop.header for side in sides):
            continue
        if not all(_calls(_turn(loop, avoiding=(block, side))) for side in sides):
            return op
    return None


def _is_settled(condition: Value, loop: Loop) -> bool:
    """True for a condition that is computed in the loop, and for a constant, which other passes take care of."""
    return condition.block in loop or constant_of(condition) is not None


def _turn(loop: Loop, avoiding: tuple[Block, Block]) -> list[Block]:
    """The blocks, cold ones aside, that a turn may come to without this edge."""
    seen = {loop.header}
    pending = [loop.header]
    while pending:
        block = pending.pop()
        for succ in block.successors:
            if succ in loop and succ not in seen and not succ.cold and (block, succ) != avoiding:
                seen.add(succ)
                pending.append(succ)
    return [block for block in loop.blocks if block in seen]


def _calls(blocks: list[Block]) -> bool:
    return any(Effects.CALLS in op.row.effects for block in blocks if not block.cold for op in block.ops)


# --- building ---------------------------------------------------------------------------------------------------------


def _give_each_answer_a_loop(fn: Function, loop: Loop, question: Op) -> None:
    header, asking = loop.header, question.block
    choose = Block(fn, "choose")
    for param in header.params:
        choose.add_param(param.type, param.name)
    for block in fn.blocks:
        if block not in loop:
            for target in block.terminator.targets:
                if target.block is header:
                    target.block = choose
    place = fn.blocks.index(header)
    tail = fn.blocks[place:]
    del fn.blocks[place:]
    copy = clone_blocks(loop.blocks, fn)
    fn.blocks[place:place] = [choose]
    fn.blocks += tail

    yes, no = copy.blocks[header], header
    builder = Builder(choose, None, question.loc)
    builder.cond_br(question.operands[0], Target(yes, list(choose.params)), Target(no, list(choose.params)))
    for block, answer in ((copy.blocks[asking], 0), (asking, 1)):
        replace_terminator(block, branch(block.terminator.targets[answer], question.loc))
    repair_copies(fn, loop.blocks, [copy])


SPEC = PassSpec(
    "unswitch",
    "mem",
    run,
    "Ask in front of a loop what does not change in it, where that spares the loop a call.",
    options=Options,
    after=(Order("licm", "the question has to be asked outside of the loop already"),),
)
