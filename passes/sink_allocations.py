"""Make objects only where they are needed: an allocation moves to the paths on which its object leaves the function.

    %p = data.object @P %x, %y                                %f = i64.add %x, %one
    %a = data.object_get @P %p {index=0}                      cond_br %c, ^hot, ^cold
    %f = i64.add %a, %one                          =>         ^cold: %p = data.object @P %x, %y
    cond_br %c, ^hot, ^cold                                          call @report %p
    ^cold: call @report %p

Partial escape analysis (Stadler, Würthinger, Mössenböck, "Partial Escape Analysis and Scalar Replacement for Java", 2014),
without its iteration over loops: an object moves to blocks of the loop that it is made in, before its first use there that
needs it. Reads on other paths see what the object was made of; a write there keeps it where it is. No path makes the object
twice, so it remains the same object for all who compare addresses or write to it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ..ir.clone import Copy, clone_op
from ..ir.core import Block, Function, Op, Value
from ..pipeline.spec import CFG_ANALYSES, Order, PassContext, PassSpec
from .allocations import SHAPES, Read, Shape, part_of
from .analysis.cfg import Cfg
from .analysis.dominators import DominatorTree, dominators
from .analysis.loops import Loops, loops
from .analysis.uses import Use, Uses, uses

#: Makes an object, but has no fields that can be told without it.
_VIEW = "data.string_view"
_SUNK = frozenset({*SHAPES, _VIEW}) - {"data.array_new"}
#: An object that more places need stays where it is.
_MOST_PLACES = 8


@dataclass(slots=True)
class _Plan:
    """Where an object is to be made (before an op), and the reads of its fields that come earlier."""

    places: dict[Block, Op] = field(default_factory=dict)
    reads: list[tuple[Op, int]] = field(default_factory=list)


def run(fn: Function, ctx: PassContext) -> bool:
    """Sink allocations of `fn`; True if one moved."""
    made = [op for op in fn.ops() if op.row.name in _SUNK and op.operands]
    if not made:
        return False
    tree = ctx.analyses.get(dominators, fn)
    sinker = _Sinker(fn, tree, ctx.analyses.get(loops, fn))
    changed = False
    for op in made:
        if tree.cfg.is_reachable(op.block) and sinker.sink(op):
            ctx.remark("sunk", op.loc, "the object is only made on the paths that need it")
            changed = True
    return changed


class _Sinker:
    """The edges stay as they are; uses are kept up to date."""

    def __init__(self, fn: Function, tree: DominatorTree, nest: Loops) -> None:
        self._fn = fn
        self._tree = tree
        self._nest = nest
        self._uses: Uses = uses(fn)

    def sink(self, op: Op) -> bool:
        plan = self._plan(op)
        if plan is None or not _some_path_avoids(op.block, plan.places, self._tree.cfg):
            return False
        for read, index in plan.reads:
            self._uses.replace_all(read.result, op.operands[index])
            self._erase(read)
        self._make(op, plan)
        return True

    def _plan(self, op: Op) -> _Plan | None:
        """How to sink `op`; None if it has to stay."""
        make = SHAPES.get(op.row.name)
        shape = make(op, self._uses) if make is not None else None
        seen = self._uses.of(op.result)
        needing = [use for use in seen if not _is_read(use, shape)]
        roots = self._roots(op, needing)
        if not roots:
            return None
        plan = _Plan({root: self._first_use(root, needing) for root in roots})
        behind = _reachable(roots, op.block)
        for use in seen:
            root = next((root for root in roots if self._tree.dominates(root, use.op.block)), None)
            if root is not None and not _is_before(use.op, plan.places[root]):
                continue
            if shape is None or (shape.mutable and use.op.block in behind and root is None):
                return None
            part = part_of(use.op, shape)
            assert isinstance(part, Read), "whoever needs the object is behind the place where it is made"
            plan.reads.append((use.op, part.index))
        return plan

    def _roots(self, op: Op, needing: Iterable[Use]) -> list[Block]:
        """Blocks of the loop of `op`, none of which is reached from another one, that come before all who need the object."""
        home = op.block
        roots: list[Block] = []
        for use in needing:
            block: Block | None = use.op.block
            while block is not None and block is not home and self._nest.of(block) is not self._nest.of(home):
                block = self._tree.idom.get(block)
            if block is None or block is home:
                return []
            if block not in roots:
                roots.append(block)
            if len(roots) > _MOST_PLACES:
                return []
        while (pair := self._in_a_row(roots, home)) is not None:
            common = self._tree.common(*pair)
            if common is None or common is home or self._nest.of(common) is not self._nest.of(home):
                return []
            roots = [*dict.fromkeys([common, *(root for root in roots if root not in pair)])]
        return [] if any(root in _reachable([root], home) for root in roots) else roots

    def _in_a_row(self, roots: list[Block], home: Block) -> tuple[Block, Block] | None:
        """Two of the blocks of which one may be executed after the other, with the same object."""
        for root in roots:
            reached = _reachable([root], home)
            for other in roots:
                if other is not root and other in reached:
                    return root, other
        return None

    def _first_use(self, root: Block, needing: Iterable[Use]) -> Op:
        users = {use.op for use in needing if use.op.block is root}
        return next((op for op in root.ops if op in users), root.terminator)

    def _make(self, op: Op, plan: _Plan) -> None:
        seen = list(self._uses.of(op.result))
        self._uses.remove(op)
        op.block.ops.remove(op)
        for number, (root, place) in enumerate(plan.places.items()):
            twin = op if number == len(plan.places) - 1 else clone_op(op, Copy())
            twin.results[0].name = op.result.name
            root.insert(root.ops.index(place), twin)
            self._uses.add(twin)
            if twin is not op:
                self._move_uses(seen, root, op.result, twin.result)

    def _move_uses(self, seen: list[Use], root: Block, old: Value, new: Value) -> None:
        for use in seen:
            if use.value is old and self._tree.dominates(root, use.op.block):
                self._uses.remove(use.op)
                use.put(new)
                self._uses.add(use.op)

    def _erase(self, op: Op) -> None:
        self._uses.remove(op)
        op.block.ops.remove(op)


def _is_read(use: Use, shape: Shape | None) -> bool:
    return shape is not None and use.target is None and use.slot == 0 and isinstance(part_of(use.op, shape), Read)


def _is_before(op: Op, place: Op) -> bool:
    ops = op.block.ops
    return op.block is place.block and ops.index(op) < ops.index(place)


def _reachable(starts: Iterable[Block], home: Block) -> set[Block]:
    """Blocks that may be executed after one of `starts`, before the next object is made in `home`."""
    found: set[Block] = set()
    pending = [succ for start in starts for succ in start.successors]
    while pending:
        block = pending.pop()
        if block not in found and block is not home:
            found.add(block)
            pending += block.successors
    return found


def _some_path_avoids(home: Block, places: Iterable[Block], graph: Cfg) -> bool:
    """True if something that is not cold runs from `home` to the end, or round the loop, without any of `places`."""
    avoided = set(places)
    seen: set[Block] = set()
    pending = graph.succs[home].copy()
    while pending:
        block = pending.pop()
        if block is home:
            return True
        if block in seen or block in avoided or block.cold:
            continue
        if not block.successors:
            return True
        seen.add(block)
        pending += graph.succs[block]
    return False


SPEC = PassSpec(
    "sink-allocations",
    "typed",
    run,
    "Make objects only on the paths on which they leave the function.",
    preserves=CFG_ANALYSES,
    after=(Order("scalar-replace", "objects that never leave the function are not made at all"),),
)
