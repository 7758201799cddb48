"""A program as bytecode for a base module: what is not in the base becomes data for the places that the base has free.

    @main (the user's), @std.map (for its closure)    bytecode in "vm-region"
    @std.repeat, @rt-collect                          the base's, called through its table: they are the same code (`identity`)

Library functions that the base does not have, because they were specialized for the program, are bytecode as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..codegen.emit import PANIC_TEXT
from ..ir.clone import clone_module
from ..ir.core import DataSegment, Module
from ..lower.descriptors import TABLE
from . import variables
from .base import REGION, ROOTS, Facts, import_identity
from .codes import Assembly, Codes, Sites
from .crossing import CallTable, Signature
from .identity import MARK_GLOBALS, Identities, is_text
from .image import Image, letters
from .marking import library_of

#: Functions of the runtime system keep the heap's state: a collector of its own for a part of the program cannot be.
_RUNTIME = "rt-"
_ALIGN = 8


class NotShareable(Exception):
    """The program needs a module of its own. The text says why."""


def link(module: Module, facts: Facts, entry: str) -> Image:
    """The program of a module of stage mem, which is left as it is, for a base module. Raises NotShareable."""
    return _Sharing(clone_module(module), facts).image(entry)


class _BaseTable(CallTable):
    """The table of a base: everything has its slot."""

    __slots__ = ("_facts", "_slots_of")

    def __init__(self, facts: Facts, slots_of: dict[str, tuple[int, int]]) -> None:
        super().__init__()
        self._facts = facts
        self._slots_of = slots_of

    @property
    def names(self) -> list[str]:
        names = self._facts.names
        return [names.get(slot, "") for slot in range(max(names, default=-1) + 1)]

    def native(self, name: str, signature: Signature) -> tuple[int, int]:
        slots = self._slots_of.get(name)
        if slots is None:
            raise NotShareable(f"the base module has no function '{name}'")
        return slots


@dataclass(slots=True)
class _Places:
    """Addresses of a program's own data segments in the region of a base."""

    next: int
    end: int
    addresses: dict[str, int]

    def place(self, segment: DataSegment) -> None:
        align = max(segment.align, 1)
        start = -(-self.next // align) * align
        self.addresses[segment.name] = start
        self.next = start + len(segment.content) + segment.room
        if self.next > self.end:
            raise NotShareable("its code and data are larger than the region that a base module has for them")


class _Sharing:
    def __init__(self, module: Module, facts: Facts) -> None:
        self._module = module
        self._facts = facts
        self._identities = Identities(module)
        #: Functions that the base has: slots of the function and its adapter.
        self._shared: dict[str, tuple[int, int]] = {}
        #: Segments that code of the base uses: address.
        self._addresses: dict[str, int] = {}

    def image(self, entry: str) -> Image:
        module, facts = self._module, self._facts
        self._find_shared()
        roots = self._roots()
        homes = variables.move_to_memory(module, {name: (_LIBRARY + name, 0) for name in facts.variables})
        self._addresses |= {_LIBRARY + name: address for name, address in facts.variables.items()}
        sites: Sites = {site: number for number, site in enumerate(facts.sites)}
        codes = self._assemble(sites)
        start, end = facts.rooms[REGION]
        places = _Places(start + len(codes.content), start + end, dict(self._addresses))
        self._place_data(codes, places)
        self._fill(
            ROOTS, [_word(len(roots)), *(_word(places.addresses[homes[name][0]] + homes[name][1]) for name in roots)]
        )
        pieces = list(self._pieces(places))
        return Image(
            name=module.name,
            base=facts.digest,
            start=start,
            code=self._linked(codes, start, places),
            functions=self._rows(codes),
            entry=codes.functions[entry],
            entry_result="Int" if module.functions[entry].results else None,
            pieces=pieces,
            memory_end=-(-places.next // _ALIGN) * _ALIGN,
            sites=list(sites)[len(facts.sites) :],
            places={at: (loc.file, loc.line, loc.col) if loc is not None else None for at, loc in codes.places},
        )

    def _find_shared(self) -> None:
        """Find the functions that the base has, and the data that they use."""
        self._shared[PANIC_TEXT] = self._facts.functions[import_identity(PANIC_TEXT)]
        imports = [f for f in self._module.functions.values() if f.is_import]
        # Code of the program may be the same as code of the library, but panics at other places.
        for function in (*imports, *library_of(self._module)):
            name = function.name
            identity = import_identity(name) if function.is_import else self._identities.function(name)
            slots = self._facts.functions.get(identity)
            if slots is not None:
                self._shared[function.name] = slots
                for op in function.ops():
                    if "data" in op.attrs:
                        self._share_data(op.attrs["data"])
            elif function.name.startswith(_RUNTIME) and function.name != MARK_GLOBALS and "finished" in function.attrs:
                raise NotShareable(f"its '{function.name}' is not the one of the base module")

    def _share_data(self, name: str) -> None:
        if name not in self._addresses:
            self._addresses[name] = self._facts.segments[self._identities.segment(name)]
            for _at, target, _addend in self._module.data[name].relocations if not is_text(name) else ():
                self._share_data(target)

    def _roots(self) -> list[str]:
        """The variables that the collector looks at."""
        marking = self._module.functions.get(MARK_GLOBALS)
        return [op.attrs["name"] for op in marking.ops() if op.name == "global.get"] if marking is not None else []

    def _assemble(self, sites: Sites) -> Codes:
        module, slots = self._module, self._shared
        assembly = Assembly(module, sites, lambda: _BaseTable(self._facts, slots))
        codes = Codes()
        own = [f for f in module.functions.values() if f.blocks and f.name not in slots and f.name != MARK_GLOBALS]
        assembly.assemble(own, codes)
        if codes.refused:
            name, why = next(iter(codes.refused.items()))
            raise NotShareable(f"the function '{name}' cannot be bytecode: {why}")
        return codes

    def _place_data(self, codes: Codes, places: _Places) -> None:
        """Give addresses to the segments that the bytecode uses and the base does not have."""
        waiting = [symbol for _at, symbol in codes.addresses]
        while waiting:
            name = waiting.pop()
            if name in places.addresses:
                continue
            segment = self._module.data[name]
            places.place(segment)
            waiting += [target for _at, target, _addend in segment.relocations]
        table = self._module.data.get(TABLE)
        if table is not None:
            self._check_room(TABLE, len(table.content))
            places.addresses[TABLE] = self._facts.rooms[TABLE][0]

    def _check_room(self, name: str, size: int) -> None:
        if size > self._facts.rooms[name][1]:
            raise NotShareable(f"{name} needs {size} bytes, of which a base module has {self._facts.rooms[name][1]}")

    def _fill(self, name: str, words: Iterable[bytes]) -> None:
        """Add a segment with content for a room of the base."""
        content = b"".join(words)
        self._check_room(name, len(content))
        self._module.data[name] = DataSegment(name, content)

    def _pieces(self, places: _Places) -> Iterator[tuple[int, bytes]]:
        """What memory holds besides the code, where it is not zero."""
        rooms = {name: address for name, (address, _size) in self._facts.rooms.items()}
        for name, segment in self._module.data.items():
            address = rooms.get(name, places.addresses.get(name))
            if address is None or not segment.content or (name in self._addresses and name not in rooms):
                continue
            content = bytearray(segment.content)
            for at, target, addend in segment.relocations:
                content[at : at + 4] = _word(places.addresses[target] + addend)
            yield address, bytes(content)

    def _linked(self, codes: Codes, start: int, places: _Places) -> bytes:
        code = bytearray(codes.content)
        for at in codes.calls:
            code[at : at + 4] = _word(start + codes.word_at(at))
        for at, symbol in codes.addresses:
            code[at : at + 4] = _word(places.addresses[symbol] + codes.word_at(at))
        return bytes(code)

    def _rows(self, codes: Codes) -> Iterator[tuple[str, int, int, str, str]]:
        for name, offset in codes.functions.items():
            function = self._module.functions[name]
            yield name, offset, codes.frames[name], letters(function.param_types), letters(function.results)


#: Segments that stand for variables of the base.
_LIBRARY = "vm-library "


def _word(number: int) -> bytes:
    return (number & 0xFFFF_FFFF).to_bytes(4, "little")
