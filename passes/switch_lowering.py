"""Ask at once what was asked one by one: is a number one of a set, and which of many cases is it?

    n == 3 || n == 4 || n == 5                      =>      n - 3 <u 3                                  a perfect range
    c == 97 || c == 101 || c == 105 || c == 111     =>      c - 97 <u 15 & (16657 >> (c - 97) & 1)      a set of bits
    n == 0 -> ^a; n == 1 -> ^b; .. n == 20 -> ^u    =>      switch n                                    a table, or a search

Tests that lead to the same place make a set, whatever lies between them: the comparisons exclude one another and do nothing
else. What remains of a chain becomes a `switch` if it is long; a short one is faster as it is, because a jump through a
table is mispredicted more often and costs more than a few comparisons. Code generation makes a table of the `switch`
if its cases lie densely, else a search by halves.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..ir import types as t
from ..ir.build import Builder
from ..ir.core import Block, Function, Op, Target, Value
from ..ir.ops import Effects
from ..pipeline.spec import Order, PassContext, PassSpec, option
from .analysis.uses import Uses, uses
from .const_fold import constant_of, make_const
from .edit import Edges, edges_of, remove_unreachable

_BITS = {t.I32: 32, t.I64: 64}
#: A range is tested by two ops, a set of bits by six: so many equalities must be replaced.
_LEAST_RANGE, _LEAST_SET = 2, 4
#: In a long chain, sets are tested one behind the other if each stands for so many cases on average.
_CASES_PER_TEST = 3


@dataclass(frozen=True, slots=True)
class Options:
    """See the fields."""

    cases: int = option(12, "Chains of fewer cases stay comparisons.")


@dataclass(slots=True)
class _Chain:
    """A number, and where each of its values leads to, in the order of the tests."""

    number: Value
    arms: list[tuple[Target, list[int]]] = field(default_factory=list)
    default: Target | None = None
    #: The blocks behind the first that do nothing but test.
    blocks: list[Block] = field(default_factory=list)
    _known: set[int] = field(default_factory=set)
    #: The arms by the block that they lead to.
    _leading: dict[Block, list[tuple[Target, list[int]]]] = field(default_factory=dict)

    @property
    def cases(self) -> int:
        return len(self._known)

    def add(self, constant: int, target: Target) -> None:
        """Take in a case; of equal ones the first counts."""
        if constant in self._known:
            return
        self._known.add(constant)
        leading = self._leading.setdefault(target.block, [])
        for known, constants in leading:
            if known.args == target.args:
                constants.append(constant)
                return
        leading.append((target, [constant]))
        self.arms.append(leading[-1])


def run(fn: Function, ctx: PassContext) -> bool:
    """Replace the comparisons of `fn`; True if there were any."""
    changed = _replace_sets(fn)
    edges = edges_of(fn)
    gone: set[Block] = set()
    for block in list(fn.blocks):
        chain = _follow(block, edges) if block not in gone else None
        if chain is None or not _replace_chain(block, chain, ctx.options.cases):
            continue
        ctx.remark("switched", block.terminator.loc, f"{chain.cases} comparisons with constants are one question")
        gone.update(chain.blocks)
    if gone:
        remove_unreachable(fn)
    return changed or bool(gone)


def _equality(value: Value) -> tuple[Value, int] | None:
    """The number and the constant that are compared."""
    op = value.op
    if op is None or op.row.name not in ("i32.eq", "i64.eq"):
        return None
    constant = constant_of(op.operands[1])
    return None if constant is None else (op.operands[0], constant)


# Sets in one expression: bool.or of equalities.


def _replace_sets(fn: Function) -> bool:
    if not any(op.row.name == "bool.or" for op in fn.ops()):
        return False
    known = uses(fn)
    changed = False
    for op in [op for op in fn.ops() if op.row.name == "bool.or"]:
        users = known.of(op.result)
        if not users or (len(users) == 1 and users[0].op.row.name == "bool.or" and users[0].target is None):
            continue  # part of a larger one
        changed |= _replace_alternatives(op, known)
    return changed


def _replace_alternatives(root: Op, known: Uses) -> bool:
    sets: dict[Value, list[int]] = {}
    leaves: list[Value] = []
    pending = list(root.operands)
    while pending:
        value = pending.pop()
        # One that others use too has tests of its own: taken apart for each of them, a sequence of these would explode.
        if value.op is not None and value.op.row.name == "bool.or" and known.count(value) == 1:
            pending += value.op.operands
            continue
        leaves.append(value)
        if (found := _equality(value)) is not None:
            sets.setdefault(found[0], []).append(found[1])
    sets = {number: constants for number, constants in sets.items() if _is_set(number, constants)}
    if not sets:
        return False
    builder = Builder(root.block, root.block.ops.index(root), root.loc)
    others = [value for value in leaves if (equality := _equality(value)) is None or equality[0] not in sets]
    tests = [_membership(builder, number, constants) for number, constants in sets.items()] + others
    while len(tests) > 1:
        tests.append(builder.op("bool.or", tests.pop(0), tests.pop(0)))
    root.block.function.replace_uses({root.result: tests[0]})
    root.block.ops.remove(root)
    return True


def _is_set(number: Value, constants: list[int]) -> bool:
    """True if one test for all constants is cheaper than one for each."""
    distinct = set(constants)
    span = max(distinct) - min(distinct) + 1
    if span == len(distinct):
        return span >= _LEAST_RANGE
    return span <= _BITS[number.type] and len(distinct) >= _LEAST_SET


def _membership(builder: Builder, number: Value, constants: list[int]) -> Value:
    """Whether `number` is one of `constants`, which lie close together."""
    type_ = number.type
    if len(constants) == 1:
        return builder.op(f"{type_}.eq", number, builder.const(type_, constants[0]))
    low, span = min(constants), max(constants) - min(constants) + 1
    distance = builder.op(f"{type_}.sub", number, builder.const(type_, low)) if low else number
    is_near = builder.op(f"{type_}.lt_u", distance, builder.const(type_, span))
    if span == len(set(constants)):
        return is_near
    mask = builder.insert(make_const(type_, sum(1 << constant - low for constant in set(constants)))).result
    bit = builder.op(f"{type_}.and", builder.op(f"{type_}.shr_u", mask, distance), builder.const(type_, 1))
    is_set = builder.op(f"{type_}.ne", bit, builder.const(type_, 0))
    return builder.op("bool.and", is_near, is_set)


# Chains of branches.


def _follow(block: Block, edges: Edges) -> _Chain | None:
    """The chain that begins at the end of `block`; None if there is none."""
    test = _test(block)
    if test is None:
        return None
    chain = _Chain(test[0])
    current = block
    while test is not None and test[0] is chain.number:
        met, missed = current.terminator.targets
        chain.add(test[1], met)
        chain.default = missed
        following = missed.block
        if following is block or len(edges.get(following, ())) > 1 or following.params:
            break
        if not all(map(_only_computes, following.ops[:-1])):
            break
        current, test = following, _test(following)
        if test is not None and test[0] is chain.number:
            chain.blocks.append(following)
    return chain


def _test(block: Block) -> tuple[Value, int] | None:
    branch = block.terminator
    return _equality(branch.operands[0]) if branch.row.name == "cond_br" else None


def _only_computes(op: Op) -> bool:
    """True for what may as well be done before the tests: constants and comparisons with them."""
    return op.row.effects is Effects.NONE and op.row.cost <= 1 and (not op.operands or op.row.name.endswith(".eq"))


def _replace_chain(block: Block, chain: _Chain, least: int) -> bool:
    """Ask the questions of the chain in `block` itself; False if it is better as it is."""
    assert chain.default is not None
    sets = [_is_set(chain.number, constants) for _, constants in chain.arms]
    are_sets = any(sets) and all(is_set or len(arm[1]) == 1 for is_set, arm in zip(sets, chain.arms, strict=True))
    is_long = chain.cases >= least and chain.number.type is t.I64
    if is_long and _CASES_PER_TEST * len(chain.arms) > chain.cases:
        are_sets = False
    if not is_long and not are_sets:
        return False
    place = block.terminator.loc
    block.ops.pop()
    for other in chain.blocks:  # what they compute may be used further on
        for op in other.ops[:-1]:
            block.append(op)
        del other.ops[:-1]
    builder = Builder(block, None, place)
    if are_sets:
        _branch_by_sets(builder, chain)
    else:
        cases = [(constant, target) for target, constants in chain.arms for constant in constants]
        targets = [Target(target.block, list(target.args)) for _, target in cases] + [chain.default]
        builder.emit("switch", (chain.number,), (), targets, cases=[constant for constant, _ in cases])
    return True


def _branch_by_sets(builder: Builder, chain: _Chain) -> None:
    """A test for each arm, one behind the other."""
    fn = builder.block.function
    for index, (target, constants) in enumerate(chain.arms):
        test = _membership(builder, chain.number, constants)
        is_last = index == len(chain.arms) - 1
        assert chain.default is not None
        following = chain.default if is_last else Target(Block(fn))
        builder.cond_br(test, target, following)
        if not is_last:
            fn.blocks.insert(fn.blocks.index(builder.block) + 1, following.block)
            builder.at_end(following.block)


SPEC = PassSpec(
    "switch-lowering",
    "mem",
    run,
    "Test for sets of numbers at once, and make long chains of comparisons a switch.",
    options=Options,
    after=(Order("match-table", "a chain that only looks up constants needs no jump"),),
)
