"""One parameter for parameters of a block that always have the same value, though each only in terms of itself.

    br ^h(%zero, %zero)                                      br ^h(%zero)
    ^h(%i, %j): ...                                  =>      ^h(%i): ...
      %a = i64.add %i, 1; %b = i64.add %j, 1                   %a = i64.add %i, 1
      br ^h(%a, %b)                                            br ^h(%a)

`for i, x in xs` counts twice, once for the user and once for the array. All parameters of a block are believed equal until an
edge passes values that differ even if the others are believed: the greatest partition that is consistent, as in Alpern,
Wegman and Zadeck, "Detecting Equality of Variables in Programs", 1988. `gvn` believes nothing and so finds no such cycles; behind this
pass it makes one value of what was computed from both.
"""

from __future__ import annotations

from collections.abc import Hashable

from ..ir.core import Block, Function, Target, Value
from ..pipeline.spec import CFG_ANALYSES, PassContext, PassSpec
from .analysis.cfg import cfg
from .edit import drop_params
from .gvn import attrs_key

#: How deep the trees of ops are in which an edge's arguments are compared.
MAX_DEPTH = 4


def run(fn: Function, ctx: PassContext) -> bool:
    """Merge equal parameters of the blocks of `fn`; True if there were any."""
    graph = ctx.analyses.get(cfg, fn)
    edges = {
        block: [(source, target) for source, target in graph.edges_into[block] if graph.is_reachable(source)]
        for block in graph.order
        if len(block.params) > 1 and block is not fn.entry
    }
    classes = _Partition({block: [target for _, target in found] for block, found in edges.items()}).refine()
    replaced: dict[Value, Value] = {}
    for block in edges:
        gone = []
        for index, param in enumerate(block.params):
            first = classes[param]
            if first is not param:
                first.name = first.name or param.name
                replaced[param] = first
                gone.append(index)
        if gone:
            drop_params(block, gone, graph.edges_into[block])
    fn.replace_uses(replaced)
    return bool(replaced)


class _Partition:
    """Parameters by class; a class is named by its first parameter."""

    def __init__(self, edges: dict[Block, list[Target]]) -> None:
        self._edges = edges
        self._class: dict[Value, Value] = {}
        self._keys: dict[Value, Hashable] = {}

    def refine(self) -> dict[Value, Value]:
        """Split the classes until nothing tells their members apart."""
        for block in self._edges:
            firsts: dict[Hashable, Value] = {}
            for param in block.params:
                self._class[param] = firsts.setdefault(param.type, param)
        while self._split():
            pass
        return self._class

    def _split(self) -> bool:
        self._keys.clear()  # they name classes
        split: dict[Value, Value] = {}
        for block, targets in self._edges.items():
            firsts: dict[Hashable, Value] = {}
            for index, param in enumerate(block.params):
                passed = tuple(self._key(target.args[index], MAX_DEPTH) for target in targets)
                split[param] = firsts.setdefault((self._class[param], passed), param)
        changed = split != self._class
        self._class = split
        return changed

    def _key(self, value: Value, depth: int) -> Hashable:
        """What values have in common that are equal if the members of every class are."""
        known = self._keys.get(value)
        if known is None:
            known = self._make_key(value, depth)
            self._keys[value] = known
        return known

    def _make_key(self, value: Value, depth: int) -> Hashable:
        op = value.op
        if op is None:
            return self._class.get(value, value)
        if depth == 0 or op.row.effects or len(op.results) != 1:
            return value
        return op.row.name, attrs_key(op), value.type, *(self._key(operand, depth - 1) for operand in op.operands)


SPEC = PassSpec(
    "merge-params",
    "mem",
    run,
    "Merge loop variables that always have the same value.",
    preserves=CFG_ANALYSES | {"effects"},
)
