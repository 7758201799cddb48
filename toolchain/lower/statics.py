"""Objects that exist before the program starts: constant strings, closures without captures, objects without fields."""

from __future__ import annotations

from struct import pack

from ..ir.core import DataSegment, Module
from . import layout

_ASCII = "ascii"
_SCRATCH = "scratch"


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
            start = (self.raw(content), 0) if content else (segment.name, layout.STRING_OBJECT_BYTES)
            segment.relocations.append((layout.STRING_START, *start))
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

    def empty_object(self, tag: int) -> str:
        """Name of the segment that is an object of a layout with this tag and without fields."""
        name = f"object.{tag}"
        if name not in self._module.data:
            self._add(name, pack("<II", layout.TYPE_OBJECT | tag << layout.TAG_SHIFT, layout.HEADER_BYTES))
        return name

    def ascii_strings(self) -> str:
        """Name of the segment with a String object for each character below 128, in the order of their codes."""
        if _ASCII not in self._module.data:
            characters = self.raw(bytes(range(128)))
            header = pack("<IIII", layout.TYPE_STRING, layout.STRING_OBJECT_BYTES, 1, 1)
            table = self._add(_ASCII, header.ljust(layout.STRING_OBJECT_BYTES, b"\0") * 128)
            for code in range(128):
                start = code * layout.STRING_OBJECT_BYTES + layout.STRING_START
                table.relocations.append((start, characters, code))
        return _ASCII

    def scratch(self) -> str:
        """Name of the segment that is a String object of 24 bytes, which may be overwritten."""
        if _SCRATCH not in self._module.data:
            room = self._add(f"{_SCRATCH}.bytes", bytes(24), 8)
            header = pack("<II", layout.TYPE_STRING, layout.STRING_OBJECT_BYTES)
            text = self._add(_SCRATCH, header + pack("<IIII", 24, 24, 0, 0))
            text.relocations.append((layout.STRING_START, room.name, 0))
        return _SCRATCH

    def _add(self, name: str, content: bytes, align: int = layout.ALIGNMENT) -> DataSegment:
        segment = self._module.data[name] = DataSegment(name, content, align)
        return segment
