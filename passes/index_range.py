"""Decide comparisons of integers that an earlier test or the course of a loop has decided: bounds checks above all.

    ^body(%i) with 0 <= %i < %n:  %ok = i64.lt_u %i, %n; cond_br %ok, ^in, ^out        =>        cond_br true, ^in, ^out

On the way down the dominator tree facts are collected from branches. A loop's counter gets two: it stays on its side of
the start, because it only moves one way without wrapping around, and what each turn's end and the entry both test holds
for it from the beginning. `const-fold` and `simplify-cfg` then remove the branches.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..ir import types as t
from ..ir.core import Block, Function, Op, Target, Value
from ..pipeline.spec import CFG_ANALYSES, PassContext, PassSpec
from .analysis.bounds import Bounds, demands, is_comparison, tells
from .analysis.dominators import DominatorTree, dominators
from .analysis.loops import Loop, Loops, loops
from .const_fold import constant_of, make_const
from .edit import consequences

#: So many dominators of a latch are asked what they tested.
MAX_PATH = 64
#: From so many ops of a function something is learned.
MAX_TELLING = 2000


def run(fn: Function, ctx: PassContext) -> bool:
    """Replace decided comparisons of `fn` by constants; True if there were any."""
    walk = _Walk(fn, ctx, ctx.analyses.get(dominators, fn), ctx.analyses.get(loops, fn))
    return walk.run()


def facts(fn: Function, ctx: PassContext) -> Iterator[tuple[Block, Bounds]]:
    """Each reachable block with what is known at its start, as long as the iteration stands there."""
    walk = _Walk(fn, ctx, ctx.analyses.get(dominators, fn), ctx.analyses.get(loops, fn))
    for block in walk.blocks():
        yield block, walk.bounds


class _Walk:
    """The walk down the dominator tree."""

    def __init__(self, fn: Function, ctx: PassContext, tree: DominatorTree, nest: Loops) -> None:
        self._fn = fn
        self._ctx = ctx
        self._tree = tree
        self._nest = nest
        self.bounds = Bounds()
        self._replaced: dict[Value, Value] = {}
        self._changed = False

    def run(self) -> bool:
        for block in self.blocks():
            self._decide(block)
        self._fn.replace_uses(self._replaced)
        return self._changed

    def blocks(self) -> Iterator[Block]:
        """The blocks down the dominator tree; while one is given, `bounds` holds what is known at its start."""
        for block, entering in self._tree.walk():
            if not entering:
                self.bounds.leave()
                continue
            self.bounds.enter()
            for condition, truth in self._entry_conditions(block):
                self.bounds.assume(condition, truth)
            loop = self._nest.headed_by(block)
            if loop is not None:
                self._describe_counters(loop)
            yield block

    # Conditions.

    def _entry_conditions(self, block: Block) -> list[tuple[Value, bool]]:
        """What the only edge into `block` says."""
        edges = self._tree.cfg.edges_into[block]
        return _edge_conditions(*edges[0]) if len(edges) == 1 else []

    def _path_conditions(self, source: Block, target: Target, above: Block | None) -> list[tuple[Value, bool]]:
        """What is known on the edge, beyond what is known in the dominator `above`; from above downwards."""
        path = [_edge_conditions(source, target)]
        block: Block | None = source
        for _ in range(MAX_PATH):
            if block is None or block is above:
                break
            path.append(self._entry_conditions(block))
            block = self._tree.idom[block]
        return [condition for conditions in reversed(path) for condition in conditions]

    # Loop counters.

    def _describe_counters(self, loop: Loop) -> None:
        header = loop.header
        edges = [(b, x) for b, x in self._tree.cfg.edges_into[header] if self._tree.cfg.is_reachable(b)]
        entries = [edge for edge in edges if edge[0] not in loop]
        backs = [edge for edge in edges if edge[0] in loop]
        above = self._tree.idom[header]
        outside = [(self._path_conditions(*edge, above), edge[1]) for edge in entries]
        inside = [(self._path_conditions(*edge, header), edge[1]) for edge in backs]
        for index, param in enumerate(header.params):
            if param.type not in (t.I32, t.I64):
                continue
            steps = [self._step(param, target.args[index]) for _, target in inside]
            is_rising = all(low >= 0 for low, _ in steps)
            if not is_rising and any(high > 0 for _, high in steps):
                continue
            self._find_limit(loop, index, outside, inside, is_rising)
            if all(map(self._stays_in_range, [param] * len(steps), steps, inside)):
                self._add_start(param, [(conditions, target.args[index]) for conditions, target in outside], is_rising)

    def _add_start(self, param: Value, starts: list[tuple[_Conditions, Value]], is_rising: bool) -> None:
        """A counter stays on its side of where it starts."""
        bounds = self.bounds
        if len(starts) == 1:
            bounds.add(*((starts[0][1], param) if is_rising else (param, starts[0][1])), 0)
            return
        found = []
        for conditions, start in starts:
            with self._assuming(conditions):
                found.append(bounds.lower(start) if is_rising else bounds.upper(start))
        if is_rising:
            bounds.add(None, param, -min(found))
        else:
            bounds.add(param, None, max(found))

    def _step(self, param: Value, arrived: Value) -> tuple[int, int]:
        """The least and the greatest number by which `arrived` can be more than `param`."""
        if arrived is param:
            return 0, 0
        op = arrived.op
        if op is not None and param in op.operands and op.row.name in ("i32.add", "i64.add"):
            other = op.operands[op.operands[0] is param]
            return self.bounds.lower(other), self.bounds.upper(other)
        if op is not None and op.row.name in ("i32.sub", "i64.sub") and op.operands[0] is param:
            return -self.bounds.upper(op.operands[1]), -self.bounds.lower(op.operands[1])
        return -_GREATEST[param.type], _GREATEST[param.type]

    def _find_limit(self, loop: Loop, index: int, outside: _Edges, inside: _Edges, is_rising: bool) -> None:
        """Find what every edge into the loop says of a counter, and take it in."""
        bounds, param = self.bounds, loop.header.params[index]
        conditions, first = inside[0]
        arrived = first.args[index]
        for condition, truth in conditions:
            for a, b, w in bounds.meaning(condition, truth):
                value, limit = (a, b) if is_rising else (b, a)
                if value is not arrived or limit is None or (limit.block in loop and constant_of(limit) is None):
                    continue
                holds = all(
                    self._holds_on(
                        edge, *((edge[1].args[index], limit) if is_rising else (limit, edge[1].args[index])), w
                    )
                    for edge in (*outside, *inside[1:])
                )
                if holds:
                    bounds.add(*((param, limit) if is_rising else (limit, param)), w)

    def _holds_on(self, edge: tuple[_Conditions, Target], a: Value, b: Value, w: int) -> bool:
        """True if a <= b + w is known on the edge."""
        with self._assuming(edge[0]):
            return self.bounds.is_at_most(a, b, w)

    def _stays_in_range(self, param: Value, step: tuple[int, int], edge: tuple[_Conditions, Target]) -> bool:
        """True if `param` and the step do not wrap around on the way to the edge."""
        low, high = step
        with self._assuming(edge[0]):
            if low >= 0:
                return self.bounds.upper(param) + high <= _GREATEST[param.type]
            return self.bounds.lower(param) + low >= -_GREATEST[param.type] - 1

    def _assuming(self, conditions: Iterable[tuple[Value, bool]]) -> _Assumption:
        return _Assumption(self.bounds, conditions)

    # Decisions.

    def _decide(self, block: Block) -> None:
        for index, op in enumerate(block.ops):
            self.bounds.learn(op)
            if is_comparison(op):
                outcome = self.bounds.decide(op)
                if outcome is not None:
                    self._tell(op, outcome)
                    const = self._constant(op, outcome)
                    const.block = block
                    block.ops[index] = const
                    self._replaced[op.results[0]] = const.results[0]
        end = block.terminator
        condition = end.operands[0].op if end.row.name == "cond_br" else None
        if condition is not None and condition.block is not block and is_comparison(condition):
            outcome = self.bounds.decide(condition)
            if outcome is not None:
                self._tell(condition, outcome)
                const = block.insert(len(block.ops) - 1, self._constant(condition, outcome))
                end.operands = [const.results[0]]

    def _constant(self, op: Op, outcome: bool) -> Op:
        self._changed = True
        const = make_const(t.BOOL, outcome, op.loc)
        const.results[0].name = op.results[0].name
        return const

    def _tell(self, op: Op, outcome: bool) -> None:
        if outcome and op.row.name.endswith("lt_u"):
            self._ctx.remark("unchecked", op.loc, "the index is always in range")


def _telling(fn: Function) -> set[Op]:
    """Ops from which something can be learned about what comparisons compare; the first ones, if there are very many."""
    found: set[Op] = set()
    pending = [value for op in fn.ops() if is_comparison(op) for value in op.operands]
    seen = set(pending)
    while pending and len(found) < MAX_TELLING:
        op = pending.pop().op
        if op is None:
            continue
        if tells(op):
            found.add(op)
        for value in op.operands:
            if value not in seen:
                seen.add(value)
                pending.append(value)
    found.update(op for op in fn.ops() if demands(op))
    return found


#: Conditions and how they came out.
_Conditions = list[tuple[Value, bool]]

#: For each edge the conditions known on it, and its target.
_Edges = list[tuple[_Conditions, Target]]

_GREATEST = {t.I32: (1 << 31) - 1, t.I64: (1 << 63) - 1}


class _Assumption:
    """Facts that hold within a `with` statement."""

    __slots__ = ("_bounds", "_conditions")

    def __init__(self, bounds: Bounds, conditions: Iterable[tuple[Value, bool]]) -> None:
        self._bounds = bounds
        self._conditions = conditions

    def __enter__(self) -> None:
        self._bounds.enter()
        for condition, truth in self._conditions:
            self._bounds.assume(condition, truth)

    def __exit__(self, *_: object) -> None:
        self._bounds.leave()


def _edge_conditions(source: Block, target: Target) -> list[tuple[Value, bool]]:
    op = source.terminator
    return consequences(op.operands[0], op.targets[0] is target) if op.row.name == "cond_br" else []


SPEC = PassSpec(
    "index-range",
    "mem",
    run,
    "Decide comparisons of integers that earlier tests or the course of a loop decide, such as bounds checks.",
    preserves=CFG_ANALYSES | {"effects"},
    also=("typed",),
)
