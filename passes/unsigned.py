"""Divide numbers that are proved not to be negative as unsigned ones, which is cheaper.

    %i counts up from 0: %r = i64.rem_s %i, 8        =>        %r = i64.rem_u %i, 8        (and `rewrite` makes %i & 7 of it)

The proofs are those of `index-signs`.
"""

from __future__ import annotations

from ..ir.core import Function
from ..ir.ops import row_named
from ..pipeline.spec import CFG_ANALYSES, Order, PassContext, PassSpec
from .analysis.dominators import dominators
from .const_fold import constant_of
from .index_signs import Prover

_UNSIGNED = {"i64.div_s": row_named("i64.div_u"), "i64.rem_s": row_named("i64.rem_u")}


def run(fn: Function, ctx: PassContext) -> bool:
    """Replace signed divisions of `fn` by positive constants where the dividend is not negative; True if there were any."""
    found = [op for op in fn.ops() if op.row.name in _UNSIGNED and (constant_of(op.operands[1]) or 0) > 0]
    if not found:
        return False
    prover = Prover(ctx.analyses.get(dominators, fn))
    changed = False
    for op in found:
        if prover.is_nonnegative(op.operands[0], op.block):
            op.row = _UNSIGNED[op.row.name]
            changed = True
    return changed


SPEC = PassSpec(
    "unsigned",
    "mem",
    run,
    "Divide numbers that are proved not to be negative as unsigned ones.",
    preserves=CFG_ANALYSES | {"effects"},
    after=(Order("loop-rotate", "a counter is bounded where the loop tests it at its end"),),
    before=(Order("strength-reduce", "it makes of a signed division what is no division any more"),),
)
