"""One loop instead of two where one function makes an array and the next only goes through it: no array is made.

    %ys = call @map %xs, %f          loop over %xs: push(out, f(x))
    %r = call @fold %ys, %g, %a      loop over %ys: a = g(a, y)        =>        loop over %xs: a = g(a, f(x))

`map`, `filter` and the like are ordinary functions of the library; what counts is their form. The maker has one loop and in it
one place that pushes to an array of its own, which it returns. The taker has one loop that counts up to the array's length
and does nothing with the array but take the element. The taker's loop body moves to where the maker pushes, and its
variables become variables of the maker's loop. The result may be a maker again.

Work of the two is interleaved by that: so neither may write anything but the arrays they make, and only one may panic.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..ir.clone import Copy, clone_blocks, clone_op
from ..ir.core import Block, Function, Module, Op, Target, Value
from ..ir.ops import Effects
from ..pipeline.spec import Order, PassContext, PassSpec
from .analysis.effects import Summaries, effects, op_effects, summary_of
from .analysis.loops import loops
from .analysis.uses import Uses, uses
from .const_fold import constant_of
from .edit import branch, remove_unreachable, replace_terminator
from .splice import splice_call
from .ssa_repair import repair

_PUSH = "push"
_FORBIDDEN = Effects.WRITES | Effects.IO
#: A function that only calls another one has no more ops.
_MAX_FORWARDING_OPS = 5


@dataclass(slots=True)
class _Maker:
    """A function whose loop pushes to `made`; `before` enters the loop, `after` returns the array."""

    function: Function
    header: Block
    before: Block
    after: Block
    made: Op
    push: Op
    may_stop: bool


@dataclass(slots=True)
class _Taker:
    """A function whose loop takes the elements of parameter `index`, counted by parameter `counter` of its header."""

    function: Function
    index: int
    counter: int
    header: Block
    body: Block
    after: Block
    blocks: list[Block]
    #: Ops for which nothing is left to do: the length, the test, the step, and the elements themselves.
    counting: set[Op]
    elements: list[Op]
    may_stop: bool


def run(module: Module, ctx: PassContext) -> bool:
    """Fuse the loops of functions that are called one after the other; True if there were any."""
    if not any(is_push(op) for function in module.functions.values() for op in function.ops()):
        return False
    return _Fusion(module, ctx).run()


def is_push(op: Op) -> bool:
    """True for a call of the library's `push`."""
    if op.row.name != "call" or not op.attrs["callee"].startswith("std."):
        return False
    callee = op.block.function.module.functions.get(op.attrs["callee"])
    return callee is not None and callee.source_name == _PUSH


