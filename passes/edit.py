"""Small edits of the control-flow graph, and questions about it, that several passes share."""

from __future__ import annotations

from collections.abc import Iterable

from ..ir.core import Block, Function, Loc, Op, Target, Value
from ..ir.ops import row_named

_BR = row_named("br")

#: The edges into each block, with their source blocks.
Edges = dict[Block, list[tuple[Block, Target]]]


def edges_of(fn: Function) -> Edges:
    """The edges that lead into each block: where they come from, and the targets that are them."""
    edges: Edges = {block: [] for block in fn.blocks}
    for block in fn.blocks:
        for target in block.terminator.targets:
            edges[target.block].append((block, target))
    return edges


def branch(target: Target, loc: Loc | None) -> Op:
    """An unconditional branch along `target`."""
    return Op(_BR, [], (), None, loc, [target])


def replace_terminator(block: Block, op: Op) -> None:
    """End `block` with `op` instead."""
    op.block = block
    block.ops[-1] = op


def drop_params(block: Block, indexes: Iterable[int], edges: Iterable[tuple[Block, Target]]) -> None:
    """Remove these parameters of `block` and the arguments for them; `edges` are all edges into the block."""
    gone = set(indexes)
    block.params = [p for i, p in enumerate(block.params) if i not in gone]
    for _, target in edges:
        target.args = [a for i, a in enumerate(target.args) if i not in gone]


def remove_unreachable(fn: Function) -> bool:
    """Remove blocks that no path from the entry leads to; True if there were any."""
    reached = {fn.entry}
    pending = [fn.entry]
    while pending:
        for succ in pending.pop().successors:
            if succ not in reached:
                reached.add(succ)
                pending.append(succ)
    if len(reached) == len(fn.blocks):
        return False
    fn.blocks = [block for block in fn.blocks if block in reached]
    return True


def split_edge(source: Block, target: Target, name: str | None = None) -> Block:
    """A new block on one edge; the arguments of the edge are passed on by it."""
    middle = Block(source.function, name)
    middle.append(branch(Target(target.block, target.args), source.terminator.loc))
    target.block, target.args = middle, []
    blocks = source.function.blocks
    blocks.insert(blocks.index(source) + 1, middle)
    return middle


def consequences(condition: Value, truth: bool) -> list[tuple[Value, bool]]:
    """What is known once `condition` is known."""
    found: list[tuple[Value, bool]] = []
    pending = [(condition, truth)]
    while pending:
        value, truth = pending.pop()
        found.append((value, truth))
        op = value.op
        if op is None:
            continue
        if op.row.name == "bool.not":
            pending.append((op.operands[0], not truth))
        elif op.row.name == ("bool.and" if truth else "bool.or"):
            pending += ((v, truth) for v in op.operands)
    return found
