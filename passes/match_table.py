"""Compute what a chain of comparisons only looks up.

    n == 0 -> 10; n == 1 -> 12; n == 2 -> 14; n == 3 -> 16; else 0        =>        select (n <u 4), n * 2 + 10, 0
    n == 5 -> 3; n == 6 -> 0; n == 7 -> 1; n == 8 -> 2; else 9            =>        select (n - 5 <u 4), table >> (n - 5) * 16 & 3, 9

Where all arms of a match over numbers are constants, and the numbers lie close together, the result is a linear function of the
number, or else a part of a constant of 64 bits that holds all results. Either costs less than the branches, of which one in
a few is mispredicted. The chain may end in selects, which `simplify-cfg` makes of its last arms.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..ir import types as t
from ..ir.build import Builder
from ..ir.core import Block, Function, Op, Target, Value
from ..ir.ops import Effects
from ..ir.ops.numeric import wrap64
from ..pipeline.spec import Order, PassContext, PassSpec, option
from .const_fold import constant_of
from .edit import Edges, edges_of, remove_unreachable

_BITS = 64
#: Of a longer chain only the whole is tried, and not what remains of it behind each of its cases.
_LONG = _BITS


@dataclass(frozen=True, slots=True)
class Options:
    """See the fields."""

    cases: int = option(4, "Shorter chains stay.")
    holes: int = option(4, "How many numbers without a case may lie between the others.")


@dataclass(slots=True)
class _Chain:
    """What each number leads to; `end` is the block that gets the result."""

    number: Value
    end: Block | None = None
    results: dict[int, int] = field(default_factory=dict)
    default: int | None = None


def run(fn: Function, ctx: PassContext) -> bool:
    """Replace the chains of `fn`; True if there were any."""
    options = ctx.options or Options()
    edges = edges_of(fn)
    changed = False
    inner: set[Block] = set()
    for block in fn.blocks:
        if block in inner:
            continue
        tests: list[Block] = []
        chain = _follow(block, edges, tests)
        if len(tests) > _LONG:
            inner.update(tests)
        if chain is None or chain.default is None or chain.end is None or len(chain.results) < options.cases:
            continue
        if max(chain.results) - min(chain.results) >= len(chain.results) + options.holes:
            continue
        if _replace(block, chain):
            remove_unreachable(fn)
            edges = edges_of(fn)
            changed = True
    return changed


# --- recognizing ------------------------------------------------------------------------------------------------------


def _follow(block: Block, edges: Edges, tests: list[Block]) -> _Chain | None:
    """The chain that begins at the end of `block`; None if there is none, or it does more than look up constants.

    The blocks that test for its cases are added to `tests`.
    """
    first = _test(block)
    if first is None or block not in edges:
        return None
    chain = _Chain(first[0])
    while (test := _test(block)) is not None and test[0] is chain.number:
        tests.append(block)
        met, missed = block.terminator.targets
        result = _result(chain, met, edges)
        if result is None:
            return None
        chain.results.setdefault(test[1], result)
        if (default := _result(chain, missed, edges)) is not None:
            chain.default = default
            return chain
        block = missed.block
        if len(edges[block]) > 1 or block.params or any(_does_something(op) for op in block.ops[:-1]):
            return None
    return _take_selects(chain, block) if block.terminator.row.name == "br" else None


def _test(block: Block) -> tuple[Value, int] | None:
    """The number and the constant that a block compares in the end."""
    branch = block.terminator
    test = branch.operands[0].op if branch.row.name == "cond_br" else None
    return _equality(test)


def _equality(test: Op | None) -> tuple[Value, int] | None:
    if test is None or test.row.name != "i64.eq":
        return None
    constant = constant_of(test.operands[1])
    return None if constant is None else (test.operands[0], constant)


def _result(chain: _Chain, target: Target, edges: Edges) -> int | None:
    """The constant that an edge leads to the end of the chain with, be it by way of a block."""
    block = target.block
    if block is not chain.end and not target.args:
        end = block.terminator
        if len(edges[block]) > 1 or end.row.name != "br" or not all(map(_is_constant, block.ops[:-1])):
            return None
        (target,) = end.targets
    if len(target.args) != 1 or target.args[0].type is not t.I64 or chain.end not in (None, target.block):
        return None
    constant: int | None = constant_of(target.args[0])
    if constant is not None:
        chain.end = target.block
    return constant


def _is_constant(op: Op) -> bool:
    return len(op.results) == 1 and constant_of(op.results[0]) is not None


def _does_something(op: Op) -> bool:
    return len(op.results) != 1 or op.row.effects is not Effects.NONE


def _take_selects(chain: _Chain, block: Block) -> _Chain | None:
    """The last cases, which are selects whose result the block passes to the end."""
    (target,) = block.terminator.targets
    if target.block is not chain.end or len(target.args) != 1:
        return None
    value = target.args[0]
    while (op := value.op) is not None and op.row.name == "select":
        test, result = _equality(op.operands[0].op), constant_of(op.operands[1])
        if test is None or test[0] is not chain.number or result is None:
            return None
        chain.results.setdefault(test[1], result)
        value = op.operands[2]
    chain.default = constant_of(value)
    return chain


# --- building ---------------------------------------------------------------------------------------------------------


def _replace(block: Block, chain: _Chain) -> bool:
    """Let `block` compute the result and go to the end; False if no formula gives it."""
    assert chain.default is not None
    assert chain.end is not None
    low, high = min(chain.results), max(chain.results)
    results = [chain.results.get(n, chain.default) for n in range(low, high + 1)]
    slope = wrap64(results[1] - results[0])
    is_linear = all(wrap64(results[0] + slope * i) == r for i, r in enumerate(results))
    width = _width(results)
    if not is_linear and width is None:
        return False
    builder = Builder(block, len(block.ops) - 1, block.terminator.loc)
    number = builder.op("i64.sub", chain.number, builder.const(t.I64, low))
    is_inside = builder.op("i64.lt_u", number, builder.const(t.I64, len(results)))
    if is_linear:
        scaled = builder.op("i64.mul", number, builder.const(t.I64, slope))
        found = builder.op("i64.add", scaled, builder.const(t.I64, results[0]))
    else:
        assert width is not None
        table = builder.const(t.I64, wrap64(sum(r << i * width for i, r in enumerate(results))))
        distance = builder.op("i64.mul", number, builder.const(t.I64, width))
        shifted = builder.op("i64.shr_u", table, distance)
        found = builder.op("i64.and", shifted, builder.const(t.I64, (1 << width) - 1))
    result = builder.op("select", is_inside, found, builder.const(t.I64, chain.default))
    block.ops.pop()
    builder.index = None
    builder.br(chain.end, result)
    return True


def _width(results: list[int]) -> int | None:
    """How many bits of a constant each result may take; None if they do not fit."""
    width = _BITS // len(results)
    return width if width and all(0 <= r < 1 << width for r in results) else None


SPEC = PassSpec(
    "match-table",
    "mem",
    run,
    "Compute what a match over numbers only looks up.",
    options=Options,
    after=(Order("simplify-cfg", "the arms are recognized by what little they do"),),
)
