"""Unfold a pure recursive function a few levels into a tree of paths, and make equal calls on a path once.

    func @fib(%n)                                         func @fib(%n)
      %c = i64.lt_s %n, 2                                   if n < 2: ret n
      cond_br %c, ^exit(%n), ^more                          if n < 3: ret 1
    ^more:                                                  if n < 4: ret 2
      %x = call @fib (n - 1)                      =>        %x = call @fib (n - 3)
      %y = call @fib (n - 2)                                %y = call @fib (n - 4)
      %s = i64.add %x, %y;  br ^exit(%s)                    ret (x + y) + x + (x + y)
    ^exit(%r): ret %r                                     ; 2 levels: 2 calls instead of 8

The function is executed symbolically, one path at a time: self calls down to `levels` deep are followed, deeper ones are
made. On each path equal ops and equal calls are computed once (`(n - 1) - 1` is `n - 2`), and the comparisons passed so
far bound the values, so that impossible branches are not followed. As paths never join again, nothing is moved: every
path makes, in the order of the source, the calls that it made before, but those whose result it knows. So termination
and traps stay; only a function that writes, reads what may change, or allocates cannot be treated so.

This changes how the time grows with the argument (fib(40): 331 million calls, then some hundred), which is more than
speeding up calls. The unfolded form is kept only if calls were merged on the path that makes most of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ..ir import types as t
from ..ir.core import Block, Function, Loc, Op, Target, Value
from ..ir.ops import Effects, OpRow, row_named
from ..ir.print import literal
from ..pipeline.spec import Order, PassContext, PassSpec, option
from .analysis.effects import effects
from .analysis.loops import loops
from .const_fold import CONST_OPS, constant_of, evaluate, make_const, target_index
from .inline_recursion import UNFOLDED
from .ranges import Ranges
from .self_calls import calls_itself, self_calls


@dataclass(frozen=True, slots=True)
class Options:
    levels: int = option(4, "How many levels of calls are followed, at most.")
    limit: int = option(300, "How many ops the unfolded function may have; fewer levels are done to stay below.")


def run(fn: Function, ctx: PassContext) -> bool:
    """Unfold `fn` if that merges calls; True if it did."""
    if not _is_candidate(fn, ctx):
        return False
    options: Options = ctx.options
    plain = _unfold(fn, 0, options.limit)
    if plain is None or plain.most_calls < 2:
        return False
    for levels in range(options.levels, 0, -1):
        unfolded = _unfold(fn, levels, options.limit)
        if unfolded is not None:
            return _keep_if_merged(fn, unfolded, plain.most_calls ** (levels + 1), ctx)
    return False


def _is_candidate(fn: Function, ctx: PassContext) -> bool:
    """True for a function that calls itself twice or more, has no loop, and is pure."""
    if UNFOLDED in fn.attrs or fn.attrs.get("inline") == "never" or len(self_calls(fn)) < 2:
        return False
    if not ctx.analyses.get(effects, fn.module)[fn.name].is_pure:
        return False
    nest = loops(fn)
    return not nest.loops and not nest.irreducible


def _keep_if_merged(fn: Function, unfolded: _Unfolding, unmerged_calls: int, ctx: PassContext) -> bool:
    if 4 * unfolded.most_calls > 3 * unmerged_calls:
        return False  # a few calls less are not worth the code
    fn.blocks = unfolded.finished_blocks()
    fn.attrs[UNFOLDED] = True
    text = f"equal calls of {fn.source_name}: {unfolded.most_calls} remain of {unmerged_calls} on the longest path"
    ctx.remark("merged-calls", fn.loc, text)
    return True


def _unfold(fn: Function, levels: int, limit: int) -> _Unfolding | None:
    """The unfolding of `fn`, None if it has more than `limit` ops."""
    unfolding = _Unfolding(fn, levels, limit)
    try:
        unfolding.run()
    except _TooLarge:
        return None
    return unfolding


class _TooLarge(Exception):
    """The tree of paths exceeds the limit."""


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where to continue when a call that is being followed returns."""

    call: Op
    operands: tuple[Value, ...]
    env: dict[Value, Value]
    #: How many calls the path had met when this one began.
    calls_before: int
    depth: int
    caller: _Frame | None


