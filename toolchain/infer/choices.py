"""What inference makes of one HIR op once the types of its operands are known.

A choice serves both halves of inference: the analysis asks for its result type, the builder has it emit typed ops. So
the two cannot disagree about what an op means.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .lattice import ClosureSite, Ty

if TYPE_CHECKING:
    from wasmlathe.ir.core import Value

    from .emit import Emitter


@dataclass(slots=True)
class Typed:
    """Typed ops: `emit(emitter, operands)` writes them; operands have been converted to `wants`."""

    result: Ty
    wants: list[Ty]
    emit: Callable[[Emitter, list[Value]], Value | None]


@dataclass(slots=True)
class CallFunction:
    """A call of the HIR function `name`, of the program or the library, with these operands (their numbers)."""

    name: str
    operands: list[int]


@dataclass(slots=True)
class TryCall(CallFunction):
    """A call whose panics are caught: the Int that the function returns, or -1."""


@dataclass(slots=True)
class CallSites:
    """A call of a function value: what each of the places it may come from calls."""

    #: For every site, the HIR function and the operands (their numbers) it is given.
    calls: list[tuple[ClosureSite, str, list[int]]] = field(default_factory=list)


@dataclass(slots=True)
class Split:
    """Operand `index` may be of several kinds: each is resolved by itself, and told apart when the program runs."""

    index: int


@dataclass(slots=True)
class Problem:
    """The operation does not exist for these types."""

    code: str
    message: str
    hint: str | None = None


Choice = Typed | CallFunction | CallSites | Split | Problem
