"""A program as bytecode for a base module: plain data, which goes to bytes and back.

    Image  ->  mark and version | base | count of numbers | numbers | code | pieces | places | texts | extras | seal

The base module is the VM with the library, compiled once for all programs; an image says which one it was linked for. All
that is a number is one array of u32, so that reading an image takes no step per number; texts are one run of UTF-8, with their
lengths among the numbers. Not `marshal`, as in artifacts: an image may come from outside, and `marshal` trusts what it
reads. What is read is complete and of the right types; whether it makes sense is the question of `verify`.

Like `artifact`, this is read before anything else of a cached run, so it imports next to nothing.
"""

from __future__ import annotations

import sys

from wasmlathe.artifact import SourceMap
from wasmlathe.bytecode import plain
from wasmlathe.sealed import seal, unseal

TYPE_CHECKING = False  # the name that type checkers know, without the import of `typing`
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from wasmlathe.artifact import Place

    #: Name, offset in the code, bytes of the frame, parameter and result types as letters (`LETTERS`).
    Row = tuple[str, int, int, str, str]
    #: Message, file, line, column.
    Site = tuple[str, str, int, int]

#: How the bytes begin: what they are, the version of the format, and the order of bytes in its numbers.
MARK = b"wasmlathe image 1 " + sys.byteorder.encode()
BASE_BYTES = 16
#: Types as letters.
LETTERS = {"i": "i32", "l": "i64", "d": "f64", "b": "bool"}
_NUMBER = 4
_NONE = 0xFFFF_FFFF


def letters(types: Iterable[object]) -> str:
    """Types, which are named by their texts, as letters."""
    names = {name: letter for letter, name in LETTERS.items()}
    return "".join(names[str(type_)] for type_ in types)


class ImageDamaged(ValueError):
    """These bytes are no image of this version: cut, changed, or written by another tool."""


class Image:
    """A linked program. Read-only by convention; two with the same content have the same bytes."""

    __slots__ = (
        "base",
        "code",
        "entry",
        "entry_result",
        "extras",
        "functions",
        "memory_end",
        "name",
        "pieces",
        "places",
        "sites",
        "start",
    )

    def __init__(
        self,
        *,
        name: str,
        base: bytes,
        start: int,
        code: bytes,
        functions: Iterable[Row],
        entry: int | None,
        entry_result: str | None = None,
        pieces: Iterable[tuple[int, bytes]] = (),
        memory_end: int,
        sites: Iterable[Site] = (),
        places: SourceMap | Mapping[int, Place | None] | None = None,
        extras: Mapping[str, Any] | None = None,
    ) -> None:
        """Addresses are of linear memory; `entry` and the offsets of functions and places count from `start`.

        `base` is the digest of the base module, `memory_end` the first address that is not the program's (there the heap
        begins), `sites` are the program's own panics, numbered behind the base's. `extras` is for the host: plain data.
        """
        self.name = name
        self.base = base
        self.start = start
        self.code = code
        self.functions = tuple(functions)
        self.entry = entry
        self.entry_result = entry_result
        self.pieces = tuple(pieces)
        self.memory_end = memory_end
        self.sites = tuple(sites)
        self.places = places if isinstance(places, SourceMap) else SourceMap.from_dict(places or {})
        self.extras = dict(extras or {})

    def to_bytes(self) -> bytes:
        texts: dict[str, int] = {}

        def text(value: str) -> int:
            return texts.setdefault(value, len(texts))

        files, packed = self.places.plain()
        extras = plain.dump(self.extras)
        rows = [
            text(self.name),
            self.start,
            self.memory_end,
            _NONE if self.entry is None else self.entry,
            _NONE if self.entry_result is None else text(self.entry_result),
            len(self.code),
            len(packed),
            len(extras),
            len(self.functions),
            len(self.pieces),
            len(self.sites),
            len(files),
        ]
        for name, offset, frame, params, results in self.functions:
            rows += (text(name), offset, frame, text(params), text(results))
        for address, content in self.pieces:
            rows += (address, len(content))
        for message, file, line, column in self.sites:
            rows += (text(message), text(file), line, column)
        rows += (text(file) for file in files)
        rows += map(len, texts)
        encoded = "".join(texts).encode("utf-8", "surrogateescape")
        numbers = b"".join(number.to_bytes(_NUMBER, sys.byteorder) for number in (len(rows), *rows))
        contents = (content for _address, content in self.pieces)
        return seal(b"".join((MARK, self.base, numbers, self.code, *contents, packed, encoded, extras)))

    @classmethod
    def from_bytes(cls, data: bytes | memoryview) -> Image:
        """Raises ImageDamaged unless `data` is laid out as `to_bytes` of this version does it."""
        payload = unseal(data)
        if payload is None:
            raise ImageDamaged("not an image, or damaged")
        if payload[: len(MARK)] != MARK:
            raise ImageDamaged("an image of another version, or no image")
        try:
            return _read(payload[len(MARK) :])
        except (ValueError, IndexError, TypeError) as error:  # numbers or places that are no whole rows
            raise ImageDamaged(f"its parts do not fit together: {error}") from None


