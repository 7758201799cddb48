"""Rewrite ops by declarative rules until none applies.

    b = i64.mul a, 8; c = i64.add b, 0        =>        c = i64.shl a, 3

The rules come from the hook `wasmlathe_rewrites` (`ctx.rules`). One sweep in reverse postorder sees operands before
their users, so an op is looked at when its operands are in their final form, and what a rule makes is looked at again
at once. Constants go right in commutative ops, and ops over constants alone are evaluated. An inner op that others use
too stays alive, so a rule then applies only if its right side is not dearer than the root alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from ..ir import types as t
from ..ir.core import Block, Function, Op, Value
from ..ir.signature import result_types
from ..pipeline.spec import CFG_ANALYSES, PassContext, PassSpec
from .analysis.cfg import cfg
from .const_fold import CONST_OPS, constant_of, fold, make_const
from .rules import Const, Lit, Match, Node, Pattern, Rule, Var, cost, variants

#: Sweeps over one function: a second one sees what the first changed behind back edges and use counts.
MAX_SWEEPS = 4
#: Rewrites that one op of the input may cause; rules that undo each other end here.
MAX_REWRITES_PER_OP = 64


class _Variant:
    """A rule with one order of operands, and what each operand of the root must be for a match to be possible."""

    __slots__ = ("has_inner", "needs", "pattern", "rule")

    def __init__(self, rule: Rule, pattern: Node) -> None:
        self.rule = rule
        self.pattern = pattern
        self.needs = tuple(_need(arg) for arg in pattern.args)
        self.has_inner = any(isinstance(arg, Node) for arg in pattern.args)


def _need(pattern: Pattern) -> str | None:
    if isinstance(pattern, Var):
        return None
    return pattern.name if isinstance(pattern, Node) else "const"


def _kind(value: Value) -> str:
    op = value.op
    if op is None:
        return ""
    return "const" if op.row.name in CONST_OPS else op.row.name


class RuleIndex:
    """Rules by their root op and the ops that define its operands."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._by_root: dict[str, list[_Variant]] = {}
        self._by_kinds: dict[tuple[str, ...], list[_Variant]] = {}
        for rule in rules:
            for pattern in variants(rule.pattern):
                assert isinstance(pattern, Node)
                self._by_root.setdefault(pattern.name, []).append(_Variant(rule, pattern))

    def candidates(self, op: Op) -> list[_Variant]:
        """The rules that may match `op`, in the order given."""
        of_root = self._by_root.get(op.row.name)
        if of_root is None:
            return []
        kinds = tuple(_kind(v) for v in op.operands)
        key = (op.row.name, *kinds)
        found = self._by_kinds.get(key)
        if found is None:
            found = self._by_kinds[key] = [
                v for v in of_root if all(n is None or n == k for n, k in zip(v.needs, kinds, strict=True))
            ]
        return found


@lru_cache(maxsize=16)
def index_of(rules: tuple[Rule, ...]) -> RuleIndex:
    """The index of these rules, made once."""
    return RuleIndex(rules)


def _matches(pattern: Node, op: Op, bound: dict[str, Value], inner: list[Value]) -> bool:
    for arg, value in zip(pattern.args, op.operands, strict=True):
        if isinstance(arg, (Var, Const)):
            if bound.setdefault(arg.name, value) is not value:
                return False
            if isinstance(arg, Const) and constant_of(value) is None:
                return False
        elif isinstance(arg, Lit):
            constant = constant_of(value)
            # Types tell true from 1; the text of a double tells -0.0 from 0.0.
            if constant is None or arg.type is not value.type or repr(constant) != repr(arg.value):
                return False
        else:
            below = value.op
            if below is None or below.row.name != arg.name:
                return False
            inner.append(value)
            if not _matches(arg, below, bound, inner):
                return False
    return True