class _Fusion:
    def __init__(self, module: Module, ctx: PassContext) -> None:
        self._module = module
        self._ctx = ctx
        self._summaries: Summaries = effects(module)
        self._makers: dict[str, _Maker | None] = {}
        self._fused: dict[tuple[str, str, int], Function] = {}

    def run(self) -> bool:
        changed = False
        for function in list(self._module.functions.values()):
            while function.blocks and self._fuse_in(function):
                changed = True
        return changed

    def _fuse_in(self, fn: Function) -> bool:
        """Fuse one pair of calls in `fn`."""
        calls = [op for op in fn.ops() if op.row.name == "call" and self._maker(op.attrs["callee"]) is not None]
        known = uses(fn) if calls else None
        for call in calls:
            assert known is not None
            found = known.of(call.result)
            if len(found) != 1 or found[0].target is not None or found[0].op.block is not call.block:
                continue
            user, slot = found[0].op, found[0].slot
            if user.row.name == "call" and self._is_quiet_between(call, user) and self._fuse_calls(call, user, slot):
                return True
        return False

    def _is_quiet_between(self, first: Op, second: Op) -> bool:
        ops = first.block.ops
        between = ops[ops.index(first) + 1 : ops.index(second)]
        return not any(self._effects(op) & (_FORBIDDEN | Effects.TRAPS) for op in between)

    def _effects(self, op: Op) -> Effects:
        return summary_of(op, self._summaries).effects if op.row.name == "call" else op_effects(op, self._summaries)

    def _fuse_calls(self, made: Op, taking: Op, slot: int) -> bool:
        taker_function = self._module.functions.get(taking.attrs["callee"])
        if taker_function is None or not taker_function.blocks:
            return False
        if _forwards(taker_function):
            splice_call(taking, taker_function.blocks)
            return True
        maker = self._maker(made.attrs["callee"])
        taker = self._taker(taker_function, slot)
        if maker is None or taker is None or (maker.may_stop and taker.may_stop):
            return False
        key = (maker.function.name, taker_function.name, slot)
        fused = self._fused.get(key)
        if fused is None:
            fused = self._fused[key] = _Merge(self._module, maker, taker).run()
            self._summaries = {**self._summaries, fused.name: self._summaries[taker_function.name]}
        block = made.block
        block.ops.remove(made)
        taking.attrs["callee"] = fused.name
        taking.operands = [*made.operands, *(v for i, v in enumerate(taking.operands) if i != slot)]
        text = _one_loop(maker.function.source_name, taker_function.source_name)
        self._ctx.remark("fused", taking.loc, text, block.function)
        return True

    # --- recognizing --------------------------------------------------------------------------------------------------

    def _maker(self, name: str) -> _Maker | None:
        if name not in self._makers:
            function = self._module.functions.get(name)
            self._makers[name] = None if function is None or not function.blocks else self._recognize_maker(function)
        return self._makers[name]

    def _recognize_maker(self, fn: Function) -> _Maker | None:
        pushes = [op for op in fn.ops() if is_push(op)]
        header = _only_loop(fn)
        if len(pushes) != 1 or header is None:
            return None
        (push,) = pushes
        made, known, nest = push.operands[0].op, uses(fn), loops(fn)
        before = [b for b in nest.loops[0].entries]
        after = [to for _, to in nest.loops[0].exits]
        if made is None or made.row.name != "data.array_new" or len(before) != 1 or len(after) != 1:
            return None
        is_returned = [v for v in after[0].terminator.operands] == [made.result]
        in_place = made.block is before[0] is fn.entry and push.block in nest.loops[0] and push.block is not header
        if not is_returned or not in_place or known.count(made.result) != 2 or known.is_used(push.results[0]):
            return None
        if len(after[0].ops) != 1 or len(before[0].successors) != 1:
            return None
        rest = [op for op in fn.ops() if op is not push]
        if any(self._effects(op) & _FORBIDDEN for op in rest):
            return None
        return _Maker(fn, header, before[0], after[0], made, push, self._may_stop(rest))

    def _taker(self, fn: Function, index: int) -> _Taker | None:
        header = _only_loop(fn)
        if header is None or header.terminator.row.name != "cond_br":
            return None
        (loop,) = loops(fn).loops
        body, after = header.successors
        if body not in loop or after in loop or body is header or body.params or after.params or len(loop.latches) != 1:
            return None
        if len(loop.exits) != 1 or loop.entries != [fn.entry] or len(fn.entry.successors) != 1:
            return None
        known, array = uses(fn), fn.params[index]
        found = _count(header, loop.latches[0], fn.entry, known, array)
        if found is None:
            return None
        counter, counting, elements = found
        made = {op.result for op in fn.entry.ops if op.row.name == "data.array_new"}
        rest = [op for op in fn.ops() if not (is_push(op) and op.operands[0] in made)]
        if any(self._effects(op) & _FORBIDDEN for op in rest):
            return None
        blocks = [b for b in loop.blocks if b is not header]
        return _Taker(fn, index, counter, header, body, after, blocks, counting, elements, self._may_stop(rest))

    def _may_stop(self, ops: Sequence[Op]) -> bool:
        """Whether something may panic, or go on for ever."""
        called = [summary_of(op, self._summaries) for op in ops if op.row.name == "call"]
        trapping = (op for op in ops if self._effects(op) & Effects.TRAPS and op.row.name != "data.array_new")
        return any(trapping) or any(s.may_diverge for s in called)


def _forwards(fn: Function) -> bool:
    """True for a function that does nothing but call another one."""
    ops = fn.entry.ops
    return len(fn.blocks) == 1 and len(ops) <= _MAX_FORWARDING_OPS and sum(op.row.name == "call" for op in ops) == 1


