"""Jump instead of calling itself where the result is returned as it is.

    func @sum(%n, %acc)                        func @sum(%n, %acc)
    ^entry:                                    ^entry:
      ...                                        br ^loop(%n, %acc)
    ^more:                             =>      ^loop(%n.1, %acc.1):
      %r = call @sum %m, %b                      ...
      ret %r                                   ^more:
                                                 br ^loop(%m, %b)

Also through blocks that only pass the result on to a `ret`. Nothing may happen between the call and the return.
A function that can only go on calling itself is left alone: its end is a stack overflow, not a loop without end.
"""

from __future__ import annotations

from ..ir.core import Block, Function, Op, Target
from ..pipeline.spec import PassContext, PassSpec
from .edit import branch, remove_unreachable
from .self_calls import calls_itself, make_loop, may_return_without_calling_itself, returned_values


def run(fn: Function, ctx: PassContext) -> bool:
    """Turn the self tail calls of `fn` into jumps; True if there were any."""
    calls = [call for call in map(_tail_call, fn.blocks) if call is not None]
    if not calls or not may_return_without_calling_itself(fn):
        return False
    header, _ = make_loop(fn)
    for call in calls:
        call.block.ops[-2:] = []
        call.block.append(branch(Target(header, call.operands), call.loc))
        ctx.remark("tail-call", call.loc, f"the call of {fn.source_name} is a jump, because its result is returned")
    remove_unreachable(fn)
    return True


def _tail_call(block: Block) -> Op | None:
    """The self call at the end of `block` whose results are what the function returns."""
    if len(block.ops) < 2 or not calls_itself(block.ops[-2]):
        return None
    call = block.ops[-2]
    return call if returned_values(block) == call.results else None


SPEC = PassSpec(
    "tail-recursion",
    "mem",
    run,
    "Turn calls of the function itself in tail position into jumps to its start.",
    also=("typed",),
)
