"""Dominator and postdominator trees.

    a -> b, c;  b -> d;  c -> d        =>        idom: b: a, c: a, d: a

Semi-NCA (Georgiadis, "Linear-Time Algorithms for Dominators and Related Problems", 2005). The simpler iteration of Cooper,
Harvey and Kennedy is quadratic when thousands of blocks share one successor, and blocks that panic are such a successor.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...ir.core import Block, Function
from .cfg import Cfg, cfg


class DominatorTree:
    """Who dominates whom among the reachable blocks. For postdominators read "every path to the end" for "from the entry".

    A block that is not in the tree dominates nothing and nothing dominates it.
    """

    __slots__ = ("_enter", "_frontier", "_into", "_leave", "cfg", "children", "idom", "preorder", "roots")

    def __init__(self, graph: Cfg, into: dict[Block, list[Block]], idom: dict[Block, Block | None]) -> None:
        self.cfg = graph
        self._into = into  # predecessors in the direction of the tree
        #: The immediate dominator; None for a root. Dominators come before what they dominate.
        self.idom = idom
        self.roots: list[Block] = []
        self.children: dict[Block, list[Block]] = {block: [] for block in idom}
        for block, parent in idom.items():
            (self.roots if parent is None else self.children[parent]).append(block)
        #: Every block before its children.
        self.preorder: list[Block] = []
        self._enter: dict[Block, int] = {}
        self._leave: dict[Block, int] = {}
        for block, entering in self.walk():
            if entering:
                self._enter[block] = len(self.preorder)
                self.preorder.append(block)
            else:
                self._leave[block] = len(self.preorder)
        self._frontier: dict[Block, list[Block]] | None = None

    def walk(self) -> Iterator[tuple[Block, bool]]:
        """(block, True) on entering a subtree of the tree, (block, False) on leaving it."""
        stack = [(root, True) for root in reversed(self.roots)]
        while stack:
            block, entering = stack.pop()
            yield block, entering
            if entering:
                stack.append((block, False))
                stack += [(child, True) for child in reversed(self.children[block])]

    def dominates(self, a: Block, b: Block) -> bool:
        """True if every path from the entry to `b` goes through `a`; a block dominates itself."""
        enter = self._enter
        if a not in enter or b not in enter:
            return False
        return enter[a] <= enter[b] < self._leave[a]

    def strictly_dominates(self, a: Block, b: Block) -> bool:
        return a is not b and self.dominates(a, b)

    def common(self, a: Block, b: Block) -> Block | None:
        """The nearest block that dominates both; None when there is none (two roots, or not in the tree)."""
        found: Block | None = a
        while found is not None and not self.dominates(found, b):
            found = self.idom.get(found)
        return found

    def depth(self, block: Block) -> int:
        """Number of strict dominators."""
        depth = 0
        while (block_above := self.idom[block]) is not None:
            block, depth = block_above, depth + 1
        return depth

    @property
    def frontier(self) -> dict[Block, list[Block]]:
        """For each block the blocks where its dominance ends: merges it reaches without strictly dominating them."""
        if self._frontier is None:
            self._frontier = self._compute_frontier()
        return self._frontier

    def _compute_frontier(self) -> dict[Block, list[Block]]:
        frontier: dict[Block, list[Block]] = {block: [] for block in self.idom}
        for block in self.idom:
            preds = [p for p in self._into[block] if p in self.idom]
            for pred in preds:
                runner: Block | None = pred
                while runner is not None and runner is not self.idom[block]:
                    if frontier[runner] and frontier[runner][-1] is block:
                        break  # this path was walked for another predecessor
                    frontier[runner].append(block)
                    runner = self.idom[runner]
        return frontier


def dominators(function: Function, graph: Cfg | None = None) -> DominatorTree:
    """The dominator tree of the reachable blocks."""
    graph = graph or cfg(function)
    order, number = graph.order, graph.number
    succs = [[number[s] for s in graph.succs[block]] for block in order]
    preds = [[number[p] for p in graph.preds[block] if p in number] for block in order]
    parents = immediate_dominators(succs, preds)
    idom = {block: order[p] if p >= 0 else None for block, p in zip(order, parents, strict=True)}
    return DominatorTree(graph, graph.preds, idom)


def postdominators(function: Function, graph: Cfg | None = None) -> DominatorTree:
    """The postdominator tree of the reachable blocks; its roots are the ends of the function.

    From a loop without an exit the last of its blocks (in reverse postorder) counts as an end, so that the tree has
    every reachable block.
    """
    graph = graph or cfg(function)
    order, number = graph.order, graph.number
    # Number 0 is a virtual end; block i of `order` is number i + 1.
    succs = [[], *([number[p] + 1 for p in graph.preds[block] if p in number] for block in order)]
    preds = [[], *([number[s] + 1 for s in graph.succs[block]] for block in order)]
    for end in _ends(succs, preds):
        succs[0].append(end)
        preds[end].append(0)
    parents = immediate_dominators(succs, preds)
    idom = {block: order[parents[i] - 1] if parents[i] > 0 else None for i, block in enumerate(order, 1)}
    return DominatorTree(graph, graph.succs, idom)


def _ends(succs: list[list[int]], preds: list[list[int]]) -> list[int]:
    """Where paths end, and one block of each region that no path leaves."""
    count = len(succs)
    ends = [v for v in range(1, count) if not preds[v]]
    reached = bytearray(count)

    def reach(start: int) -> None:
        stack = [start]
        reached[start] = 1
        while stack:
            for v in succs[stack.pop()]:
                if not reached[v]:
                    reached[v] = 1
                    stack.append(v)

    for end in ends:
        reach(end)
    for v in range(count - 1, 0, -1):
        if not reached[v]:
            ends.append(v)
            reach(v)
    return ends


def immediate_dominators(succs: list[list[int]], preds: list[list[int]]) -> list[int]:
    """The immediate dominator of each vertex reachable from vertex 0; -1 for vertex 0 itself and the unreachable."""
    vertices, parent = _depth_first(succs)
    position = [-1] * len(succs)
    for index, vertex in enumerate(vertices):
        position[vertex] = index
    count = len(vertices)
    # From here on vertices are positions in depth-first order, so an ancestor is a smaller number.
    semi = list(range(count))
    label = list(range(count))
    ancestor = parent[:]
    for w in range(count - 1, 0, -1):
        lowest = w
        for pred in preds[vertices[w]]:
            v = position[pred]
            if v < 0:
                continue
            lowest = min(lowest, v if v <= w else _lowest_semi(v, w, ancestor, label))
        semi[w] = label[w] = lowest
    idom = parent
    for w in range(1, count):
        dominator, limit = idom[w], semi[w]
        while dominator > limit:
            dominator = idom[dominator]
        idom[w] = dominator
    result = [-1] * len(succs)
    for w in range(1, count):
        result[vertices[w]] = vertices[idom[w]]
    return result


def _depth_first(succs: list[list[int]]) -> tuple[list[int], list[int]]:
    """The vertices in depth-first preorder, and the position in that order of each one's parent in the tree."""
    vertices: list[int] = []
    parent: list[int] = []
    seen = bytearray(len(succs))
    stack = [(0, -1)]
    while stack:
        vertex, above = stack.pop()
        if seen[vertex]:
            continue
        seen[vertex] = 1
        here = len(vertices)
        vertices.append(vertex)
        parent.append(above)
        stack += [(v, here) for v in reversed(succs[vertex]) if not seen[v]]
    return vertices, parent


def _lowest_semi(v: int, done: int, ancestor: list[int], label: list[int]) -> int:
    """The lowest semidominator on the path from `v` up to the first vertex not after `done`; the path is compressed."""
    path = []
    while ancestor[v] > done:
        path.append(v)
        v = ancestor[v]
    root, lowest = ancestor[v], label[v]
    for u in reversed(path):
        ancestor[u] = root
        if label[u] < lowest:
            lowest = label[u]
        else:
            label[u] = lowest
    return lowest
