"""Take several turns of a loop at once by taking those of the loop within it side by side.

    ^row(%j): ...                                    ^rows(%j): ...
    ^sum(%k, %s): %t = %s + a[k] * b[k][j]           ^sums(%k, %s0, .., %s7): a[k] and b[k] once for %s0 + .. to %s7 + ..
    ^end: c[i][j] = %t; next %j                =>    ^ends: c[i][j] = ..; c[i][j + 1] = ..; ..; next %j + 8

Each sum is still added up in its order, but eight of them do not wait for each other, and what they share (loads, checks,
the counter) is done once (unroll-and-jam: Callahan, Carr, Kennedy, "Improving Register Allocation for Subscripted
Variables", 1990). So a product of matrices goes through the rows of its right side instead of down its columns.

Until the first store nothing can be noticed. So wherever a check fails, a branch is not the usual one, or an array that is
stored to turns out to be one that the inner loop reads, the wide turn is given up, and the original loop does the same turns
one after the other, with their panics at the right moment.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ..ir import types as t
from ..ir.build import Builder
from ..ir.core import Block, Function, Loc, Op, Target, Value
from ..ir.ops import Effects
from ..pipeline.spec import Order, PassContext, PassSpec, option
from .analysis.dominators import DominatorTree, dominators
from .analysis.effects import Summaries, clobbers, effects, op_effects, reads_of, writes_of
from .analysis.loops import Loop, loops
from .edit import branch
from .inline import weight_of_block
from .unroll import Counting, counting_of, is_far

_FORBIDDEN = Effects.CALLS | Effects.TRAPS | Effects.IO | Effects.ALLOCS


@dataclass(frozen=True, slots=True)
class Options:
    """See the fields."""

    # With seven sums, as many elements and a factor, all but one of the sixteen registers are taken.
    turns: int = option(
        7, "How many turns of the outer loop are taken at once; half as many if each has two sums or integers."
    )
    weight: int = option(60, "Heavier inner loops stay as they are.")
    budget: int = option(600, "Weight that all wide loops together may add to one function.")


@dataclass(slots=True)
class _Nest:
    """An outer loop whose only variable counts, with one inner loop; the usual way through both is a straight line."""

    outer: Loop
    inner: Loop
    counting: Counting
    before: list[Block]
    body: list[Block]
    after: list[Block]
    #: What differs from turn to turn of the outer loop.
    variant: set[Value] = field(default_factory=set)
    stores: list[Op] = field(default_factory=list)

    @property
    def counter(self) -> Value:
        return self.outer.header.params[0]

    def straight_ops(self) -> Iterator[Op]:
        return (op for block in (*self.before, *self.body, *self.after) for op in block.ops)

    @property
    def sums(self) -> list[Value]:
        """The inner loop's variables that each turn of the outer loop has for itself."""
        return [param for param in self.inner.header.params if param in self.variant]


class _NotJammed(Exception):
    """The nest does not allow it, for a reason that the user can be told."""


def run(fn: Function, ctx: PassContext) -> bool:
    """Put a wide loop before the loops of `fn` that allow it; True if there was one."""
    options = ctx.options or Options()
    nest = ctx.analyses.get(loops, fn)
    candidates = [loop for loop in nest if len(loop.children) == 1 and not loop.children[0].children]
    grown, changed = 0, False
    for outer in candidates:
        summaries = ctx.analyses.get(effects, fn.module)
        found = _recognize(outer, dominators(fn), summaries)
        if found is None:
            continue
        weight = sum(map(weight_of_block, found.body))
        # Registers of floats are there for nothing else.
        is_wide = [param.type for param in found.sums] == [t.F64]
        turns = options.turns if is_wide else options.turns // 2
        loc = outer.header.ops[0].loc
        if weight > options.weight or grown + turns * weight > options.budget:
            ctx.remark("not-unrolled", loc, "the loop within it is too large to take several turns side by side")
            continue
        try:
            _Wide(fn, found, turns, summaries).build()
        except _NotJammed as reason:
            ctx.remark("not-unrolled", loc, str(reason))
            continue
        ctx.remark("unrolled", loc, f"{turns} turns side by side")
        grown += turns * weight
        changed = True
    return changed


