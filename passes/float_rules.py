"""Rewrite rules over f64: only what gives the same double for every operand, -0.0, infinities and NaN included.

    x * 1.0  =>  x        x / 8.0  =>  x * 0.125        x - 0.0  =>  x        not (x == y)  =>  x != y

Which NaN comes out is not part of the meaning (WebAssembly leaves it open); that it is one is.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from .rules import Const, Match, Node, Ops, Rule, Var

x, y = Var("x"), Var("y")
c = Const("c")

f64, boolean = Ops("f64"), Ops("bool")
neg, abs_ = f64.neg, f64.abs

_SWAPPED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le"}


def _has_exact_reciprocal(m: Match) -> bool:
    """True for powers of two whose reciprocal is a normal number."""
    return m.c != 0.0 and math.isfinite(m.c) and abs(math.frexp(m.c)[0]) == 0.5 and abs(math.frexp(m.c)[1]) <= 1000


def _with_negated(name: str) -> Callable[[Match], Node]:
    compare = getattr(f64, name)
    return lambda m: compare(x, -m.c)


_RULES = [
    # Not `x + 0.0 => x`: -0.0 + 0.0 is 0.0. Not `x - x => 0.0`, `x * 0.0 => 0.0`: infinities and NaN.
    Rule("add-minus-zero", f64.add(x, -0.0), x),
    Rule("sub-zero", f64.sub(x, 0.0), x),
    Rule("sub-from-minus-zero", f64.sub(-0.0, x), neg(x)),
    Rule("add-negation", f64.add(x, neg(y)), f64.sub(x, y)),
    Rule("sub-negation", f64.sub(x, neg(y)), f64.add(x, y)),
    Rule("sub-constant", f64.sub(x, c), lambda m: f64.add(x, -m.c), when=lambda m: m.c != 0.0),
    Rule("mul-one", f64.mul(x, 1.0), x),
    Rule("mul-minus-one", f64.mul(x, -1.0), neg(x)),
    Rule("mul-negations", f64.mul(neg(x), neg(y)), f64.mul(x, y)),
    Rule("mul-negation-constant", f64.mul(neg(x), c), lambda m: f64.mul(x, -m.c)),
    Rule("mul-two", f64.mul(x, 2.0), f64.add(x, x)),
    Rule("div-one", f64.div(x, 1.0), x),
    Rule("div-minus-one", f64.div(x, -1.0), neg(x)),
    Rule("div-negations", f64.div(neg(x), neg(y)), f64.div(x, y)),
    Rule("div-power-of-two", f64.div(x, c), lambda m: f64.mul(x, 1.0 / m.c), when=_has_exact_reciprocal),
    Rule("neg-neg", neg(neg(x)), x),
    # Not `neg (c - x) => x - c`: for x = c the one is -0.0, the other 0.0.
    Rule("abs-neg", abs_(neg(x)), abs_(x)),
    Rule("abs-abs", abs_(abs_(x)), abs_(x)),
    # Adding 0.0 makes 0.0 of -0.0, and a Float of what may be an Int: neither matters to these.
    Rule("abs-add-zero", abs_(f64.add(x, 0.0)), abs_(x)),
    *(
        rule
        for name in (*_SWAPPED, "eq", "ne")
        for rule in (
            Rule(f"{name}-add-zero-left", getattr(f64, name)(f64.add(x, 0.0), y), getattr(f64, name)(x, y)),
            Rule(f"{name}-add-zero-right", getattr(f64, name)(x, f64.add(y, 0.0)), getattr(f64, name)(x, y)),
        )
    ),
    Rule("square-of-abs", f64.mul(abs_(x), abs_(x)), f64.mul(x, x)),
    Rule("min-self", f64.min(x, x), x),
    Rule("max-self", f64.max(x, x), x),
    *(
        Rule(f"{name}-of-{inner}", getattr(f64, name)(getattr(f64, inner)(x)), getattr(f64, inner)(x))
        for name in ("floor", "ceil", "trunc", "nearest")
        for inner in ("floor", "ceil", "trunc", "nearest")
    ),
    # Not `x == x => true`: NaN. But nothing is below itself.
    Rule("lt-self", f64.lt(x, x), False),
    Rule("gt-self", f64.gt(x, x), False),
    Rule("not-eq", boolean.not_(f64.eq(x, y)), f64.ne(x, y)),
    Rule("not-ne", boolean.not_(f64.ne(x, y)), f64.eq(x, y)),
    # Not `not (x < y) => x >= y`: with a NaN both are false.
    Rule("less-or-equal", boolean.or_(f64.lt(x, y), f64.eq(x, y)), f64.le(x, y)),
    Rule("greater-or-equal", boolean.or_(f64.gt(x, y), f64.eq(x, y)), f64.ge(x, y)),
    *(
        Rule(f"{name}-constant-left", getattr(f64, name)(c, x), getattr(f64, other)(x, c))
        for name, other in _SWAPPED.items()
    ),
    *(
        Rule(f"{name}-negations", getattr(f64, name)(neg(x), neg(y)), getattr(f64, other)(x, y))
        for name, other in (*_SWAPPED.items(), ("eq", "eq"), ("ne", "ne"))
    ),
    *(
        Rule(
            f"{name}-negation-constant",
            getattr(f64, name)(neg(x), c),
            _with_negated(other),
        )
        for name, other in (*_SWAPPED.items(), ("eq", "eq"), ("ne", "ne"))
    ),
    Rule("abs-below-zero", f64.lt(abs_(x), 0.0), False),
    Rule("abs-is-zero", f64.eq(abs_(x), 0.0), f64.eq(x, 0.0)),
    Rule("square-root-below-zero", f64.lt(f64.sqrt(x), 0.0), False),
    Rule("copysign-self", f64.copysign(x, x), x),
    Rule("copysign-abs", f64.copysign(abs_(x), y), f64.copysign(x, y)),
    Rule("copysign-neg", f64.copysign(neg(x), y), f64.copysign(x, y)),
    Rule("abs-copysign", abs_(f64.copysign(x, y)), abs_(x)),
]

RULES: tuple[Rule, ...] = tuple(Rule(f"f64-{r.name}", r.pattern, r.replacement, r.when) for r in _RULES)
