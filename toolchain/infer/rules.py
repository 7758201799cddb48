"""What the rules of the language are written with: a registry with one rule an op, and their vocabulary.

A rule is a function `(op, types, context) -> Choice`. The sibling modules `rules_*` register them; `resolve.choose` finds
the one for an op.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from wasmlathe.ir.core import Declaration, Function, Op

from .choices import CallFunction, Choice, Typed
from .lattice import FALSE, FLOAT, INT, TRUE, ClosureSite, Nominal, RecordCell, Ty, TypeCell


class Context(Protocol):
    """What rules may ask the running inference."""

    def cell_of(self, op: Op) -> TypeCell:
        """The cell of what `op` makes in the present instance: elements of an array, a shared variable."""

    def site_of(self, op: Op, function: Function, captures: int) -> ClosureSite:
        """The closure site that `op` is in the present instance."""

    def cells_of(self, op: Op, count: int) -> tuple[TypeCell, ...]:
        """The cells of the parts of what `op` makes in the present instance."""

    def record_of(self, op: Op, keys: list[str]) -> RecordCell:
        """The cell of the record that `op` makes in the present instance: of these keys when it is first asked for."""

    def nominal_of(self, op: Op, declaration: Declaration) -> Nominal:
        """The type of the value of a declared type that `op` makes in the present instance."""

    def typed_array(self, storage: str) -> Ty:
        """The type of typed arrays with these elements."""

    def declaration(self, name: str) -> Declaration | None:
        """The declared type of the program or the library with this name."""

    def synthesized(self, name: str, make: Callable[[], Function]) -> str:
        """The name of a function that inference writes itself; `make` does so when it is first asked for."""

    def read_record(self, cell: RecordCell) -> dict[str, TypeCell] | None:
        """The fields of a record, None for a dictionary; the present instance is looked at again when that changes."""

    def global_cell(self, name: str) -> TypeCell:
        """The cell of a module variable."""

    def read(self, cell: TypeCell) -> Ty:
        """The content of a cell; the present instance is looked at again when it grows."""

    def function(self, name: str) -> Function | None:
        """The HIR function of the program or the library with this name."""


Rule = Callable[[Op, Sequence[Ty], Context], Choice]
RULES: dict[str, Rule] = {}


NUMBERS = (INT, FLOAT)


def rule(*names: str) -> Callable[[Rule], Rule]:
    def register(function: Rule) -> Rule:
        for name in names:
            RULES["dyn." + name] = function
        return function

    return register


def simple(name: str, result: Ty, *wants: Ty) -> Typed:
    """One typed op."""
    return Typed(result, list(wants), lambda em, v: em.op(name, *v))


def library(name: str, count: int) -> CallFunction:
    return CallFunction("std." + name, list(range(count)))


def always(value: bool, wants: Sequence[Ty]) -> Typed:
    """A test whose outcome the types decide."""
    return Typed(TRUE if value else FALSE, list(wants), lambda em, v: em.bool(value))