# --- recognizing ------------------------------------------------------------------------------------------------------


def _recognize(outer: Loop, tree: DominatorTree, summaries: Summaries) -> _Nest | None:
    """The nest, if the outer loop counts and the way through it is straight; None if it is not worth a remark."""
    (inner,) = outer.children
    if len(outer.latches) != 1 or len(inner.latches) != 1 or len(outer.header.params) != 1 or outer.header.cold:
        return None
    counting = counting_of(outer)
    before = _way(outer.header, inner.header, outer, tree)
    body = _way(inner.header, inner.latches[0], inner, None)
    if counting is None or before is None or body is None:
        return None
    leaving = [t.block for t in inner.latches[0].terminator.targets if t.block not in inner]
    after = _way(leaving[0], outer.latches[0], outer, None) if len(leaving) == 1 and leaving[0] in outer else None
    if after is None or leaving[0].cold:
        return None
    nest = _Nest(outer, inner, counting, before[:-1], body, after)
    if not _is_harmless(nest, summaries) or not _counts_only(nest):
        return None
    nest.variant = _variant(nest)
    return nest if _is_worthwhile(nest) else None


def _way(start: Block, end: Block, loop: Loop, tree: DominatorTree | None) -> list[Block] | None:
    """The blocks from `start` to `end`, with one usual way on from each; a `tree` prefers what all ways to `end` pass."""
    way = [start]
    while way[-1] is not end:
        ways = [x.block for x in way[-1].terminator.targets if x.block in loop and not x.block.cold]
        if tree is not None and len(ways) > 1:
            ways = [block for block in ways if tree.dominates(block, end)]
        if len(ways) != 1 or ways[0] in way or way[-1].terminator.name not in ("br", "cond_br"):
            return None
        way.append(ways[0])
    return way


def _is_harmless(nest: _Nest, summaries: Summaries) -> bool:
    """Whether nothing can be noticed before the stores at the end of a turn, behind which no way branches off."""
    for block in (*nest.before, *nest.body):
        if any(_effects(op, summaries) & (_FORBIDDEN | Effects.WRITES) for op in block.ops):
            return False
    for block in nest.after:
        for op in block.ops:
            if _effects(op, summaries) & _FORBIDDEN:
                return False
            if Effects.WRITES in op.row.effects:
                nest.stores.append(op)
        if nest.stores and len(block.terminator.targets) > 1 and block is not nest.after[-1]:
            return False
    return bool(nest.stores)


def _effects(op: Op, summaries: Summaries) -> Effects:
    """What an op may do; a call, of whatever function, is one: sums would have to be kept in memory around it."""
    return op_effects(op, summaries) | op.row.effects & Effects.CALLS


def _counts_only(nest: _Nest) -> bool:
    """Whether the counter's next value serves nothing but counting.

    What a turn tests of it could be why the next turn has no check, and the wide loop does not take them in that order.
    """
    latch = nest.outer.latches[0].terminator
    test = latch.operands[0].op
    assert test is not None
    stepped = latch.targets[0].args[0]
    return all(
        op is test or op is latch or stepped not in op.used_values() for block in nest.outer.blocks for op in block.ops
    )


def _variant(nest: _Nest) -> set[Value]:
    """The values of the straight line that differ from turn to turn of the outer loop."""
    found = {nest.counter}
    size = 0
    while size < len(found):
        size = len(found)
        for block in (*nest.before, *nest.body, *nest.after):
            for op in block.ops:
                if any(v in found for v in op.operands):
                    found.update(op.results)
                for target in op.targets:
                    if target.block is not nest.outer.header:
                        found.update(p for p, a in zip(target.block.params, target.args, strict=True) if a in found)
    return found


