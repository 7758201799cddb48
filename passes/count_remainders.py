"""Count along what a loop's counter leaves when it is divided by a constant.

    br ^body(0)                                       br ^body(0, 0)
    ^body(%i):                                        ^body(%i, %r):
      %a = i64.rem_u %i, 12                             (%r for %a)
      %b = i64.rem_u (%i + 1), 12             =>        %b = select (%r <u 11), %r + 1, %r - 11
      ...; br ^body(%i + 2)                             ...; br ^body(%i + 2, select (%r <u 10), %r + 2, %r - 10)

A remainder by a constant is two multiplications, a shift and a subtraction; this is a comparison and a choice, of which each
turn waits for one. For counters that start at a constant and step up: they cannot wrap around in the lifetime of a machine,
so the unsigned remainder goes round.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..ir import types as t
from ..ir.build import Builder
from ..ir.core import Block, Function, Op, Value
from ..pipeline.spec import CFG_ANALYSES, Order, PassContext, PassSpec
from .analysis.loops import Loop, loops
from .const_fold import constant_of, make_const

#: What is added to counters, and where they start, is below.
_SMALL = 1 << 16
#: With a step up to this a counter takes 2^58 turns to wrap around 2^64: some years.
_MAX_STEP = 64
#: Divisors are below; the larger they are the seldomer somebody counts with them.
_MAX_DIVISOR = 1 << 31


@dataclass(frozen=True, slots=True)
class _Counter:
    """A parameter of a loop's header that starts at `start` and grows by `step` on the only way back."""

    param: Value
    start: int
    step: int


def run(fn: Function, ctx: PassContext) -> bool:
    """Replace remainders of the counters of the loops of `fn`; True if there were any."""
    replaced: dict[Value, Value] = {}
    for loop in ctx.analyses.get(loops, fn):
        if loop.header.cold or len(loop.latches) != 1:
            continue
        for counter in _counters(loop):
            for divisor, found in _remainders(loop, counter).items():
                _count_along(loop, counter, divisor, found, replaced)
    fn.replace_uses(replaced)
    return bool(replaced)


def _counters(loop: Loop) -> list[_Counter]:
    header = loop.header
    entering = [x for block in loop.entries for x in block.terminator.targets if x.block is header]
    back = [x for x in loop.latches[0].terminator.targets if x.block is header]
    found = []
    for index, param in enumerate(header.params):
        starts = {constant_of(target.args[index]) for target in entering}
        steps = {_distance(target.args[index], param) for target in back}
        if param.type is not t.I64 or len(starts) != 1 or len(steps) != 1:
            continue
        start, step = starts.pop(), steps.pop()
        if start is not None and 0 <= start < _SMALL and step is not None and 0 < step <= _MAX_STEP:
            found.append(_Counter(param, start, step))
    return found


def _distance(value: Value, param: Value) -> int | None:
    """The constant by which `value` is more than `param`."""
    if value is param:
        return 0
    op = value.op
    if op is None or op.row.name != "i64.add" or op.operands[0] is not param:
        return None
    distance: int | None = constant_of(op.operands[1])
    return distance


def _remainders(loop: Loop, counter: _Counter) -> dict[int, list[tuple[Op, int]]]:
    """By divisor: the remainders in the loop of the counter plus something, and what that is."""
    found: dict[int, list[tuple[Op, int]]] = {}
    for block in loop.blocks:
        for op in block.ops:
            if op.row.name != "i64.rem_u":
                continue
            divisor, ahead = constant_of(op.operands[1]), _distance(op.operands[0], counter.param)
            if divisor is not None and 1 < divisor < _MAX_DIVISOR and ahead is not None and 0 <= ahead < _SMALL:
                found.setdefault(divisor, []).append((op, ahead))
    return found


def _count_along(
    loop: Loop, counter: _Counter, divisor: int, found: list[tuple[Op, int]], replaced: dict[Value, Value]
) -> None:
    header, latch = loop.header, loop.latches[0]
    rest = header.add_param(t.I64, "rest")
    for op, ahead in found:
        builder = Builder(op.block, op.block.ops.index(op), op.loc)
        replaced[op.result] = _ahead(builder, rest, ahead % divisor, divisor)
    for block in loop.entries:
        _pass(block, header, block.insert(len(block.ops) - 1, make_const(t.I64, counter.start % divisor)).result)
    builder = Builder(latch, len(latch.ops) - 1, latch.terminator.loc)
    _pass(latch, header, _ahead(builder, rest, counter.step % divisor, divisor))


def _pass(source: Block, header: Block, value: Value) -> None:
    for target in source.terminator.targets:
        if target.block is header:
            target.args.append(value)


def _ahead(builder: Builder, rest: Value, distance: int, divisor: int) -> Value:
    """The remainder `distance` behind `rest`; both are below the divisor."""
    if distance == 0:
        return rest
    stays_below = builder.op("i64.lt_u", rest, builder.const(t.I64, divisor - distance))
    more = builder.op("i64.add", rest, builder.const(t.I64, distance))
    less = builder.op("i64.add", rest, builder.const(t.I64, distance - divisor))
    return builder.op("select", stays_below, more, less)


SPEC = PassSpec(
    "count-remainders",
    "mem",
    run,
    "Count remainders of a loop's counter along instead of dividing.",
    preserves=CFG_ANALYSES | {"effects"},
    after=(
        Order("unsigned", "it knows which counters are never negative"),
        Order("divisibility", "asking for 0 only is cheaper without the remainder"),
    ),
)
