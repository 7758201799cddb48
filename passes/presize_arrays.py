"""Make an array as large as the loop that fills it will need, instead of letting it grow.

    %xs = data.array_new 0                           %turns = i64.sub %n, %start          ; between 0 and 2^20
    br ^loop(%start)                                 %xs = data.array_new %turns
    ^loop(%i): cond_br (%i < %n), ^body, ^out   =>   br ^loop(%start)
    ^body: push(%xs, ...); br ^loop(%i + 1)          ^loop(%i): as before

How much room an array has cannot be noticed. The loop must push in every turn and be left in no other way than at its end
(but for panics), so that the room will be used; and it is bounded, because the limit of a loop may be any number. What an
element is computed from may still let the array grow, so `push` asks as before.
"""

from __future__ import annotations

from ..ir import types as t
from ..ir.build import Builder
from ..ir.core import Block, Function, Op, Value
from ..pipeline.spec import Order, PassContext, PassSpec
from .analysis.dominators import DominatorTree, dominators
from .analysis.loops import Loop, loops
from .const_fold import constant_of
from .fuse_loops import is_push

#: Room for more elements is not made before they come.
MOST_ELEMENTS = 1 << 20

#: Ops at the end of a block from which the loop cannot be entered any more.
_ENDS = frozenset({"panic", "unreachable"})


def run(fn: Function, ctx: PassContext) -> bool:
    """Give new arrays of `fn` that a counted loop fills their room; True if there were any."""
    if not any(map(is_push, fn.ops())):
        return False
    changed = False
    nest = ctx.analyses.get(loops, fn)
    tree = ctx.analyses.get(dominators, fn)
    for loop in nest:
        entry = loop.preheader
        turns = turns_of(loop) if entry is not None and _is_left_at_its_end(loop) else None
        if entry is None or turns is None:
            continue
        for made in _filled(loop, entry, tree):
            if turns[1].op is not None and made.results[0] in turns[1].op.operands:
                continue  # the array itself is the limit, so the loop ends at once
            _presize(entry, made, *turns)
            ctx.remark("presized", made.loc, "the array is made as large as the loop that fills it needs")
            changed = True
    return changed


def turns_of(loop: Loop) -> tuple[Value, Value] | None:
    """From where to before where the loop counts in steps of one, testing at its beginning."""
    header, branch = loop.header, loop.header.terminator
    test = branch.operands[0].op if branch.name == "cond_br" and branch.targets[0].block in loop else None
    if test is None or test.name != "i64.lt_s" or len(loop.latches) != 1:
        return None
    if len(loop.latches[0].terminator.targets) != 1:  # it might step in two ways
        return None
    counter, bound = test.operands
    if counter not in header.params or not _is_known_before(bound, loop):
        return None
    index = header.params.index(counter)
    stepped = _argument(loop.latches[0], header, index).op
    if stepped is None or stepped.name != "i64.add" or stepped.operands[0] is not counter:
        return None
    entry = loop.preheader
    if entry is None or constant_of(stepped.operands[1]) != 1:
        return None
    return _argument(entry, header, index), bound


def _is_known_before(bound: Value, loop: Loop) -> bool:
    """True also for constants, and the length of another array: that may grow, but then this one can too."""
    op = bound.op
    if bound.block not in loop or constant_of(bound) is not None:
        return True
    return op is not None and op.name == "data.array_len" and op.operands[0].block not in loop


def value_before(bound: Value, builder: Builder) -> Value:
    """What `turns_of` gave as the bound, in front of the loop."""
    constant = constant_of(bound)
    if constant is not None:
        return builder.const(t.I64, constant)
    if bound.op is not None and bound.op.name == "data.array_len":
        return builder.op("data.array_len", *bound.op.operands)
    return bound


def _argument(source: Block, header: Block, index: int) -> Value:
    return next(target.args[index] for target in source.terminator.targets if target.block is header)


def _is_left_at_its_end(loop: Loop) -> bool:
    return all(source is loop.header or to.terminator.name in _ENDS for source, to in loop.exits)


def _filled(loop: Loop, entry: Block, tree: DominatorTree) -> list[Op]:
    """The empty arrays made in `entry` for the loop, to each of which it adds one element a turn."""
    pushed: dict[Value, int] = {}
    for block in loop.blocks:
        for op in block.ops:
            if is_push(op):
                array = op.operands[0]
                pushed[array] = pushed.get(array, 0) + (1 if tree.dominates(block, loop.latches[0]) else 2)
    inner = {block for child in loop.children for block in child.blocks}
    found = []
    for array, count in pushed.items():
        made = array.op
        if made is None or made.name != "data.array_new" or made.block is not entry or count != 1:
            continue
        is_inside = any(is_push(op) and op.operands[0] is array for block in inner for op in block.ops)
        if not is_inside and constant_of(made.operands[0]) == 0 and not is_used_in(entry, array):
            found.append(made)
    return found


def is_used_in(block: Block, value: Value) -> bool:
    """True if an op of the block uses the value, its branch included."""
    return any(value in op.used_values() for op in block.ops)


def _presize(entry: Block, made: Op, start: Value, bound: Value) -> None:
    """Make the array at the end of `entry`, where the turns are known."""
    entry.ops.remove(made)
    builder = Builder(entry, len(entry.ops) - 1, made.loc)
    bound = value_before(bound, builder)
    turns = builder.op("i64.sub", bound, start)
    zero, most = builder.const(t.I64, 0), builder.const(t.I64, MOST_ELEMENTS)
    turns = builder.op("select", builder.op("i64.lt_s", start, bound), turns, zero)
    # Unsigned: between numbers that are far apart the difference may take all 64 bits.
    made.operands = [builder.op("select", builder.op("i64.gt_u", turns, most), most, turns)]
    builder.insert(made)


SPEC = PassSpec(
    "presize-arrays",
    "typed",
    run,
    "Make arrays as large as the loops that fill them need.",
    after=(Order("fuse-loops", "an array that is not made at all needs no room"),),
)
