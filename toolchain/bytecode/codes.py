"""The bytecode of several functions behind each other, with what is shared: the table of calls, panics, places.

@main, @fib        =>        words; offsets 8, 120; frames; (offset, symbol) of every address that is still to be written
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ..codegen.emit import PANIC_TEXT
from ..ir.core import Function, Loc, Module
from .assemble import Code, assemble
from .crossing import CallTable, signature_of
from .disassemble import instructions
from .instructions import WORD
from .nodes import Note, Unsuitable

#: Panics by number: message, file, line, column.
Sites = dict[tuple[str, str, int, int], int]


@dataclass(slots=True)
class Codes:
    """Functions as bytecode. Addresses are distances from the start of the code."""

    #: Functions that are bytecode, with the offset of each in the code.
    functions: dict[str, int] = field(default_factory=dict)
    #: The code of all of them, in which calls have the offsets of functions and nothing else has an address yet.
    content: bytes = b""
    #: (offset in the code, data segment): the u32 there is added to the segment's address.
    addresses: list[tuple[int, str]] = field(default_factory=list)
    #: Offsets in the code where the offset of a function stands.
    calls: list[int] = field(default_factory=list)
    #: Bytes of their frames.
    frames: dict[str, int] = field(default_factory=dict)
    #: Functions that stay compiled although they were asked for, and why.
    refused: dict[str, str] = field(default_factory=dict)
    #: (offset in the code, place), ascending.
    places: list[tuple[int, Loc | None]] = field(default_factory=list)
    #: (offset in the code of a block, what is known of its values when it is executed).
    notes: list[tuple[int, Note]] = field(default_factory=list)
    #: Names of the instructions that occur.
    used: set[str] = field(default_factory=set)

    def word_at(self, at: int) -> int:
        """The u32 at an offset of the code."""
        return int.from_bytes(self.content[at : at + 4], "little")


class Assembly:
    """Assembles functions of a module; what `assemble` asks: slots of compiled functions, numbers of panics."""

    def __init__(
        self,
        module: Module,
        sites: Sites,
        new_table: Callable[[], CallTable] = CallTable,
        slot_names: dict[str, str] | None = None,
    ) -> None:
        """`slot_names`: what compiled functions are called in the table, where that is not their name."""
        self._module = module
        self._new_table = new_table
        self._slot_names = slot_names or {}
        self._chosen: set[str] = set()
        self.sites = sites
        self.table = new_table()

    def assemble(self, chosen: list[Function], codes: Codes) -> None:
        """Add bytecode for the chosen functions; what cannot be bytecode is called by the others as compiled code."""
        self._chosen = {f.name for f in chosen}
        while True:
            self.table = self._new_table()
            refused = len(codes.refused)
            made: dict[str, Code] = {}
            for function in chosen:
                if function.name not in self._chosen:
                    continue
                try:
                    made[function.name] = assemble(function, self, self)
                except Unsuitable as reason:
                    codes.refused[function.name] = str(reason)
                    self._chosen.discard(function.name)
            if len(codes.refused) == refused:
                _join(codes, made)
                return

    def number(self, message: str, loc: Loc | None) -> int:
        """The number of a panic."""
        file, line, col = (loc.file, loc.line, loc.col) if loc is not None else ("", 0, 0)
        return self.sites.setdefault((message, file, line, col), len(self.sites))

    def native(self, name: str) -> tuple[int, int] | None:
        """Slots of a compiled function and its adapter, None for bytecode."""
        if name in self._chosen:
            return None
        return self.table.native(self._slot_names.get(name, name), signature_of(self._module, name))


def callees(function: Function) -> set[str]:
    """Names of the functions that a function calls."""
    return {op.attrs["callee"] for op in function.ops() if op.name == "call"} | (
        {PANIC_TEXT} if any(op.name == "panic_text" for op in function.ops()) else set()
    )


def _join(codes: Codes, made: dict[str, Code]) -> None:
    words = bytearray(WORD)  # an address of code is never 0, even at the start of memory
    for name, code in made.items():
        start = codes.functions[name] = len(words)
        codes.frames[name] = code.frame
        codes.places += [(start + at, loc) for at, loc in code.places]
        codes.notes += [(start + at, note) for at, note in code.notes]
        words += code.words
    for name, code in made.items():
        start = codes.functions[name]
        for at, symbol, is_code in code.relocations:
            if is_code:
                words[start + at : start + at + 4] = codes.functions[symbol].to_bytes(4, "little")
                codes.calls.append(start + at)
            else:
                codes.addresses.append((start + at, symbol))
        codes.used |= {found.name for _at, found, _size in instructions(code.words) if found is not None}
    codes.content = bytes(words)
