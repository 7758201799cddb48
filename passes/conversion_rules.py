"""Rewrite rules over conversions between widths, and between integers and doubles.

wrap (extend x)  =>  x        wrap (add (extend x), (extend y))  =>  add x, y        extend x <s extend y  =>  x <s y
"""

from __future__ import annotations

from collections.abc import Callable

from ..ir.ops.numeric import M32, MIN32, wrap32
from .rules import Const, Match, Node, Ops, Rule, Var

x, y = Var("x"), Var("y")
c = Const("c")

i32, i64, f64, boolean = Ops("i32"), Ops("i64"), Ops("f64"), Ops("bool")
wrap, signed, unsigned, low_signed = i32.wrap_i64, i64.extend_i32_s, i64.extend_i32_u, i64.extend32_s


def _keeps_low(bits: int, when: int) -> bool:
    return when & ((1 << bits) - 1) == (1 << bits) - 1


_WIDTHS = [
    Rule("wrap-extend_s", wrap(signed(x)), x),
    Rule("wrap-extend_u", wrap(unsigned(x)), x),
    Rule("wrap-extend32_s", wrap(low_signed(x)), wrap(x)),
    Rule("wrap-from_bool", wrap(i64.from_bool(x)), i32.from_bool(x)),
    Rule("wrap-mask", wrap(i64.and_(x, c)), wrap(x), when=lambda m: _keeps_low(32, m.c)),
    Rule("extend_s-wrap", signed(wrap(x)), low_signed(x)),
    # Not `extend_u(wrap x) => and(x, 0xffffffff)`: the constant has to be loaded, the move that zero-extends is free.
    Rule("extend_s-from_bool", signed(i32.from_bool(x)), i64.from_bool(x)),
    Rule("extend_u-from_bool", unsigned(i32.from_bool(x)), i64.from_bool(x)),
    Rule("extend32_s-twice", low_signed(low_signed(x)), low_signed(x)),
    Rule("extend32_s-extend_s", low_signed(signed(x)), signed(x)),
    Rule("extend32_s-extend_u", low_signed(unsigned(x)), signed(x)),
    Rule("extend32_s-mask", low_signed(i64.and_(x, c)), low_signed(x), when=lambda m: _keeps_low(32, m.c)),
    Rule("extend_u-mask", i64.and_(unsigned(x), c), unsigned(x), when=lambda m: _keeps_low(32, m.c)),
    Rule("extend8_s-twice", i32.extend8_s(i32.extend8_s(x)), i32.extend8_s(x)),
    Rule("extend16_s-twice", i32.extend16_s(i32.extend16_s(x)), i32.extend16_s(x)),
    Rule("extend16_s-extend8_s", i32.extend16_s(i32.extend8_s(x)), i32.extend8_s(x)),
    Rule("extend8_s-extend16_s", i32.extend8_s(i32.extend16_s(x)), i32.extend8_s(x)),
    Rule("extend8_s-mask", i32.extend8_s(i32.and_(x, c)), i32.extend8_s(x), when=lambda m: _keeps_low(8, m.c)),
    Rule("extend16_s-mask", i32.extend16_s(i32.and_(x, c)), i32.extend16_s(x), when=lambda m: _keeps_low(16, m.c)),
]


def _narrowed(op: Callable[..., Node]) -> Callable[[Match], Node]:
    """The replacement by `op` of x and the low half of the constant."""
    return lambda m: op(x, wrap32(m.c))


def _narrowing() -> list[Rule]:
    """Arithmetic on extended values of which only the low half is used."""
    rules = []
    for name in ("add", "sub", "mul", "and_", "or_", "xor"):
        wide, narrow, text = getattr(i64, name), getattr(i32, name), name.rstrip("_")
        for kind, extend in (("s", signed), ("u", unsigned)):
            rules.append(Rule(f"wrap-{text}-extend_{kind}", wrap(wide(extend(x), extend(y))), narrow(x, y)))
            rules.append(
                Rule(
                    f"wrap-{text}-extend_{kind}-constant",
                    wrap(wide(extend(x), c)),
                    _narrowed(narrow),
                )
            )
    for kind, extend in (("s", signed), ("u", unsigned)):
        rules.append(
            Rule(
                f"wrap-shl-extend_{kind}",
                wrap(i64.shl(extend(x), c)),
                lambda m: i32.shl(x, m.c),
                when=lambda m: 0 <= m.c < 32,
            )
        )
    return rules


