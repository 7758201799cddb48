"""Rewrite rules that leave the canonical form for what the machine does faster; `strength-reduce` applies them last.

x / 8  =>  (x + (x >>s 63 >>u 61)) >>s 3        x % 8  =>  x - ((x + bias) & -8)        x * -8  =>  0 - (x << 3)
"""

from __future__ import annotations

from ..ir.ops import numeric
from .rules import Const, Match, Node, Ops, Rule, Var, is_power_of_two, log2, select

x, y, a = Var("x"), Var("y"), Var("a")
c = Const("c")


def _rules(ty: str, ints: numeric.Integers) -> list[Rule]:
    i = Ops(ty)
    sign = ints.bits - 1

    def biased(power: int) -> Node:
        """x, plus power - 1 if it is negative, which makes a shift round toward zero."""
        exponent = log2(power)
        if exponent == 1:
            return i.add(x, i.shr_u(x, sign))
        return i.add(x, i.shr_u(i.shr_s(x, sign), ints.bits - exponent))

    def is_power(m: Match) -> bool:
        return m.c > 1 and is_power_of_two(m.c)

    return [
        Rule(f"{ty}-div_s-power-of-two", i.div_s(x, c), lambda m: i.shr_s(biased(m.c), log2(m.c)), when=is_power),
        Rule(f"{ty}-rem_s-power-of-two", i.rem_s(x, c), lambda m: i.sub(x, i.and_(biased(m.c), -m.c)), when=is_power),
        Rule(
            f"{ty}-div_s-minus-power-of-two",
            i.div_s(x, c),
            lambda m: i.sub(0, i.shr_s(biased(-m.c), log2(-m.c))),
            when=lambda m: m.c < -1 and m.c != ints.minimum and is_power_of_two(-m.c),
        ),
        # The remainder does not depend on the divisor's sign.
        Rule(
            f"{ty}-rem_s-minus-power-of-two",
            i.rem_s(x, c),
            lambda m: i.sub(x, i.and_(biased(-m.c), m.c)),
            when=lambda m: m.c < -1 and m.c != ints.minimum and is_power_of_two(-m.c),
        ),
        Rule(
            f"{ty}-mul-minus-power-of-two",
            i.mul(x, c),
            lambda m: i.sub(0, i.shl(x, log2(-m.c))),
            when=lambda m: m.c < -1 and m.c != ints.minimum and is_power_of_two(-m.c),
        ),
        # A product takes three cycles; 3, 5 and 9 times something is a single instruction, and so are they plus a constant.
        Rule(
            f"{ty}-mul-below-power-of-two",
            i.mul(x, c),
            lambda m: i.sub(i.shl(x, log2(m.c + 1)), x),
            when=lambda m: m.c > 3 and is_power_of_two(m.c + 1),
        ),
        Rule(
            f"{ty}-mul-above-power-of-two",
            i.mul(x, c),
            lambda m: i.add(i.shl(x, log2(m.c - 1)), x),
            when=lambda m: m.c > 2 and is_power_of_two(m.c - 1),
        ),
        # A sum over the turns of a loop waits for one addition a turn then, and not for the choice as well.
        Rule(f"{ty}-select-sum-else", select(a, x, i.add(x, y)), i.add(x, select(a, i.const(0), y))),
        Rule(f"{ty}-select-sum-then", select(a, i.add(x, y), x), i.add(x, select(a, y, i.const(0)))),
        # No rules for division by other constants: Cranelift finds those itself.
    ]


RULES: tuple[Rule, ...] = (*_rules("i32", numeric.i32), *_rules("i64", numeric.i64))
