"""Parameters through which a function only reads an array.

    fn total(xs) { var t = 0; for x in xs { t += x }; t }        =>        xs is only read

What is passed for such a parameter keeps its own element type whatever the function does, so calls whose arrays have the
same structure can share an instance without their cells becoming one. A static look at the HIR decides: the value may be
iterated, indexed, measured, and passed on to parameters that are only read themselves; whatever else is done to it counts
as writing or keeping it.
"""

from __future__ import annotations

from collections.abc import Callable

from wasmlathe.frontend.tova.names import method_function
from wasmlathe.ir.core import Function, Op, Value

#: Ops that read their operand with this number.
_READS: dict[str, frozenset[int]] = {
    "dyn.index": frozenset({0}),
    "dyn.index_or_nil": frozenset({0}),
    "dyn.iter_start": frozenset({0}),
    "dyn.iter_more": frozenset({0}),
    "dyn.iter_value": frozenset({0}),
    "dyn.iter_next": frozenset({0}),
    "dyn.is": frozenset({0}),
    "dyn.is_nil": frozenset({0}),
    "dyn.is_absent": frozenset({0}),
}
_READING_INTRINSICS = frozenset({"array_len", "array_cap", "array_at", "array_like"})
#: Operators that are library functions when their operands are arrays, with the operand that is the array.
_FUNCTIONS = {"dyn.print": {0: ("std.__text", "std.__show", "std.__show_one_of")}, "dyn.show": {0: ("std.__text", "std.__show", "std.__show_one_of")}, "dyn.slice": {0: ("std.__slice",)},
              "dyn.in": {1: ("std.includes",)}, "dyn.getattr": {0: ("std.len",)}}  # fmt: skip


class ReadOnly:
    """Answers, and remembers, which parameters are only read."""

    def __init__(self, function: Callable[[str], Function | None]) -> None:
        self._function = function
        self._known: dict[tuple[Function, int], bool] = {}
        self._uses: dict[Function, dict[Value, list[tuple[Op, int]]]] = {}

    def is_read_only(self, function: Function, index: int) -> bool:
        """Whether parameter `index` of `function` is only read. Recursion assumes that it is."""
        key = (function, index)
        known = self._known.get(key)
        if known is None:
            self._known[key] = True
            known = self._known[key] = self._is_only_read(function, function.params[index])
        return known

    def _is_only_read(self, function: Function, value: Value) -> bool:
        return all(self._reads(op, slot) for op, slot in self._uses_of(function).get(value, ()))

    def _reads(self, op: Op, slot: int) -> bool:
        """Whether `op` only reads its operand `slot` (-1: an argument of a branch)."""
        if slot in _READS.get(op.name, ()):
            return True
        if op.name == "dyn.not_nil":
            return self._is_only_read(op.block.function, op.results[0])
        if op.name == "dyn.intrinsic":
            return op.attrs["name"] in _READING_INTRINSICS
        return (
            slot >= 0
            and any(self._callees(op, slot))
            and all(
                callee is not None and position < len(callee.params) and self.is_read_only(callee, position)
                for callee, position in self._callees(op, slot)
            )
        )

    def _callees(self, op: Op, slot: int) -> list[tuple[Function | None, int]]:
        """The functions that may get operand `slot` as their parameter with this number."""
        if op.name == "dyn.call":
            return [(self._function(op.attrs["callee"]), slot)]
        if op.name == "dyn.method":
            name = method_function("Array", op.attrs["name"])
            return [(self._with_arity("std." + name, len(op.operands)), slot)] if name is not None else []
        names = _FUNCTIONS.get(op.name, {}).get(slot, ())
        return [(self._function(name), 0) for name in names]

    def _with_arity(self, name: str, count: int) -> Function | None:
        function = self._function(name)
        if function is None or len(function.param_types) == count:
            return function
        return self._function(f"{name}/{count}")

    def _uses_of(self, function: Function) -> dict[Value, list[tuple[Op, int]]]:
        found = self._uses.get(function)
        if found is None:
            found = self._uses[function] = {}
            for op in function.ops():
                for slot, value in enumerate(op.operands):
                    found.setdefault(value, []).append((op, slot))
                for target in op.targets:
                    for value in target.args:
                        found.setdefault(value, []).append((op, -1))
        return found
