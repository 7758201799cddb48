"""Statements that compute: ops, patterns of rewrite rules, things that come again."""

from __future__ import annotations

import itertools
from functools import cache
from typing import Any

import rule_prover as prover
from maker import EDGES, SCALARS, Base
from random_ir import scalar_rows
from wasmlathe.ir import types as t
from wasmlathe.ir.core import Op, Value
from wasmlathe.ir.ops import OpRow
from wasmlathe.passes import algebra_rules, bool_rules, conversion_rules, float_rules, strength_rules
from wasmlathe.passes.rules import Const, Lit, Rule, Var

RULES = [
    rule for group in (algebra_rules, bool_rules, conversion_rules, float_rules, strength_rules) for rule in group.RULES
]


class Numbers(Base):
    """Statements that compute: ops, patterns of rewrite rules, things that come again."""

    def assign(self, depth: int) -> None:
        row: OpRow = self.rng.choice(_rows())
        free = self.rng.choice(SCALARS)
        operands = [self.value(free if p == "T" else _TYPES[p]) for p in row.operands]
        self.fresh(self.op(row.name, *operands))

    def arithmetic(self, depth: int) -> None:
        """Plain integer arithmetic, of which most programs consist."""
        name = self.rng.choice(("add", "sub", "mul", "and", "or", "xor", "add", "sub"))
        self.fresh(self.op(f"i64.{name}", self.value(t.I64), self.value(t.I64)))

    def pattern(self, depth: int) -> None:
        """What the left side of a rewrite rule looks like."""
        index = self.rng.randrange(len(RULES))
        rule: Rule = RULES[index]
        sorts = _sorts_of(index)
        chosen = self.rng.choice(_constants_of(index))
        known = {name: self.const(t.make(sorts[name]), value) for name, value in vars(chosen).items()}
        for name, sort in sorts.items():
            if name not in known:
                known[name] = self.value(t.make(sort))
        self.fresh(self.build(rule.pattern, known))

    def build(self, pattern: Any, known: dict[str, Value]) -> Value:
        if isinstance(pattern, (Var, Const)):
            return known[pattern.name]
        if isinstance(pattern, Lit):
            return self.const(pattern.type, pattern.value)
        return self.op(pattern.name, *[self.build(a, known) for a in pattern.args])

    def again(self, depth: int) -> None:
        """An op that was there before, or nearly: what value numbering looks for."""
        ops = [*self.function.entry.ops[-20:], *self.at.block.ops[-12:]]
        fitting = [op for op in ops if _may_come_again(op)]
        if not fitting:
            return self.arithmetic(depth)
        lively = [op for op in fitting if op.row.effects]
        op = self.rng.choice(lively if lively and self.rng.random() < 0.5 else fitting)
        operands = list(op.operands)
        if self.rng.random() < 0.3 and op.row.commutative:
            operands.reverse()
        self.budget -= 1
        for result in self.at.emit(op.row, operands, tuple(r.type for r in op.results), None, **op.attrs).results:
            self.fresh(result)

    def invariant(self, depth: int) -> None:
        """Something about the parameters alone, which does not change in a loop."""
        inside = dict(self.vars)
        self.vars = {p.name or "": p for p in self.function.params if p.type in EDGES and p.type is not t.I32}
        before = dict(self.vars)
        names = (
            "assign",
            "arithmetic",
            "divisible",
            "field",
            "measure",
            "call",
            "variable",
            "pattern",
            "host",
            "access",
        )
        name = self.rng.choice(names)
        self.statements().get(name, Numbers.arithmetic)(self, 0)
        made = [v for n, v in self.vars.items() if before.get(n) is not v]
        self.vars = inside
        for value in made:
            if value.type in EDGES:
                self.fresh(value)

    def select(self, depth: int) -> None:
        type_ = self.rng.choice(SCALARS)
        self.fresh(self.op("select", self.condition(), self.value(type_), self.value(type_)))

    def rotation(self, depth: int) -> None:
        """Bits rotated within 32 of 64."""
        rng = self.rng
        mask = self.const(t.I64, 0xFFFFFFFF)
        x = self.op("i64.and", self.value(t.I64), mask)
        if rng.random() < 0.3:
            x = self.op("i64.shr_u", self.value(t.I64), self.const(t.I64, 32))
        bits = rng.choice((1, 7, 13, 25, 31))
        down = self.op(f"i64.{rng.choice(('shr_u', 'shr_u', 'shr_s'))}", x, self.const(t.I64, bits))
        up = self.op("i64.shl", x, self.const(t.I64, 32 - bits if rng.random() < 0.9 else bits))
        both = self.op("i64.or", *rng.sample((down, up), 2))
        for _ in range(rng.randint(0, 3)):
            name = rng.choice(("add", "xor", "sub", "mul", "and", "shl"))
            other = self.const(t.I64, rng.randint(0, 33)) if name == "shl" else self.value(t.I64)
            both = self.op(f"i64.{name}", both, other)
        self.fresh(self.op("i64.and", both, mask))

    def divisible(self, depth: int) -> None:
        x, divisor = self.value(t.I64), self.const(t.I64, self.rng.choice((3, 5, 6, 7, 10, 12, 100, 8, -3, 2**62 + 1)))
        name = self.rng.choice(("rem_s", "rem_s", "rem_u", "div_s", "div_u"))
        rest = self.op(f"i64.{name}", x, divisor)
        if name.startswith("rem") and self.rng.random() < 0.8:
            self.fresh(self.op(f"i64.{self.rng.choice(('eq', 'ne'))}", rest, self.const(t.I64, 0)))
        else:
            self.fresh(rest)

    def fault(self, depth: int) -> None:
        """A division that may trap."""
        name = self.rng.choice(("div_s", "rem_s", "div_u", "rem_u"))
        divisor = self.value(t.I64)
        if self.rng.random() < 0.5:
            divisor = self.op("i64.and", divisor, self.const(t.I64, 1))
        self.fresh(self.op(f"i64.{name}", self.value(t.I64), divisor))


@cache
def _constants_of(index: int) -> list[Any]:
    return list(itertools.islice(prover.constant_choices(RULES[index]), 40))


@cache
def _sorts_of(index: int) -> dict[str, str]:
    return prover.sorts(RULES[index])


def _may_come_again(op: Op) -> bool:
    """True for computations, loads, and calls that give something."""
    if op.row.terminator or not op.results or any(r.type not in EDGES for r in op.results):
        return False
    return not op.row.name.endswith(".const") and op.attrs.get("callee") != "new"


_TYPES = {str(type_): type_ for type_ in EDGES}


@cache
def _rows() -> list[OpRow]:
    return [row for row in scalar_rows() if "f32" not in row.name]