def _is_worthwhile(nest: _Nest) -> bool:
    """Whether the turns have sums that wait for themselves, and loads in the inner loop that they can share."""
    ends = nest.inner.latches[0].terminator.operands
    loads = [op for block in nest.body for op in block.ops if Effects.READS in op.row.effects]
    shared = [op for op in loads if not any(v in nest.variant for v in op.operands)]
    return 1 <= len(nest.sums) <= 2 and bool(shared) and not any(v in nest.variant for v in ends)


# --- building ---------------------------------------------------------------------------------------------------------


class _Wide:
    """The wide loop while it is being built, all turns ("lanes") side by side; `lanes[n]` says what a value is in turn n."""

    def __init__(self, fn: Function, nest: _Nest, turns: int, summaries: Summaries) -> None:
        self._fn = fn
        self._nest = nest
        self._summaries = summaries
        self._turns = turns
        self._distance = turns * nest.counting.step
        self._written = frozenset().union(*(writes_of(op, summaries) for op in nest.stores))
        self._lanes: list[dict[Value, Value]] = [{} for _ in range(turns)]
        #: Ops that were emitted already, by what they compute.
        self._done: dict[object, Value] = {}
        self._passed: set[tuple[Value, bool]] = set()
        self._made: list[Block] = []
        self._wide = self._block("wide")
        self._start = self._wide.add_param(t.I64, nest.counter.name)
        self._give_up = self._block("one_by_one")
        self._give_up.cold = True
        self._give_up.append(branch(Target(nest.outer.header, [self._start]), self._loc))
        self._at = Builder(self._wide, None, self._loc)

    @property
    def _loc(self) -> Loc | None:
        return self._nest.outer.header.ops[0].loc

    def build(self) -> None:
        """Raises _NotJammed, with the function as it was, if the stores cannot be told from the loads."""
        nest = self._nest
        for lane, values in enumerate(self._lanes):
            values[nest.counter] = self._sum(self._start, lane * nest.counting.step)
        if any(_tests_counter(op.results[0], nest) for op in nest.straight_ops() if op.results):
            self._demand(self._emit("i64.ge_s", self._start, self._const(t.I64, 0)), True)
        self._checked(nest.before, nest.inner.header)
        bases = self._bases()
        self._compare_before(bases)
        self._inner(bases)
        for lane in range(self._turns):
            self._finish(lane)
        self._next()
        self._enter()

    def _block(self, name: str) -> Block:
        block = Block(self._fn, name)
        self._made.append(block)
        return block

    # Straight lines.

    def _checked(self, way: list[Block], end: Block | None) -> None:
        """All lanes of a straight line, up to where it leads to `end`, giving up where it is left."""
        for block, following in zip(way, [*way[1:], end], strict=True):
            for values in self._lanes:
                for op in block.ops[:-1]:
                    self._op(op, values)
            if following is not None:
                self._leave(block.terminator, following)

    def _op(self, op: Op, values: dict[Value, Value]) -> None:
        """What `op` computes with these values, once for all lanes where it is the same."""
        operands = [values.get(v, v) for v in op.operands]
        key = (op.row.name, tuple(operands), repr(sorted(op.attrs.items(), key=repr)))
        known = self._done.get(key)
        if known is None:
            twin = Op(op.row, operands, tuple(r.type for r in op.results), dict(op.attrs), op.loc)
            self._at.insert(twin)
            if not twin.results:
                return
            known = twin.results[0]
            known.name = op.results[0].name
            if not self._may_change(op):
                self._done[key] = known
        values[op.results[0]] = known

    def _may_change(self, op: Op) -> bool:
        return clobbers(self._written, reads_of(op, self._summaries))

    def _leave(self, end: Op, following: Block) -> None:
        """Go on to `following` in all lanes."""
        target = next(x for x in end.targets if x.block is following)
        if len(end.targets) > 1:
            self._demand_all(end.operands[0], end.targets[0] is target)
        self._pass(target, range(self._turns))

    def _pass(self, target: Target, lanes: Iterable[int]) -> None:
        for lane in lanes:
            values = self._lanes[lane]
            args = [values.get(v, v) for v in target.args]
            values.update(zip(target.block.params, args, strict=True))

    def _demand_all(self, condition: Value, truth: bool) -> None:
        """Give up unless the condition comes out so in all lanes.

        For an index that grows with the counter the first lane and the last tell for those between them; for the counter
        itself, which is not negative, the last does.
        """
        conditions = [values.get(condition, condition) for values in self._lanes]
        if truth and _tests_counter(condition, self._nest):
            self._demand(conditions[-1], truth)
            self._passed.update((c, truth) for c in conditions)
        elif truth and _tests_sum_with_counter(condition, self._nest):
            self._demand(conditions[0], truth)
            self._demand(conditions[-1], truth)
            self._passed.update((c, truth) for c in conditions)
        for each in conditions:
            self._demand(each, truth)

    def _demand(self, condition: Value, truth: bool) -> None:
        """Give up unless the condition comes out so."""
        if (condition, truth) in self._passed:
            return
        self._passed.add((condition, truth))
        on = self._block("on")
        targets = [Target(on), Target(self._give_up)]
        self._at.cond_br(condition, *(targets if truth else reversed(targets)))
        self._at.at_end(on)

    # Which arrays are stored to.

    def _bases(self) -> list[Value]:
        """Where the elements of the arrays lie that a turn stores to, found by going through the end of the turns ahead."""
        nest = self._nest
        known = [dict(values) for values in self._lanes]
        self._lanes, kept = known, self._lanes
        for block, following in zip(nest.after, [*nest.after[1:], None], strict=True):
            for op in block.ops[:-1]:
                if op in nest.stores or self._may_change(op):
                    continue
                for values in known:
                    if all(self._is_known(v, values) for v in op.operands) and self._is_safe(op, values):
                        self._op(op, values)
            if following is None or not all(self._is_known(v, known[0]) for v in block.terminator.operands):
                break
            self._leave_known(block.terminator, following)
        self._lanes = kept
        return list(dict.fromkeys(self._base(op, known[0]) for op in nest.stores))

    def _leave_known(self, end: Op, following: Block) -> None:
        target = next(x for x in end.targets if x.block is following)
        if len(end.targets) > 1:
            self._demand_all(end.operands[0], end.targets[0] is target)
        for values in self._lanes:
            for param, arg in zip(target.block.params, target.args, strict=True):
                if self._is_known(arg, values):
                    values[param] = values.get(arg, arg)

    def _is_known(self, value: Value, values: dict[Value, Value]) -> bool:
        return value in values or value.block not in self._nest.outer

    def _is_safe(self, op: Op, values: dict[Value, Value]) -> bool:
        """Whether a load reads within its object: a field, or an element whose index has been checked on the way here."""
        if Effects.READS not in op.row.effects or not op.attrs["alias"].startswith("elem."):
            return True
        base, index = _elements_of(op.operands[0]), _index_of(op.operands[0])
        if base is None or base.op is None or index is None:
            return False
        array = base.op.operands[0]
        array, index = values.get(array, array), values.get(index, index)
        return any(truth and _is_index_check(test, index, array) for test, truth in self._passed)

    def _base(self, store: Op, values: dict[Value, Value]) -> Value:
        base = _elements_of(store.operands[0]) if store.attrs.get("alias", "").startswith("elem.") else None
        if base is None or not self._is_known(base, values) or base in self._nest.variant:
            raise _NotJammed("what it stores to might be what the loop within it reads")
        return values.get(base, base)

    def _compare_before(self, bases: list[Value]) -> None:
        """Give up if an array that is read, and known before the inner loop, is stored to."""
        for op in self._loads(self._nest.before):
            self._compare(op, bases, self._lanes)
        for op in self._loads(self._nest.body):
            base = _elements_of(op.operands[0])
            if base is None:
                raise _NotJammed("what it reads might be what it stores to")
            if base.block not in self._nest.inner:
                self._compare(op, bases, self._lanes)

    def _loads(self, way: list[Block]) -> list[Op]:
        """The loads whose class of memory is stored to."""
        return [op for block in way for op in block.ops if self._may_change(op)]

    def _compare(self, load: Op, bases: list[Value], lanes: Iterable[dict[Value, Value]]) -> None:
        base = _elements_of(load.operands[0])
        if base is None:
            raise _NotJammed("what it reads might be what it stores to")
        for read in dict.fromkeys(values.get(base, base) for values in lanes):
            for stored in bases:
                self._demand(self._emit("i32.eq", read, stored), False)

    # The inner loop.

    def _inner(self, bases: list[Value]) -> None:
        nest, lanes = self._nest, self._lanes
        header, latch = nest.inner.header, nest.inner.latches[0].terminator
        loop = self._block("jammed")
        params: list[tuple[int, int]] = []
        for index, param in enumerate(header.params):
            for lane in range(self._turns if param in nest.variant else 1):
                params.append((index, lane))
        entries = [lanes[lane][header.params[index]] for index, lane in params]
        self._at.br(loop, *entries)
        self._at.at_end(loop)
        for index, lane in params:
            param = header.params[index]
            made = loop.add_param(param.type, param.name)
            for values in lanes if param not in nest.variant else (lanes[lane],):
                values[param] = made
        own = {op for op in self._loads(nest.body) if _is_within(op, nest.inner)}
        for block, following in zip(nest.body, [*nest.body[1:], None], strict=True):
            for values in lanes:  # a product is added before the next is computed: they need not all be kept
                for op in block.ops[:-1]:
                    if op in own:
                        self._compare(op, bases, (values,))
                    self._op(op, values)
            if following is not None:
                self._leave(block.terminator, following)
        again = next(x for x in latch.targets if x.block is header)
        out = next(x for x in latch.targets if x.block is not header)
        done = self._block("done")
        targets = [Target(loop, [lanes[lane].get(again.args[i], again.args[i]) for i, lane in params]), Target(done)]
        condition = lanes[0].get(latch.operands[0], latch.operands[0])
        self._at.cond_br(condition, *(targets if latch.targets[0] is again else reversed(targets)))
        self._at.at_end(done)
        self._pass(out, range(self._turns))

    # The ends of the turns.

    def _finish(self, lane: int) -> None:
        """The end of one turn, with its stores. Where it is left before them, that turn is taken anew on its own."""
        nest, values = self._nest, self._lanes[lane]
        for block, following in zip(nest.after, [*nest.after[1:], None], strict=True):
            for op in block.ops[:-1]:
                self._op(op, values)
            if following is None:
                break
            end = block.terminator
            target = next(x for x in end.targets if x.block is following)
            condition = values.get(end.operands[0], end.operands[0]) if end.operands else None
            truth = end.targets[0] is target
            if condition is not None and (condition, truth) not in self._passed:
                self._passed.add((condition, truth))
                on = self._block("on")
                targets = [Target(on), Target(nest.outer.header, [values[nest.counter]])]
                self._at.cond_br(condition, *(targets if truth else reversed(targets)))
                self._at.at_end(on)
            self._pass(target, (lane,))

    def _next(self) -> None:
        header = self._nest.outer.header
        at = self._sum(self._start, self._distance)
        more = is_far(self._at, self._nest.counting, at, self._distance)
        self._at.cond_br(more, Target(self._wide, [at]), Target(header, [at]))

    def _enter(self) -> None:
        """Lead the edges from outside through a test into the wide loop, or past it."""
        nest, header = self._nest, self._nest.outer.header
        enter = Block(self._fn, "enter")
        at = enter.add_param(t.I64, nest.counter.name)
        for block in self._fn.blocks:
            if block not in nest.outer:
                for target in block.terminator.targets:
                    if target.block is header:
                        target.block = enter
        builder = Builder(enter, None, self._loc)
        is_below = builder.op(nest.counting.test, at, nest.counting.bound)
        enough = builder.op("bool.and", is_below, is_far(builder, nest.counting, at, self._distance))
        builder.cond_br(enough, Target(self._wide, [at]), Target(header, [at]))
        place = self._fn.blocks.index(header)
        self._fn.blocks[place:place] = [enter, *self._made]

    # Single ops.

    def _emit(self, name: str, *operands: Value) -> Value:
        key = (name, operands)
        if key not in self._done:
            self._done[key] = self._at.op(name, *operands)
        return self._done[key]

    def _const(self, type_: t.Type, value: int) -> Value:
        key = (type_, value)
        if key not in self._done:
            self._done[key] = self._at.const(type_, value)
        return self._done[key]

    def _sum(self, value: Value, step: int) -> Value:
        return self._emit("i64.add", value, self._const(t.I64, step)) if step else value


