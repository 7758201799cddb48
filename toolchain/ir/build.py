"""Building IR: a `Builder` appends ops at the end of a block, or before a given op."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import types as t
from .core import Block, Loc, Op, Target, Value
from .ops import OpRow, row_named
from .signature import result_types

_CONST = {
    t.I32: row_named("i32.const"),
    t.I64: row_named("i64.const"),
    t.F64: row_named("f64.const"),
    t.BOOL: row_named("bool.const"),
}


class Builder:
    """Inserts ops into `block`, each with the current `loc`.

    `index` is where the next op goes; None means the end of the block.
    """

    __slots__ = ("block", "index", "loc")

    def __init__(self, block: Block, index: int | None = None, loc: Loc | None = None) -> None:
        self.block = block
        self.index = index
        self.loc = loc

    def at_end(self, block: Block) -> None:
        """Continue at the end of `block`."""
        self.block, self.index = block, None

    def insert(self, op: Op) -> Op:
        if self.index is None:
            return self.block.append(op)
        self.block.insert(self.index, op)
        self.index += 1
        return op

    def emit(
        self,
        name: str | OpRow,
        /,  # `name` is also an attribute of some ops
        operands: Sequence[Value] = (),
        results: tuple[t.Type, ...] | None = None,
        targets: list[Target] | None = None,
        **attrs: Any,
    ) -> Op:
        """Insert the op `name`. `results` is needed only where the row does not determine the result types.

        Raises SignatureError when the operands do not fit the row.
        """
        row = name if isinstance(name, OpRow) else row_named(name)
        if results is None:
            results = result_types(row, [v.type for v in operands])
            if results is None:
                raise ValueError(f"{row.name} needs explicit result types")
        return self.insert(Op(row, list(operands), results, attrs, self.loc, targets))

    def op(self, name: str, /, *operands: Value, **attrs: Any) -> Value:
        """Insert an op with one result that follows from its operands, and return the result."""
        return self.emit(name, operands, None, None, **attrs).results[0]

    def const(self, type_: t.Type, value: float | bool) -> Value:
        """A constant of a scalar type."""
        return self.insert(Op(_CONST[type_], [], (type_,), {"value": value}, self.loc)).results[0]

    def call(self, callee: str, operands: Sequence[Value], results: tuple[t.Type, ...]) -> Op:
        return self.emit("call", operands, results, callee=callee)

    def br(self, block: Block, *args: Value) -> None:
        self.emit("br", (), (), [Target(block, list(args))])

    def cond_br(self, condition: Value, then: Target | Block, orelse: Target | Block) -> None:
        targets = [x if isinstance(x, Target) else Target(x) for x in (then, orelse)]
        self.emit("cond_br", (condition,), (), targets)

    def ret(self, *values: Value) -> None:
        self.emit("ret", values, ())

    def panic(self, message: str) -> None:
        self.emit("panic", (), (), message=message)