@dataclass(slots=True)
class _Path:
    """What is known at one point of one path, and the block in which the path continues."""

    out: Block
    #: Value numbers: what computes the same has the same key.
    numbers: dict[tuple[Any, ...], tuple[Value, ...]] = field(default_factory=dict)
    ranges: Ranges = field(default_factory=Ranges)
    #: Conditions that the path has branched on.
    truths: dict[Value, bool] = field(default_factory=dict)
    #: Self calls met, and those of them that are made.
    calls_met: int = 0
    calls_made: int = 0
    #: A followed call returned without calling further, so the end of the recursion is near.
    is_settled: bool = False

    def fork(self, out: Block) -> _Path:
        """A path that begins like this one and continues in `out`."""
        known = dict(self.numbers), self.ranges.copy(), dict(self.truths)
        return _Path(out, *known, self.calls_met, self.calls_made, self.is_settled)

    def constant(self, value: Value) -> Any:
        """The Python value that `value` is known to have on this path; None if it may have several."""
        found = constant_of(value)
        if found is None:
            found = self.truths.get(value)
        return self.ranges.constant(value) if found is None else found

    def learn(self, branch: Op, index: int) -> None:
        """Take in that `branch`, an op of the new code, went to its target number `index`."""
        condition = branch.operands[0]
        if branch.row.name == "cond_br":
            self.truths[condition] = index == 0
            if condition.op is not None:
                self.ranges.assume(condition.op, index == 0)
        elif branch.row.name == "switch":
            cases = branch.attrs["cases"]
            for case in cases[index : index + 1] or cases:
                self.ranges.assume_equal(condition, case, index < len(cases))


@dataclass(slots=True)
class _Point:
    """A place in the old code, with what its values are in the new code, and the calls followed to get there."""

    block: Block
    index: int
    env: dict[Value, Value]
    frame: _Frame | None

    def goto(self, target: Target) -> None:
        """Continue at the start of `target`."""
        args = [self.env[v] for v in target.args]
        self.block, self.index, self.env = target.block, 0, {**self.env, **dict(zip(target.block.params, args))}

    def enter(self, fn: Function, frame: _Frame) -> None:
        """Follow a call."""
        self.block, self.index, self.frame = fn.entry, 0, frame
        self.env = dict(zip(fn.params, frame.operands, strict=True))

    def leave(self, frame: _Frame, values: Sequence[Value]) -> None:
        """Continue behind the call of `frame`, which has these results."""
        self.block, self.frame = frame.call.block, frame.caller
        self.index = self.block.ops.index(frame.call) + 1
        self.env = {**frame.env, **dict(zip(frame.call.results, values, strict=True))}


