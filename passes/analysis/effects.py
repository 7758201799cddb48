"""What calling a function may do, found bottom-up over the call graph, and what a single op may do.

    func @f: mem.store_i64 (class "cell.i64"); call @g        =>        f: WRITES + the effects of g, writes = {"cell.i64"}

Memory is divided into classes that never overlap: the `alias` of `mem.*` ops, one class for each global (`@name`), and
classes of the `data.*` ops. `ANY` overlaps all memory, and `EVERYTHING` globals as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ...ir.core import Function, Module, Op, Value
from ...ir.ops import Effects
from ...ir.ops.numeric import MIN32, MIN64
from .callgraph import callgraph
from .cfg import has_cycle

Classes = frozenset[str]

ANY = "any"
EVERYTHING = "*"
_NO_CLASSES: Classes = frozenset()
_ANY: Classes = frozenset({ANY})
_ALL: Classes = frozenset({EVERYTHING})

_NOTHING = Effects.NONE
_NOT_PURE = Effects.READS | Effects.WRITES | Effects.IO | Effects.ALLOCS


@dataclass(frozen=True, slots=True)
class Summary:
    """What calling a function may do. `effects` never contains CALLS; `reads` and `writes` are classes of memory."""

    effects: Effects
    reads: Classes = _NO_CLASSES
    writes: Classes = _NO_CLASSES
    #: It may not come back: it has a loop or is recursive, or calls such a function.
    may_diverge: bool = False

    @property
    def is_pure(self) -> bool:
        """True if the result only depends on the arguments and nothing else is done. It may still trap or diverge."""
        return not self.effects & _NOT_PURE

    @property
    def is_removable(self) -> bool:
        """True if a call whose results are unused can be erased."""
        return self.effects.is_removable and not self.may_diverge

    def __or__(self, other: Summary) -> Summary:
        return Summary(
            self.effects | other.effects,
            self.reads | other.reads,
            self.writes | other.writes,
            self.may_diverge or other.may_diverge,
        )


Summaries = Mapping[str, Summary]

NOTHING = Summary(Effects.NONE)
UNKNOWN = Summary(
    Effects.READS | Effects.WRITES | Effects.TRAPS | Effects.ALLOCS | Effects.IO, _ALL, _ALL, may_diverge=True
)


def effects(module: Module) -> dict[str, Summary]:
    """The summary of every function of `module`."""
    graph = callgraph(module)
    found: dict[str, Summary] = {}
    for component in graph.components:  # callees first
        total = summary_of_component(component, graph.is_recursive(component[0]), found)
        found.update((function.name, total) for function in component)
    return found


def summary_of_component(component: Iterable[Function], is_recursive: bool, known: Summaries) -> Summary:
    """The summary of functions that call each other, or of a single one, when those of all other callees are `known`."""
    total = NOTHING
    for function in component:
        total |= _own_summary(function, known)
    if is_recursive:
        # All members can reach each other, so one union is the fixpoint. Recursion may exhaust the stack.
        total |= Summary(Effects.TRAPS, may_diverge=True)
    return total


def _own_summary(function: Function, known: Summaries) -> Summary:
    """The union over the ops; calls to functions not known yet are those within the component."""
    if function.is_import:
        declared = function.attrs.get("effects")
        return UNKNOWN if declared is None else of_flags(declared)
    total = Effects.NONE
    reads: set[str] = set()
    writes: set[str] = set()
    diverges = False
    for op in function.ops():
        if op.row.effects is _NOTHING:
            continue
        if Effects.CALLS in op.row.effects:
            callee = op.attrs.get("callee")
            summary = known.get(callee, NOTHING) if callee in function.module.functions else UNKNOWN
            diverges = diverges or summary.may_diverge
            total |= summary.effects
            reads |= summary.reads
            writes |= summary.writes
        else:
            total |= op_effects(op, known)
            reads |= reads_of(op, known)
            writes |= writes_of(op, known)
    return Summary(total, frozenset(reads), frozenset(writes), diverges or has_cycle(function))


def of_flags(flags: Effects) -> Summary:
    """The summary of a host function that declares these effects. The host reads and writes memory only if it says so."""
    return Summary(
        flags & ~Effects.CALLS,
        _ALL if flags & (Effects.READS | Effects.CALLS) else _NO_CLASSES,
        _ALL if flags & (Effects.WRITES | Effects.CALLS) else _NO_CLASSES,
        Effects.CALLS in flags,
    )


def summary_of(op: Op, summaries: Summaries) -> Summary:
    """The summary of what `op` calls; NOTHING if it calls nothing, UNKNOWN if the callee is not known."""
    if Effects.CALLS not in op.row.effects:
        return NOTHING
    return summaries.get(op.attrs.get("callee", ""), UNKNOWN)


def op_effects(op: Op, summaries: Summaries) -> Effects:
    """What `op` may do: its row's effects, those of its callee instead of CALLS, and no trap that constants rule out."""
    flags = op.row.effects
    if flags is _NOTHING:  # as most
        return flags
    if Effects.CALLS in flags:
        return (flags & ~Effects.CALLS) | summary_of(op, summaries).effects
    if Effects.TRAPS in flags and _cannot_trap(op):
        return flags & ~Effects.TRAPS
    return flags


def is_removable(op: Op, summaries: Summaries) -> bool:
    """True if `op` can be erased when nobody uses its results."""
    if op.row.effects is _NOTHING:
        return not op.row.terminator
    if Effects.CALLS in op.row.effects:
        return summary_of(op, summaries).is_removable
    return op_effects(op, summaries).is_removable and not op.row.terminator


