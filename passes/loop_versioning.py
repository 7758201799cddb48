"""Take the turns of a counted loop for which checks cannot fail in a copy that does not check.

    ^body(%i): cond_br (%i <u %len), ^ok, ^bad           %limit = min(%n, %len); cond_br (0 <= %i < %limit), ^free, ^body
    ^ok: ...; %j = %i + 1                        =>      ^free(%i): ...; cond_br (%j < %limit), ^free(%j), ^rest
      cond_br (%j < %n), ^body(%j), ^end                 ^rest: cond_br (%j < %n), ^body(%j), ^end

The turns that are left, normally none, are taken by the loop as it was, so a panic comes at its moment, after everything that
the turns before it did. (Splitting index sets: Midkiff, Moreira, Snir, "Optimizing Array Reference Checking in Java
Programs", 1998.)
"""

from __future__ import annotations

from dataclasses import dataclass

from ..ir import types as t
from ..ir.build import Builder
from ..ir.clone import Copy, clone_blocks
from ..ir.core import Block, Function, Op, Target, Value
from ..pipeline.spec import Order, PassContext, PassSpec, option
from .analysis.loops import Loop, Loops, loops
from .const_fold import constant_of
from .edit import branch, replace_terminator
from .inline import weight_of_block
from .ssa_repair import repair_copies
from .unroll import Counting, counting_of, is_rest

#: Offsets of indexes and constant lengths are below, so that nothing here wraps around.
_SMALL = 1 << 32


@dataclass(frozen=True, slots=True)
class Options:
    """See the fields."""

    weight: int = option(250, "Heavier loops stay as they are.")
    budget: int = option(400, "Weight that all copies together may add to one function.")


@dataclass(slots=True)
class _Check:
    """A branch at the end of `block` that goes on in the loop if counter + `offset` <u `length`."""

    block: Block
    offset: int
    length: Value


def run(fn: Function, ctx: PassContext) -> bool:
    """Put a copy without checks before each small counted loop of `fn` that has some; True if there was one."""
    options = ctx.options or Options()
    nest = ctx.analyses.get(loops, fn)
    grown, changed = 0, False
    for loop in list(nest):
        counting = _counting(loop, nest)
        checks = _checks(loop, counting) if counting is not None else []
        weight = sum(map(weight_of_block, loop.blocks)) if checks else 0
        if counting is None or not checks or weight > options.weight or grown + weight > options.budget:
            continue
        grown += weight
        _split(fn, loop, counting, checks)
        for check in checks:
            ctx.remark("unchecked", check.block.terminator.loc, "the index is in range in all turns up to a limit")
        changed = True
    return changed


def _counting(loop: Loop, nest: Loops) -> Counting | None:
    if loop.children or len(loop.latches) != 1 or loop.header.cold or is_rest(loop, nest):
        return None
    return counting_of(loop, to_constant=True)


def _checks(loop: Loop, counting: Counting) -> list[_Check]:
    found = (_check(block, loop, loop.header.params[counting.counter]) for block in loop.blocks if not block.cold)
    return [check for check in found if check is not None]


def _check(block: Block, loop: Loop, counter: Value) -> _Check | None:
    end = block.terminator
    test = end.operands[0].op if end.name == "cond_br" else None
    if test is None or test.name != "i64.lt_u" or end.targets[0].block not in loop or not end.targets[1].block.cold:
        return None
    index, length = test.operands
    offset = _offset(index, counter)
    if offset is None or not _is_length(length, loop):
        return None
    return _Check(block, offset, length)


def _offset(index: Value, counter: Value) -> int | None:
    if index is counter:
        return 0
    op = index.op
    if op is None or op.name != "i64.add" or op.operands[0] is not counter:
        return None
    offset: int | None = constant_of(op.operands[1])
    return offset if offset is not None and -_SMALL < offset < _SMALL else None


def _is_length(value: Value, loop: Loop) -> bool:
    """Whether the value is the same in all turns, not negative, and small."""
    constant = constant_of(value)
    if constant is not None:
        return bool(0 <= constant < _SMALL)
    return value.block not in loop and value.op is not None and value.op.name == "i64.extend_i32_u"


# --- building ---------------------------------------------------------------------------------------------------------


def _split(fn: Function, loop: Loop, counting: Counting, checks: list[_Check]) -> None:
    header, blocks = loop.header, loop.blocks
    loc = header.ops[0].loc
    enter = Block(fn, "enter")
    for param in header.params:
        enter.add_param(param.type, param.name)
    for block in fn.blocks:
        if block not in loop:
            for target in block.terminator.targets:
                if target.block is header:
                    target.block = enter
    place = fn.blocks.index(header)
    tail = fn.blocks[place:]
    del fn.blocks[place:]
    fn.blocks.append(enter)
    ahead = fn.add_block("ahead")  # what `hoist-guards` takes out of the copy goes here
    copy = clone_blocks(blocks, fn)
    rest = fn.add_block("rest")
    fn.blocks += tail

    builder = Builder(enter, None, loc)
    at = enter.params[counting.counter]
    limit = _limit(builder, counting, checks)
    least = builder.const(t.I64, max(0, max(-check.offset for check in checks)))
    free = builder.op("bool.and", builder.op("i64.ge_s", at, least), builder.op(counting.test, at, limit))
    builder.cond_br(free, ahead, Target(header, list(enter.params)))
    ahead.append(branch(Target(copy.blocks[header], list(enter.params)), loc))
    for check in checks:
        twin = copy.blocks[check.block]
        replace_terminator(twin, branch(twin.terminator.targets[0], twin.terminator.loc))
    _leave(loop, counting, copy, limit, rest)
    for block in blocks:
        block.cold = True  # normally no turn is left for it: other passes are not to make copies of it
    repair_copies(fn, blocks, [copy])


def _limit(builder: Builder, counting: Counting, checks: list[_Check]) -> Value:
    """Up to where the counter is below its bound and every index below its length."""
    limit = counting.bound
    for length, offset in dict.fromkeys((check.length, check.offset) for check in checks):
        beyond = offset + counting.slack
        value = length if length.op is None or not length.op.name.endswith("const") else _again(builder, length.op)
        end = builder.op("i64.sub", value, builder.const(t.I64, beyond)) if beyond else value
        limit = builder.op("select", builder.op("i64.lt_s", end, limit), end, limit)
    return limit


def _again(builder: Builder, constant: Op) -> Value:
    """A constant of the loop, in front of it."""
    return builder.const(t.I64, constant.attrs["value"])


def _leave(loop: Loop, counting: Counting, copy: Copy, limit: Value, rest: Block) -> None:
    """Let the copy go on below the limit, and then the loop as it was below its bound."""
    latch = copy.blocks[loop.latches[0]]
    end = latch.terminator
    again, out = end.targets
    stepped = again.args[counting.counter]
    builder = Builder(latch, len(latch.ops) - 1, end.loc)
    end.operands = [builder.op(counting.test, stepped, limit)]
    end.targets = [again, Target(rest)]
    builder = Builder(rest, None, end.loc)
    more = builder.op(counting.test, stepped, counting.bound)
    builder.cond_br(more, Target(loop.header, list(again.args)), out)


SPEC = PassSpec(
    "loop-versioning",
    "mem",
    run,
    "Take the turns of a loop for which checks of indexes cannot fail in a copy without them.",
    options=Options,
    after=(
        Order("loop-rotate", "the loop must test at its end"),
        Order("hoist-guards", "what can be tested in front of the loop needs no copy"),
        Order("unroll-jam", "a loop with two loops in it is not taken side by side"),
    ),
    before=(Order("unroll", "it takes the turns without checks several at once"),),
)
