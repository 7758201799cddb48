"""What a row of the op table says, and the small languages its columns are written in.

**Signature.** `operands` and `results` are type patterns: a concrete type (`i64`), a variable (`T`, `U`: any type, the
same one wherever it recurs), a variable inside a constructor (`array<T>`), the type of the values that are stored as an
element type which an operand before it has (`value<T>`: i64 for u8), or, as the last operand, `*` for any number of
operands of any type. `results=None` means that the results depend on attributes or on the callee; `check` tells.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..core import Op


class Effects(enum.Flag):
    """What an op may do besides computing its results."""

    NONE = 0
    READS = enum.auto()  # of memory that some op may write
    WRITES = enum.auto()  # to memory that some op may read
    TRAPS = enum.auto()  # may end the program with an error that has a place
    ALLOCS = enum.auto()  # may allocate, and so collect garbage; the new object itself is no visible effect
    IO = enum.auto()  # visible outside the program, or depends on the outside
    CALLS = enum.auto()  # the effects are those of the callee: ask passes.analysis.effects

    @property
    def is_removable(self) -> bool:
        """True if an op with unused results and these effects can be erased."""
        return not self._value_ & _KEPT

    # Passes ask for effects all the time, and the operators of `enum.Flag` are slow: these are the same with a table.

    def __contains__(self, other: Effects) -> bool:
        return self._value_ & other._value_ == other._value_

    def __or__(self, other: Effects) -> Effects:
        return _BY_VALUE[self._value_ | other._value_]

    def __and__(self, other: Effects) -> Effects:
        return _BY_VALUE[self._value_ & other._value_]


_BY_VALUE = [Effects(value) for value in range(64)]
_KEPT = (Effects.WRITES | Effects.TRAPS | Effects.IO | Effects.CALLS).value


class Trap(Exception):
    """Evaluating an op ended the program. `message` is what the user reads."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class Unary:
    """Binaryen's unary instruction `name`."""

    name: str


@dataclass(frozen=True, slots=True)
class Binary:
    """Binaryen's binary instruction `name`."""

    name: str


@dataclass(frozen=True, slots=True)
class Load:
    """A load of `bytes` bytes at operand 0 + attribute `offset`."""

    bytes: int
    signed: bool = False


@dataclass(frozen=True, slots=True)
class Store:
    """A store of the low `bytes` bytes of operand 1 at operand 0 + attribute `offset`."""

    bytes: int


@dataclass(frozen=True, slots=True)
class Special:
    """Code generation has a function of its own for the op, called `name`."""

    name: str


Wasm = Unary | Binary | Load | Store | Special | None

#: What each attribute of an op must be: a Python type, or a tuple of allowed strings.
AttrKinds = dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class OpRow:
    """One op. See the module's docstring for `operands` and `results`. Rows compare by identity: there is one a name."""

    name: str
    #: One sentence, the manual's entry.
    doc: str
    operands: tuple[str, ...] = ()
    results: tuple[str, ...] | None = ()
    #: Required attributes and their kinds; optional ones end in `?`.
    attrs: AttrKinds = field(default_factory=dict)
    effects: Effects = Effects.NONE
    commutative: bool = False
    #: Rough cost in cycles when the result is needed at once.
    cost: int = 1
    #: Meaning on Python values (i32/i64: int in the signed range; f64: float; bool: bool). May raise Trap.
    eval: Callable[..., Any] | None = None
    #: How code generation writes the op.
    wasm: Wasm = None
    #: Meaning over z3 terms: called as smt(z3, *operands). None: the rules over this op are tested, not proved.
    smt: Callable[..., Any] | None = None
    #: Binaryen's lane-wise instruction over v128, for the vectorizer.
    vector: str | None = None
    #: Ends a block; `targets` is the number of successors (None: one or more).
    terminator: bool = False
    targets: int | None = 0
    #: Problems a signature cannot express: returns sentences.
    check: Callable[[Op], list[str]] | None = None

    @property
    def family(self) -> str:
        return self.name.partition(".")[0] if "." in self.name else "control"

    def __reduce__(self) -> tuple[object, tuple[str]]:
        from . import row_named

        return row_named, (self.name,)