def _only_loop(fn: Function) -> Block | None:
    nest = loops(fn)
    return nest.loops[0].header if len(nest.loops) == 1 and not nest.irreducible else None


def _count(
    header: Block, latch: Block, entry: Block, known: Uses, array: Value
) -> tuple[int, set[Op], list[Op]] | None:
    """Of a loop from 0 to the length of `array`: which parameter counts, the ops that only count, those that take."""
    test = header.terminator.operands[0].op
    if test is None or test.row.name != "i64.lt_s" or test.block is not header or latch.terminator.row.name != "br":
        return None
    at, end = test.operands
    length = end.op
    if at not in header.params or length is None or length.row.name != "data.array_len" or length.block is not header:
        return None
    counter = header.params.index(at)
    step = latch.terminator.targets[0].args[counter].op
    if step is None or step.row.name != "i64.add" or step.operands[0] is not at or constant_of(step.operands[1]) != 1:
        return None
    if constant_of(entry.terminator.targets[0].args[counter]) != 0 or known.count(step.result) != 1:
        return None
    elements = [use.op for use in known.of(at) if use.op not in (test, step)]
    is_taken = all(op.row.name == "data.array_at" and op.operands == [array, at] for op in elements)
    counting = {length, test, step}
    measured = [use.op for use in known.of(array) if use.op not in (*elements, length)]
    if not is_taken or not all(_is_capacity(op, entry, known) for op in measured):
        return None
    if any(op not in counting and constant_of(op.results[0]) is None for op in header.ops[:-1]):
        return None
    if known.count(length.result) != 1 or known.count(test.result) != 1:
        return None
    return counter, counting, elements


def _is_capacity(op: Op, entry: Block, known: Uses) -> bool:
    """Whether `op` asks for the length only to have room for as many elements."""
    if op.row.name != "data.array_len" or op.block is not entry:
        return False
    return all(use.target is None and use.op.row.name == "data.array_new" for use in known.of(op.result))


# --- building ---------------------------------------------------------------------------------------------------------


