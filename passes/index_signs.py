"""Forget the index from the end where an index is proved not to be negative.

    for i from 0, while i < n:                      for i from 0, while i < n:
      cond_br (i <u n), ^ok, ^from_end       =>       cond_br (i <u n), ^ok, ^panic
    ^from_end: %j = i + n; cond_br (j <u n) ...

A value is proved not to be negative by induction: constants, extended lengths, conditions of branches that dominate the
place, and for a loop's parameters every edge into it, where the parameter itself may be assumed to have the property. So
two counters that approach each other prove each other's sign: `low < high`, and `low` starts at 0 and grows. The steps of a
proof are bounded. What lies below a length is decided by `index-range`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ..ir import types as t
from ..ir.build import Builder
from ..ir.core import Block, Function, Op, Target, Value
from ..pipeline.spec import CFG_ANALYSES, Order, PassContext, PassSpec
from .analysis.dominators import DominatorTree, dominators
from .const_fold import constant_of

MAX_DEPTH = 12
#: Conditions looked at on the way up the dominator tree for one question.
MAX_FACTS = 64

_MAX64 = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class Fact:
    """`low` is at most `high`, as signed numbers; less if `strict`; `unsigned` says that `low` is not negative either.

    All this only if `given` is not negative: an index that was not counted from the end.
    """

    low: Value
    high: Value
    strict: bool
    unsigned: bool = False
    given: Value | None = None


#: Comparison -> (operand that is smaller, is it strict) when true; the opposite holds when false.
_ORDER = {"i64.lt_s": (0, True), "i64.le_s": (0, False), "i64.gt_s": (1, True), "i64.ge_s": (1, False)}


def run(fn: Function, ctx: PassContext) -> bool:
    """Replace comparisons of `fn` whose outcome can be proved by constants; True if there were any."""
    prover = Prover(ctx.analyses.get(dominators, fn))
    mapping: dict[Value, Value] = {}
    for block in prover.tree.preorder:
        index = 0
        while index < len(block.ops):
            op = block.ops[index]
            outcome = prover.outcome(op, block) if op.name in _DECIDED else None
            if outcome is not None:
                mapping[op.results[0]] = Builder(block, index, op.loc).const(t.BOOL, outcome)
                index += 1
            index += 1
    fn.replace_uses(mapping)
    return bool(mapping)


class Prover:
    """Answers questions about the i64 values of one function."""

    def __init__(self, tree: DominatorTree) -> None:
        self.tree = tree
        self._facts: dict[Block, list[Fact]] = {}
        self._known: dict[tuple[str, Value, Block], bool] = {}

    def outcome(self, op: Op, block: Block) -> bool | None:
        """Whether the comparison is always true or always false where it stands; None if neither can be shown."""
        left, right = op.operands
        if op.name == "i64.lt_u":
            base = _wrapped_index(op.results[0])
            # Too large, and it wraps around nowhere.
            return False if base is not None and self.is_nonnegative(base, block) else None
        if constant_of(right) == 0 and self.is_nonnegative(left, block):
            return op.name == "i64.ge_s"
        return None

    # --- signs -------------------------------------------------------------------------------------------------------

    def is_nonnegative(self, value: Value, block: Block) -> bool:
        """Whether `value` is proved not to be negative wherever control is in `block`."""
        return self._ask("nonnegative", value, block)

    def _ask(self, question: str, value: Value, block: Block) -> bool:
        key = (question, value, block)
        known = self._known.get(key)
        if known is None:
            rule = self._nonnegative if question == "nonnegative" else self._limited
            known = self._known[key] = rule(value, block, self._facts_at(block), frozenset(), MAX_DEPTH)
        return known

    def _nonnegative(
        self, value: Value, block: Block, facts: list[Fact], assumed: frozenset[Value], depth: int
    ) -> bool:
        if value in assumed:
            return True
        if depth == 0:
            return False
        op = value.op
        if op is not None and self._nonnegative_op(op, block, facts, assumed, depth - 1):
            return True
        for fact in _holding(facts, assumed):
            if fact.low is value and fact.unsigned:
                return True
            if fact.high is value and fact.low is not value:
                low = constant_of(fact.low)
                if low is not None:
                    if low >= (-1 if fact.strict else 0):
                        return True
                elif self._nonnegative(fact.low, block, facts, assumed, depth - 1):
                    return True
        return isinstance(value.owner, Block) and self._at_all_edges("nonnegative", value, assumed, depth - 1)

    def _nonnegative_op(self, op: Op, block: Block, facts: list[Fact], assumed: frozenset[Value], depth: int) -> bool:
        constant = constant_of(op.results[0])
        if constant is not None:
            return bool(constant >= 0)
        if op.name in _ALWAYS_NONNEGATIVE:
            return True
        if op.name == "i64.add":
            return self._nonnegative_sum(op, block, facts, assumed, depth)
        if op.name == "i64.and":
            return any(self._nonnegative(v, block, facts, assumed, depth) for v in op.operands)
        if op.name == "i64.shr_u":
            return (constant_of(op.operands[1]) or 0) & 63 > 0
        if op.name in ("i64.shr_s", "i64.rem_s"):
            return self._nonnegative(op.operands[0], block, facts, assumed, depth)
        if op.name == "select":
            return all(self._nonnegative(v, block, facts, assumed, depth) for v in op.operands[1:])
        return False

    def _nonnegative_sum(self, op: Op, block: Block, facts: list[Fact], assumed: frozenset[Value], depth: int) -> bool:
        base, added = op.operands
        step = constant_of(added)
        if step is None:
            both = (base, added)
            return all(_is_small_by_facts(v, facts, assumed) for v in both) and all(
                self._nonnegative(v, block, facts, assumed, depth) for v in both
            )
        if step < 0:
            return any(
                fact.high is base and (low := constant_of(fact.low)) is not None and low + fact.strict >= -step
                for fact in _holding(facts, assumed)
            )
        if not self._nonnegative(base, block, facts, assumed, depth):
            return False
        if step == 1:
            return self._limited(base, block, facts, assumed, depth)
        return step < 1 << 40 and _is_small_by_facts(base, facts, assumed)

    # --- bounds ------------------------------------------------------------------------------------------------------

    def _limited(self, value: Value, block: Block, facts: list[Fact], assumed: frozenset[Value], depth: int) -> bool:
        """Whether `value` is below the largest i64, so that adding one cannot wrap around."""
        constant = constant_of(value)
        if constant is not None:
            return bool(constant < _MAX64)
        if _is_small(value) or any(fact.low is value and fact.strict for fact in _holding(facts, assumed)):
            return True
        if depth == 0 or not isinstance(value.owner, Block):
            return False
        return self._at_all_edges("limited", value, frozenset(), depth - 1)

    # --- edges and facts ---------------------------------------------------------------------------------------------

    def _at_all_edges(self, question: str, param: Value, assumed: frozenset[Value], depth: int) -> bool:
        """Whether the arguments for a block's parameter have the property on every edge, if the parameter has it."""
        owner = param.owner
        assert isinstance(owner, Block)
        if owner is owner.function.entry or param not in owner.params or depth <= 0:
            return False
        index = owner.params.index(param)
        rule = self._nonnegative if question == "nonnegative" else self._limited
        for source, target in self.tree.cfg.edges_into[owner]:
            if not self.tree.cfg.is_reachable(source):
                continue
            if not rule(target.args[index], source, self._facts_on(source, target), assumed | {param}, depth):
                return False
        return True

    def _facts_on(self, source: Block, target: Target) -> list[Fact]:
        """What holds on an edge: at its source, and by the branch."""
        branch = source.terminator
        if branch.name != "cond_br" or branch.targets[0].block is branch.targets[1].block:
            return self._facts_at(source)
        return [*_facts_of(branch.operands[0], branch.targets[0] is target), *self._facts_at(source)]

    def _facts_at(self, block: Block) -> list[Fact]:
        """What the branches say that every path to `block` has passed, nearest first."""
        known = self._facts.get(block)
        if known is None:
            known = []
            above = self.tree.idom.get(block)
            edges = self.tree.cfg.edges_into[block]
            if len(edges) == 1 and edges[0][0].terminator.name == "cond_br":
                branch = edges[0][0].terminator
                known += _facts_of(branch.operands[0], branch.targets[0] is edges[0][1])
            elif len(edges) == 2:
                known += _facts_past_wrapping(*edges)
            if above is not None and len(known) < MAX_FACTS:
                known += self._facts_above(above)
            known = self._facts[block] = known[:MAX_FACTS]
        return known

    def _facts_above(self, block: Block) -> list[Fact]:
        """The facts at a dominator, found without deep recursion."""
        chain = [block]
        while chain[-1] not in self._facts and (above := self.tree.idom.get(chain[-1])) is not None:
            chain.append(above)
        for dominator in reversed(chain):
            self._facts_at(dominator)
        return self._facts[block]


