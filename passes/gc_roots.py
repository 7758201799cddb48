"""Tell the collector what functions hold: references that live across a call that may collect go to the shadow stack.

    func @f(%n: i64) {                          func @f(%n: i64, %sp: i32) {
      %l: i32 = call @make %n                     %l: i32 = call @make %n, %sp
      %r: i32 = call @make %n            =>       %top: i32 = i32.sub %sp, 4;  mem.store_i32 %top, %l
                                                  %r: i32 = call @make %n, %top
      %p: i32 = call @pair %l, %r                 %p: i32 = call @pair %l, %r, %sp

Functions that may collect, those from which `mem.shadow` can be reached, are passed the lowest address in use as a last
parameter: so nothing has to be popped, after a panic neither. Exported ones start at the top of the stack. Which values may
be addresses of objects is not known for certain in mem IR; the collector does not mind others among them. A value need not
be stored if what it points into is kept by another one that is (an address inside of an object, a field that never
changes); of a sum, which may lie beside its object, the address in it is. Stores in cold blocks, as those before a refill of
the allocator, cost nothing elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..ir import types as t
from ..ir.build import Builder
from ..ir.core import Block, Function, Module, Op, Value
from ..lower.heap_state import SHADOW, SHADOW_BYTES
from ..pipeline.spec import PassContext, PassSpec
from .analysis.callgraph import CallGraph, callgraph
from .analysis.cfg import cfg
from .analysis.liveness import liveness

_WORD = 4
_MARK_ROOT, _MARK_GLOBALS = "rt-mark-root", "rt-mark-globals"

#: Stands for a slot that holds nothing.
_EMPTY = None
_Slots = dict[int, Value | None]


def run(module: Module, ctx: PassContext) -> bool:
    """Give every function that may collect its place on the shadow stack; True if there is one."""
    graph = ctx.analyses.get(callgraph, module)
    collecting = _collecting(module, graph)
    if not collecting:
        return False
    for function in collecting:
        _Frame(function, collecting).write()
    _split_exports(module, collecting)
    _mark_globals(module)
    return True


def _collecting(module: Module, graph: CallGraph) -> dict[Function, None]:
    """The functions from which `mem.shadow` can be reached, in the order of the module."""
    found = [f for f in module.functions.values() if any(op.name == "mem.shadow" for op in f.ops())]
    reached = dict.fromkeys(found)
    while found:
        for caller in graph.callers[found.pop()]:
            if caller not in reached:
                reached[caller] = None
                found.append(caller)
    return {f: None for f in module.functions.values() if f in reached}


class _Frame:
    """One function, and what it stores where."""

    def __init__(self, function: Function, collecting: dict[Function, None]) -> None:
        self.function = function
        self.names = {callee.name for callee in collecting}
        self.pointer = function.entry.add_param(t.I32, "sp")
        function.param_types.append(t.I32)
        self.order = cfg(function).order

    def write(self) -> None:
        if self.function.attrs.get("collects") is False:
            self.write_blind()
            return
        is_finished = self.function.attrs.get("finished")  # written such that nothing is held
        held: dict[Op, list[Value]] = {call: [] for call in self.calls()} if is_finished else self.held()
        slots = _assign(held, self.definition_order())
        for call, wanted in self.contents(held, slots):
            self.pass_down(call, *wanted)
        self.answer()

    def write_blind(self) -> None:
        """For callers whose references are not known: there is no shadow stack, so nobody collects."""
        for call in self.calls():
            zero = Builder(call.block, call.block.ops.index(call)).const(t.I32, 0)
            call.operands = [*call.operands, zero]

    def calls(self) -> Iterator[Op]:
        return (op for op in list(self.function.ops()) if op.attrs.get("callee") in self.names)

    def answer(self) -> None:
        """Replace `mem.shadow` by what the function was passed."""
        for block in self.function.blocks:
            asked = [op for op in block.ops if op.name == "mem.shadow"]
            if asked:
                self.function.replace_uses({op.result: self.pointer for op in asked})
                block.ops = [op for op in block.ops if op.name != "mem.shadow"]

    def held(self) -> dict[Op, list[Value]]:
        """For each call that may collect, the references that live across it and that nothing else keeps."""
        references = _references(self.function)
        live = liveness(self.function)
        held: dict[Op, list[Value]] = {}
        for block in self.order:
            needed = {**live.live_out(block)}
            for op in reversed(block.ops):
                for value in op.results:
                    needed.pop(value, None)
                if op.attrs.get("callee") in self.names:
                    held[op] = _keepers(needed, references)
                needed.update(dict.fromkeys(op.used_values()))
        return held

    def definition_order(self) -> dict[Value, int]:
        order: dict[Value, int] = {}
        for block in self.order:
            for value in (*block.params, *(v for op in block.ops for v in op.results)):
                order[value] = len(order)
        return order

    def contents(self, held: dict[Op, list[Value]], slots: dict[Value, int]) -> list[tuple[Op, tuple[int, _Slots]]]:
        """For each call: how many slots are in use during it, and which of them have to be stored before."""
        wanted = {call: _layout(values, slots) for call, values in held.items()}
        preds: dict[Block, list[Block]] = {block: [] for block in self.order}
        for block in self.order:
            for succ in dict.fromkeys(block.successors):
                preds[succ].append(block)
        leaving: dict[Block, _Slots] = {}
        unsettled = True
        while unsettled:
            unsettled = False
            for block in self.order:
                state = self.entering(block, preds, leaving)
                for op in block.ops:
                    state = dict(wanted[op]) if op in wanted else _without(state, op.results)
                if leaving.get(block) != state:
                    leaving[block] = state
                    unsettled = True
        result = []
        for block in self.order:
            state = self.entering(block, preds, leaving)
            for op in block.ops:
                if op in wanted:
                    missing = {s: v for s, v in wanted[op].items() if s not in state or state[s] is not v}
                    result.append((op, (len(wanted[op]), missing)))
                    state = dict(wanted[op])
                state = _without(state, op.results)
        return result

    def entering(self, block: Block, preds: dict[Block, list[Block]], leaving: dict[Block, _Slots]) -> _Slots:
        """What the slots hold where `block` begins, on all ways known so far."""
        states = [leaving[pred] for pred in preds[block] if pred in leaving]
        if not states or block is self.function.entry:
            return {}
        common = states[0].items()
        for state in states[1:]:
            common = [(s, v) for s, v in common if s in state and state[s] is v]  # type: ignore[assignment]
        return _without(dict(common), block.params)

    def pass_down(self, call: Op, depth: int, missing: _Slots) -> None:
        """Store what is missing and pass the address of the last slot in use."""
        at = Builder(call.block, call.block.ops.index(call), call.loc)
        top = self.pointer
        if depth:
            top = at.op("i32.sub", self.pointer, at.const(t.I32, depth * _WORD))
        for slot, value in sorted(missing.items()):
            stored = at.const(t.I32, 0) if value is _EMPTY else value
            at.emit("mem.store_i32", (top, stored), (), None, offset=(depth - 1 - slot) * _WORD, alias="gc.roots")
        call.operands = [*call.operands, top]


def _without(state: _Slots, values: list[Value]) -> _Slots:
    """`state` once `values` are defined anew: slots do not hold the new ones."""
    gone = set(values)
    return {s: v for s, v in state.items() if v is _EMPTY or v not in gone} if gone else state


def _assign(held: dict[Op, list[Value]], order: dict[Value, int]) -> dict[Value, int]:
    """A slot for every value; two that are held during one call have different ones. The lowest that is left is taken."""
    rivals: dict[Value, set[Value]] = {}
    for values in held.values():
        for value in values:
            rivals.setdefault(value, set()).update(values)
    slots: dict[Value, int] = {}
    for value in sorted(rivals, key=order.__getitem__):
        taken = {slots[rival] for rival in rivals[value] if rival in slots}
        slots[value] = next(slot for slot in range(len(taken) + 1) if slot not in taken)
    return slots


def _layout(values: list[Value], slots: dict[Value, int]) -> _Slots:
    """What each slot up to the last one needed has to hold."""
    placed = {slots[value]: value for value in values}
    return {slot: placed.get(slot, _EMPTY) for slot in range(max(placed, default=-1) + 1)}


#: Loads of these classes of memory give numbers, whatever their type.
_NUMBERS = frozenset({"length", "capacity", "characters", "used", "tag", "i32"})

#: An address that goes in comes out, perhaps moved within its object.
_CARRIERS = frozenset({"i32.add", "i32.sub", "i32.and", "i32.or", "select"})


def _references(function: Function) -> set[Value]:
    """The values that may be addresses of objects, or lie in one."""
    found = {value for value in function.params if value.type is t.I32}
    found.update(op.result for op in function.ops() if _is_source(op))
    found.update(v for op in function.ops() if "callee" in op.attrs for v in op.results if v.type is t.I32)
    grows = True
    while grows:
        before = len(found)
        for block in function.blocks:
            for op in block.ops:
                if op.name in _CARRIERS and op.result.type is t.I32 and any(v in found for v in op.operands):
                    found.add(op.result)
                for target in op.targets:
                    pairs = zip(target.block.params, target.args, strict=True)
                    found.update(param for param, arg in pairs if arg in found)
        grows = len(found) > before
    return found


def _is_source(op: Op) -> bool:
    """True for loads of addresses, from memory or module variables."""
    if op.name == "global.get":
        return op.result.type is t.I32
    return op.name == "mem.load_i32" and op.attrs["alias"].rpartition(".")[2] not in _NUMBERS


def _keepers(live: dict[Value, None], references: set[Value]) -> list[Value]:
    """What must be held for the objects of all live values to be kept."""
    found: dict[Value, None] = {}
    for value in live:
        if value in references and not _is_kept(value, live, references):
            bases = _bases(value, references)
            found.update((v, None) for v in bases if v not in live and not _is_kept(v, live, references))
            if value in bases:
                found[value] = None
    return list(found)


def _bases(value: Value, references: set[Value]) -> dict[Value, None]:
    """The references from which `value` was computed: itself, if by other means than sums.

    A sum need not lie in the object: `fold-offsets` moves a part of it to the access.
    """
    found: dict[Value, None] = {}
    seen = {value}
    pending = [value]
    while pending:
        base = pending.pop()
        is_sum = base.op is not None and base.op.name in ("i32.add", "i32.sub")
        sources = [v for v in base.op.operands if v in references] if is_sum and base.op is not None else []
        if not sources:
            found[base] = None
        pending += [v for v in sources if v not in seen]
        seen.update(sources)
    return found


def _is_kept(value: Value, live: dict[Value, None], references: set[Value]) -> bool:
    """True if another of the live values keeps the object into which `value` points."""
    op = value.op
    if op is None:
        return False
    sources = [v for v in op.operands if v in references]
    if len(sources) != 1 or sources[0] not in live:  # of two, nobody knows which one is the address
        return False
    return op.name in ("i32.add", "i32.sub") or (op.name == "mem.load_i32" and bool(op.attrs.get("invariant")))


def _split_exports(module: Module, collecting: dict[Function, None]) -> None:
    """Exported functions begin with an empty shadow stack; those that are also called inside get a body of their own."""
    called = {
        op.attrs["callee"] for function in module.functions.values() for op in function.ops() if "callee" in op.attrs
    }
    for function in collecting:
        if function.exported is None:
            continue
        if function.name not in called:
            _start_at_top(function)
            continue
        name = f"{function.name}-inside"
        for caller in module.functions.values():
            for op in caller.ops():
                if op.attrs.get("callee") == function.name:
                    op.attrs["callee"] = name
        outside = Function(function.name, list(function.param_types), function.results, function.loc)
        outside.source_name, outside.exported = function.source_name, function.exported
        function.name, function.exported = name, None
        module.functions = {f.name: f for f in module.functions.values()}
        module.add(outside)
        body = Builder(outside.add_block("entry"), None, function.loc)
        params = [
            body.block.add_param(type_, value.name)
            for type_, value in zip(outside.param_types, function.params, strict=True)
        ]
        body.emit("ret", body.call(name, params, function.results).results, ())
        _start_at_top(outside)


def _start_at_top(function: Function) -> None:
    """The function has no parameter for the shadow stack any more: it is the first to use it."""
    pointer = function.entry.params.pop()
    function.param_types.pop()
    at = Builder(function.entry, 0)
    top = at.op("i32.add", at.op("mem.data_addr", data=SHADOW), at.const(t.I32, SHADOW_BYTES))
    function.replace_uses({pointer: top})


def _mark_globals(module: Module) -> None:
    """Write the function that marks what module variables refer to."""
    function = module.functions.get(_MARK_GLOBALS)
    if function is None:
        return
    at = Builder(function.entry, 0)
    for variable in module.globals.values():
        if variable.type is t.I32 and variable.mutable:
            value = at.emit("global.get", (), (t.I32,), None, name=variable.name).results[0]
            at.call(_MARK_ROOT, [value], ())


SPEC = PassSpec(
    "gc-roots",
    "mem",
    run,
    "Store the references that live across calls that may collect garbage on the shadow stack.",
    scope="module",
    final=True,
)
