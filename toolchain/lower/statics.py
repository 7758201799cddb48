"""Objects that exist before the program starts: constant strings and closures without captures, each stored once."""

from __future__ import annotations

from struct import pack

from ..ir.core import DataSegment, Module
from . import layout


class Statics:
    """Adds data segments to `module`, one for each content; asking again gives the same name."""

    __slots__ = ("_bytes", "_closures", "_module", "_strings")

    def __init__(self, module: Module) -> None:
        self._module = module
        self._bytes: dict[bytes, str] = {}
        self._strings: dict[str, str] = {}
        self._closures: dict[int, str] = {}

    def raw(self, content: bytes) -> str:
        """Name of the segment with exactly these bytes."""
        name = self._bytes.get(content)
        if name is None:
            name = self._bytes[content] = self._add(f"bytes.{len(self._bytes)}", content, 1).name
        return name

    def string(self, text: str) -> str:
        """Name of the segment that is a String object."""
        name = self._strings.get(text)
        if name is None:
            content = text.encode()
            header = pack("<II", layout.TYPE_STRING, layout.STRING_OBJECT_BYTES)
            body = pack("<IIII", len(content), len(text), 0, 0)
            segment = self._add(f"string.{len(self._strings)}", header + body)
            if content:  # where no bytes begin does not matter
                segment.relocations.append((layout.STRING_START, self.raw(content), 0))
            name = self._strings[text] = segment.name
        return name

    def closure(self, tag: int) -> str:
        """Name of the segment that is a Closure object without captured values."""
        name = self._closures.get(tag)
        if name is None:
            size = layout.aligned(layout.CLOSURE_CAPTURES)
            content = pack("<III", layout.TYPE_CLOSURE, size, tag).ljust(size, b"\0")
            name = self._closures[tag] = self._add(f"closure.{tag}", content).name
        return name

    def _add(self, name: str, content: bytes, align: int = layout.ALIGNMENT) -> DataSegment:
        segment = self._module.data[name] = DataSegment(name, content, align)
        return segment