def _facts_past_wrapping(first: tuple[Block, Target], second: tuple[Block, Target]) -> list[Fact]:
    """What holds where an index from the start and one from the end meet, if it was one from the start."""
    for (source, target), (other, wrapped) in ((first, second), (second, first)):
        branch, test = source.terminator, other.terminator
        base = _wrapped_index(test.operands[0]) if test.name == "cond_br" and test.targets[0] is wrapped else None
        if base is not None and branch.name == "cond_br":
            facts = _facts_of(branch.operands[0], branch.targets[0] is target)
            return [replace(fact, given=base) for fact in facts]
    return []


def _wrapped_index(condition: Value) -> Value | None:
    """The index in index + length <u length, which is false unless the index is negative."""
    op = condition.op
    if op is None or op.name != "i64.lt_u" or not _is_length(op.operands[1]):
        return None
    index, length = op.operands[0].op, op.operands[1]
    if index is None or index.name != "i64.add" or length not in index.operands:
        return None
    return index.operands[index.operands[0] is length]


def _holding(facts: list[Fact], assumed: frozenset[Value]) -> Iterator[Fact]:
    return (fact for fact in facts if fact.given is None or fact.given in assumed)


def _facts_of(condition: Value, holds: bool) -> list[Fact]:
    """What a condition says when it holds or does not."""
    op = condition.op
    if op is None:
        return []
    if op.name == "bool.not":
        return _facts_of(op.operands[0], not holds)
    if op.name == "bool.and" and holds:
        return [fact for operand in op.operands for fact in _facts_of(operand, True)]
    if op.name == "i64.lt_u" and holds and _is_length(op.operands[1]):
        index, length = op.operands
        return [Fact(index, length, True, unsigned=True)]
    if op.name == "i64.eq" and holds:
        a, b = op.operands
        return [Fact(a, b, False), Fact(b, a, False)]
    if op.name not in _ORDER:
        return []
    smaller, strict = _ORDER[op.name]
    low, high = op.operands[smaller], op.operands[1 - smaller]
    return [Fact(low, high, strict)] if holds else [Fact(high, low, not strict)]


def _is_length(value: Value) -> bool:
    """True for values that are a zero-extended i32, as lengths are."""
    return value.op is not None and value.op.name == "i64.extend_i32_u"


def _is_small_by_facts(value: Value, facts: list[Fact], assumed: frozenset[Value]) -> bool:
    return _is_small(value) or any(fact.low is value and _is_small(fact.high) for fact in _holding(facts, assumed))


def _is_small(value: Value) -> bool:
    """True for values known to be below 2^40 and not much below zero."""
    constant = constant_of(value)
    return _is_length(value) or (constant is not None and -(1 << 40) < constant < 1 << 40)


_ALWAYS_NONNEGATIVE = frozenset({"i64.extend_i32_u", "i64.from_bool", "i64.clz", "i64.ctz", "i64.popcnt"})
_DECIDED = frozenset({"i64.lt_u", "i64.lt_s", "i64.ge_s"})

SPEC = PassSpec(
    "index-signs",
    "mem",
    run,
    "Forget the index from the end where an index is proved not to be negative.",
    preserves=CFG_ANALYSES | {"effects"},
    after=(Order("gvn", "the same length must be the same value"),),
)
