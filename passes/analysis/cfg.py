"""The control-flow graph of a function: predecessors, order, what is reachable.

    ^a: cond_br ^b, ^c    ^b: br ^c        =>        preds[c] = [a, b]   order = [a, b, c]

Other analyses of the graph start from this one, and take it as an argument where the caller has it already.
"""

from __future__ import annotations

from ...ir.core import Block, Function, Target


class Cfg:
    """Edges between blocks. All blocks count for `preds` and `edges_into`, only reachable ones for `order`."""

    __slots__ = ("edges_into", "function", "number", "order", "preds", "succs")

    def __init__(self, function: Function) -> None:
        self.function = function
        #: Successors of each block, each once, in the order of the targets.
        self.succs: dict[Block, list[Block]] = {}
        #: Predecessors of each block, each once, in the order of the function's blocks.
        self.preds: dict[Block, list[Block]] = {block: [] for block in function.blocks}
        #: Every edge into a block, with its source: what changes when the block's parameters change.
        self.edges_into: dict[Block, list[tuple[Block, Target]]] = {block: [] for block in function.blocks}
        preds, edges_into = self.preds, self.edges_into
        for block in function.blocks:
            targets = block.ops[-1].targets if block.ops else []
            self.succs[block] = succs = list(dict.fromkeys([target.block for target in targets]))
            for succ in succs:
                preds[succ].append(block)
            for target in targets:
                edges_into[target.block].append((block, target))
        #: Reachable blocks in reverse postorder: the entry first, and each block before those it dominates.
        self.order: list[Block] = _reverse_postorder(function.entry, self.succs)
        #: Position in `order` of each reachable block.
        self.number: dict[Block, int] = {block: index for index, block in enumerate(self.order)}

    def is_reachable(self, block: Block) -> bool:
        return block in self.number

    @property
    def unreachable(self) -> list[Block]:
        """Blocks that no path from the entry leads to, in the function's order."""
        return [block for block in self.function.blocks if block not in self.number]


def cfg(function: Function) -> Cfg:
    """The control-flow graph of a function with a body."""
    return Cfg(function)


def has_cycle(function: Function) -> bool:
    """True if some block of a function with a body can be reached from itself, and from the entry."""
    number = {block: index for index, block in enumerate(function.blocks)}
    if all(number[t.block] > index for index, b in enumerate(function.blocks) if b.ops for t in b.ops[-1].targets):
        return False
    graph = Cfg(function)  # only now: mostly the blocks stand in an order that says it
    order = graph.number
    return any(order[succ] <= order[block] for block in graph.order for succ in graph.succs[block])


def _reverse_postorder(entry: Block, succs: dict[Block, list[Block]]) -> list[Block]:
    # The last successor first, so that after the reversal the first target of a branch comes first.
    postorder: list[Block] = []
    seen = {entry}
    stack = [(entry, reversed(succs[entry]))]
    while stack:
        block, rest = stack[-1]
        for succ in rest:
            if succ not in seen:
                seen.add(succ)
                stack.append((succ, reversed(succs[succ])))
                break
        else:
            postorder.append(block)
            stack.pop()
    return postorder[::-1]
