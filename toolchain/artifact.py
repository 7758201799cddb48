"""What the compiler hands to a host: the WebAssembly bytes, a map from them to the source, and a manifest.

An artifact is plain data, goes to bytes and back (`to_bytes`, `from_bytes`), and costs nothing to import: a cached run
reads one before it does anything else. That is why these are hand-written classes (`dataclasses` takes 12 ms) and why
the bytes are `marshal`led (`json` takes 2 to 5 ms). marshal's format belongs to one version of Python, so the version is
part of the seal's content and another interpreter's bytes count as foreign.
"""

from __future__ import annotations

import marshal
import sys

from wasmlathe.sealed import seal, unseal

TYPE_CHECKING = False  # the name that type checkers know, without the import of `typing`
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    Place = tuple[str, int, int]  # file, line, column

FORMAT = ("wasmlathe artifact", 1, sys.implementation.cache_tag, marshal.version)
_NOWHERE = 0xFFFF_FFFF

#: The exported global in which a panic leaves the number of its site (in the manifest) plus 1 before it traps; 0 is no
#: panic. A call of the host would cost registers in every loop with a check, because its arguments have fixed ones.
PANIC_SITE = "__panic"


class ArtifactDamaged(ValueError):
    """These bytes are no artifact of this version: cut, changed, or written by another tool."""


class SourceMap:
    """Wasm byte offset -> place in the source; an offset belongs to the greatest one given that is not above it."""

    __slots__ = ("_columns", "_files", "_lines", "_numbers", "_offsets", "_sources")

    def __init__(self, files: Iterable[str] = (), packed: bytes = b"") -> None:
        """`packed`: four columns of u32 behind each other: offset (ascending), number of the file, line, column."""
        self._files = tuple(files)
        self._numbers = memoryview(packed).cast("I")
        count = len(self._numbers) // 4
        self._offsets, self._sources, self._lines, self._columns = (
            self._numbers[i * count : (i + 1) * count] for i in range(4)
        )

    @classmethod
    def from_dict(cls, places: Mapping[int, Place | None]) -> SourceMap:
        """`None` for a place ends the one before it: code from there on has no source of its own."""
        numbers: dict[str, int] = {}
        rows = []
        for offset in sorted(places):
            place = places[offset]
            if place is None:
                rows.append((offset, _NOWHERE, 0, 0))
            else:
                file, line, column = place
                rows.append((offset, numbers.setdefault(file, len(numbers)), line, column))
        columns = zip(*rows, strict=True) if rows else ()
        packed = b"".join(n.to_bytes(4, sys.byteorder) for column in columns for n in column)
        return cls(numbers, packed)

    def __len__(self) -> int:
        return len(self._offsets)

    def lookup(self, offset: int) -> Place | None:
        low, high = 0, len(self._offsets)
        while low < high:
            middle = (low + high) // 2
            if self._offsets[middle] <= offset:
                low = middle + 1
            else:
                high = middle
        if not low or self._sources[low - 1] == _NOWHERE:
            return None
        return self._files[self._sources[low - 1]], self._lines[low - 1], self._columns[low - 1]

    def is_sound(self) -> bool:
        """True if offsets ascend and every file is there, as in a map that `from_dict` made."""
        offsets = self._offsets.tolist()
        known = range(len(self._files))
        return (
            len(self._numbers) % 4 == 0
            and offsets == sorted(set(offsets))
            and all(number in known or number == _NOWHERE for number in self._sources.tolist())
        )

    def to_dict(self) -> dict[int, Place | None]:
        return {offset: self.lookup(offset) for offset in self._offsets}

    def plain(self) -> tuple[tuple[str, ...], bytes]:
        return self._files, self._numbers.tobytes()


class Artifact:
    """A compiled program. Read-only by convention; two with the same content have the same bytes."""

    __slots__ = ("manifest", "source_map", "wasm")

    def __init__(
        self, wasm: bytes, source_map: SourceMap | Mapping[int, Place | None], manifest: Mapping[str, Any]
    ) -> None:
        self.wasm = wasm
        self.source_map = source_map if isinstance(source_map, SourceMap) else SourceMap.from_dict(source_map)
        self.manifest = dict(manifest)

    @property
    def name(self) -> str:
        name: str = self.manifest["name"]
        return name

    def to_bytes(self) -> bytes:
        files, packed = self.source_map.plain()
        # Version 2 has no back references, so equal values always give equal bytes, shared or not.
        return seal(marshal.dumps((FORMAT, self.wasm, files, packed, self.manifest), 2))

    @classmethod
    def from_bytes(cls, data: bytes | memoryview) -> Artifact:
        """Raises ArtifactDamaged unless `data` is what `to_bytes` of this version made."""
        payload = unseal(data)
        if payload is None:
            raise ArtifactDamaged("not an artifact, or damaged")
        try:
            fields = marshal.loads(payload)
        except (ValueError, EOFError, TypeError) as error:  # sealed, but by another version of Python
            raise ArtifactDamaged(f"not readable by this version of Python: {error}") from None
        if not isinstance(fields, tuple) or not fields or fields[0] != FORMAT:
            raise ArtifactDamaged("an artifact of another version")
        _format, wasm, files, packed, manifest = fields
        return cls(wasm, SourceMap(files, packed), manifest)
