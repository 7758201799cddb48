"""Code between selection and assembly: nodes of instructions over virtual registers, which are values of the IR."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from ..ir.core import Loc, Op, Value
from .instructions import Instruction


class Unsuitable(Exception):
    """The function cannot be bytecode: it stays compiled. The text says why."""


@dataclass(slots=True, eq=False)
class Step:
    """One instruction: the values that it writes and reads, in the order of its layout."""

    instruction: Instruction
    writes: list[Value] = field(default_factory=list)
    reads: list[Value] = field(default_factory=list)
    #: The fields that are numbers, in the order of the layout; for `const.wide` the number itself, as 64 bits.
    numbers: list[int] = field(default_factory=list)
    #: The data segment whose address is added to the number.
    symbol: str | None = None
    jump: Node | None = None
    loc: Loc | None = None


@dataclass(slots=True, eq=False)
class Call:
    """A call: its arguments go to the frame behind this one's registers, its results come back there."""

    callee: str
    writes: list[Value]
    reads: list[Value]
    loc: Loc | None


@dataclass(slots=True, eq=False)
class Moves:
    """All targets become the sources at once. A source that is an op is a constant."""

    writes: list[Value]
    sources: list[Value | Op]

    @property
    def reads(self) -> list[Value]:
        return [source for source in self.sources if isinstance(source, Value)]


@dataclass(slots=True, eq=False)
class Switch:
    """Jump by number: `jumps` for 0, 1, ..; the last for every other."""

    reads: list[Value]
    jumps: list[Node]
    writes: list[Value] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Return:
    reads: list[Value]
    writes: list[Value] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Note:
    """Nothing to execute: a value of this kind has come to a use. How often says the count of the block.

    `is_jump`: says the count of the entry of a `switch`.
    """

    use: str
    kind: str
    loc: Loc | None
    is_jump: bool = False
    writes: list[Value] = field(default_factory=list)
    reads: list[Value] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Tally:
    """Counts the number that it reads, by jumps that all lead on. Each number, from 0 on, stands for a kind of values."""

    reads: list[Value]
    use: str
    kinds: list[str]
    loc: Loc | None
    writes: list[Value] = field(default_factory=list)


Item = Step | Call | Moves | Switch | Return | Note | Tally


@dataclass(slots=True, eq=False)
class Node:
    """A run of instructions. What is not jumped away continues at `next`."""

    items: list[Item] = field(default_factory=list)
    next: Node | None = None
    params: list[Value] = field(default_factory=list)

    @property
    def successors(self) -> list[Node]:
        found = [item.jump for item in self.items if isinstance(item, Step) and item.jump is not None]
        for item in self.items:
            if isinstance(item, Switch):
                found += item.jumps
        return [*found, *([self.next] if self.next is not None else [])]


class Sites(Protocol):
    """Panics, shared with code generation."""

    def number(self, message: str, loc: Loc | None) -> int:
        """The number of a panic."""
