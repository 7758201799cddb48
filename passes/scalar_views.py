"""Parts of texts that are only read are a text, a start and a size instead of objects, also as arguments of calls.

    %v = data.string_view %s, %i, %n, %m                              %j = i64.add %i, %k
    %b = data.string_byte %v, %k                            =>        %b = data.string_byte %s, %j
    %h = call @hash %v                                                %h = call @hash %s, %i, %n

    %v = data.string_view %s, %i, %n, %m; cond_br %new, ^keep, ^done            cond_br %new, ^keep, ^done
    ^keep: call @keep %v                                                  =>    ^keep: %v = data.string_view ..; call @keep %v

What is followed are the results of `data.string_view` and the *slots* that may hold them: parameters of functions all of
whose calls are known, and of blocks. A slot is split into as many of the parts (place, bytes, characters) as anybody asks
for if nobody needs the text itself. If somebody does, but not on every way, the object is made on that way only: for a view
always, for a slot if nothing but views and slots come there, since another text would be doubled. Texts have no identity
in the language, so that a part may be made in another place, or twice, is not noticed; `data.same` of texts is the
library's short cut, and a part is never the same object as another text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from ..ir import types as t
from ..ir.core import Block, Function, Module, Op, Value
from ..ir.ops import row_named
from ..pipeline.spec import Order, PassContext, PassSpec
from .analysis.cfg import cfg
from .analysis.dominators import DominatorTree, dominators, postdominators
from .analysis.fixed import has_fixed_signature
from .analysis.loops import Loops, loops
from .analysis.uses import Use
from .const_fold import constant_of, make_const
from .edit import Edges, edges_of

PLACE, BYTES, CHARACTERS = "place", "bytes", "characters"
_ALL = frozenset({PLACE, BYTES, CHARACTERS})
_VIEW = "data.string_view"

#: What an op needs of the text that is this operand of it; other ops need the text itself.
_NEEDS: dict[tuple[str, int], frozenset[str]] = {
    ("data.string_len", 0): frozenset({CHARACTERS}),
    ("data.string_bytes", 0): frozenset({BYTES}),
    ("data.string_byte", 0): frozenset({PLACE}),
    ("data.string_words", 0): frozenset({PLACE}),
    ("data.string_equal_bytes", 0): frozenset({PLACE}),
    ("data.string_upto_bytes", 0): frozenset({PLACE}),
    ("data.string_copy", 2): frozenset({PLACE}),
    ("data.write_part", 0): frozenset({PLACE}),
    ("data.write", 0): frozenset({PLACE, BYTES}),
    ("data.same", 0): frozenset(),
    ("data.same", 1): frozenset(),
    (_VIEW, 0): frozenset({PLACE}),
}


def run(module: Module, ctx: PassContext) -> bool:
    """Split the views of `module` that need not exist, and sink those that need not exist on every way."""
    if not any(op.row.name == _VIEW for function in module.functions.values() for op in function.ops()):
        return False
    plan = _Flow(module, ctx).plan()
    if not plan.views:
        return False
    for view in plan.views:
        assert view.op is not None
        where = "it is made only where it is kept" if view in plan.sinks else "it is only read"
        ctx.remark("scalar-replaced", view.op.loc, f"a part of a text: {where}", view.block.function)
    _Rewrite(module, plan).run()
    return True


@dataclass(slots=True)
class _Plan:
    """The views and slots that are split, the parts each slot needs, and where one of them must become an object."""

    views: list[Value] = field(default_factory=list)
    slots: dict[Value, frozenset[str]] = field(default_factory=dict)
    sinks: dict[Value, Block] = field(default_factory=dict)
    flow: _Flow | None = None


class _Flow:
    """Where views and slots go: what becomes of each of them."""

    def __init__(self, module: Module, ctx: PassContext) -> None:
        self._ctx = ctx
        #: The calls of every function whose signature may change.
        self.calls = _open_functions(module)
        self.edges: dict[Function, Edges] = {}
        self._views: list[Value] = []
        self._slots: dict[Value, None] = {}
        self.uses: dict[Value, list[Use]] = {}
        self._functions = [f for f in module.functions.values() if f.blocks and not f.attrs.get("finished")]
        for function in self._functions:
            self._look_at(function)

    def _look_at(self, function: Function) -> None:
        texts: dict[Value, list[Use]] = {}
        for block in self._ctx.analyses.get(cfg, function).order:  # outer texts before the parts of them
            is_slot = block is not function.entry or function in self.calls
            for param in block.params if is_slot else ():
                if param.type == t.STRING:
                    self._slots[param] = None
                    texts[param] = []
            for op in block.ops:
                if op.row.name == _VIEW:
                    self._views.append(op.result)
                    texts[op.result] = []
        if not texts:
            return
        for block in function.blocks:
            for op in block.ops:
                for use in _uses_by(op):
                    if use.value in texts:
                        texts[use.value].append(use)
        self.uses.update(texts)
        self.edges[function] = edges_of(function)

    def plan(self) -> _Plan:
        plan = _Plan(flow=self)
        candidates = self._candidates(plan)
        seeds = [view for view in self._views if self._may_vanish(view, candidates, plan)]
        reached: dict[Value, None] = {}
        pending = list(seeds)
        while pending:
            for use in self.uses[pending.pop()]:
                slot = self.slot_of(use)
                if slot is not None and slot in candidates and slot not in reached:
                    reached[slot] = None
                    pending.append(slot)
        plan.views = seeds
        self._find_parts(plan, reached)
        plan.sinks = {value: block for value, block in plan.sinks.items() if value in plan.slots or value in set(seeds)}
        return plan

    def slot_of(self, use: Use) -> Value | None:
        """The parameter that gets the value by this use."""
        if use.target is not None:
            return use.target.block.params[use.slot]
        if use.op.row.name != "call":
            return None
        callee = use.op.block.function.module.functions.get(use.op.attrs["callee"])
        return callee.params[use.slot] if callee is not None and callee in self.calls else None

    def _candidates(self, plan: _Plan) -> dict[Value, None]:
        """The slots that can be split: the largest set whose members pass values on to members only."""
        candidates = dict(self._slots)
        makers = set(self._views)
        givers: dict[Value, list[Value]] = {slot: [] for slot in candidates}  # who passes its value on to a slot
        for value in candidates:
            for use in self.uses[value]:
                slot = self.slot_of(use)
                if slot in givers:
                    givers[slot].append(value)
        pending = list(candidates)
        while pending:
            slot = pending.pop()
            if slot not in candidates or self._can_be_split(slot, candidates, makers, plan):
                continue
            del candidates[slot]
            pending += givers[slot]
            pending += (s for use in self.uses[slot] if (s := self.slot_of(use)) is not None and s in plan.sinks)
        return candidates

    def _can_be_split(self, slot: Value, candidates: dict[Value, None], makers: set[Value], plan: _Plan) -> bool:
        escapes = self._escapes(slot, candidates)
        if not escapes:
            plan.sinks.pop(slot, None)
            return True
        if not all(value in candidates or value in makers for value in self._incoming(slot)):
            return False
        return self._sink(slot, escapes, plan)

    def _may_vanish(self, view: Value, candidates: dict[Value, None], plan: _Plan) -> bool:
        escapes = self._escapes(view, candidates)
        if not escapes or self._sink(view, escapes, plan):
            return True
        assert view.op is not None
        self._ctx.remark("not-scalar-replaced", view.op.loc, "a part of a text: it is kept", view.block.function)
        return False

    def _escapes(self, value: Value, candidates: dict[Value, None]) -> list[Use]:
        """The uses that need the text itself."""
        return [use for use in self.uses[value] if not _is_read(use) and self.slot_of(use) not in candidates]

    def _incoming(self, slot: Value) -> Iterator[Value]:
        block = slot.block
        index = block.params.index(slot)
        if block is block.function.entry:
            yield from (call.operands[index] for call in self.calls[block.function])
        else:
            yield from (target.args[index] for _, target in self.edges[block.function][block])

    def _sink(self, value: Value, escapes: list[Use], plan: _Plan) -> bool:
        """Note the block in which the object can be made, if it is not always needed and that block is not in a loop."""
        home = value.block
        tree: DominatorTree = self._ctx.analyses.get(dominators, home.function)
        place: Block | None = None
        for use in escapes:
            place = use.op.block if place is None else tree.common(place, use.op.block)
            if place is None:
                return False
        assert place is not None
        nest: Loops = self._ctx.analyses.get(loops, home.function)
        around = nest.of(place)
        if place is home or nest.irreducible or not (around is None or home in around):
            return False
        if not tree.dominates(home, place):
            return False
        if self._ctx.analyses.get(postdominators, home.function).dominates(place, home):
            return False
        plan.sinks[value] = place
        return True

    def _find_parts(self, plan: _Plan, slots: Iterable[Value]) -> None:
        """Which parts of each slot are needed by the ops that read it and by the slots it is passed on to."""
        needs = {slot: self._needs(slot) | (_ALL if slot in plan.sinks else frozenset()) for slot in slots}
        changed = True
        while changed:
            changed = False
            for slot, own in needs.items():
                passed = (needs.get(s) for use in self.uses[slot] if (s := self.slot_of(use)) is not None)
                total = own.union(*(parts for parts in passed if parts is not None))
                if total != own:
                    needs[slot], changed = total, True
        plan.slots = needs

    def _needs(self, value: Value) -> frozenset[str]:
        found: frozenset[str] = frozenset()
        for use in self.uses[value]:
            if use.target is None:
                found |= _NEEDS.get((use.op.row.name, use.slot), frozenset())
        return found


def _open_functions(module: Module) -> dict[Function, list[Op]]:
    """The functions that are only called, and not by the host, with their calls."""
    calls: dict[Function, list[Op]] = {
        f: [] for f in module.functions.values() if f.blocks and not has_fixed_signature(f)
    }
    for function in module.functions.values():
        for op in function.ops():
            callee = module.functions.get(op.attrs.get("callee", ""))
            if callee in calls:
                if op.row.name == "call":
                    calls[callee].append(op)
                else:
                    del calls[callee]
    return {function: sites for function, sites in calls.items() if sites}


def _uses_by(op: Op) -> Iterator[Use]:
    yield from (Use(op, slot) for slot in range(len(op.operands)))
    for target in op.targets:
        yield from (Use(op, slot, target) for slot in range(len(target.args)))


def _is_read(use: Use) -> bool:
    """True if the op needs no more than the parts of the text."""
    return use.target is None and (use.op.row.name, use.slot) in _NEEDS


@dataclass(frozen=True, slots=True)
class _Parts:
    """Where a text lies in another one; None for what nobody needs."""

    base: Value | None
    start: Value | None
    bytes: Value | None
    characters: Value | None

    def those(self, needed: frozenset[str]) -> list[Value]:
        """The values that are passed on for a slot."""
        found = [self.base, self.start] if PLACE in needed else []
        found += [self.bytes] if BYTES in needed else []
        found += [self.characters] if CHARACTERS in needed else []
        values = [value for value in found if value is not None]
        assert len(values) == len(found), "a part that is needed is known"
        return values


class _Rewrite:
    """Puts the parts in the place of the texts."""

    def __init__(self, module: Module, plan: _Plan) -> None:
        assert plan.flow is not None
        self._module = module
        self._plan = plan
        self._flow = plan.flow
        self._views = set(plan.views)
        self._parts: dict[Value, _Parts] = {}
        self._replaced: dict[Function, dict[Value, Value]] = {}
        self._gone: set[Op] = set()
        self._before: dict[Op, list[Op]] = {}

    def run(self) -> None:
        functions = {value.block.function: None for value in (*self._views, *self._plan.slots)}
        for slot, needed in self._plan.slots.items():
            self._parts[slot] = _split_param(slot, needed)
        for view in self._plan.views:
            self._parts_of(view)
        for value in (*self._plan.views, *self._plan.slots):
            self._rewrite_reads(value)
        self._pass_parts()
        for view in self._views:
            if view.op is not None:
                self._gone.add(view.op)
        for function in functions | {op.block.function: None for op in self._before}:
            self._finish(function)

    def _parts_of(self, value: Value) -> _Parts:
        """The parts of a text, which are made before the op that makes a view."""
        known = self._parts.get(value)
        if known is not None:
            return known
        view = value.op
        assert view is not None
        text, start, size, characters = view.operands
        if text in self._views or text in self._plan.slots:
            outer = self._parts_of(text)
            assert outer.base is not None and outer.start is not None
            text, start = outer.base, self._sum(view, outer.start, start)
        self._parts[value] = found = _Parts(text, start, size, characters)
        return found

    def _insert(self, before: Op, name: str, operands: list[Value], type_: t.Type) -> Value:
        op = Op(row_named(name), operands, (type_,), None, before.loc)
        op.block = before.block
        self._before.setdefault(before, []).append(op)
        return op.result

    def _sum(self, before: Op, a: Value, b: Value) -> Value:
        if constant_of(a) == 0:
            return b
        return a if constant_of(b) == 0 else self._insert(before, "i64.add", [a, b], t.I64)

    def _zero(self, before: Op) -> Value:
        zero = make_const(t.I64, 0, before.loc)
        zero.block = before.block
        self._before.setdefault(before, []).append(zero)
        return zero.result

    def _rewrite_reads(self, value: Value) -> None:
        parts, made = self._parts[value], list[Use]()
        for use in self._flow.uses[value]:
            if _is_read(use):
                if use.op.results and use.op.results[0] in self._views:
                    continue  # its parts are what they are of the outermost text
                _READS[use.op.row.name](self, use.op, use.slot, parts)
            elif self._flow.slot_of(use) not in self._plan.slots:
                made.append(use)
        if made:
            text = self._make(value, parts, made)
            for use in made:
                use.put(text)

    def _make(self, value: Value, parts: _Parts, escapes: list[Use]) -> Value:
        """The object, in the block where it is needed, before the first op there that needs it."""
        block = self._plan.sinks[value]
        users = {use.op for use in escapes}
        first = next((op for op in block.ops if op in users), block.terminator)
        view = Op(row_named(_VIEW), parts.those(_ALL), (t.STRING,), None, value.op.loc if value.op else first.loc)
        view.block = block
        view.result.name = value.name
        self._before.setdefault(first, []).append(view)
        return view.result

    def replace(self, op: Op, value: Value | None) -> None:
        """Let the uses of the op's result see `value`."""
        assert value is not None
        self._replaced.setdefault(op.block.function, {})[op.result] = value
        self._gone.add(op)

    def move(self, op: Op, text: int, index: int, parts: _Parts) -> None:
        """Let operand `text` be the outer text, and the index `index` count from its beginning."""
        assert parts.base is not None and parts.start is not None
        op.operands[text] = parts.base
        op.operands[index] = self._sum(op, parts.start, op.operands[index])

    def write(self, op: Op, parts: _Parts) -> None:
        written = Op(row_named("data.write_part"), parts.those(frozenset({PLACE, BYTES})), (), None, op.loc)
        written.block = op.block
        self._before.setdefault(op, []).append(written)
        self._gone.add(op)

    def same(self, op: Op) -> None:
        a, b = op.operands
        known = make_const(t.BOOL, a is b, op.loc)
        known.block = op.block
        self._before.setdefault(op, []).append(known)
        self.replace(op, known.result)

    def _pass_parts(self) -> None:
        """Pass the parts for the slots, in their place among the other arguments; any text has parts."""
        blocks: dict[Block, None] = {slot.block: None for slot in self._plan.slots}
        for block in blocks:
            function, params = block.function, block.params
            needs = [self._plan.slots.get(param) for param in params]
            if block is function.entry:
                for call in self._flow.calls[function]:
                    call.operands = self._passed(call, call.operands, needs)
            else:
                for source, target in self._flow.edges[function][block]:
                    target.args = self._passed(source.terminator, target.args, needs)
        for block in blocks:
            block.params = [part for param in block.params for part in self._params_for(param)]
            if block is block.function.entry:
                block.function.param_types = [param.type for param in block.params]

    def _params_for(self, param: Value) -> list[Value]:
        needed = self._plan.slots.get(param)
        return [param] if needed is None else self._parts[param].those(needed)

    def _passed(self, op: Op, values: list[Value], needs: list[frozenset[str] | None]) -> list[Value]:
        passed: list[Value] = []
        for value, needed in zip(values, needs, strict=True):
            if needed is None:
                passed.append(value)
            else:
                passed += (self._parts.get(value) or self._whole(op, value, needed)).those(needed)
        return passed

    def _whole(self, before: Op, text: Value, needed: frozenset[str]) -> _Parts:
        """The parts of a text that is none of those that are split."""
        made = text.op
        if made is not None and made.row.name == _VIEW:
            base, start, size, characters = made.operands
            return _Parts(base, start, size, characters)
        return _Parts(
            text,
            self._zero(before) if PLACE in needed else None,
            self._insert(before, "data.string_bytes", [text], t.I64) if BYTES in needed else None,
            self._insert(before, "data.string_len", [text], t.I64) if CHARACTERS in needed else None,
        )

    def _finish(self, function: Function) -> None:
        for block in function.blocks:
            ops: list[Op] = []
            for op in block.ops:
                ops += self._before.get(op, ())
                if op not in self._gone:
                    ops.append(op)
            block.ops = ops
        function.replace_uses(self._replaced.get(function, {}))


