"""Use what is known to be in memory: loads of what was just stored or loaded, stores that change nothing or are lost.

    mem.store_i64 p, v; x = mem.load_i64 p        =>        mem.store_i64 p, v     (and v for x)
    mem.store_i64 p, v; mem.store_i64 p, w        =>        mem.store_i64 p, w

Knowledge goes along extended basic blocks: from a block to those it alone leads to. Two addresses are the same if they
are the same value plus the same constants; with the same value and other constants they are known not to overlap. A
store counts as lost only if nothing in between may read it, trap or not come back: after a trap the host can still see
memory.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..ir.core import Block, Function, Op, Value
from ..ir.ops import Effects, Load, Store
from ..ir.ops.numeric import M32
from ..pipeline.spec import CFG_ANALYSES, PassContext, PassSpec
from .analysis.cfg import Cfg, cfg
from .analysis.effects import (
    Summaries,
    effects,
    may_overlap,
    op_effects,
    reads_of,
    summary_of,
    writes_of,
)
from .const_fold import constant_of


@dataclass(frozen=True, slots=True)
class _Place:
    """A place in memory: `size` bytes at `base` + `offset`, modulo 2^32; a global has no base."""

    base: Value | None
    offset: int
    size: int

    def is_apart_from(self, other: _Place) -> bool:
        """True if the two cannot overlap, as far as offsets tell."""
        if self.base is not other.base:
            return False
        return (other.offset - self.offset) & M32 >= self.size and (self.offset - other.offset) & M32 >= other.size

    def covers(self, other: _Place) -> bool:
        return self.base is other.base and ((other.offset - self.offset) & M32) + other.size <= self.size


#: So much is remembered of one class of memory, which keeps the pass linear.
MAX_PLACES = 64

#: By class: what each place is known to hold, and the kind of load that would give it ("i64", "8_u", ...).
_Known = dict[str, dict[_Place, tuple[str, Value]]]


def run(fn: Function, ctx: PassContext) -> bool:
    """Remove loads and stores of `fn` whose outcome is known; True if there were any."""
    summaries = ctx.analyses.get(effects, fn.module)
    forwarded = _forward(fn, ctx.analyses.get(cfg, fn), summaries)
    lost = [_remove_lost_stores(block, summaries) for block in fn.blocks]
    return forwarded or any(lost)


def _access(op: Op) -> tuple[str, _Place, str] | None:
    """Class, place and kind of a load or store of a scalar; None for other ops."""
    name = op.row.name
    if name.startswith("global."):
        return "@" + op.attrs["name"], _Place(None, 0, 1), "global"
    wasm = op.row.wasm
    if not isinstance(wasm, (Load, Store)):
        return None
    base, offset = op.operands[0], op.attrs["offset"]
    while (add := base.op) is not None and add.row.name == "i32.add":
        constant = constant_of(add.operands[1])
        if constant is None:
            break
        base, offset = add.operands[0], offset + constant
    return op.attrs["alias"], _Place(base, offset & M32, wasm.bytes), name.removeprefix("mem.").split("_", 1)[-1]


def _is_load(op: Op) -> bool:
    return bool(op.results)


# Forwarding.


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
    access = _access(op)
    if access is None:
        _forget(known, writes_of(op, summaries), None)
        return True
    name, place, kind = access
    places = known.setdefault(name, {})
    held = places.get(place)
    if _is_load(op):
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


def _learn(places: dict[_Place, tuple[str, Value]], place: _Place, kind: str, value: Value) -> None:
    places[place] = (kind, value)
    if len(places) > MAX_PLACES:
        del places[next(iter(places))]


#: A load of these kinds gives exactly what the store of the same kind was given.
_WHOLE = frozenset({"i64", "i32", "f64", "bool", "global"})


def _forget(known: _Known, written: frozenset[str] | tuple[str, ...], place: _Place | None) -> None:
    """Drop what a write to these classes, or to `place` in them, may change."""
    for name in written:
        for other, places in known.items():
            if places and may_overlap(name, other):
                for at in [p for p in places if place is None or not p.is_apart_from(place)]:
                    del places[at]


# Lost stores.


def _remove_lost_stores(block: Block, summaries: Summaries) -> bool:
    overwritten: list[tuple[str, _Place]] = []
    kept: list[Op] = []
    for op in reversed(block.ops):
        access = _access(op)
        if access is not None and not _is_load(op):
            name, place, _ = access
            if any(n == name and later.covers(place) for n, later in overwritten):
                continue
            overwritten = [*overwritten[-MAX_PLACES:], (name, place)]
        elif access is not None:
            name, place, _ = access
            overwritten = [(n, p) for n, p in overwritten if not may_overlap(n, name) or p.is_apart_from(place)]
        elif _ends_watch(op, summaries):
            overwritten = []
        else:
            read = reads_of(op, summaries)
            overwritten = [(n, p) for n, p in overwritten if not any(may_overlap(n, r) for r in read)]
        kept.append(op)
    if len(kept) == len(block.ops):
        return False
    block.ops = kept[::-1]
    return True


def _ends_watch(op: Op, summaries: Summaries) -> bool:
    """True if memory may be looked at from outside before the next op."""
    return op.row.terminator or Effects.TRAPS in op_effects(op, summaries) or summary_of(op, summaries).may_diverge


SPEC = PassSpec(
    "load-forwarding",
    "mem",
    run,
    "Replace loads by the values known to be in memory, and remove stores that are overwritten or change nothing.",
    preserves=CFG_ANALYSES | {"effects"},
)
