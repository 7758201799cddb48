"""Rewrite rules over bool and select, and between bool and integers.

not (not x)  =>  x        select c, true, false  =>  c        from_bool(c) != 0  =>  c
"""

from __future__ import annotations

from .rules import Const, Ops, Rule, Var, select

x, y, z, w = Var("x"), Var("y"), Var("z"), Var("w")
a, b = Var("a"), Var("b")
c = Const("c")

boolean = Ops("bool")
true, false = boolean.const(True), boolean.const(False)
and_, or_, xor, eq, not_ = boolean.and_, boolean.or_, boolean.xor, boolean.eq, boolean.not_

_BOOL = [
    Rule("and-true", and_(a, True), a),
    Rule("and-false", and_(a, False), False),
    Rule("and-self", and_(a, a), a),
    Rule("and-not", and_(a, not_(a)), False),
    Rule("and-part", and_(and_(a, b), b), and_(a, b)),
    Rule("and-or", and_(a, or_(a, b)), a),
    Rule("and-or-not", and_(a, or_(not_(a), b)), and_(a, b)),
    Rule("and-nots", and_(not_(a), not_(b)), not_(or_(a, b))),
    Rule("or-true", or_(a, True), True),
    Rule("or-false", or_(a, False), a),
    Rule("or-self", or_(a, a), a),
    Rule("or-not", or_(a, not_(a)), True),
    Rule("or-part", or_(or_(a, b), b), or_(a, b)),
    Rule("or-and", or_(a, and_(a, b)), a),
    Rule("or-and-not", or_(a, and_(not_(a), b)), or_(a, b)),
    Rule("or-nots", or_(not_(a), not_(b)), not_(and_(a, b))),
    Rule("xor-true", xor(a, True), not_(a)),
    Rule("xor-false", xor(a, False), a),
    Rule("xor-self", xor(a, a), False),
    Rule("xor-twice", xor(xor(a, b), b), a),
    Rule("xor-not", xor(not_(a), b), eq(a, b)),
    Rule("eq-true", eq(a, True), a),
    Rule("eq-false", eq(a, False), not_(a)),
    Rule("eq-self", eq(a, a), True),
    Rule("eq-not", eq(not_(a), b), xor(a, b)),
    Rule("not-not", not_(not_(a)), a),
    Rule("not-xor", not_(xor(a, b)), eq(a, b)),
    Rule("not-eq", not_(eq(a, b)), xor(a, b)),
]

_SELECT = [
    Rule("true", select(True, x, y), x),
    Rule("false", select(False, x, y), y),
    Rule("same", select(a, x, x), x),
    Rule("not", select(not_(a), x, y), select(a, y, x)),
    Rule("true-false", select(a, true, false), a),
    Rule("false-true", select(a, false, true), not_(a)),
    Rule("or", select(a, true, b), or_(a, b)),
    Rule("and", select(a, b, false), and_(a, b)),
    # Not `select a, false, b => and(not a, b)`: it is dearer.
    Rule("itself-then", select(a, a, b), or_(a, b)),
    Rule("itself-else", select(a, b, a), and_(a, b)),
    Rule("then-decided", select(a, select(a, x, y), z), select(a, x, z)),
    Rule("else-decided", select(a, x, select(a, y, z)), select(a, x, z)),
    Rule("both", select(a, select(b, x, y), y), select(and_(a, b), x, y)),
    Rule("either", select(a, x, select(b, x, y)), select(or_(a, b), x, y)),
]


i64 = Ops("i64")
_SELECT_I64 = [
    Rule("then-sum", select(a, i64.add(z, select(a, x, y)), w), select(a, i64.add(z, x), w)),
    Rule("else-sum", select(a, w, i64.add(z, select(a, x, y))), select(a, w, i64.add(z, y))),
]


def _between(ty: str) -> list[Rule]:
    """Rules that connect bool with one integer width."""
    i = Ops(ty)
    one, zero = i.const(1), i.const(0)
    from_bool = i.from_bool
    rules = [
        Rule("select-one-zero", select(a, one, zero), from_bool(a)),
        Rule("ne-zero", i.ne(from_bool(a), 0), a),
        Rule("ne-one", i.ne(from_bool(a), 1), not_(a)),
        Rule("eq-zero", i.eq(from_bool(a), 0), not_(a)),
        Rule("eq-one", i.eq(from_bool(a), 1), a),
        Rule("gt_s-zero", i.gt_s(from_bool(a), 0), a),
        Rule("lt_s-zero", i.lt_s(from_bool(a), 0), False),
        Rule("lt_s-one", i.lt_s(from_bool(a), 1), not_(a)),
        Rule("and-one", i.and_(from_bool(a), 1), from_bool(a)),
        Rule("xor-one", i.xor(from_bool(a), 1), from_bool(not_(a))),
        Rule("one-minus", i.sub(1, from_bool(a)), from_bool(not_(a))),
        Rule("and", i.and_(from_bool(a), from_bool(b)), from_bool(and_(a, b))),
        Rule("or", i.or_(from_bool(a), from_bool(b)), from_bool(or_(a, b))),
        Rule("xor", i.xor(from_bool(a), from_bool(b)), from_bool(xor(a, b))),
        Rule("eq", i.eq(from_bool(a), from_bool(b)), eq(a, b)),
        Rule("ne", i.ne(from_bool(a), from_bool(b)), xor(a, b)),
        Rule("mul", i.mul(from_bool(a), x), select(a, x, zero)),
        Rule("equal-then", select(i.eq(x, y), x, y), y),
        Rule("different-then", select(i.ne(x, y), x, y), x),
        # One form of a condition, so that selects of opposite conditions meet.
        Rule("different", select(i.ne(x, y), z, w), select(i.eq(x, y), w, z)),
        # No such rules for f64: 0.0 equals -0.0.
        Rule("equal-else", select(i.eq(x, y), y, x), x),
    ]
    return [Rule(f"{ty}-bool-{r.name}", r.pattern, r.replacement) for r in rules]


RULES: tuple[Rule, ...] = (
    *(Rule(f"bool-{r.name}", r.pattern, r.replacement) for r in _BOOL),
    *(Rule(f"select-{r.name}", r.pattern, r.replacement) for r in _SELECT),
    # Not for i64, where from_bool(not a) is dearer than a select.
    Rule(
        "i32-bool-select-zero-one", select(a, Ops("i32").const(0), Ops("i32").const(1)), Ops("i32").from_bool(not_(a))
    ),
    *(Rule(f"i64-select-{r.name}", r.pattern, r.replacement) for r in _SELECT_I64),
    *_between("i32"),
    *_between("i64"),
)