class _Unfolding:
    """Builds the tree of paths of `fn`, from blocks that are not in `fn.blocks` yet."""

    def __init__(self, fn: Function, levels: int, limit: int) -> None:
        self.most_calls = 0
        self._fn = fn
        self._levels = levels
        self._ops_left = limit
        self._blocks: list[Block] = []
        self._pending: list[tuple[_Path, _Point]] = []

    def run(self) -> None:
        """Raises _TooLarge."""
        path = _Path(self._new_block(self._fn.entry, False))
        env = {p: path.out.add_param(p.type, p.name) for p in self._fn.params}
        self._pending.append((path, _Point(self._fn.entry, 0, env, None)))
        while self._pending:
            path, point = self._pending.pop()
            while self._step(path, point):
                pass

    def finished_blocks(self) -> list[Block]:
        """The blocks without ops that turned out to be useless, the cold ones last."""
        used: set[Value] = set()
        for block in reversed(self._blocks):  # a block comes after those whose values it uses
            kept = []
            for op in reversed(block.ops):
                if op.row.terminator or op.row.effects is not Effects.NONE or not used.isdisjoint(op.results):
                    kept.append(op)
                    used.update(op.operands)
            block.ops = kept[::-1]
        return sorted(self._blocks, key=lambda block: block.cold)

    # Walking the old code

    def _step(self, path: _Path, point: _Point) -> bool:
        """Execute one op; False at the end of the path."""
        op = point.block.ops[point.index]
        point.index += 1
        if op.row.terminator:
            return self._leave_block(path, point, op)
        operands = tuple(point.env[v] for v in op.operands)
        if calls_itself(op):
            self._call(path, point, op, operands)
        else:
            point.env.update(zip(op.results, self._compute(path, op, operands), strict=True))
        return True

    def _leave_block(self, path: _Path, point: _Point, op: Op) -> bool:
        operands = tuple(point.env[v] for v in op.operands)
        frame = point.frame
        if op.row.name == "ret" and frame is not None:
            path.numbers[_call_key(frame.operands)] = operands
            path.is_settled = path.is_settled or path.calls_met == frame.calls_before
            point.leave(frame, operands)
        elif (target := _only_target(path, op, operands)) is not None:
            point.goto(target)
        else:
            self._fork(path, point, op, operands)
            return False
        return True

    def _fork(self, path: _Path, point: _Point, op: Op, operands: tuple[Value, ...]) -> None:
        """Write the terminator `op`; every target goes on as a path of its own."""
        twin = self._emit(path, op.row, operands, op)
        for index, target in enumerate(op.targets):
            out = self._new_block(target.block, path.out.cold)
            twin.targets.append(Target(out))
            branched = path.fork(out)
            branched.learn(twin, index)
            there = _Point(point.block, point.index, point.env, point.frame)
            there.goto(target)
            self._pending.append((branched, there))
        if not op.targets:
            self.most_calls = max(self.most_calls, path.calls_made)

    def _call(self, path: _Path, point: _Point, op: Op, operands: tuple[Value, ...]) -> None:
        """Take the known results of a self call, or follow it, or make it."""
        path.calls_met += 1
        known = path.numbers.get(_call_key(operands))
        if known is None:
            depth = point.frame.depth + 1 if point.frame else 1
            is_near_end = path.is_settled and any(path.constant(v) is None for v in operands)
            if depth <= self._levels and not is_near_end:
                point.enter(self._fn, _Frame(op, operands, point.env, path.calls_met, depth, point.frame))
                return
            path.calls_made += 1
            known = path.numbers[_call_key(operands)] = tuple(self._emit(path, op.row, operands, op).results)
        point.env.update(zip(op.results, known, strict=True))

    # Writing the new code

    def _compute(self, path: _Path, op: Op, operands: tuple[Value, ...]) -> tuple[Value, ...]:
        """The results of `op` on these operands: known on this path, folded, or those of a new op."""
        if op.row.name in CONST_OPS:
            return (self._constant(path, op.result.type, op.attrs["value"], op.loc),)
        folded = self._fold(path, op, operands)
        if folded is not None:
            return (folded,)
        attrs = str([(key, literal(value)) for key, value in op.attrs.items()])
        key = (op.row.name, attrs, *(sorted(operands, key=id) if op.row.commutative else operands))
        if key not in path.numbers:
            path.numbers[key] = tuple(self._emit(path, op.row, operands, op).results)
        return path.numbers[key]

    def _fold(self, path: _Path, op: Op, operands: tuple[Value, ...]) -> Value | None:
        """The constant or the existing value that `op` computes; sums with constants are brought to one form."""
        constants = [path.constant(v) for v in operands]
        result = path.ranges.decide(op, operands)
        if result is None and operands and None not in constants:
            result = evaluate(op.row, constants)
        if result is not None:
            return self._constant(path, op.result.type, result, op.loc)
        if op.row.name == "select" and constants[0] is not None:
            return operands[1 if constants[0] else 2]
        form = path.ranges.sum_of(op, operands, constants)
        return None if form is None else self._sum(path, op, *form)

    def _sum(self, path: _Path, op: Op, base: Value, offset: int) -> Value:
        """The value `base + offset`, which `op` of the old code computes."""
        if offset == 0:
            return base
        key = ("sum", base, offset)
        if key not in path.numbers:
            row = row_named(f"{base.type}.{'add' if offset > 0 else 'sub'}")
            step = self._constant(path, base.type, abs(offset), op.loc)
            path.numbers[key] = tuple(self._emit(path, row, (base, step), op).results)
            path.ranges.define(path.numbers[key][0], base, offset)
        return path.numbers[key][0]

    def _constant(self, path: _Path, type_: t.Type, value: Any, loc: Loc | None) -> Value:
        key = ("const", type_, literal(value))
        if key not in path.numbers:
            path.numbers[key] = tuple(path.out.append(make_const(type_, value, loc)).results)
        return path.numbers[key][0]

    def _emit(self, path: _Path, row: OpRow, operands: tuple[Value, ...], origin: Op) -> Op:
        """Append an op for `origin`, with its attributes, names and location."""
        self._ops_left -= 1
        if self._ops_left < 0:
            raise _TooLarge
        types = tuple(result.type for result in origin.results)
        op = path.out.append(Op(row, list(operands), types, dict(origin.attrs), origin.loc))
        for result, original in zip(op.results, origin.results, strict=True):
            result.name = original.name
        return op

    def _new_block(self, origin: Block, is_cold: bool) -> Block:
        block = Block(self._fn, origin.name)
        block.cold = is_cold or origin.cold
        self._blocks.append(block)
        return block


def _call_key(operands: tuple[Value, ...]) -> tuple[Any, ...]:
    return ("self call", *operands)


def _only_target(path: _Path, op: Op, operands: tuple[Value, ...]) -> Target | None:
    """Where a branch goes, if that is known."""
    if op.row.name == "br":
        return op.targets[0]
    if op.row.name not in ("cond_br", "switch"):
        return None
    constant = path.constant(operands[0])
    return None if constant is None else op.targets[target_index(op, constant)]


SPEC = PassSpec(
    "pure-calls",
    "mem",
    run,
    "Unfold pure recursive functions and make equal calls once, which changes how the time grows.",
    options=Options,
    before=(
        Order("tail-recursion", "a function with a loop is not unfolded"),
        Order("accumulate", "a loop around the last call hides that it equals one of the next level"),
        Order("inline-recursion", "copies in loops cannot be unfolded into paths"),
    ),
    also=("typed",),
)
