"""Take several turns of a small counted loop without asking each time whether it goes on.

    ^body(%i): A(%i)                                      ^wide(%i): A(%i); A(%i + 1); A(%i + 2); A(%i + 3)
      %j = i64.add %i, 1; %c = i64.lt_s %j, %n    =>        cond_br (more than 4 left), ^wide(%i + 4), ^body(%i + 4)
      cond_br %c, ^body(%j), ^end                         ^body(%i): as before, for the last turns

Loops that call nothing and whose counter, tested at the end, grows by a constant up to a bound that does not change. Other ways
out of the loop stay. The original loop takes the last turn, so the counter's test still comes from it alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from ..ir import types as t
from ..ir.build import Builder
from ..ir.clone import Copy, clone_blocks
from ..ir.core import Block, Function, Target, Value
from ..ir.ops import Effects
from ..pipeline.spec import Order, PassContext, PassSpec, option
from .analysis.loops import Loop, Loops, loops
from .const_fold import constant_of
from .edit import branch, replace_terminator
from .inline import weight_of_block
from .ssa_repair import repair_copies

_MAX_STEP = 8


@dataclass(frozen=True, slots=True)
class Options:
    """See the fields."""

    turns: int = option(4, "How many turns of a loop one turn of the wide loop takes.")
    tiny: int = option(14, "Loops up to this weight are unrolled twice as far.")
    weight: int = option(64, "Heavier loops stay as they are.")
    budget: int = option(400, "Weight that all copies together may add to one function.")


@dataclass(frozen=True, slots=True)
class Counting:
    """How a loop counts: its header's parameter `counter` grows by `step` and is then tested against `bound` in the latch."""

    counter: int
    step: int
    bound: Value
    #: i64.lt_s or i64.le_s.
    test: str

    @property
    def slack(self) -> int:
        """1 if the bound itself is a number that is counted, else 0."""
        return int(self.test == "i64.le_s")


@dataclass(slots=True)
class _Counted:
    """A loop that can be unrolled."""

    loop: Loop
    latch: Block
    counting: Counting
    weight: int


def run(fn: Function, ctx: PassContext) -> bool:
    """Put a wide loop before each small counted loop of `fn`; True if there was one."""
    options = ctx.options or Options()
    nest = ctx.analyses.get(loops, fn)
    grown, changed = 0, False
    for loop in list(nest):
        counted = _recognize(loop, nest, options)
        if counted is None:
            continue
        turns = options.turns * 2 if counted.weight <= options.tiny else options.turns
        growth = turns * counted.weight
        if grown + growth > options.budget:
            continue
        grown += growth
        _widen(fn, counted, turns)
        ctx.remark("unrolled", loop.header.ops[0].loc, f"{turns} turns at once")
        changed = True
    return changed


# --- recognizing ------------------------------------------------------------------------------------------------------


def _recognize(loop: Loop, nest: Loops, options: Options) -> _Counted | None:
    if loop.children or len(loop.latches) != 1 or loop.header.cold or is_rest(loop, nest):
        return None
    if any(Effects.CALLS in op.row.effects for block in loop.blocks for op in block.ops):
        return None
    weight = sum(weight_of_block(block) for block in loop.blocks)
    counting = counting_of(loop) if weight <= options.weight else None
    return None if counting is None else _Counted(loop, loop.latches[0], counting, weight)


def is_rest(loop: Loop, nest: Loops) -> bool:
    """True for the last turns that another wide loop leaves: it is entered from a loop beside it."""
    return any(nest.depth(source) >= loop.depth for source in loop.entries)


