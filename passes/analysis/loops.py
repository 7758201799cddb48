"""The nest of natural loops.

    ^h: cond_br ^body, ^out    ^body: br ^h        =>        Loop(header=h, blocks=[h, body], exits=[(h, out)])

A loop is a header and all blocks from which a back edge (to a block that dominates its source) is reached without passing
the header; back edges to one header are one loop. Cycles that no single block dominates are irreducible: they are no
loops here, and `irreducible` names the blocks where they are entered.

Each block is in all loops around it, so hundreds of loops within each other make lists that passes would go through for
ever. Beyond `MOST_MEMBERS` all loops of the function are treated as if they were irreducible (`is_too_deep`).
"""

from __future__ import annotations

from collections.abc import Iterator

from ...ir.core import Block, Function
from .cfg import Cfg
from .dominators import DominatorTree, dominators

#: How many blocks all loops of a function may have together, each block counted for each loop around it.
MOST_MEMBERS = 100_000


class Loop:
    """One natural loop. `blocks` (in reverse postorder, the header first) include those of inner loops."""

    __slots__ = ("_cfg", "_members", "blocks", "children", "depth", "header", "latches", "parent")

    def __init__(self, header: Block, latches: list[Block], graph: Cfg) -> None:
        self.header = header
        #: The sources of the back edges.
        self.latches = latches
        self.parent: Loop | None = None
        self.children: list[Loop] = []
        #: 1 for an outermost loop.
        self.depth = 1
        self.blocks: list[Block] = []
        self._members: set[Block] = set()
        self._cfg = graph

    def __contains__(self, block: Block) -> bool:
        return block in self._members

    def __repr__(self) -> str:
        return f"<loop {self.header} depth {self.depth}>"

    def add(self, block: Block) -> None:
        self.blocks.append(block)
        self._members.add(block)

    @property
    def exits(self) -> list[tuple[Block, Block]]:
        """Edges (from, to) that leave the loop."""
        return [(block, succ) for block in self.blocks for succ in dict.fromkeys(block.successors) if succ not in self]

    @property
    def entries(self) -> list[Block]:
        """Reachable blocks outside from which the header is entered."""
        return [p for p in self._cfg.preds[self.header] if p not in self and p in self._cfg.number]

    @property
    def preheader(self) -> Block | None:
        """The block where code hoisted out of the loop can go: the only entry, if it leads nowhere else."""
        entries = self.entries
        if len(entries) != 1 or len(entries[0].terminator.targets) != 1:
            return None
        return entries[0]


class Loops:
    """All loops of a function."""

    __slots__ = ("_innermost", "irreducible", "is_too_deep", "loops", "top")

    def __init__(
        self, loops: list[Loop], innermost: dict[Block, Loop], irreducible: list[Block], is_too_deep: bool = False
    ) -> None:
        #: Inner loops before the loops around them.
        self.loops = loops
        self.top = [loop for loop in loops if loop.parent is None]
        self._innermost = innermost
        #: Where cycles that are no natural loops are entered; empty for structured code.
        self.irreducible = irreducible
        #: Whether there are loops that are not told of, because they are nested too deeply.
        self.is_too_deep = is_too_deep

    def __iter__(self) -> Iterator[Loop]:
        return iter(self.loops)

    def __len__(self) -> int:
        return len(self.loops)

    def of(self, block: Block) -> Loop | None:
        """The innermost loop around `block`."""
        return self._innermost.get(block)

    def depth(self, block: Block) -> int:
        """Number of loops around `block`."""
        loop = self._innermost.get(block)
        return loop.depth if loop else 0

    def headed_by(self, block: Block) -> Loop | None:
        """The loop whose header is `block`."""
        loop = self._innermost.get(block)
        return loop if loop is not None and loop.header is block else None


def loops(function: Function, tree: DominatorTree | None = None) -> Loops:
    """The loops of a function with a body."""
    tree = tree or dominators(function)
    graph, number = tree.cfg, tree.cfg.number
    found: list[Loop] = []
    irreducible: list[Block] = []
    innermost: dict[Block, Loop] = {}
    for header in reversed(graph.order):  # inner headers before outer ones
        back = [p for p in graph.preds[header] if number.get(p, -1) >= number[header]]
        latches = [p for p in back if tree.dominates(header, p)]
        if len(latches) < len(back):
            irreducible.append(header)
        if latches:
            loop = Loop(header, latches, graph)
            found.append(loop)
            _claim(loop, innermost, graph)
    _set_depths(found)
    if sum([loop.depth for loop in innermost.values()]) > MOST_MEMBERS:
        headers = {*irreducible, *(loop.header for loop in found)}
        return Loops([], {}, [block for block in graph.order if block in headers], is_too_deep=True)
    for block in graph.order:
        around = innermost.get(block)
        while around is not None:
            around.add(block)
            around = around.parent
    irreducible.reverse()
    return Loops(found, innermost, irreducible)


def _claim(loop: Loop, innermost: dict[Block, Loop], graph: Cfg) -> None:
    """Give the blocks of `loop` that no inner loop has to it, and make those inner loops its children."""
    innermost[loop.header] = loop
    pending = list(loop.latches)
    while pending:
        block = pending.pop()
        inner = innermost.get(block)
        if inner is None:
            innermost[block] = loop
            pending += (p for p in graph.preds[block] if p in graph.number)
            continue
        while inner.parent is not None:
            inner = inner.parent
        if inner is not loop:
            inner.parent = loop
            loop.children.append(inner)
            pending += (p for p in graph.preds[inner.header] if p in graph.number and p not in inner.latches)


def _set_depths(inner_first: list[Loop]) -> None:
    for loop in reversed(inner_first):
        if loop.parent is not None:
            loop.depth = loop.parent.depth + 1