def _split_param(slot: Value, needed: frozenset[str]) -> _Parts:
    def part(name: str, type_: t.Type, kind: str) -> Value | None:
        shown = f"{slot.name}.{name}" if slot.name else None
        return Value(type_, slot.owner, shown) if kind in needed else None

    base = Value(t.STRING, slot.owner, slot.name) if PLACE in needed else None
    return _Parts(base, part("at", t.I64, PLACE), part("bytes", t.I64, BYTES), part("len", t.I64, CHARACTERS))


_Read = Callable[[_Rewrite, Op, int, _Parts], None]

#: How an op that reads a text reads its parts: operand `slot` of it is the text.
_READS: dict[str, _Read] = {
    "data.string_len": lambda rewrite, op, slot, parts: rewrite.replace(op, parts.characters),
    "data.string_bytes": lambda rewrite, op, slot, parts: rewrite.replace(op, parts.bytes),
    "data.string_byte": lambda rewrite, op, slot, parts: rewrite.move(op, slot, 1, parts),
    "data.string_words": lambda rewrite, op, slot, parts: rewrite.move(op, slot, 1, parts),
    "data.string_equal_bytes": lambda rewrite, op, slot, parts: rewrite.move(op, slot, 1, parts),
    "data.string_upto_bytes": lambda rewrite, op, slot, parts: rewrite.move(op, slot, 1, parts),
    "data.string_copy": lambda rewrite, op, slot, parts: rewrite.move(op, slot, 3, parts),
    "data.write_part": lambda rewrite, op, slot, parts: rewrite.move(op, slot, 1, parts),
    "data.write": lambda rewrite, op, slot, parts: rewrite.write(op, parts),
    "data.same": lambda rewrite, op, slot, parts: rewrite.same(op),
    _VIEW: lambda rewrite, op, slot, parts: rewrite.move(op, slot, 1, parts),
}


SPEC = PassSpec(
    "scalar-views",
    "typed",
    run,
    "Keep parts of texts that are only read as a text, a start and a size, also in calls; make them only where they are kept.",
    scope="module",
    after=(Order("inline-objects", "functions that only make a part of a text give it back as an object"),),
)