def counting_of(loop: Loop, *, to_constant: bool = False) -> Counting | None:
    """How a loop with one latch counts; None if it does not.

    Neither up to a constant unless `to_constant`: then there may be few turns.
    """
    (latch,) = loop.latches
    end = latch.terminator
    if end.row.name != "cond_br" or end.targets[0].block is not loop.header or end.targets[1].block in loop:
        return None
    test = end.operands[0].op
    if test is None or test.row.name not in ("i64.lt_s", "i64.le_s"):
        return None
    stepped, bound = test.operands
    add = stepped.op
    if add is None or add.row.name != "i64.add" or bound.block in loop:
        return None
    if constant_of(bound) is not None and not to_constant:
        return None
    base, step = add.operands[0], constant_of(add.operands[1])
    if base not in loop.header.params or step is None or not 0 < step <= _MAX_STEP:
        return None
    counter = loop.header.params.index(base)
    return Counting(counter, step, bound, test.row.name) if end.targets[0].args[counter] is stepped else None


# --- building ---------------------------------------------------------------------------------------------------------


def _widen(fn: Function, counted: _Counted, turns: int) -> None:
    """Lead all edges from outside through a test into the wide loop, or past it."""
    header, blocks, counting = counted.loop.header, counted.loop.blocks, counted.counting
    distance = turns * counting.step
    enter = Block(fn, "enter")
    for param in header.params:
        enter.add_param(param.type, param.name)
    for block in fn.blocks:
        if block not in counted.loop:
            for target in block.terminator.targets:
                if target.block is header:
                    target.block = enter
    place = fn.blocks.index(header)
    tail = fn.blocks[place:]
    del fn.blocks[place:]
    copies = [clone_blocks(blocks, fn) for _ in range(turns)]
    fn.blocks[place:place] = [enter]
    fn.blocks += tail

    loc = header.ops[0].loc
    first = copies[0].blocks[header]
    builder = Builder(enter, None, loc)
    at = enter.params[counting.counter]
    is_below = builder.op(counting.test, at, counting.bound)
    enough = builder.op("bool.and", is_below, is_far(builder, counting, at, distance))
    builder.cond_br(enough, Target(first, list(enter.params)), Target(header, list(enter.params)))
    _chain(counted, copies, distance)
    repair_copies(fn, blocks, copies)


def _chain(counted: _Counted, copies: list[Copy], distance: int) -> None:
    """Let every copy lead to the next; the last one back to the first while there is enough left, else to the loop."""
    header, counting = counted.loop.header, counted.counting
    start = copies[0].blocks[header].params[counting.counter]
    for turn, (copy, following) in enumerate(pairwise(copies), 1):
        latch = copy.blocks[counted.latch]
        args, loc = latch.terminator.targets[0].args, latch.terminator.loc
        builder = Builder(latch, len(latch.ops) - 1, loc)
        # Not one more than in the turn before: so no turn waits for another.
        args[counting.counter] = builder.op("i64.add", start, builder.const(t.I64, turn * counting.step))
        replace_terminator(latch, branch(Target(following.blocks[header], args), loc))
    latch = copies[-1].blocks[counted.latch]
    args = latch.terminator.targets[0].args
    builder = Builder(latch, len(latch.ops) - 1, latch.terminator.loc)
    args[counting.counter] = builder.op("i64.add", start, builder.const(t.I64, distance))
    more = is_far(builder, counting, args[counting.counter], distance)
    end = latch.terminator
    end.operands = [more]
    end.targets = [Target(copies[0].blocks[header], args), Target(header, list(args))]


def is_far(builder: Builder, counting: Counting, at: Value, distance: int) -> Value:
    """Whether the loop goes on at `at` + `distance`, for `at` within its bound; the difference may take all 64 bits."""
    left = builder.op("i64.sub", counting.bound, at)
    return builder.op("i64.gt_u", left, builder.const(t.I64, distance - counting.slack))


SPEC = PassSpec(
    "unroll",
    "mem",
    run,
    "Take several turns of a small counted loop at once.",
    options=Options,
    after=(
        Order("loop-rotate", "the loop must test at its end"),
        Order("unroll-linear", "it does more for the loops that it knows"),
    ),
)
