"""Who uses a value: operands and arguments of branch targets.

    %c = i64.add %a, %a ; br ^x(%c)        =>        a: [(add, 0), (add, 1)]   c: [(br, 0 of ^x)]

An op that uses a value twice is listed twice.
"""

from __future__ import annotations

from typing import NamedTuple

from ...ir.core import Function, Op, Target, Value


class Use(NamedTuple):
    """The place of one use: operand `slot` of `op` or, if `target` is given, argument `slot` of that target of `op`."""

    op: Op
    slot: int
    target: Target | None = None

    @property
    def value(self) -> Value:
        return (self.target.args if self.target else self.op.operands)[self.slot]

    def put(self, value: Value) -> None:
        """Use `value` here instead."""
        (self.target.args if self.target else self.op.operands)[self.slot] = value


class Uses:
    """The uses of every value of a function. It stays right if edits go through its methods."""

    __slots__ = ("_uses",)

    def __init__(self, function: Function) -> None:
        self._uses: dict[Value, list[Use]] = {}
        for block in function.blocks:
            for op in block.ops:
                self.add(op)

    def of(self, value: Value) -> list[Use]:
        """All uses of `value`. Do not change the list."""
        return self._uses.get(value, _NOWHERE)

    def count(self, value: Value) -> int:
        return len(self._uses.get(value, _NOWHERE))

    def is_used(self, value: Value) -> bool:
        return bool(self._uses.get(value))

    def replace_all(self, old: Value, new: Value) -> list[Use]:
        """Use `new` wherever `old` is used, and return those places."""
        moved = self._uses.pop(old, [])
        for use in moved:
            use.put(new)
        if moved:
            self._uses.setdefault(new, []).extend(moved)
        return moved

    def add(self, op: Op) -> None:
        """Take in the uses by an op that was inserted."""
        uses = self._uses
        for slot, value in enumerate(op.operands):
            uses.setdefault(value, []).append(Use(op, slot))
        for target in op.targets:
            for slot, value in enumerate(target.args):
                uses.setdefault(value, []).append(Use(op, slot, target))

    def remove(self, op: Op) -> None:
        """Forget the uses by an op that is about to be erased, or whose operands are about to change in number."""
        for value in dict.fromkeys(op.used_values()):
            self._uses[value] = [use for use in self._uses[value] if use.op is not op]


_NOWHERE: list[Use] = []


def uses(function: Function) -> Uses:
    """The uses of every value of a function."""
    return Uses(function)