class _Merge:
    """Makes the function that does what the maker and then the taker do."""

    def __init__(self, module: Module, maker: _Maker, taker: _Taker) -> None:
        self._module = module
        self._maker = maker
        self._taker = taker
        source, other = maker.function, taker.function
        types = [*source.param_types, *(t for i, t in enumerate(other.param_types) if i != taker.index)]
        name = _free_name(module, f"{other.name}.of.{source.name.removeprefix('std.')}")
        self.fn = Function(name, types, other.results, other.loc)
        self.fn.source_name = other.source_name
        module.add(self.fn)
        self._outer: Copy = clone_blocks(source.blocks, self.fn)
        self._inner: dict[Value, Value] = {}

    def run(self) -> Function:
        maker, taker, outer = self._maker, self._taker, self._outer
        self._add_params()
        self._begin()
        push = outer.values[maker.push.results[0]].owner
        assert isinstance(push, Op)
        rest = self._split(push)
        header = outer.blocks[maker.header]
        variables = [p for i, p in enumerate(taker.header.params) if i != taker.counter]
        carried = [header.add_param(p.type, p.name) for p in variables]
        self._inner.update(zip(variables, carried, strict=True))
        self._pass_in(variables)
        self._pass_around(header, carried)
        self._insert_body(push, rest, variables)
        self._end()
        made_of = {value: {header: value, rest: rest.params[i]} for i, value in enumerate(carried)}
        made = outer.values[maker.made.result].owner
        assert isinstance(made, Op)
        made.block.ops.remove(made)
        remove_unreachable(self.fn)
        repair(self.fn, made_of)
        return self.fn

    def _add_params(self) -> None:
        """The taker's parameters follow the maker's; the array is none of them any more."""
        entry, theirs = self.fn.entry, self._taker.function.params
        for i, param in enumerate(theirs):
            if i != self._taker.index:
                self._inner[param] = entry.add_param(param.type, param.name)

    def _begin(self) -> None:
        """What the taker does before its loop, done before the maker's."""
        before = self._outer.blocks[self._maker.before]
        capacity = self._outer.values[self._maker.made.operands[0]] if self._maker.made.operands else None
        copy = Copy()
        copy.values.update(self._inner)
        for op in self._taker.function.entry.ops[:-1]:
            if op.row.name == "data.array_len" and op.operands[0] is self._taker.function.params[self._taker.index]:
                assert capacity is not None
                copy.values[op.result] = capacity
                continue
            before.insert(len(before.ops) - 1, clone_op(op, copy))
        for op in self._taker.header.ops[:-1]:
            if op not in self._taker.counting:
                before.insert(len(before.ops) - 1, clone_op(op, copy))
        self._inner = copy.values

    def _split(self, push: Op) -> Block:
        """Cut the block of the push: a new block for what follows it, whose parameters are the taker's variables."""
        block = push.block
        rest, onward = Block(self.fn, block.name), Block(self.fn, block.name)
        at = block.ops.index(push)
        for op in block.ops[at + 1 :]:
            onward.append(op)
        del block.ops[at:]
        rest.append(branch(Target(onward, []), push.loc))
        place = self.fn.blocks.index(block) + 1
        self.fn.blocks[place:place] = [rest, onward]
        return rest

    def _pass_in(self, variables: list[Value]) -> None:
        """Enter the maker's loop with what the taker enters its own with."""
        taker = self._taker
        given = dict(zip(taker.header.params, taker.function.entry.terminator.targets[0].args, strict=True))
        (target,) = self._outer.blocks[self._maker.before].terminator.targets
        target.args += [self._inner.get(given[v], given[v]) for v in variables]

    def _pass_around(self, header: Block, carried: list[Value]) -> None:
        before = self._outer.blocks[self._maker.before]
        for block in self.fn.blocks:
            for target in block.terminator.targets if block.ops else ():
                if target.block is header and block is not before:
                    target.args += carried

    def _insert_body(self, push: Op, rest: Block, variables: list[Value]) -> None:
        """The taker's loop body between the two parts; its way back leads to the second."""
        taker = self._taker
        element = push.operands[1]
        values = self._inner | {op.result: element for op in taker.elements}
        copy = clone_blocks(taker.blocks, self.fn, values)
        dropped = {*taker.counting, *taker.elements}
        for block in taker.blocks:
            twin = copy.blocks[block]
            twin.ops = [new for new, old in zip(twin.ops, block.ops, strict=True) if old not in dropped]
            if twin.terminator.targets and twin.terminator.targets[0].block is taker.header:
                args = twin.terminator.targets[0].args
                args = [arg for i, arg in enumerate(args) if i != taker.counter]
                replace_terminator(twin, branch(Target(rest, args), twin.terminator.loc))
        push.block.append(branch(Target(copy.blocks[taker.body], []), push.loc))
        for variable in variables:
            rest.add_param(variable.type, variable.name)

    def _end(self) -> None:
        """What the taker does after its loop, instead of returning the array."""
        taker = self._taker
        gone = {*taker.blocks, taker.header, taker.function.entry}
        copy = clone_blocks([b for b in taker.function.blocks if b not in gone], self.fn, self._inner)
        after, first = self._outer.blocks[self._maker.after], copy.blocks[taker.after]
        after.ops.clear()
        for op in first.ops:
            after.append(op)
        self.fn.blocks.remove(first)


def _free_name(module: Module, wish: str) -> str:
    name, number = wish, 1
    while name in module.functions:
        name, number = f"{wish}.{number}", number + 1
    return name


def _one_loop(maker: str, taker: str) -> str:
    """What to tell of two functions; those whose names begin with `__` are the library's own business."""
    if taker.startswith("__"):
        return f"{maker}: one loop with what takes its elements"
    return (
        f"{taker}: one loop with what makes its elements"
        if maker.startswith("__")
        else f"{maker} and {taker}: one loop"
    )


SPEC = PassSpec(
    "fuse-loops",
    "typed",
    run,
    "Go through elements as they are made instead of through an array of them.",
    scope="module",
    after=(Order("simplify-cfg", "the loops are recognized by their form"),),
)
