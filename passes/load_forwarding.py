"""Use what is known to be in memory: loads of what was just stored or loaded, stores that change nothing.

    mem.store_i64 p, v; x = mem.load_i64 p        =>        mem.store_i64 p, v     (and v for x)
    x = mem.load_i64 p; mem.store_i64 p, x        =>        x = mem.load_i64 p

Knowledge goes along extended basic blocks: from a block to those it alone leads to.
"""

from __future__ import annotations

from ..ir.core import Block, Function, Op, Value
from ..pipeline.spec import CFG_ANALYSES, PassContext, PassSpec
from .analysis.cfg import Cfg, cfg
from .analysis.effects import Summaries, effects, may_overlap, writes_of
from .analysis.places import Place, access

#: So much is remembered of one class of memory, which keeps the pass linear.
MAX_PLACES = 64

#: By class: what each place is known to hold, and the kind of load that would give it ("i64", "8_u", ...).
_Known = dict[str, dict[Place, tuple[str, Value]]]


def run(fn: Function, ctx: PassContext) -> bool:
    """Remove loads and stores of `fn` whose outcome is known; True if there were any."""
    summaries = ctx.analyses.get(effects, fn.module)
    return _forward(fn, ctx.analyses.get(cfg, fn), summaries)


def _forward(fn: Function, graph: Cfg, summaries: Summaries) -> bool:
    replaced: dict[Value, Value] = {}
    at_end: dict[Block, _Known] = {}
    changed = False
    for block in graph.order:
        edges = graph.edges_into[block]
        known: _Known = {}
        if len(edges) == 1 and edges[0][0] in at_end:
            known = {name: dict(places) for name, places in at_end[edges[0][0]].items()}
        kept: list[Op] = []
        for op in block.ops:
            if replaced:
                op.replace_uses(replaced)
            if _step(op, known, replaced, summaries):
                kept.append(op)
        changed |= len(kept) < len(block.ops)
        block.ops = kept
        at_end[block] = known
    fn.replace_uses(replaced)
    return changed


def _step(op: Op, known: _Known, replaced: dict[Value, Value], summaries: Summaries) -> bool:
    """Update `known` by one op; False if the op is superfluous."""
    found = access(op)
    if found is None:
        _forget(known, writes_of(op, summaries), None)
        return True
    name, place, kind = found
    places = known.setdefault(name, {})
    held = places.get(place)
    if op.results:
        if held is not None and held[0] == kind and held[1].type is op.results[0].type:
            replaced[op.results[0]] = held[1]
            return False
        _learn(places, place, kind, op.results[0])
        return True
    value = op.operands[-1]
    if held == (kind, value):
        return False
    _forget(known, (name,), place)
    if kind in _WHOLE:
        _learn(places, place, kind, value)
    return True


def _learn(places: dict[Place, tuple[str, Value]], place: Place, kind: str, value: Value) -> None:
    places[place] = (kind, value)
    if len(places) > MAX_PLACES:
        del places[next(iter(places))]


#: A load of these kinds gives exactly what the store of the same kind was given.
_WHOLE = frozenset({"i64", "i32", "f64", "bool", "global"})


def _forget(known: _Known, written: frozenset[str] | tuple[str, ...], place: Place | None) -> None:
    """Drop what a write to these classes, or to `place` in them, may change."""
    for name in written:
        for other, places in known.items():
            if places and may_overlap(name, other):
                for at in [p for p in places if place is None or not p.is_apart_from(place)]:
                    del places[at]


SPEC = PassSpec(
    "load-forwarding",
    "mem",
    run,
    "Replace loads by the values known to be in memory, and remove stores that change nothing.",
    preserves=CFG_ANALYSES | {"effects"},
)
