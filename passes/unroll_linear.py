"""Take several turns at once of a counted loop that only computes linear combinations.

    ^body(%i, %a, %b):                               ^wide(%i, %a, %b):              ; 16 turns
      %s = i64.add %a, %b                              %a16 = 610*a + 987*b
      %j = i64.add %i, 1                               %b16 = 987*a + 1597*b
      %c = i64.lt_s %j, %n                             %j = i64.add %i, 16
      cond_br %c, ^body(%j, %b, %s), ^end      =>      cond_br (more than 16 left), ^wide(%j, %a16, %b16), ^body(...)
                                                     ^body(%i, %a, %b): as before, for the last turns

Integer arithmetic modulo 2^64 may be reassociated, so `turns` turns are one matrix product, whose coefficients are
constants. A chain of dependent additions becomes one multiplication and an addition for all of them. The original loop
stays behind the wide one and always takes the last turn, so what is used after the loop still comes from it.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..ir import types as t
from ..ir.build import Builder
from ..ir.core import Block, Function, Op, Target, Value
from ..ir.ops.numeric import wrap64
from ..pipeline.spec import Order, PassContext, PassSpec, option
from .analysis.loops import loops
from .unroll import Counting, is_far


@dataclass(frozen=True, slots=True)
class Options:
    """See the fields."""

    turns: int = option(16, "How many turns of the loop one turn of the wide loop takes.")
    values: int = option(4, "How many values, the counter aside, a loop may carry.")


#: A linear combination: parameter index -> coefficient; index -1 is the constant term. Modulo 2^64.
Combination = dict[int, int]
CONSTANT = -1


@dataclass(slots=True)
class _Counted:
    """A loop of one block: parameter `counter` grows by `step` > 0 and is then tested to be below `bound`."""

    block: Block
    counter: int
    step: int
    bound: Value
    #: The next value of every parameter in terms of the present ones.
    following: list[Combination]


def run(fn: Function, ctx: PassContext) -> bool:
    """Put a wide loop before every loop of `fn` that allows it; True if there was one."""
    options = ctx.options or Options()
    changed = False
    for loop in list(ctx.analyses.get(loops, fn)):
        if len(loop.blocks) == 1 and (counted := _recognize(loop.header, options)) is not None:
            sources = [b for b in fn.blocks if b is not loop.header and loop.header in b.successors]
            if sources:
                _widen(fn, counted, sources, options.turns)
                ctx.remark("unrolled", loop.header.ops[0].loc, f"{options.turns} turns at once, reassociated")
                changed = True
    return changed


# --- recognizing ------------------------------------------------------------------------------------------------------


def _recognize(block: Block, options: Options) -> _Counted | None:
    if len(block.params) > options.values + 1 or any(p.type is not t.I64 for p in block.params):
        return None
    branch = block.terminator
    if branch.name != "cond_br" or branch.targets[0].block is not block or branch.targets[1].block is block:
        return None
    known = _combinations(block)
    test = branch.operands[0].op
    if known is None or test is None or test.block is not block or test.name != "i64.lt_s":
        return None
    stepped, bound = test.operands
    following = [known.get(arg) for arg in branch.targets[0].args]
    if bound.block is block or None in following or stepped not in branch.targets[0].args:
        return None
    counter = branch.targets[0].args.index(stepped)
    step = known[stepped].get(CONSTANT, 0)
    if known[stepped] != {counter: 1, CONSTANT: step} or not 0 < step < 1 << 32:
        return None
    found = _Counted(block, counter, step, bound, [c for c in following if c is not None])
    return found if _is_worthwhile(found) else None


def _is_worthwhile(loop: _Counted) -> bool:
    """Whether a value depends on others from turn to turn: then every turn waits for the one before."""
    return any(
        index != loop.counter and len(combination.keys() - {CONSTANT}) > 1
        for index, combination in enumerate(loop.following)
    )


def _combinations(block: Block) -> dict[Value, Combination] | None:
    """Every i64 value of the block as a combination of its parameters; None if an op is of another kind."""
    known: dict[Value, Combination] = {param: {index: 1} for index, param in enumerate(block.params)}
    for op in block.ops[:-1]:
        if op.name == "i64.lt_s":
            continue
        combination = _combination(op, known)
        if combination is None:
            return None
        known[op.results[0]] = combination
    return known


def _combination(op: Op, known: dict[Value, Combination]) -> Combination | None:
    if op.name == "i64.const":
        return {CONSTANT: op.attrs["value"]}
    if op.name not in ("i64.add", "i64.sub", "i64.mul", "i64.shl"):
        return None
    left, right = (_operand(value, known) for value in op.operands)
    if left is None or right is None:
        return None
    if op.name == "i64.add":
        return _sum(left, right, 1)
    if op.name == "i64.sub":
        return _sum(left, right, -1)
    if right.keys() - {CONSTANT}:
        return None
    factor = right.get(CONSTANT, 0)
    return _scaled(left, factor if op.name == "i64.mul" else 1 << (factor & 63))


def _operand(value: Value, known: dict[Value, Combination]) -> Combination | None:
    """What is known of an operand; constants may come from outside of the loop."""
    if value in known:
        return known[value]
    op = value.op
    return {CONSTANT: op.attrs["value"]} if op is not None and op.name == "i64.const" else None


def _scaled(combination: Combination, factor: int) -> Combination:
    return {i: c for i, x in combination.items() if (c := wrap64(x * factor))}


def _sum(left: Combination, right: Combination, sign: int) -> Combination:
    indexes = dict.fromkeys([*left, *right])
    return {i: c for i in indexes if (c := wrap64(left.get(i, 0) + sign * right.get(i, 0)))}


def _after(turns: int, following: list[Combination]) -> list[Combination]:
    """The parameters after so many turns, in terms of those before."""
    values: list[Combination] = [{index: 1} for index in range(len(following))]
    for _ in range(turns):
        values = [_compose(combination, values) for combination in following]
    return values


def _compose(outer: Combination, inner: list[Combination]) -> Combination:
    total: Combination = {}
    for index, factor in outer.items():
        total = _sum(total, {CONSTANT: factor} if index == CONSTANT else _scaled(inner[index], factor), 1)
    return total


# --- building ---------------------------------------------------------------------------------------------------------


def _widen(fn: Function, loop: _Counted, sources: list[Block], turns: int) -> None:
    """Lead all edges from `sources` through a test into the wide loop, or past it."""
    block = loop.block
    loc = block.ops[0].loc
    enter, wide = Block(fn, "enter"), Block(fn, "wide")
    for new in (enter, wide):
        for param in block.params:
            new.add_param(param.type, param.name)
    for source in sources:
        for target in source.terminator.targets:
            if target.block is block:
                target.block = enter
    distance = turns * loop.step
    counting = Counting(loop.counter, loop.step, loop.bound, "i64.lt_s")

    builder = Builder(enter, None, loc)
    at = enter.params[loop.counter]
    is_below = builder.op("i64.lt_s", at, loop.bound)
    enough = builder.op("bool.and", is_below, is_far(builder, counting, at, distance))
    builder.cond_br(enough, Target(wide, list(enter.params)), Target(block, list(enter.params)))

    builder = Builder(wide, None, loc)
    values = [_emit(builder, combination, wide.params) for combination in _after(turns, loop.following)]
    more = is_far(builder, counting, values[loop.counter], distance)
    builder.cond_br(more, Target(wide, values), Target(block, list(values)))

    position = fn.blocks.index(block)
    fn.blocks[position:position] = [enter, wide]


def _emit(builder: Builder, combination: Combination, params: list[Value]) -> Value:
    terms = []
    for index, factor in combination.items():
        if index == CONSTANT:
            terms.append(builder.const(t.I64, factor))
        elif factor == 1:
            terms.append(params[index])
        else:
            terms.append(builder.op("i64.mul", params[index], builder.const(t.I64, factor)))
    if not terms:
        return builder.const(t.I64, 0)
    total = terms[0]
    for term in terms[1:]:
        total = builder.op("i64.add", total, term)
    return total


SPEC = PassSpec(
    "unroll-linear",
    "mem",
    run,
    "Take many turns at once of a counted loop that only computes linear combinations.",
    options=Options,
    after=(Order("loop-rotate", "the loop must test at its end, in its only block"),),
)
