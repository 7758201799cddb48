"""Say of the loops which could be vectorized, and what stays in them. It changes nothing; `explain` runs it.

    for i in 0..n { a[i] = a[i] * 2 }        =>        vectorizable: the turns of the loop do not depend on each other
    for x in xs { ys.push(len(ys)) }         =>        not-hoisted: length and place of an array: the loop may change it

Told before loops take several turns at once, which would tell each thing several times.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..ir.core import Block, Function, Loc, Op
from ..ir.ops import Effects
from ..pipeline.spec import Order, PassContext, PassSpec
from .analysis.effects import Summaries, clobbers, effects, reads_of, summary_of, writes_of
from .analysis.loops import Loop, loops
from .analysis.vectorizable import vectorizable
from .analysis.words import words_of

#: What calls of the runtime mean for the source.
_GROWING = {"rt-array-reserve": "an array grows", "rt-string-extend": "a string grows"}

_NOT_PURE = Effects.WRITES | Effects.IO | Effects.ALLOCS


def run(fn: Function, ctx: PassContext) -> bool:
    """Tell of the loops of `fn`; always False, since nothing changes."""
    nest = ctx.analyses.get(loops, fn)
    if not nest.loops:
        return False
    summaries = ctx.analyses.get(effects, fn.module)
    for loop in nest:
        if loop.header.cold:
            continue
        if not loop.children:
            _tell_vectorizable(loop, summaries, ctx)
        for loc, text in dict.fromkeys(_left_inside(loop, summaries)):
            ctx.remark("not-hoisted", loc, text)
    return False


def _tell_vectorizable(loop: Loop, summaries: Summaries, ctx: PassContext) -> None:
    loc = _place(loop)
    if loc is None:
        return
    verdict = vectorizable(loop, summaries)
    if verdict.reasons:
        ctx.remark("not-vectorizable", loc, verdict.reasons[0])
        return
    sums = f", apart from what they combine ({', '.join(dict.fromkeys(verdict.reductions))})"
    text = "the turns of the loop do not depend on each other"
    ctx.remark("vectorizable", loc, text + (sums if verdict.reductions else ""))


def _place(loop: Loop) -> Loc | None:
    """Where the source has the loop: the test that ends it."""
    ends: list[Block] = [block for block, _ in loop.exits if not block.cold]
    chosen = next((block for block in ends if block in loop.latches), ends[0] if ends else loop.header)
    return chosen.terminator.loc


# --- what is computed in each turn though its inputs do not change ----------------------------------------------------


def _left_inside(loop: Loop, summaries: Summaries) -> Iterator[tuple[Loc, str]]:
    inner = {block for child in loop.children for block in child.blocks}
    written: dict[str, Op] = {}
    for block in loop.blocks:
        for op in block.ops:
            for name in writes_of(op, summaries):
                written.setdefault(name, op)
    for block in loop.blocks:
        if block in inner or block.cold:
            continue
        for op in block.ops:
            if op.loc is not None and _is_worth_telling(op, loop, summaries):
                reason = _reason(op, written, summaries)
                if reason is not None:
                    yield op.loc, f"{words_of(op)}: {reason}"


def _is_worth_telling(op: Op, loop: Loop, summaries: Summaries) -> bool:
    """A load or call whose inputs come from outside, and that does nothing else; the allocator's state is nobody's."""
    if not op.results or any(value.block in loop for value in op.operands):
        return False
    if Effects.CALLS in op.row.effects:
        return not summary_of(op, summaries).effects & _NOT_PURE
    return bool(reads_of(op, summaries)) and not op.row.effects & _NOT_PURE and bool(words_of(op))


def _reason(op: Op, written: dict[str, Op], summaries: Summaries) -> str | None:
    """Why the op stays in the loop; None if nothing in particular speaks against moving it."""
    for name in reads_of(op, summaries):
        writer = next((other for known, other in written.items() if clobbers((known,), (name,))), None)
        if writer is not None:
            return f"the loop may change it ({_doer(writer)})"
    if Effects.CALLS in op.row.effects:
        return "it may panic or not end, and not every way through the loop comes to it first"
    return None


def _doer(op: Op) -> str:
    line = f" in line {op.loc.line}" if op.loc is not None else ""
    if Effects.CALLS in op.row.effects:
        return f"{_GROWING.get(op.attrs.get('callee', ''), words_of(op))}{line}"
    return f"it writes {words_of(op)}{line}"


SPEC = PassSpec(
    "tell-loops",
    "mem",
    run,
    "Tell which loops could be vectorized, and what is computed in every turn.",
    after=(Order("licm", "what it hoists does not stay"),),
    before=(
        Order("unroll-linear", "several turns at once would be told several times"),
        Order("unroll-jam", "several turns at once would be told several times"),
        Order("unroll", "several turns at once would be told several times"),
    ),
    only_tells=True,
)