def _elements_of(address: Value) -> Value | None:
    """The load of an array's `elements` from which an address is computed; two arrays never share elements."""
    pending = [address]
    found: list[Value] = []
    while pending:
        op = pending.pop().op
        if op is None:
            continue
        if op.name == "i32.add":
            pending += op.operands
        elif op.attrs.get("alias") == "array.elements":
            found.append(op.results[0])
    return found[0] if len(found) == 1 else None


def _index_of(address: Value) -> Value | None:
    """The i64 index in `elements + (index << shift)`."""
    op = address.op
    if op is None or op.name != "i32.add":
        return None
    for value in op.operands:
        scaled = value.op
        if scaled is not None and scaled.name == "i32.shl":
            scaled = scaled.operands[0].op
        if scaled is not None and scaled.name == "i32.wrap_i64":
            return scaled.operands[0]
    return None


def _is_index_check(test: Value, index: Value, array: Value) -> bool:
    """True for `index` <u length of `array`."""
    op = test.op
    if op is None or op.name != "i64.lt_u" or op.operands[0] is not index:
        return False
    wide = op.operands[1].op
    length = wide.operands[0].op if wide is not None and wide.name == "i64.extend_i32_u" else None
    return length is not None and length.attrs.get("alias") == "array.length" and length.operands[0] is array


