"""Make uses see the right definition after a block was copied: parameters where two definitions meet.

    ^h defines %v, its copy ^g defines %w; ^x follows both and uses %v        =>        ^x(%p) uses %p

Parameters go to the iterated dominance frontier of the definitions, as far as the value is live there (Cytron et al.,
"Efficiently Computing Static Single Assignment Form", 1991).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..ir.clone import Copy
from ..ir.core import Block, Function, Op, Value
from ..ir.ops import row_named
from .analysis.dominators import DominatorTree, dominators
from .analysis.uses import Use
from .const_fold import constant_of, make_const

#: For a value, the blocks that define it and what it is called at the end of each. One of them is its own.
Definitions = Mapping[Value, Mapping[Block, Value]]


def repair(fn: Function, definitions: Definitions) -> None:
    """Let every use of the values outside of their own block see the definition that reaches it."""
    outside: dict[Value, list[Use]] = {}
    for block in fn.blocks:
        for op in block.ops:
            for index, value in enumerate(op.operands):
                if value in definitions and value.block is not block:
                    outside.setdefault(value, []).append(Use(op, index))
            for target in op.targets:
                for index, value in enumerate(target.args):
                    if value in definitions and value.block is not block:
                        outside.setdefault(value, []).append(Use(op, index, target))
    if not outside:
        return
    tree = dominators(fn)
    for value, uses in outside.items():
        if constant_of(value) is None:
            _Repair(tree, value, definitions[value]).run(uses)
        else:
            _repeat(value, uses)


def repair_copies(fn: Function, blocks: Iterable[Block], copies: Iterable[Copy]) -> None:
    """The same after `blocks` were copied: every value of them is defined in each copy, too."""
    twins = list(copies)
    definitions = {
        value: {block: value} | {copy.blocks[block]: copy.values[value] for copy in twins}
        for block in blocks
        for value in (*block.params, *(result for op in block.ops for result in op.results))
    }
    repair(fn, definitions)


def _repeat(constant: Value, uses: list[Use]) -> None:
    """Give every block that uses a constant one of its own: nothing has to be passed along then."""
    made: dict[Block, Value] = {}
    for use in uses:
        block = use.op.block
        if block not in made:
            op = make_const(constant.type, constant_of(constant), use.op.loc)
            made[block] = block.insert(0, op).result
        use.put(made[block])


def values_at_start(
    tree: DominatorTree, value: Value, at_end: Mapping[Block, Value], blocks: Iterable[Block]
) -> dict[Block, Value]:
    """What `value` is at the start of each of the blocks, where it is also defined anew at the end of those in `at_end`."""
    asked = {block: Use(_asking(block, value), 0) for block in blocks}
    _Repair(tree, value, at_end).run(list(asked.values()))
    return {block: use.value for block, use in asked.items()}


def _asking(block: Block, value: Value) -> Op:
    """An op outside of the function that uses `value` as if it were the first of `block`."""
    op = Op(_ASKING, [value])
    op.block = block
    return op


_ASKING = row_named("ret")


class _Repair:
    """The repair of one value."""

    def __init__(self, tree: DominatorTree, value: Value, at_end: Mapping[Block, Value]) -> None:
        self._tree = tree
        self._value = value
        self._at_end = dict(at_end)
        self._params: dict[Block, Value] = {}

    def run(self, uses: list[Use]) -> None:
        # Unreachable blocks are in no dominator tree: what they use does not matter, and will be removed.
        uses = [use for use in uses if use.op.block in self._tree.idom]
        live = self._live_in({use.op.block for use in uses})
        self._place(live)
        for use in uses:
            use.put(self._at_start_of(use.op.block))
        for block in self._params:
            for source, target in self._tree.cfg.edges_into[block]:
                reachable = source in self._tree.idom
                target.args.append(self._at_end_of(source) if reachable else self._value)

    def _live_in(self, pending: set[Block]) -> set[Block]:
        """The blocks at whose start the value is needed."""
        work = sorted(pending, key=self._tree.cfg.number.__getitem__)
        live = set(work)
        while work:
            for pred in self._tree.cfg.preds[work.pop()]:
                if pred not in self._at_end and pred not in live and pred in self._tree.idom:
                    live.add(pred)
                    work.append(pred)
        return live

    def _place(self, live: set[Block]) -> None:
        work = list(self._at_end)
        while work:
            for block in self._tree.frontier.get(work.pop(), ()):
                if block in live and block not in self._params:
                    self._params[block] = block.add_param(self._value.type, self._value.name)
                    work.append(block)

    def _at_start_of(self, block: Block) -> Value:
        param = self._params.get(block)
        if param is not None:
            return param
        above = self._tree.idom[block]
        assert above is not None, "a definition reaches every use"
        return self._at_end_of(above)

    def _at_end_of(self, block: Block) -> Value:
        passed: list[Block] = []
        at: Block | None = block
        while at is not None:
            found = self._at_end.get(at) or self._params.get(at)
            if found is not None:
                for below in passed:
                    self._at_end[below] = found
                return found
            passed.append(at)
            at = self._tree.idom[at]
        raise AssertionError("a definition reaches every use")
