"""Put the body of a function in the place of a call: the mechanics that the inlining passes share.

    ^b: A; %x = call @f %a; B            ^b: A; <entry of f, with %a for its parameter>
                                  =>     ... blocks of f, where `ret %y` became `br ^rest(%y)`
                                         ^rest(%x): B

Names of source and place stay with the copied ops; what to copy and where is the decision of the passes.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..ir.clone import Copy, clone_blocks
from ..ir.core import Block, Loc, Op, Target
from .edit import branch, replace_terminator


def splice_call(call: Op, body: Sequence[Block]) -> Copy:
    """Replace `call` by a copy of `body` (the blocks of a function, the entry first).

    Hot blocks follow the block of the call, cold ones go to the end of the function. If the body never returns, the ops
    after the call stay in a block that cannot be reached.
    """
    block = call.block
    fn = block.function
    rest = _split_at(call)
    count = len(fn.blocks)
    copy = clone_blocks(body, fn, dict(zip(body[0].params, call.operands, strict=True)))
    twins = fn.blocks[count + 1 :]  # without the copy of the entry, whose ops join the calling block
    del fn.blocks[count:]
    _give_place(copy.blocks[body[0]], *twins, place=call.loc)
    for op in copy.blocks[body[0]].ops:
        block.append(op)
    copy.blocks[body[0]] = block
    _place(block, twins, rest)
    for twin in (block, *twins):
        if twin.terminator.row.name == "ret":
            ret = twin.terminator
            replace_terminator(twin, branch(Target(rest, ret.operands), ret.loc))
    return copy


def _give_place(*blocks: Block, place: Loc | None) -> None:
    """Ops without a place (of the library) get that of the call: it is where the user meets them."""
    for block in blocks:
        for op in block.ops:
            op.loc = op.loc or place


def _split_at(call: Op) -> Block:
    """A new block with what follows `call`; the results of the call become its parameters."""
    block = call.block
    rest = Block(block.function, block.name)
    rest.cold = block.cold
    for result in call.results:
        result.owner = rest
        rest.params.append(result)
    at = block.ops.index(call)
    for op in block.ops[at + 1 :]:
        rest.append(op)
    del block.ops[at:]
    return rest


def _place(block: Block, twins: list[Block], rest: Block) -> None:
    for twin in twins:
        twin.cold = twin.cold or block.cold
    after = block.function.blocks.index(block) + 1
    block.function.blocks[after:after] = [*(b for b in twins if not b.cold), rest]
    block.function.blocks += [b for b in twins if b.cold]
