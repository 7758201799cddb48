"""What the passes over self-recursive functions share: finding returns, and turning the function into a loop.

    func @f(%n) { ^entry: ... }        =>        func @f(%n) { ^entry: br ^loop(%n)    ^loop(%n.1): ... }

The old entry keeps its parameters, so the ops that use them need no change.
"""

from __future__ import annotations

from ..ir.core import Block, Function, Op, Target, Value
from .edit import branch


def calls_itself(op: Op) -> bool:
    """True for a direct call of the function that the op is in."""
    return op.row.name == "call" and op.attrs["callee"] == op.block.function.name


def self_calls(fn: Function) -> list[Op]:
    """The calls of `fn` in itself, in order."""
    return [op for op in fn.ops() if calls_itself(op)]


def returned_values(block: Block) -> list[Value] | None:
    """What the function returns once it comes to the end of `block`; None if it may do anything else before.

    Branches are followed through blocks that only pass values on: `br ^exit(%v)`, `^exit(%r): ret %r`.
    """
    passed: dict[Value, Value] = {}
    seen = {block}
    op = block.terminator
    while op.row.name == "br":
        target = op.targets[0]
        if target.block in seen or len(target.block.ops) != 1:
            return None
        seen.add(target.block)
        passed.update(zip(target.block.params, [passed.get(v, v) for v in target.args], strict=True))
        op = target.block.terminator
    return [passed.get(v, v) for v in op.operands] if op.row.name == "ret" else None


def may_return_without_calling_itself(fn: Function) -> bool:
    """True if some path from the entry returns before it comes to a self call.

    Where there is none, the recursion is endless: it must stay a recursion, which ends in "stack overflow". As a loop it
    would hang.
    """
    seen = {fn.entry}
    waiting = [fn.entry]
    while waiting:
        block = waiting.pop()
        if any(map(calls_itself, block.ops)):
            continue
        if block.terminator.row.name == "ret":
            return True
        new = [target.block for target in block.terminator.targets if target.block not in seen]
        seen.update(new)
        waiting.extend(new)
    return False


def make_loop(fn: Function) -> tuple[Block, Target]:
    """Give `fn` a new entry that branches to the old one, which may be a target from now on.

    Returns the old entry and the edge from the new one, both to be extended by passes that carry more values round.
    """
    header = fn.entry
    entry = Block(fn, header.name)
    header.name = "loop"
    edge = Target(header, [entry.add_param(p.type, p.name) for p in header.params])
    entry.append(branch(edge, None))
    fn.blocks.insert(0, entry)
    return header, edge
