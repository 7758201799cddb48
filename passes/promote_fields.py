"""Keep what a loop reads from and writes to a field of one object in a variable.

                                                   %n0 = mem.load_i32 %xs {alias="array.length"}
    ^body: %n = mem.load_i32 %xs {array.length}    ^body(%n):
      ...                                            ...
      mem.store_i32 %xs, %m {array.length}    =>     mem.store_i32 %xs, %m {array.length}
      br ^body                                       br ^body(%m)

The stores stay, so memory is right for everybody who looks; what goes is the wait of each load for the store of the turn
before. Where something else may write the field, a call that makes room above all, it is loaded anew behind that; so this
is done only where that place is cold. Addresses of objects are good wherever they are known, so the field can be loaded in
front of the loop even if the loop would not get to it. (Register promotion: Cooper, Lu, 1997.)
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..ir.clone import Copy, clone_op
from ..ir.core import Block, Function, Op, Value
from ..ir.ops import Effects
from ..pipeline.spec import Order, PassContext, PassSpec, option
from .analysis.dominators import dominators
from .analysis.effects import Summaries, clobbers, effects, writes_of
from .analysis.loops import Loop, loops
from .edit import split_edge
from .ssa_repair import values_at_start

#: Loads of whole values and the stores that write the same.
_STORE_OF = {f"mem.load_{kind}": f"mem.store_{kind}" for kind in ("i32", "i64", "f64", "bool")}

#: Classes of fields of objects: their addresses are references.
_FIELDS = ("array.", "string.", "buffer.", "cell.")


@dataclass(frozen=True, slots=True)
class Options:
    """See the fields."""

    fields: int = option(4, "So many fields of one loop are kept in variables.")


@dataclass(slots=True)
class _Field:
    """One field of one object, and where a loop reads and writes it."""

    base: Value
    loads: list[Op] = field(default_factory=list)
    stores: set[Op] = field(default_factory=set)
    #: What may write it besides.
    others: set[Op] = field(default_factory=set)


def run(fn: Function, ctx: PassContext) -> bool:
    """Keep fields that inner loops of `fn` write in variables; True if there were any."""
    nest = ctx.analyses.get(loops, fn)
    changed = False
    for loop in nest:
        if loop.children or loop.header.cold or not _is_entered_by_one_edge(loop):
            continue
        chosen = _fields(loop, ctx.analyses.get(effects, fn.module))[: ctx.options.fields]
        entry = _entry(loop) if chosen else loop.header
        for place in chosen:
            _promote(fn, loop, entry, place)
            name = _NAMES.get(place.loads[0].attrs["alias"], "a field")
            ctx.remark("hoisted", place.loads[0].loc, f"loads of {name}: the loop keeps it in a variable")
            changed = True
    return changed


def _is_entered_by_one_edge(loop: Loop) -> bool:
    edges = [target for source in loop.entries for target in source.terminator.targets if target.block is loop.header]
    return len(edges) == 1


def _entry(loop: Loop) -> Block:
    """The block in front of the loop, on the only edge into it."""
    (source,) = loop.entries
    if len(source.terminator.targets) == 1:
        return source
    return split_edge(source, next(target for target in source.terminator.targets if target.block is loop.header))


#: What a user calls a field.
_NAMES = {"array.length": "the length of an array", "array.capacity": "the room of an array"}


def _fields(loop: Loop, summaries: Summaries) -> list[_Field]:
    """The fields that the loop reads and that are written in it, elsewhere than by plain stores only in cold blocks."""
    found: dict[tuple[object, ...], _Field] = {}
    writers: list[Op] = []
    for block in loop.blocks:
        for op in block.ops:
            if _is_load(op, loop) and not block.cold:
                key = (op.name, op.operands[0], op.attrs["offset"], op.attrs["alias"])
                found.setdefault(key, _Field(op.operands[0])).loads.append(op)
            if op.row.effects & (Effects.WRITES | Effects.CALLS):
                writers.append(op)
    kept = []
    for place in found.values():
        alias = place.loads[0].attrs["alias"]
        for op in writers:
            if _is_store_to(op, place):
                place.stores.add(op)
            elif clobbers(writes_of(op, summaries), (alias,)):
                place.others.add(op)
        if (place.stores or place.others) and all(op.block.cold for op in place.others):
            kept.append(place)
    return kept


def _is_load(op: Op, loop: Loop) -> bool:
    if op.name not in _STORE_OF or op.attrs.get("invariant") or not op.attrs["alias"].startswith(_FIELDS):
        return False
    return op.operands[0].block not in loop


def _is_store_to(op: Op, place: _Field) -> bool:
    load = place.loads[0]
    if op.name != _STORE_OF[load.name] or op.operands[0] is not place.base:
        return False
    return all(op.attrs[name] == load.attrs[name] for name in ("offset", "alias"))


def _promote(fn: Function, loop: Loop, entry: Block, place: _Field) -> None:
    first = clone_op(place.loads[0], Copy())
    entry.insert(len(entry.ops) - 1, first)
    mapping: dict[Value, Value] = {}
    at_end = {entry: first.result}
    early: list[Op] = []
    for block in loop.blocks:
        now: Value | None = None
        for op in list(block.ops):
            if op in place.loads or (block.cold and _is_same_load(op, place)):
                if now is None:
                    early.append(op)
                else:
                    mapping[op.result] = now
            elif op in place.stores:
                now = op.operands[1]
            elif op in place.others:
                anew = clone_op(place.loads[0], Copy())
                block.insert(block.ops.index(op) + 1, anew)
                now = anew.result
        if now is not None:
            at_end[block] = now
    starts = values_at_start(dominators(fn), first.result, at_end, [op.block for op in early])
    mapping.update((op.result, starts[op.block]) for op in early)
    for block in loop.blocks:
        block.ops = [op for op in block.ops if not (op.results and op.results[0] in mapping)]
    fn.replace_uses(mapping)


def _is_same_load(op: Op, place: _Field) -> bool:
    load = place.loads[0]
    return op.name == load.name and op.operands[0] is place.base and op.attrs == load.attrs


SPEC = PassSpec(
    "promote-fields",
    "mem",
    run,
    "Keep what a loop reads from and writes to a field of an object in a variable.",
    options=Options,
    preserves=frozenset({"effects"}),
    after=(Order("licm", "what nothing in the loop writes can leave it"),),
)
