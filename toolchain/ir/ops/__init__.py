"""The op table: every op of every stage is one row, and every reader asks the row.

    row_named("i64.add").eval(1, 2)        # 3: constant folding and the reference interpreter
    row_named("i64.add").wasm              # Binary("AddInt64"): code generation

Plugins add rows through the hook `wasmlathe_ops` (`register`).
"""

from __future__ import annotations

import difflib

from . import control, data, dyn, mem, scalar
from .row import Binary, Effects, Load, OpRow, Special, Store, Trap, Unary

__all__ = [
    "STAGE_FAMILIES",
    "TABLE",
    "Binary",
    "Effects",
    "Load",
    "OpRow",
    "Special",
    "Store",
    "Trap",
    "Unary",
    "UnknownOp",
    "register",
    "row_named",
]

#: Which families may appear at which stage.
STAGE_FAMILIES: dict[str, frozenset[str]] = {
    "hir": frozenset({"dyn", "control", "bool", "global"}),
    "typed": frozenset({"i32", "i64", "f64", "bool", "data", "control", "global"}),
    "mem": frozenset({"i32", "i64", "f64", "bool", "mem", "control", "global"}),
}

TABLE: dict[str, OpRow] = {}


class UnknownOp(KeyError):
    """No row has this name; the message names the nearest one."""

    def __str__(self) -> str:
        return str(self.args[0])


def register(row: OpRow) -> None:
    """Add a row. Raises ValueError when the name is taken by another row."""
    if TABLE.setdefault(row.name, row) is not row:
        raise ValueError(f"op {row.name} is defined twice")


def row_named(name: str) -> OpRow:
    """The row of the op `name`. Raises UnknownOp."""
    row = TABLE.get(name)
    if row is None:
        close = difflib.get_close_matches(name, TABLE, 1)
        raise UnknownOp(f"unknown op {name!r}" + (f"; did you mean {close[0]!r}?" if close else ""))
    return row


for _rows in (scalar.ROWS, control.ROWS, mem.ROWS, data.ROWS, dyn.ROWS):
    for _row in _rows:
        register(_row)
