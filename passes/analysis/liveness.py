"""Which values are needed at the borders of blocks.

    ^a: %x = ...; br ^b    ^b: ret %x        =>        live_out[a] = [x]   live_in[b] = [x]

Each use walks up the predecessors until the definition (Boissinot et al., "Computing Liveness Sets for SSA-Form Programs",
2011), so the work is proportional to the size of the result. Arguments of a target are used at the end of the block that
branches; parameters are defined at the start of their block, so neither is live on the edge as such.
"""

from __future__ import annotations

from ...ir.core import Block, Function, Value


class Liveness:
    """`live_in` per block: the values (as keys, in a fixed order) defined before the block and used in or after it."""

    __slots__ = ("live_in",)

    def __init__(self, live_in: dict[Block, dict[Value, None]]) -> None:
        self.live_in = live_in

    def live_out(self, block: Block) -> dict[Value, None]:
        """The values needed by some successor, apart from the arguments passed to its parameters."""
        return {value: None for succ in block.successors for value in self.live_in[succ]}


def liveness(function: Function) -> Liveness:
    """What is live at the start of each block of a function with a body."""
    preds: dict[Block, list[Block]] = {block: [] for block in function.blocks}
    for block in function.blocks:
        for succ in dict.fromkeys(block.successors):
            preds[succ].append(block)
    live_in: dict[Block, dict[Value, None]] = {block: {} for block in function.blocks}
    for block in function.blocks:
        for op in block.ops:
            for value in op.used_values():
                if value.block is not block:
                    _spread(value, block, live_in, preds)
    return Liveness(live_in)


def _spread(
    value: Value, used_in: Block, live_in: dict[Block, dict[Value, None]], preds: dict[Block, list[Block]]
) -> None:
    home = value.block
    pending = [used_in]
    while pending:
        block = pending.pop()
        if block is not home and value not in live_in[block]:
            live_in[block][value] = None
            pending += preds[block]
