"""Fill an array at once where a loop adds the same value again and again.

    %xs = data.array_new 0                                    %turns = i64.sub %n, %start       ; at least 0
    ^loop(%i): cond_br (%i < %n), ^body, ^out            =>   %xs = data.array_new %turns
    ^body: push(%xs, %x); br ^loop(%i + 1)                    data.array_fill %xs, 0, %turns, %x; br ^out

This is what `[0 for _ in 0..n]` is; where all bytes of the value are alike it becomes one `memory.fill`.
"""

from __future__ import annotations

from ..ir import types as t
from ..ir.build import Builder
from ..ir.core import Block, Function, Op, Target, Value
from ..pipeline.spec import Order, PassContext, PassSpec
from .analysis.loops import Loop, loops
from .const_fold import constant_of
from .edit import branch, remove_unreachable, replace_terminator
from .fuse_loops import is_push
from .presize_arrays import is_used_in, turns_of


def run(fn: Function, ctx: PassContext) -> bool:
    """Replace loops of `fn` that only fill an array; True if there were any."""
    if not any(map(is_push, fn.ops())):
        return False
    changed = False
    for loop in ctx.analyses.get(loops, fn):
        push = _only_push(loop)
        if push is None:
            continue
        made, value = push.operands[0].op, push.operands[1]
        entry, turns = loop.preheader, turns_of(loop)
        if made is None or entry is None or turns is None or not _is_fresh(made, entry):
            continue
        _fill(fn, loop, entry, made, value, turns)
        ctx.remark("fused", push.loc, "the array is filled at once")
        changed = True
    return changed and (remove_unreachable(fn) or True)


def _only_push(loop: Loop) -> Op | None:
    """The call that adds a value of outside, if the loop does nothing else but test, and then count."""
    header = loop.header
    if len(loop.blocks) != 2 or len(header.params) != 1 or len(loop.exits) != 1:
        return None
    tested, done = ([op for op in block.ops[:-1] if not _is_constant(op)] for block in loop.blocks)
    pushes = [op for op in done if is_push(op)]
    if [op.name for op in tested] != ["i64.lt_s"] or len(done) != 2 or len(pushes) != 1:
        return None
    push = pushes[0]
    value, length = push.operands[1], push.results[0]
    if value.block in loop and (value.op is None or not _is_constant(value.op)):
        return None
    used = any(length in op.used_values() for block in loop.blocks for op in block.ops)
    return None if used or _is_used_behind(tested[0].results[0], loop) else push


def _is_constant(op: Op) -> bool:
    return op.name.endswith(".const")


def _is_used_behind(value: Value, loop: Loop) -> bool:
    return any(is_used_in(block, value) for block in loop.header.function.blocks if block not in loop) or any(
        value in target.args for target in loop.header.terminator.targets
    )


def _is_fresh(made: Op, entry: Block) -> bool:
    array = made.results[0]
    return (
        made.name == "data.array_new"
        and made.block is entry
        and constant_of(made.operands[0]) == 0
        and not is_used_in(entry, array)
    )


def _fill(fn: Function, loop: Loop, entry: Block, made: Op, value: Value, turns: tuple[Value, Value]) -> None:
    start, bound = turns
    # Those of the header may be used behind the loop.
    for op in [op for block in loop.blocks for op in block.ops if _is_constant(op)]:
        op.block.ops.remove(op)
        entry.insert(len(entry.ops) - 1, op)
    out = next(target for target in loop.header.terminator.targets if target.block not in loop)
    entry.ops.remove(made)
    builder = Builder(entry, len(entry.ops) - 1, made.loc)
    some = builder.op("i64.lt_s", start, bound)
    last = builder.op("select", some, bound, start)
    count = builder.op("i64.sub", last, start)
    made.operands = [count]
    builder.insert(made)
    array = made.results[0]
    builder.emit("data.array_fill", (array, builder.const(t.I64, 0), count, value), ())
    builder.emit("data.array_set_len", (array, count), ())
    counter = loop.header.params[0]
    replace_terminator(entry, branch(Target(out.block, list(out.args)), entry.terminator.loc))
    fn.replace_uses({counter: last})


SPEC = PassSpec(
    "fill-arrays",
    "typed",
    run,
    "Fill an array at once where a loop adds the same value again and again.",
    after=(Order("fuse-loops", "an array that is not made at all needs no filling"),),
    before=(Order("presize-arrays", "what is filled at once has its room"),),
)