def _read(payload: memoryview) -> Image:
    """The image behind the mark. Raises ValueError, IndexError or TypeError where the parts do not fit."""
    parts = _Parts(payload)
    base = bytes(parts.take(BASE_BYTES))
    (count,) = parts.take(_NUMBER).cast("I")
    numbers = _Numbers(parts.take(_NUMBER * count).cast("I").tolist())
    name, start, memory_end, entry, entry_result, code_size, places_size, extras_size, *counts = numbers.take(12)
    functions, pieces, sites, files = (
        numbers.rows(columns, rows) for columns, rows in zip((5, 2, 4, 1), counts, strict=True)
    )
    code = bytes(parts.take(code_size))
    contents = [(address, bytes(parts.take(size))) for address, size in pieces]
    packed = bytes(parts.take(places_size))
    texts = _cut(bytes(parts.take(parts.left - extras_size)).decode("utf-8", "surrogateescape"), numbers.rest())
    return Image(
        name=texts[name],
        base=base,
        start=start,
        code=code,
        functions=[(texts[n], offset, frame, texts[p], texts[r]) for n, offset, frame, p, r in functions],
        entry=None if entry == _NONE else entry,
        entry_result=None if entry_result == _NONE else texts[entry_result],
        pieces=contents,
        memory_end=memory_end,
        sites=[(texts[message], texts[file], line, column) for message, file, line, column in sites],
        places=SourceMap([texts[file] for (file,) in files], packed),
        extras=plain.load(parts.take(extras_size)),
    )


def _cut(text: str, lengths: list[int]) -> list[str]:
    """The text as pieces of these lengths."""
    pieces, at = [], 0
    for length in lengths:
        pieces.append(text[at : at + length])
        at += length
    if at != len(text):
        raise ValueError("the texts have other lengths")
    return pieces


class _Parts:
    """Bytes, taken from the front."""

    def __init__(self, data: memoryview) -> None:
        self._data = data
        self._at = 0

    @property
    def left(self) -> int:
        return len(self._data) - self._at

    def take(self, size: int) -> memoryview:
        if not 0 <= size <= self.left:
            raise ValueError("it ends too early")
        self._at += size
        return self._data[self._at - size : self._at]


class _Numbers:
    """Numbers, taken from the front."""

    def __init__(self, numbers: list[int]) -> None:
        self._numbers = numbers
        self._at = 0

    def take(self, count: int) -> list[int]:
        self._at += count
        if self._at > len(self._numbers):
            raise ValueError("numbers are missing")
        return self._numbers[self._at - count : self._at]

    def rows(self, columns: int, count: int) -> list[tuple[int, ...]]:
        numbers = self.take(columns * count)
        return list(zip(*(numbers[column::columns] for column in range(columns)), strict=True))

    def rest(self) -> list[int]:
        return self._numbers[self._at :]
