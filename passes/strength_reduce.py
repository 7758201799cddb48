"""Replace divisions and multiplications by cheaper sequences, when nothing else wants to recognize them any more.

    q = i64.div_s x, 8        =>        b = (x >>s 63) >>u 61; q = (x + b) >>s 3

The rules are in `strength_rules`; the engine is that of `rewrite`.
"""

from __future__ import annotations

from ..ir.core import Function
from ..pipeline.spec import CFG_ANALYSES, Order, PassContext, PassSpec
from .analysis.cfg import cfg
from .rewrite import apply_rules, index_of
from .strength_rules import RULES


def run(fn: Function, ctx: PassContext) -> bool:
    """Apply the machine-directed rules to `fn`; True if it changed."""
    return apply_rules(fn, index_of(RULES), ctx.analyses.get(cfg, fn).order)


SPEC = PassSpec(
    "strength-reduce",
    "mem",
    run,
    "Replace divisions and remainders by powers of two by shifts and masks.",
    preserves=CFG_ANALYSES | {"effects"},
    after=(Order("rewrite", "its rules know x % 8 == 0, but not what becomes of x % 8 here"),),
)