_DIVISIONS = {
    f"{ty}.{name}": minimum if name == "div_s" else None
    for ty, minimum in (("i32", MIN32), ("i64", MIN64))
    for name in ("div_s", "div_u", "rem_s", "rem_u")
}


def _cannot_trap(op: Op) -> bool:
    """True for divisions whose constant operands exclude division by zero and overflow."""
    if op.row.name not in _DIVISIONS:
        return False
    divisor = _constant(op.operands[1])
    if not divisor:
        return False
    minimum = _DIVISIONS[op.row.name]
    return divisor != -1 or minimum is None or _constant(op.operands[0]) not in (None, minimum)


def _constant(value: Value) -> int | None:
    op = value.op
    return op.attrs["value"] if op is not None and op.row.name in ("i32.const", "i64.const") else None


# Classes of memory. The `data.*` ops have no alias attribute; what they touch follows from the op and the type.

_STRING = "data.string"
_LENGTH = "data.array.length"
_CAPACITY = "data.array.capacity"
_SIZE = "mem.size"


def _classes(*names: str) -> Classes:
    return frozenset(names)


#: (classes read, classes written) by op; `{}` stands for the type of the first operand.
_DATA_CLASSES: dict[str, tuple[Classes, Classes]] = {
    "data.string_byte": (_classes(_STRING), _NO_CLASSES),
    "data.string_words": (_classes(_STRING), _NO_CLASSES),
    "data.string_view": (_NO_CLASSES, _NO_CLASSES),
    "data.string_new": (_NO_CLASSES, _NO_CLASSES),
    "data.string_extend": (_classes(_STRING), _classes(_STRING)),
    "data.string_set_byte": (_NO_CLASSES, _classes(_STRING)),
    "data.string_set_words": (_NO_CLASSES, _classes(_STRING)),
    "data.string_copy": (_classes(_STRING), _classes(_STRING)),
    "data.array_new": (_NO_CLASSES, _NO_CLASSES),
    "data.array_len": (_classes(_LENGTH), _NO_CLASSES),
    "data.array_cap": (_classes(_CAPACITY), _NO_CLASSES),
    "data.array_index": (_classes(_LENGTH), _NO_CLASSES),
    "data.array_get": (_classes(_LENGTH, "{}"), _NO_CLASSES),
    "data.array_set": (_classes(_LENGTH), _classes("{}")),
    "data.array_at": (_classes("{}"), _NO_CLASSES),
    "data.array_put": (_NO_CLASSES, _classes("{}")),
    "data.array_set_len": (_NO_CLASSES, _classes(_LENGTH)),
    "data.array_reserve": (_classes(_LENGTH, _CAPACITY), _classes(_CAPACITY)),
    "data.array_copy": (_classes("{}"), _classes("{}")),
    "data.array_fill": (_NO_CLASSES, _classes("{}")),
    "data.cell_new": (_NO_CLASSES, _NO_CLASSES),
    "data.cell_get": (_classes("{}"), _NO_CLASSES),
    "data.cell_set": (_NO_CLASSES, _classes("{}")),
    "data.closure": (_NO_CLASSES, _NO_CLASSES),
    "data.object": (_NO_CLASSES, _NO_CLASSES),
    "mem.size": (_classes(_SIZE), _NO_CLASSES),
    "mem.grow": (_classes(_SIZE), _classes(_SIZE)),
    "mem.copy": (_ANY, _ANY),
    "mem.fill": (_NO_CLASSES, _ANY),
}


def reads_of(op: Op, summaries: Summaries) -> Classes:
    """The classes of memory that `op` may read and that something may change."""
    flags = op.row.effects
    if flags is _NOTHING:
        return _NO_CLASSES
    if Effects.CALLS in flags:
        return summary_of(op, summaries).reads
    if Effects.READS not in flags or op.attrs.get("invariant"):
        return _NO_CLASSES
    return _accessed(op, 0)


def writes_of(op: Op, summaries: Summaries) -> Classes:
    """The classes of memory that `op` may write."""
    flags = op.row.effects
    if flags is _NOTHING:
        return _NO_CLASSES
    if Effects.CALLS in flags:
        return summary_of(op, summaries).writes
    return _accessed(op, 1) if Effects.WRITES in flags else _NO_CLASSES


def _accessed(op: Op, side: int) -> Classes:
    name = op.row.name
    if name.startswith("global."):
        return frozenset(("@" + op.attrs["name"],))
    alias = op.attrs.get("alias")
    if alias is not None:
        return frozenset((alias,))
    if name in ("data.object_get", "data.object_set"):
        return _field_class(op)
    found = _DATA_CLASSES.get(name)
    if found is None:
        return _ALL
    classes = found[side]
    if "{}" in classes:
        classes = frozenset(op.operands[0].type.text if c == "{}" else c for c in classes)
    return classes


def _field_class(op: Op) -> Classes:
    """The class of one field of a layout; none if the field never changes."""
    layout = op.block.function.module.layouts[op.attrs["name"]]
    return frozenset((f"{layout.name}.{op.attrs['index']}",)) if layout.mutable else _NO_CLASSES


def may_overlap(a: str, b: str) -> bool:
    """True if an access of class `a` may touch the same memory as one of class `b`."""
    if a == b or EVERYTHING in (a, b):
        return True
    return ANY in (a, b) and not a.startswith("@") and not b.startswith("@")


def clobbers(writes: Iterable[str], reads: Iterable[str]) -> bool:
    """True if writing the classes `writes` may change what is read from the classes `reads`."""
    return any(may_overlap(w, r) for w in writes for r in reads)