def _comparisons() -> list[Rule]:
    """Comparisons of extended values are comparisons of the values."""

    def in_signed(m: Match) -> bool:
        return bool(MIN32 <= m.c < -MIN32)

    def in_unsigned(m: Match) -> bool:
        return bool(0 <= m.c <= M32)

    rules = []
    for name in ("eq", "ne", "lt_s", "le_s", "gt_s", "ge_s", "lt_u", "le_u", "gt_u", "ge_u"):
        wide, narrow = getattr(i64, name), getattr(i32, name)
        rules.append(Rule(f"{name}-extend_s", wide(signed(x), signed(y)), narrow(x, y)))
        as_unsigned = narrow if name in ("eq", "ne") else getattr(i32, name[:3] + "u")
        rules.append(Rule(f"{name}-extend_u", wide(unsigned(x), unsigned(y)), as_unsigned(x, y)))
        rules.append(
            Rule(
                f"{name}-extend_s-constant",
                wide(signed(x), c),
                _narrowed(narrow),
                when=in_signed,
            )
        )
        if name[3:] != "s":  # an order of signed 64-bit numbers says more to the analysis of ranges
            rules.append(
                Rule(
                    f"{name}-extend_u-constant",
                    wide(unsigned(x), c),
                    _narrowed(as_unsigned),
                    when=in_unsigned,
                )
            )
    rules += [
        Rule("extend_u-not-negative", i64.lt_s(unsigned(x), c), False, when=lambda m: m.c <= 0),
        Rule("extend_u-above-negative", i64.gt_s(unsigned(x), c), True, when=lambda m: m.c < 0),
        Rule("extend_u-below-2^32", i64.lt_s(unsigned(x), c), True, when=lambda m: m.c > M32),
    ]
    return rules


_DOUBLES = [
    Rule("convert-extend_s", f64.convert_i64_s(signed(x)), f64.convert_i32_s(x)),
    Rule("convert-extend_u", f64.convert_i64_u(unsigned(x)), f64.convert_i64_s(unsigned(x))),
    # Every i32 is a double, so nothing is lost on the way. Not so for i64.
    Rule("trunc-convert", i32.trunc_f64_s(f64.convert_i32_s(x)), x),
    Rule("trunc_sat-convert", i32.trunc_sat_f64_s(f64.convert_i32_s(x)), x),
    Rule("trunc-convert-64", i64.trunc_f64_s(f64.convert_i32_s(x)), signed(x)),
    Rule("trunc_sat-convert-64", i64.trunc_sat_f64_s(f64.convert_i32_s(x)), signed(x)),
    Rule("reinterpret-there-and-back", i64.reinterpret_f64(f64.reinterpret_i64(x)), x),
    Rule("reinterpret-back-and-there", f64.reinterpret_i64(i64.reinterpret_f64(x)), x),
    *(
        Rule(f"f64-{name}-converted", getattr(f64, name)(f64.convert_i32_s(x), f64.convert_i32_s(y)), narrow(x, y))
        for name, narrow in (
            ("eq", i32.eq),
            ("ne", i32.ne),
            ("lt", i32.lt_s),
            ("le", i32.le_s),
            ("gt", i32.gt_s),
            ("ge", i32.ge_s),
        )
    ),
    *(
        Rule(f"{name}-converted", getattr(f64, name)(convert(x)), convert(x))
        for name in ("floor", "ceil", "trunc", "nearest")
        for convert in (f64.convert_i64_s,)
    ),
]

RULES: tuple[Rule, ...] = (*_WIDTHS, *_narrowing(), *_comparisons(), *_DOUBLES)
