"""Say of each check that is left which of the bounds is not known. It changes nothing; `explain` runs it.

    %ok = i64.lt_u %i, %n; cond_br %ok, ^in_range, ^from_end        =>        checked: the index may not be below the length

A check is a branch out of hot code to cold code that panics with a message of the language. It is told once for a place of
the source, at the end, when the passes have removed what they can: what is left is what the program pays for.
"""

from __future__ import annotations

from ..ir.core import Block, Function, Loc, Op
from ..pipeline.spec import PassContext, PassSpec
from .analysis.bounds import Bounds
from .analysis.loops import loops
from .index_range import facts

_OUT_OF_RANGE = "index out of range"

#: What other checks are about, by the message with which they end the program.
_MAY_FAIL = {
    "unexpected nil": "the value may be nil",
    "no arm of the match fits": "no arm may fit",
    "stack overflow": "the recursion may be too deep",
}

#: So many cold blocks lie between a check and its panic at most.
_MAX_COLD = 4


def run(fn: Function, ctx: PassContext) -> bool:
    """Tell of the checks in the hot blocks of `fn`; always False, since nothing changes."""
    nest = ctx.analyses.get(loops, fn)
    told: dict[Loc, tuple[str, bool]] = {}
    for block, bounds in facts(fn, ctx):
        end = block.terminator
        if block.cold or end.row.name != "cond_br" or end.loc is None:
            continue
        message = next(filter(None, (_panic_of(target.block) for target in end.targets)), None)
        if message is None:
            continue
        for op in block.ops:
            bounds.learn(op)
        text = _unknown_bound(end, bounds) if message == _OUT_OF_RANGE else _MAY_FAIL.get(message)
        if text is not None and not told.get(end.loc, ("", False))[1]:
            told[end.loc] = text, nest.depth(block) > 0
    for loc, (text, is_in_loop) in told.items():
        ctx.remark("checked", loc, text + (", in a loop" if is_in_loop else ""))
    return False


def _panic_of(block: Block) -> str | None:
    """The message of the panic to which a cold block leads."""
    pending, seen = [block], 0
    while pending and seen < _MAX_COLD:
        block = pending.pop()
        seen += 1
        if not block.cold:
            continue
        end = block.terminator
        if end.row.name == "panic":
            return str(end.attrs["message"])
        pending += block.successors
    return None


def _unknown_bound(check: Op, bounds: Bounds) -> str:
    """Which end of the range an index may pass."""
    test = check.operands[0].op
    if test is None or not test.row.name.endswith(".lt_u"):
        return "the index may be out of range"
    index, length = test.operands
    may_be_negative = bounds.lower(index) < 0
    if bounds.is_at_most(index, length, -1):
        return "the index may be negative"
    if may_be_negative:
        return "the index may be negative or not below the length"
    return "the index may not be below the length"


SPEC = PassSpec(
    "tell-checks",
    "mem",
    run,
    "Tell which checks are left, and which bound is not known.",
    only_tells=True,
)
