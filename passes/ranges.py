"""What comparisons passed on a path say about integers: bounds and excluded values of sums `base + offset`.

    n < 2 is false, n - 1 < 2 is true        =>        n is 2, n - 1 is 1, n - 2 < 2 is true

Sums are taken modulo the width, as the ops do; bounds carry over from a base to a sum only where nothing wraps around.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..ir import types as t
from ..ir.core import Op, Value
from ..ir.ops.numeric import MIN32, MIN64, wrap32, wrap64
from .const_fold import constant_of

_WRAP = {t.I32: wrap32, t.I64: wrap64}
_MIN = {t.I32: MIN32, t.I64: MIN64}

#: The relation that holds between b and a when the key holds between a and b, and the one that holds otherwise.
_SWAPPED = {"lt_s": "gt_s", "gt_s": "lt_s", "le_s": "ge_s", "ge_s": "le_s", "eq": "eq", "ne": "ne"}
_NEGATED = {"lt_s": "ge_s", "ge_s": "lt_s", "le_s": "gt_s", "gt_s": "le_s", "eq": "ne", "ne": "eq"}
_MEANING: dict[str, Callable[[int, int], bool]] = {
    "lt_s": operator.lt,
    "le_s": operator.le,
    "gt_s": operator.gt,
    "ge_s": operator.ge,
}


@dataclass(frozen=True, slots=True)
class Range:
    """The integers from `low` to `high` but the excluded ones."""

    low: int
    high: int
    excluded: frozenset[int] = frozenset()

    def within(self, low: int, high: int) -> Range:
        """What is left between `low` and `high`; excluded values at the ends tighten the ends."""
        low, high = max(low, self.low), min(high, self.high)
        while low in self.excluded:
            low += 1
        while high in self.excluded:
            high -= 1
        return Range(low, high, self.excluded)

    def without(self, value: int) -> Range:
        return Range(self.low, self.high, self.excluded | {value}).within(self.low, self.high)


class Ranges:
    """Facts about the values of one path."""

    __slots__ = ("_forms", "_known")

    def __init__(self) -> None:
        #: Values that are a sum: base and offset.
        self._forms: dict[Value, tuple[Value, int]] = {}
        self._known: dict[Value, Range] = {}

    def copy(self) -> Ranges:
        twin = Ranges()
        twin._forms, twin._known = dict(self._forms), dict(self._known)
        return twin

    def define(self, value: Value, base: Value, offset: int) -> None:
        """Say that `value` is `base + offset`."""
        self._forms[value] = (base, offset)

    def constant(self, value: Value) -> int | None:
        """The only integer that `value` can be, None if there are several or it is no integer."""
        if value.type not in _WRAP:
            return None
        base, offset = self._form(value)
        known = self._of_base(base)
        return _WRAP[value.type](known.low + offset) if known.low == known.high else None

    def sum_of(self, op: Op, operands: Sequence[Value], constants: Sequence[Any]) -> tuple[Value, int] | None:
        """Base and offset of what `op` computes, if it adds a constant to an integer or subtracts one."""
        family, _, name = op.row.name.partition(".")
        if family not in ("i32", "i64") or name not in ("add", "sub"):
            return None
        if constants[1] is not None:
            value, step = operands[0], constants[1]
        elif constants[0] is not None and name == "add":
            value, step = operands[1], constants[0]
        else:
            return None
        base, offset = self._form(value)
        return base, _WRAP[value.type](offset + step if name == "add" else offset - step)

    def decide(self, op: Op, operands: Sequence[Value]) -> bool | None:
        """The result of a comparison, if the facts decide it."""
        relation = _relation(op)
        if relation is None:
            return None
        a, b = map(self._range, operands)
        if relation in ("eq", "ne"):
            apart = a.high < b.low or b.high < a.low or self._excludes(*operands) or self._excludes(*operands[::-1])
            return (relation == "ne") if apart else None
        meaning = _MEANING[relation]
        results = {meaning(x, y) for x in (a.low, a.high) for y in (b.low, b.high)}
        return results.pop() if len(results) == 1 else None

    def assume(self, op: Op, truth: bool) -> None:
        """Take in that the comparison `op` came out as `truth`; other ops say nothing."""
        relation = _relation(op)
        if relation is None:
            return
        if not truth:
            relation = _NEGATED[relation]
        a, b = op.operands
        if (constant := constant_of(b)) is not None:
            self._restrict(a, relation, constant)
        elif (constant := constant_of(a)) is not None:
            self._restrict(b, _SWAPPED[relation], constant)

    def assume_equal(self, value: Value, constant: int, truth: bool) -> None:
        """Take in whether `value` is the constant."""
        self._restrict(value, "eq" if truth else "ne", constant)

    def _restrict(self, value: Value, relation: str, constant: int) -> None:
        base, offset = self._form(value)
        known = self._of_base(base)
        at = _WRAP[value.type](constant - offset)
        if relation == "eq":
            self._known[base] = known.within(at, at)
        elif relation == "ne":
            self._known[base] = known.without(at)
        elif self._shifted(value) is not None:  # without wrapping around, so the relation may be shifted to the base
            bound = constant - offset
            low = bound + (relation == "gt_s") if relation in ("gt_s", "ge_s") else known.low
            high = bound - (relation == "lt_s") if relation in ("lt_s", "le_s") else known.high
            self._known[base] = known.within(low, high)

    def _form(self, value: Value) -> tuple[Value, int]:
        return self._forms.get(value, (value, 0))

    def _of_base(self, base: Value) -> Range:
        constant = constant_of(base)
        if constant is not None:
            return Range(constant, constant)
        return self._known.get(base) or _whole(base.type)

    def _range(self, value: Value) -> Range:
        return self._shifted(value) or _whole(value.type)

    def _shifted(self, value: Value) -> Range | None:
        """The bounds of a sum; None if it may wrap around."""
        base, offset = self._form(value)
        known, whole = self._of_base(base), _whole(value.type)
        low, high = known.low + offset, known.high + offset
        return Range(low, high) if whole.low <= low and high <= whole.high else None

    def _excludes(self, value: Value, other: Value) -> bool:
        constant = constant_of(other)
        if constant is None:
            return False
        base, offset = self._form(value)
        return _WRAP[value.type](constant - offset) in self._of_base(base).excluded


def _whole(type_: t.Type) -> Range:
    return Range(_MIN[type_], -_MIN[type_] - 1)


def _relation(op: Op) -> str | None:
    """The signed comparison of integers that `op` is."""
    family, _, name = op.row.name.partition(".")
    return name if family in ("i32", "i64") and name in _SWAPPED else None
