"""Ask whether a number is divisible by a constant with a multiplication instead of a division.

    %r = i64.rem_s %x, 3; %c = i64.eq %r, 0    =>    %c = (%x * 0xAAAAAAAAAAAAAAAB + 0x2AAAAAAAAAAAAAAA) <=u 0x5555555555555554

Multiples of an odd d are exactly the products with its inverse modulo 2^64 that come out small; a power of two in the divisor
is checked by a rotation, which brings low bits that are not zero to the top (Warren, "Hacker's Delight", 10-17). Only
where nothing else needs the remainder.
"""

from __future__ import annotations

from typing import NamedTuple

from ..ir import types as t
from ..ir.build import Builder
from ..ir.core import Function, Op, Value
from ..pipeline.spec import CFG_ANALYSES, Order, PassContext, PassSpec
from .analysis.uses import Uses, uses
from .const_fold import constant_of

_SIGNED = {"i64.rem_s": True, "i64.rem_u": False}
_COMPARISONS = {"i64.eq": "i64.le_u", "i64.ne": "i64.gt_u"}


class Check(NamedTuple):
    """x is a multiple if ((x * factor + shift) rotated right by `rotation`) is at most `limit`, all unsigned."""

    factor: int
    shift: int
    rotation: int
    limit: int


def check_for(divisor: int, is_signed: bool, bits: int = 64) -> Check:
    """How to ask for multiples of `divisor`, which is at least 2 (and below 2^(bits - 1) if signed)."""
    rotation = (divisor & -divisor).bit_length() - 1
    odd = divisor >> rotation
    factor = pow(odd, -1, 1 << bits)
    if not is_signed:
        return Check(factor, 0, rotation, ((1 << bits) - 1) // divisor)
    shift = ((1 << bits - 1) - 1) // odd >> rotation << rotation
    return Check(factor, shift, rotation, 2 * shift >> rotation)


def run(fn: Function, ctx: PassContext) -> bool:
    """Replace the tests for divisibility in `fn`; True if there were any."""
    found = [op for op in fn.ops() if op.row.name in _SIGNED and _is_odd_enough(op)]
    if not found:
        return False
    known = uses(fn)
    mapping: dict[Value, Value] = {}
    for op in found:
        tests = _tests(op, known)
        if tests:
            answer = check_for(constant_of(op.operands[1]), _SIGNED[op.row.name])
            mapping.update((test.result, _ask(test, op.operands[0], answer)) for test in tests)
    fn.replace_uses(mapping)
    return bool(mapping)


def _is_odd_enough(op: Op) -> bool:
    """Whether the divisor is no power of two, for which there is a mask."""
    divisor = constant_of(op.operands[1])
    return divisor is not None and divisor > 2 and divisor & (divisor - 1) != 0


def _tests(op: Op, known: Uses) -> list[Op]:
    """The comparisons with 0 that are all uses of a remainder; none if there are others."""
    found = known.of(op.result)
    if any(
        u.target is not None or u.op.row.name not in _COMPARISONS or constant_of(u.op.operands[1]) != 0 for u in found
    ):
        return []
    return [use.op for use in found]


def _ask(test: Op, value: Value, check: Check) -> Value:
    builder = Builder(test.block, test.block.ops.index(test), test.loc)
    value = builder.op("i64.mul", value, builder.const(t.I64, _signed(check.factor)))
    if check.shift:
        value = builder.op("i64.add", value, builder.const(t.I64, _signed(check.shift)))
    if check.rotation:
        value = builder.op("i64.rotr", value, builder.const(t.I64, check.rotation))
    return builder.op(_COMPARISONS[test.row.name], value, builder.const(t.I64, _signed(check.limit)))


def _signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value


SPEC = PassSpec(
    "divisibility",
    "mem",
    run,
    "Test for divisibility by a constant with a multiplication instead of a division.",
    preserves=CFG_ANALYSES | {"effects"},
    after=(Order("rewrite", "its rules know x % 8 == 0, but not what becomes of x % 6 == 0 here"),),
)