class _Sweep:
    """One pass over the blocks of a function."""

    def __init__(self, fn: Function, index: RuleIndex) -> None:
        self.fn = fn
        self.index = index
        self.replaced: dict[Value, Value] = {}
        self.changed = False
        self.uses: dict[Value, int] = {}
        self._out: list[Op] = []
        self._block = fn.entry
        self._fuel = 0
        for op in fn.ops():
            for value in op.used_values():
                self.uses[value] = self.uses.get(value, 0) + 1

    def run(self, order: list[Block]) -> bool:
        for block in order:
            self._block, self._out = block, []
            for op in block.ops:
                self._visit(op)
            block.ops = self._out
        self.fn.replace_uses(self.replaced)
        return self.changed

    def _visit(self, op: Op) -> None:
        if self.replaced:
            op.replace_uses(self.replaced)
        if len(op.results) != 1:
            self._out.append(op)
            return
        self._fuel = MAX_REWRITES_PER_OP
        result = op.results[0]
        settled = self._settle(op)
        if settled is result:
            return
        self.replaced[result] = settled
        self.uses[settled] = self.uses.get(settled, 0) + self.uses.get(result, 0)
        for value in op.operands:
            self.uses[value] -= 1
        if settled.name is None and settled.op is not None:
            settled.name = result.name

    def _settle(self, op: Op) -> Value:
        """Place `op`, or what the rules make of it, in the block; its value."""
        if op.row.commutative and _kind(op.operands[0]) == "const" and _kind(op.operands[1]) != "const":
            op.operands = op.operands[::-1]
            self.changed = True
        result = op.results[0]
        folded = fold(op)
        if folded is not None:
            return self._constant(result.type, folded, op)
        found = self._find(op) if self._fuel else None
        if found is None:
            op.block = self._block
            self._out.append(op)
            return result
        self._fuel -= 1
        right, bound = found
        if not isinstance(right, (Var, Const, Lit, Node)):
            return self._constant(result.type, right, op)
        return self._build(right, bound, op)

    def _find(self, op: Op) -> tuple[Pattern | int | float | bool, dict[str, Value]] | None:
        for variant in self.index.candidates(op):
            bound: dict[str, Value] = {}
            inner: list[Value] = []
            if not _matches(variant.pattern, op, bound, inner):
                continue
            rule = variant.rule
            constants = Match(**{k: c for k, v in bound.items() if (c := constant_of(v)) is not None})
            if rule.when is not None and not rule.when(constants):
                continue
            right = rule.right(constants)
            if inner and cost(right) > op.row.cost and any(self.uses.get(v, 0) > 1 for v in inner):
                continue
            return right, bound
        return None

    def _build(self, pattern: Pattern, bound: dict[str, Value], like: Op) -> Value:
        if isinstance(pattern, (Var, Const)):
            self.changed = True
            return bound[pattern.name]
        if isinstance(pattern, Lit):
            return self._constant(pattern.type, pattern.value, like)
        self.changed = True
        operands = [self._build(arg, bound, like) for arg in pattern.args]
        row = pattern.row
        types = result_types(row, [v.type for v in operands])
        assert types is not None
        for value in operands:
            self.uses[value] = self.uses.get(value, 0) + 1
        return self._settle(Op(row, operands, types, None, like.loc))

    def _constant(self, type_: t.Type, value: float | bool, like: Op) -> Value:
        self.changed = True
        op = make_const(type_, value, like.loc)
        op.block = self._block
        self._out.append(op)
        return op.results[0]


def apply_rules(fn: Function, index: RuleIndex, order: list[Block]) -> bool:
    """Apply the rules to the blocks in `order` (reverse postorder) until nothing changes; True if anything did."""
    changed = False
    for _ in range(MAX_SWEEPS):
        if not _Sweep(fn, index).run(order):
            break
        changed = True
    return changed


def run(fn: Function, ctx: PassContext) -> bool:
    """Apply all contributed rules to `fn`; True if it changed."""
    order = ctx.analyses.get(cfg, fn).order
    return apply_rules(fn, index_of(tuple(ctx.rules)), order)


SPEC = PassSpec(
    "rewrite",
    "mem",
    run,
    "Simplify ops by the rewrite rules of all active plugins.",
    preserves=CFG_ANALYSES | {"effects"},
    also=("typed",),
)
