"""Compute each value once: an op equal to one that dominates it is replaced by that one's result.

    b = i64.mul a, a; c = i64.mul a, a        =>        b = i64.mul a, a     (and b for c)

Value numbering by hashing over the dominator tree. Loads count as equal when nothing in between may write their class
of memory: each class has a version, which writes, joins and loops renew. A division equal to a dominating one has
trapped there already if at all. Calls of functions that neither write nor do input or output are ops like any other,
which turns plain recursive Fibonacci, once it is inlined into itself, into something exponentially cheaper.
"""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass

from ..ir.core import Block, Function, Op, Value
from ..ir.ops import Effects
from ..ir.ops.numeric import bits_of_f64
from ..pipeline.spec import CFG_ANALYSES, PassContext, PassSpec, option
from .analysis.cfg import Cfg
from .analysis.dominators import DominatorTree, dominators
from .analysis.effects import ANY, EVERYTHING, Summaries, effects, op_effects, reads_of, writes_of
from .analysis.loops import Loop, Loops, loops
from .analysis.words import words_of

_NEVER = Effects.WRITES | Effects.IO | Effects.ALLOCS
#: a > b is b < a: both are numbered as the one without a "g".
_SWAPPED = {
    f"{ty}.{greater}{sign}": f"{ty}.{less}{sign}"
    for ty, signs in (("i32", ("_s", "_u")), ("i64", ("_s", "_u")), ("f64", ("",)))
    for sign in signs
    for greater, less in (("gt", "lt"), ("ge", "le"))
}


@dataclass(frozen=True, slots=True)
class Options:
    """Options of `gvn`."""

    pure_calls: bool = option(True, "merge equal calls of functions that only compute")


def run(fn: Function, ctx: PassContext) -> bool:
    """Replace ops of `fn` by equal dominating ones; True if there were any."""
    summaries = ctx.analyses.get(effects, fn.module)
    tree = ctx.analyses.get(dominators, fn)
    memory = Memory(tree.cfg, ctx.analyses.get(loops, fn), summaries)
    return _Numbering(fn, ctx, summaries, memory).run(tree)


#: Pseudo classes: renewed by each write of memory, and by each write at all.
_SOME_MEMORY, _SOMETHING = "~memory", "~"


class State:
    """The version of each class of memory at one point of the program."""

    __slots__ = ("_fresh", "_versions")

    def __init__(self, fresh: Iterator[int], versions: dict[str, int]) -> None:
        self._fresh = fresh
        self._versions = versions

    def write(self, classes: Iterable[str]) -> None:
        """Renew what a write to these classes may change."""
        for name in classes:
            version = next(self._fresh)
            self._versions[name] = self._versions[_SOMETHING] = version
            if not name.startswith("@"):
                self._versions[_SOME_MEMORY] = version

    def seen_by(self, classes: Iterable[str]) -> tuple[int, ...]:
        """Changes whenever something read from these classes may have changed."""
        get = self._versions.get
        seen = [get(EVERYTHING, 0)]
        for name in sorted(classes):
            if name == EVERYTHING:
                seen.append(get(_SOMETHING, 0))
            elif name == ANY:
                seen.append(get(_SOME_MEMORY, 0))
            else:
                seen.append(get(name, 0))
                if not name.startswith("@"):
                    seen.append(get(ANY, 0))
        return tuple(seen)

    def renew_all(self) -> None:
        self.write((EVERYTHING,))

    def copy(self) -> State:
        return State(self._fresh, dict(self._versions))

    def merge(self, other: State) -> None:
        """Renew each class in which the two differ."""
        mine, theirs = self._versions, other._versions
        for name in mine.keys() | theirs.keys():
            if mine.get(name, 0) != theirs.get(name, 0):
                mine[name] = next(self._fresh)