def _tests_counter(condition: Value, nest: _Nest) -> bool:
    """True for counter <u something that is the same in all turns."""
    op = condition.op
    return (
        op is not None
        and op.name == "i64.lt_u"
        and op.operands[0] is nest.counter
        and op.operands[1] not in nest.variant
    )


def _tests_sum_with_counter(condition: Value, nest: _Nest) -> bool:
    """True for (counter + what all turns share) <u a length: a number of 32 bits, so that nothing wraps around there."""
    op = condition.op
    if op is None or op.name != "i64.lt_u" or op.operands[1] in nest.variant:
        return False
    length = op.operands[1].op
    if length is None or length.name != "i64.extend_i32_u":
        return False
    index = op.operands[0]
    while index is not nest.counter:
        added = index.op
        if added is None or added.name not in ("i64.add", "i64.sub"):
            return False
        left, right = added.operands
        if right not in nest.variant:
            index = left
        elif left not in nest.variant and added.name == "i64.add":
            index = right
        else:
            return False
    return True


def _is_within(load: Op, loop: Loop) -> bool:
    base = _elements_of(load.operands[0])
    return base is not None and base.block in loop


SPEC = PassSpec(
    "unroll-jam",
    "mem",
    run,
    "Take several turns of a loop at once by taking those of the loop within it side by side.",
    options=Options,
    after=(
        Order("loop-rotate", "the loops must test at their ends"),
        Order("hoist-guards", "a check that all turns share is not in them any more"),
    ),
    before=(Order("unroll", "a loop that was unrolled is no straight line any more"),),
)
