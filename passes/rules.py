"""The language of rewrite rules: a rule is one line that names a pattern and what replaces it.

    i64 = Ops("i64")
    Rule("add-zero", i64.add(x, 0), x)
    Rule("mul-power-of-two", i64.mul(x, c), lambda m: i64.shl(x, log2(m.c)), when=lambda m: is_power_of_two(m.c))

`Var` stands for any value, `Const` for any constant, a Python number for that constant; a name that recurs stands for
the same value. A replacement is a pattern, or a function of the constants found (`m.c`) that returns one. An op that
may trap and is below the root stays where it is; a root that may trap must keep its traps.

The right side is never dearer than the left. The tests prove each rule with z3; where the constants cannot be symbols
(`when` without `assuming`) they prove it for each of many constants.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, TypeAlias

from ..ir import types as t
from ..ir.ops import OpRow, row_named

#: The constants that a match found, by name.
Match: TypeAlias = SimpleNamespace


@dataclass(frozen=True, slots=True)
class Var:
    """Any value."""

    name: str


@dataclass(frozen=True, slots=True)
class Const:
    """Any constant; conditions and replacements see its Python value."""

    name: str


@dataclass(frozen=True, slots=True)
class Lit:
    """The constant `value` of the type `type_name`."""

    type_name: str
    value: Any

    @property
    def type(self) -> t.Type:
        return t.make(self.type_name)


@dataclass(frozen=True, slots=True)
class Node:
    """The op `name` over patterns."""

    name: str
    args: tuple[Pattern, ...]

    @property
    def row(self) -> OpRow:
        return row_named(self.name)

    def __repr__(self) -> str:
        return f"{self.name}({', '.join(map(repr, self.args))})"


Pattern: TypeAlias = Var | Const | Lit | Node
#: What stands on the right: a pattern, a bare constant of the root's type, or a function that returns one of them.
Replacement: TypeAlias = Pattern | int | float | bool | Callable[[Match], Any]


def node(name: str, *args: Any) -> Node:
    """The pattern of op `name`; bare numbers become constants of the operand's type."""
    row = row_named(name)
    patterns = (Var, Const, Lit, Node)
    typed = zip(args, row.operands, strict=True)
    return Node(name, tuple(a if isinstance(a, patterns) else Lit(kind, a) for a, kind in typed))


class Ops:
    """Patterns of one family: `Ops("i64").and_(x, 1)` is `i64.and x, 1`."""

    def __init__(self, family: str) -> None:
        self._family = family

    def __getattr__(self, name: str) -> Callable[..., Node]:
        full_name = f"{self._family}.{name.rstrip('_')}"
        return lambda *args: node(full_name, *args)

    def const(self, value: float | bool) -> Lit:
        """A constant where the op does not say its type: an operand of `select`."""
        return Lit(self._family, value)


def select(condition: Any, then: Pattern, orelse: Pattern) -> Node:
    return node("select", condition, then, orelse)


@dataclass(frozen=True, slots=True, eq=False)  # compared by identity: hashing whole patterns for an index is slow
class Rule:
    """Replace what `pattern` matches by `replacement`, provided that `when` holds for the constants.

    `assuming(z3, m)` says the same as `when` over z3 terms, so that one proof covers all constants.
    """

    name: str
    pattern: Node
    replacement: Replacement
    when: Callable[[Match], bool] | None = None
    assuming: Callable[[Any, Match], Any] | None = None

    def right(self, constants: Match) -> Any:
        """The replacement for these constants: a pattern or a bare constant."""
        replacement = self.replacement
        if isinstance(replacement, (Var, Const, Lit, Node)) or not callable(replacement):
            return replacement
        return replacement(constants)


def cost(pattern: Any) -> int:
    """The sum of the ops' costs, common subpatterns counted once."""
    nodes: dict[Node, None] = {}
    _collect(pattern, nodes)
    return sum(n.row.cost for n in nodes)


def _collect(pattern: Any, into: dict[Node, None]) -> None:
    if isinstance(pattern, Node) and pattern not in into:
        into[pattern] = None
        for arg in pattern.args:
            _collect(arg, into)


def variants(pattern: Pattern) -> Iterator[Pattern]:
    """`pattern` with the operands of commutative ops in every order that is not canonical anyway."""
    if not isinstance(pattern, Node):
        yield pattern
        return
    for args in _products([list(variants(a)) for a in pattern.args]):
        yield Node(pattern.name, args)
        if pattern.row.commutative and not any(isinstance(a, (Const, Lit)) for a in args) and args[0] != args[1]:
            yield Node(pattern.name, args[::-1])


def _products(choices: list[list[Pattern]]) -> Iterator[tuple[Pattern, ...]]:
    if not choices:
        yield ()
        return
    for first in choices[0]:
        for rest in _products(choices[1:]):
            yield (first, *rest)


def is_power_of_two(number: int) -> bool:
    return number > 0 and number & (number - 1) == 0


def log2(power: int) -> int:
    """The exponent of a power of two."""
    return power.bit_length() - 1