class Memory:
    """The state of memory at the start of each reachable block."""

    def __init__(self, graph: Cfg, nest: Loops, summaries: Summaries) -> None:
        self.at_start: dict[Block, State] = {}
        fresh = itertools.count(1)
        written = {b: frozenset().union(*(writes_of(op, summaries) for op in b.ops)) for b in graph.order}
        in_loop = _written_in_loops(nest, written)
        irreducible = set(nest.irreducible)
        at_end: dict[Block, State] = {}
        for block in graph.order:
            before = [at_end[p] for p in graph.preds[block] if p in at_end]
            state = before[0].copy() if before else State(fresh, {})
            for other in before[1:]:
                state.merge(other)
            if block in irreducible:
                state.renew_all()
            elif (loop := nest.headed_by(block)) is not None:
                state.write(sorted(in_loop[loop]))
            self.at_start[block] = state
            after = at_end[block] = state.copy()
            after.write(sorted(written[block]))


def _written_in_loops(nest: Loops, written: dict[Block, frozenset[str]]) -> dict[Loop, set[str]]:
    found: dict[Loop, set[str]] = {loop: set() for loop in nest}
    for block, classes in written.items():
        if classes and (loop := nest.of(block)) is not None:
            found[loop] |= classes
    for loop in nest:  # inner loops come first
        if loop.parent is not None:
            found[loop.parent] |= found[loop]
    return found


class _Numbering:
    """The walk over the dominator tree; `_leaders` are the values of the blocks above."""

    def __init__(self, fn: Function, ctx: PassContext, summaries: Summaries, memory: Memory) -> None:
        self._fn = fn
        self._ctx = ctx
        self._summaries = summaries
        self._memory = memory
        self._leaders: dict[Hashable, list[Value]] = {}
        self._replaced: dict[Value, Value] = {}

    def run(self, tree: DominatorTree) -> bool:
        scopes: list[list[Hashable]] = []
        for block, entering in tree.walk():
            if entering:
                scopes.append(self._number(block))
            else:
                for key in scopes.pop():
                    del self._leaders[key]
        self._fn.replace_uses(self._replaced)
        return bool(self._replaced)

    def _number(self, block: Block) -> list[Hashable]:
        """Merge the ops of one block; the keys that became known in it."""
        added: list[Hashable] = []
        kept: list[Op] = []
        state = self._memory.at_start[block].copy()
        for op in block.ops:
            if self._replaced:
                op.replace_uses(self._replaced)
            key = self._key(op, state)
            written = writes_of(op, self._summaries)
            if written:
                state.write(sorted(written))
            leaders = self._leaders.get(key) if key is not None else None
            if leaders is not None:
                self._merge(op, leaders)
                continue
            kept.append(op)
            if key is not None:
                self._leaders[key] = op.results
                added.append(key)
        block.ops = kept
        return added

    def _merge(self, op: Op, leaders: list[Value]) -> None:
        for result, leader in zip(op.results, leaders, strict=True):
            self._replaced[result] = leader
            leader.name = leader.name or result.name
        if Effects.CALLS in op.row.effects:
            self._ctx.remark("merged", op.loc, f"{words_of(op)} equals an earlier one")

    def _key(self, op: Op, state: State) -> Hashable:
        """What ops with equal results have in common; None for an op that must not be merged."""
        if op.row.terminator or not op.results:
            return None
        is_call = Effects.CALLS in op.row.effects
        if (is_call and not self._ctx.options.pure_calls) or op_effects(op, self._summaries) & _NEVER:
            return None
        operands = tuple(map(id, op.operands))
        name = op.row.name
        if op.row.commutative:
            operands = tuple(sorted(operands))
        elif name in _SWAPPED:
            name, operands = _SWAPPED[name], operands[::-1]
        read = reads_of(op, self._summaries)
        seen = state.seen_by(read) if read else ()
        return name, operands, attrs_key(op), op.results[0].type, seen


def attrs_key(op: Op) -> Hashable:
    """The attributes, with floats told apart by their bits: 0.0 is not -0.0."""
    if not op.attrs:
        return ()
    return tuple((k, _bits(v) if isinstance(v, float) else _frozen(v)) for k, v in sorted(op.attrs.items()))


def _bits(x: float) -> tuple[str, int]:
    return "f64", bits_of_f64(x)


def _frozen(value: Hashable) -> Hashable:
    return tuple(value) if isinstance(value, list) else (type(value), value)


SPEC = PassSpec(
    "gvn",
    "mem",
    run,
    "Replace ops, loads and calls of pure functions by equal ones that dominate them.",
    options=Options,
    preserves=CFG_ANALYSES | {"effects"},
    also=("typed",),
)
