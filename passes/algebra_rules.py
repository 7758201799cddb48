"""Rewrite rules over i32 and i64: identities, constants gathered, canonical comparisons.

    (x + 1) + 2  =>  x + 3        x ^ x  =>  0        not (x <s y)  =>  x >=s y        x <=s 9  =>  x <s 10

Canonical forms: constants right; `add` of a negative constant instead of `sub`; strict comparisons with constants.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..ir.ops import numeric
from .rules import Const, Match, Node, Ops, Rule, Var, is_power_of_two, log2

x, y, z = Var("x"), Var("y"), Var("z")
c, d = Const("c"), Const("d")

boolean = Ops("bool")

#: Comparison: (with operands exchanged, negated).
COMPARISONS = {
    "eq": ("eq", "ne"),
    "ne": ("ne", "eq"),
    "lt_s": ("gt_s", "ge_s"),
    "le_s": ("ge_s", "gt_s"),
    "gt_s": ("lt_s", "le_s"),
    "ge_s": ("le_s", "lt_s"),
    "lt_u": ("gt_u", "ge_u"),
    "le_u": ("ge_u", "gt_u"),
    "gt_u": ("lt_u", "le_u"),
    "ge_u": ("le_u", "lt_u"),
}
_REFLEXIVE = frozenset({"eq", "le_s", "ge_s", "le_u", "ge_u"})


def _rules(ty: str, ints: numeric.Integers) -> list[Rule]:
    groups = (_sums, _products, _bits, _masks, _shifts, _comparisons, _comparisons_of_sums, _ranges)
    rules = [rule for group in groups for rule in group(Ops(ty), ints)]
    return [Rule(f"{ty}-{r.name}", r.pattern, r.replacement, r.when, r.assuming) for r in rules]


def _applied(op: Callable[..., Node], constant: Callable[[Match], Any]) -> Callable[[Match], Node]:
    """The replacement by `op` of x and a constant computed from those that were matched."""
    return lambda m: op(x, constant(m))


def _sums(i: Ops, ints: numeric.Integers) -> list[Rule]:
    return [
        Rule("add-zero", i.add(x, 0), x),
        Rule("sub-zero", i.sub(x, 0), x),
        Rule("sub-self", i.sub(x, x), 0),
        Rule("sub-constant", i.sub(x, c), lambda m: i.add(x, -m.c)),
        Rule("add-constants", i.add(i.add(x, c), d), lambda m: i.add(x, m.c + m.d)),
        Rule("sub-sum-from-constant", i.sub(c, i.add(x, d)), lambda m: i.sub(m.c - m.d, x)),
        Rule("add-to-difference", i.add(i.sub(c, x), d), lambda m: i.sub(m.c + m.d, x)),
        Rule("sub-difference-from-constant", i.sub(c, i.sub(d, x)), lambda m: i.add(x, m.c - m.d)),
        Rule("negate-difference", i.sub(0, i.sub(x, y)), i.sub(y, x)),
        Rule("add-negation", i.add(x, i.sub(0, y)), i.sub(x, y)),
        Rule("sub-negation", i.sub(x, i.sub(0, y)), i.add(x, y)),
        Rule("add-what-was-subtracted", i.add(i.sub(x, y), y), x),
        Rule("sub-what-was-added", i.sub(i.add(x, y), y), x),
        Rule("sub-sum-from-part", i.sub(x, i.add(x, y)), i.sub(0, y)),
        Rule("sub-minuend", i.sub(i.sub(x, y), x), i.sub(0, y)),
        Rule("sub-difference", i.sub(x, i.sub(x, y)), y),
        Rule("sub-equal-addends", i.sub(i.add(x, y), i.add(x, z)), i.sub(y, z)),
        Rule("add-one-to-complement", i.add(i.xor(x, -1), 1), i.sub(0, x)),
        Rule("sub-from-minus-one", i.sub(-1, x), i.xor(x, -1)),
        Rule("add-disjoint-bits", i.add(i.and_(x, y), i.or_(x, y)), i.add(x, y)),
        Rule("add-common-and-different-bits", i.add(i.and_(x, y), i.xor(x, y)), i.or_(x, y)),
        Rule("sub-common-bits", i.sub(i.or_(x, y), i.and_(x, y)), i.xor(x, y)),
    ]


def _products(i: Ops, ints: numeric.Integers) -> list[Rule]:
    def fits(m: Match) -> bool:
        return bool(0 <= m.c < ints.bits and 0 <= m.d < ints.bits)

    return [
        Rule("mul-zero", i.mul(x, 0), 0),
        Rule("mul-one", i.mul(x, 1), x),
        Rule("mul-minus-one", i.mul(x, -1), i.sub(0, x)),
        Rule(
            "mul-power-of-two",
            i.mul(x, c),
            lambda m: i.shl(x, log2(m.c & ints.mask)),
            when=lambda m: is_power_of_two(m.c & ints.mask),
        ),
        Rule("mul-constants", i.mul(i.mul(x, c), d), lambda m: i.mul(x, m.c * m.d)),
        Rule("mul-shifted", i.mul(i.shl(x, c), d), lambda m: i.mul(x, m.d << m.c), when=lambda m: 0 <= m.c < ints.bits),
        Rule("shl-product", i.shl(i.mul(x, c), d), lambda m: i.mul(x, m.c << m.d), when=lambda m: 0 <= m.d < ints.bits),
        Rule("mul-negation", i.mul(i.sub(0, x), c), lambda m: i.mul(x, -m.c)),
        Rule("mul-negations", i.mul(i.sub(0, x), i.sub(0, y)), i.mul(x, y)),
        Rule("add-products", i.add(i.mul(x, y), i.mul(x, z)), i.mul(x, i.add(y, z))),
        Rule("sub-products", i.sub(i.mul(x, y), i.mul(x, z)), i.mul(x, i.sub(y, z))),
        Rule("shl-sum", i.shl(i.add(x, c), d), lambda m: i.add(i.shl(x, d), m.c << m.d), when=fits),
        # No `div_s(x, -1) => 0 - x`: it would lose the trap when x is the least number; likewise `div_s(x, x) => 1`
        # and `rem_s(x, x) => 0` when x is 0.
        Rule("div_s-one", i.div_s(x, 1), x),
        Rule("div_u-one", i.div_u(x, 1), x),
        Rule("rem_s-one", i.rem_s(x, 1), 0),
        Rule("rem_s-minus-one", i.rem_s(x, -1), 0),
        Rule("rem_u-one", i.rem_u(x, 1), 0),
        Rule(
            "div_u-power-of-two",
            i.div_u(x, c),
            lambda m: i.shr_u(x, log2(m.c & ints.mask)),
            when=lambda m: is_power_of_two(m.c & ints.mask),
        ),
        Rule(
            "rem_u-power-of-two",
            i.rem_u(x, c),
            lambda m: i.and_(x, m.c - 1),
            when=lambda m: is_power_of_two(m.c & ints.mask),
        ),
        # The remainder has the sign of x, so only its being zero is a matter of the low bits alone.
        Rule(
            "is-divisible-by-power-of-two",
            i.eq(i.rem_s(x, c), 0),
            lambda m: i.eq(i.and_(x, m.c - 1), 0),
            when=lambda m: is_power_of_two(m.c),
        ),
        Rule(
            "is-not-divisible-by-power-of-two",
            i.ne(i.rem_s(x, c), 0),
            lambda m: i.ne(i.and_(x, m.c - 1), 0),
            when=lambda m: is_power_of_two(m.c),
        ),
        Rule(
            "is-positive-remainder",
            i.eq(i.rem_s(x, c), d),
            lambda m: i.eq(i.and_(x, ints.minimum + m.c - 1), d),
            when=lambda m: is_power_of_two(m.c) and 0 < m.d < m.c,
        ),
    ]


def _bits(i: Ops, ints: numeric.Integers) -> list[Rule]:
    return [
        Rule("and-zero", i.and_(x, 0), 0),
        Rule("and-ones", i.and_(x, -1), x),
        Rule("and-self", i.and_(x, x), x),
        Rule("and-constants", i.and_(i.and_(x, c), d), lambda m: i.and_(x, m.c & m.d)),
        Rule("and-part", i.and_(i.and_(x, y), y), i.and_(x, y)),
        Rule("and-or", i.and_(x, i.or_(x, y)), x),
        Rule("and-complement", i.and_(x, i.xor(x, -1)), 0),
        Rule("or-zero", i.or_(x, 0), x),
        Rule("or-ones", i.or_(x, -1), -1),
        Rule("or-self", i.or_(x, x), x),
        Rule("or-constants", i.or_(i.or_(x, c), d), lambda m: i.or_(x, m.c | m.d)),
        Rule("or-part", i.or_(i.or_(x, y), y), i.or_(x, y)),
        Rule("or-and", i.or_(x, i.and_(x, y)), x),
        Rule("or-complement", i.or_(x, i.xor(x, -1)), -1),
        Rule("xor-zero", i.xor(x, 0), x),
        Rule("xor-self", i.xor(x, x), 0),
        Rule("xor-constants", i.xor(i.xor(x, c), d), lambda m: i.xor(x, m.c ^ m.d)),
        Rule("xor-twice", i.xor(i.xor(x, y), y), x),
        Rule("xor-common-bits", i.xor(i.or_(x, y), i.and_(x, y)), i.xor(x, y)),
        # y where x has ones, z where it has zeros.
        Rule("choose-bits", i.xor(i.and_(x, y), i.and_(i.xor(x, -1), z)), i.xor(i.and_(x, i.xor(y, z)), z)),
        Rule("choose-bits-or", i.or_(i.and_(x, y), i.and_(i.xor(x, -1), z)), i.xor(i.and_(x, i.xor(y, z)), z)),
        # What two of three agree on. Where the three move on from turn to turn, the next turn has one difference already.
        Rule(
            "majority",
            i.xor(i.xor(i.and_(x, y), i.and_(x, z)), i.and_(y, z)),
            i.xor(i.and_(i.xor(x, y), i.xor(y, z)), y),
        ),
        Rule(
            "majority-or",
            i.or_(i.or_(i.and_(x, y), i.and_(x, z)), i.and_(y, z)),
            i.xor(i.and_(i.xor(x, y), i.xor(y, z)), y),
        ),
    ]


def _masks(i: Ops, ints: numeric.Integers) -> list[Rule]:
    return [
        Rule(
            "lowest-bit-of-sum-with-even",
            i.and_(i.add(x, c), 1),
            i.and_(x, 1),
            when=lambda m: m.c & 1 == 0,
            assuming=lambda z3, m: m.c & 1 == 0,
        ),
        Rule(
            "lowest-bit-of-sum-with-odd",
            i.and_(i.add(x, c), 1),
            i.xor(i.and_(x, 1), 1),
            when=lambda m: m.c & 1 == 1,
            assuming=lambda z3, m: m.c & 1 == 1,
        ),
        Rule("lowest-bit-is-one", i.eq(i.and_(x, 1), 1), i.ne(i.and_(x, 1), 0)),
        Rule("lowest-bit-is-not-one", i.ne(i.and_(x, 1), 1), i.eq(i.and_(x, 1), 0)),
        Rule("xor-of-masked", i.xor(i.and_(x, c), i.and_(y, c)), i.and_(i.xor(x, y), c)),
        Rule("or-of-masked", i.or_(i.and_(x, c), i.and_(y, c)), i.and_(i.or_(x, y), c)),
        Rule(
            "mask-of-or",
            i.and_(i.or_(x, c), d),
            lambda m: i.and_(x, d),
            when=lambda m: m.c & m.d == 0,
            assuming=lambda z3, m: m.c & m.d == 0,
        ),
        Rule(
            "mask-of-or-known",
            i.and_(i.or_(x, c), d),
            d,
            when=lambda m: m.c & m.d == m.d,
            assuming=lambda z3, m: m.c & m.d == m.d,
        ),
        Rule(
            "or-of-mask",
            i.or_(i.and_(x, c), d),
            lambda m: i.or_(x, d),
            when=lambda m: m.c | m.d == -1,
            assuming=lambda z3, m: m.c | m.d == -1,
        ),
        Rule(
            "mask-of-xor",
            i.and_(i.xor(x, c), d),
            lambda m: i.and_(x, d),
            when=lambda m: m.c & m.d == 0,
            assuming=lambda z3, m: m.c & m.d == 0,
        ),
        Rule(
            "mask-after-shr_u",
            i.and_(i.shr_u(x, c), d),
            i.shr_u(x, c),
            when=lambda m: (ints.mask >> (m.c & (ints.bits - 1))) & ~m.d == 0,
            assuming=lambda z3, m: z3.LShR(_ones(z3, m), m.c & (ints.bits - 1)) & ~m.d == 0,
        ),
        Rule(
            "mask-after-shl",
            i.and_(i.shl(x, c), d),
            i.shl(x, c),
            when=lambda m: (-1 << (m.c & (ints.bits - 1))) & ~m.d == 0,
            assuming=lambda z3, m: (_ones(z3, m) << (m.c & (ints.bits - 1))) & ~m.d == 0,
        ),
        Rule("test-bit", i.eq(i.and_(x, c), c), lambda m: i.ne(i.and_(x, c), 0), when=_is_bit(ints)),
        Rule("test-no-bit", i.ne(i.and_(x, c), c), lambda m: i.eq(i.and_(x, c), 0), when=_is_bit(ints)),
    ]


def _ones(z3: Any, m: Match) -> Any:
    return z3.BitVecVal(-1, m.c.size())


def _is_bit(ints: numeric.Integers) -> Any:
    return lambda m: is_power_of_two(m.c & ints.mask)


def _shifts(i: Ops, ints: numeric.Integers) -> list[Rule]:
    bits = ints.bits
    names = ("shl", "shr_s", "shr_u", "rotl", "rotr")
    shift = {name: getattr(i, name) for name in names}
    rules = [Rule(f"{n}-zero", shift[n](x, 0), x) for n in names]
    rules += [Rule(f"{n}-of-zero", shift[n](0, x), 0) for n in names]
    rules += [Rule(f"{n}-of-ones", shift[n](-1, x), -1) for n in ("shr_s", "rotl", "rotr")]
    rules += [
        Rule(
            f"{n}-count",
            shift[n](x, c),
            _applied(shift[n], lambda m: m.c & (bits - 1)),
            when=lambda m: not 0 <= m.c < bits,
            assuming=lambda z3, m: True,
        )
        for n in names
    ]
    rules += [Rule(f"{n}-masked-count", shift[n](x, i.and_(y, bits - 1)), shift[n](x, y)) for n in names]

    def short(m: Match) -> bool:
        return bool(0 <= m.c < bits and 0 <= m.d < bits and m.c + m.d < bits)

    def long(m: Match) -> bool:
        return bool(0 <= m.c < bits and 0 <= m.d < bits and m.c + m.d >= bits)

    def long_terms(z3: Any, m: Match) -> Any:
        return z3.And(z3.ULT(m.c, bits), z3.ULT(m.d, bits), z3.UGE(m.c + m.d, bits))

    def same_count(m: Match) -> bool:
        return bool(0 < m.c < bits)

    def same_count_terms(z3: Any, m: Match) -> Any:
        return z3.ULT(m.c, bits)

    rules += [
        Rule(f"{n}-twice", shift[n](shift[n](x, c), d), _applied(shift[n], lambda m: m.c + m.d), short)
        for n in ("shl", "shr_s", "shr_u")
    ]
    rules += [
        Rule("shl-out", i.shl(i.shl(x, c), d), 0, long, long_terms),
        Rule("shr_u-out", i.shr_u(i.shr_u(x, c), d), 0, long, long_terms),
        Rule("shr_s-to-sign", i.shr_s(i.shr_s(x, c), d), lambda m: i.shr_s(x, bits - 1), long, long_terms),
        Rule("rotl-twice", i.rotl(i.rotl(x, c), d), lambda m: i.rotl(x, m.c + m.d)),
        Rule("shl-shr_u", i.shr_u(i.shl(x, c), c), lambda m: i.and_(x, ints.mask >> m.c), same_count),
        Rule("shr_u-shl", i.shl(i.shr_u(x, c), c), lambda m: i.and_(x, -1 << m.c), same_count),
        Rule("shr_s-shl", i.shl(i.shr_s(x, c), c), lambda m: i.and_(x, -1 << m.c), same_count),
        Rule("sign-after-shr_s", i.shr_u(i.shr_s(x, c), bits - 1), i.shr_u(x, bits - 1), same_count, same_count_terms),
    ]
    if bits == 32:
        rules += [
            Rule("shl-shr_s-24", i.shr_s(i.shl(x, 24), 24), i.extend8_s(x)),
            Rule("shl-shr_s-16", i.shr_s(i.shl(x, 16), 16), i.extend16_s(x)),
        ]
    else:
        rules.append(Rule("shl-shr_s-32", i.shr_s(i.shl(x, 32), 32), i.extend32_s(x)))
    return rules


def _comparisons(i: Ops, ints: numeric.Integers) -> list[Rule]:
    maximum = -ints.minimum - 1
    of = {name: getattr(i, name) for name in COMPARISONS}
    rules = [Rule(f"{n}-self", of[n](x, x), n in _REFLEXIVE) for n in COMPARISONS]
    rules += [
        Rule(f"{n}-constant-left", of[n](c, x), _swapped(of[exchanged]))
        for n, (exchanged, _) in COMPARISONS.items()
        if n not in ("eq", "ne")
    ]
    rules += [Rule(f"not-{n}", boolean.not_(of[n](x, y)), of[negated](x, y)) for n, (_, negated) in COMPARISONS.items()]

    def all_but(bound: int) -> dict[str, Any]:
        return {"when": lambda m: m.c != bound, "assuming": lambda z3, m: m.c != bound}

    return rules + [
        Rule("le_s-constant", i.le_s(x, c), lambda m: i.lt_s(x, m.c + 1), **all_but(maximum)),
        Rule("ge_s-constant", i.ge_s(x, c), lambda m: i.gt_s(x, m.c - 1), **all_but(ints.minimum)),
        Rule("le_u-constant", i.le_u(x, c), lambda m: i.lt_u(x, m.c + 1), **all_but(-1)),
        Rule("ge_u-constant", i.ge_u(x, c), lambda m: i.gt_u(x, m.c - 1), **all_but(0)),
        Rule("lt_s-least", i.lt_s(x, ints.minimum), False),
        Rule("gt_s-greatest", i.gt_s(x, maximum), False),
        Rule("le_s-greatest", i.le_s(x, maximum), True),
        Rule("ge_s-least", i.ge_s(x, ints.minimum), True),
        Rule("lt_u-zero", i.lt_u(x, 0), False),
        Rule(
            "lt_u-masked",
            i.lt_u(i.and_(x, c), d),
            True,
            when=lambda m: 0 <= m.c < m.d,
            assuming=lambda z3, m: z3.And(m.c >= 0, m.c < m.d),
        ),
        Rule("ge_u-zero", i.ge_u(x, 0), True),
        Rule("gt_u-greatest", i.gt_u(x, -1), False),
        Rule("le_u-greatest", i.le_u(x, -1), True),
        Rule("lt_u-one", i.lt_u(x, 1), i.eq(x, 0)),
        Rule("gt_u-zero", i.gt_u(x, 0), i.ne(x, 0)),
        Rule("less-or-equal", boolean.or_(i.lt_s(x, y), i.eq(x, y)), i.le_s(x, y)),
        Rule("greater-or-equal", boolean.or_(i.gt_s(x, y), i.eq(x, y)), i.ge_s(x, y)),
        Rule("less-and-different", boolean.and_(i.le_s(x, y), i.ne(x, y)), i.lt_s(x, y)),
        Rule("greater-and-different", boolean.and_(i.ge_s(x, y), i.ne(x, y)), i.gt_s(x, y)),
        Rule("less-or-greater", boolean.or_(i.lt_s(x, y), i.gt_s(x, y)), i.ne(x, y)),
    ]


def _swapped(compare: Any) -> Any:
    return compare(x, c)


def _comparisons_of_sums(i: Ops, ints: numeric.Integers) -> list[Rule]:
    """Equality may move terms to the other side; an order may not (x + 1 < y + 1 is false when x + 1 overflows)."""
    rules = []
    for name, compare in (("eq", i.eq), ("ne", i.ne)):
        rules += [
            Rule(f"{name}-sum-constant", compare(i.add(x, c), d), _applied(compare, lambda m: m.d - m.c)),
            Rule(f"{name}-difference-constant", compare(i.sub(c, x), d), _applied(compare, lambda m: m.c - m.d)),
            Rule(f"{name}-xor-constant", compare(i.xor(x, c), d), _applied(compare, lambda m: m.c ^ m.d)),
            Rule(f"{name}-difference-zero", compare(i.sub(x, y), 0), compare(x, y)),
            Rule(f"{name}-xor-zero", compare(i.xor(x, y), 0), compare(x, y)),
            Rule(f"{name}-sum-part", compare(i.add(x, y), y), compare(x, 0)),
            Rule(f"{name}-sums", compare(i.add(x, y), i.add(z, y)), compare(x, z)),
            Rule(f"{name}-differences", compare(i.sub(x, y), i.sub(z, y)), compare(x, z)),
            Rule(f"{name}-complements", compare(i.xor(x, z), i.xor(y, z)), compare(x, y)),
        ]
    return rules


def _ranges(i: Ops, ints: numeric.Integers) -> list[Rule]:
    """Two bounds by one unsigned comparison of the distance from the lower one."""

    def inside(m: Match) -> Node:
        return i.lt_u(i.add(x, -(m.c + 1)), m.d - m.c - 1)

    def outside(m: Match) -> Node:
        return i.gt_u(i.add(x, -m.c), m.d - m.c)

    return [
        Rule(
            "between",
            boolean.and_(i.gt_s(x, c), i.lt_s(x, d)),
            inside,
            when=lambda m: m.c < m.d,
            assuming=lambda z3, m: m.c < m.d,
        ),
        Rule(
            "not-between",
            boolean.or_(i.lt_s(x, c), i.gt_s(x, d)),
            outside,
            when=lambda m: m.c <= m.d,
            assuming=lambda z3, m: m.c <= m.d,
        ),
    ]


RULES: tuple[Rule, ...] = (*_rules("i32", numeric.i32), *_rules("i64", numeric.i64))
