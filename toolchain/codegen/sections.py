"""Sections of a WebAssembly binary, and the names of functions that one of them holds.

The names are in the custom section `name` (WebAssembly core 2.0, appendix "Custom Sections"); a nameless build has none.
"""

from __future__ import annotations

from collections.abc import Iterator

CUSTOM, IMPORT, CODE = 0, 2, 10
HEADER_BYTES = 8
_FUNCTION_NAMES = 1


def sections(wasm: bytes, position: int = HEADER_BYTES) -> Iterator[tuple[int, bytes]]:
    """(kind, content) of each section from an offset on."""
    for kind, start, end in spans(wasm, position):
        yield kind, wasm[start:end]


def spans(wasm: bytes, position: int = HEADER_BYTES) -> Iterator[tuple[int, int, int]]:
    """(kind, start, end) of the content of each section from an offset on."""
    while position < len(wasm):
        kind = wasm[position]
        size, start = number(wasm, position + 1)
        position = start + size
        yield kind, start, position


def number(content: bytes, position: int) -> tuple[int, int]:
    """The unsigned number in LEB128 at an offset, and the offset behind it."""
    value = shift = 0
    while True:
        byte = content[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7


def function_names(wasm: bytes) -> dict[int, str]:
    """The names of functions by their index; imports come first. Empty for a binary without names."""
    for kind, content in sections(wasm):
        if kind == CUSTOM and _is_names(content):
            return _names_in(content)
    return {}


def without_names(wasm: bytes) -> bytes:
    """The binary without names. Offsets of code stay what they are: the names stand behind it."""
    kept, position = bytearray(wasm[:HEADER_BYTES]), HEADER_BYTES
    for kind, start, end in spans(wasm):
        if kind != CUSTOM or not _is_names(wasm[start:end]):
            kept += wasm[position:end]
        position = end
    return bytes(kept)


def _is_names(content: bytes) -> bool:
    length, position = number(content, 0)
    return content[position : position + length] == b"name"


def _names_in(content: bytes) -> dict[int, str]:
    length, position = number(content, 0)
    found = {}
    for kind, part in sections(content, position + length):
        if kind == _FUNCTION_NAMES:
            count, at = number(part, 0)
            for _ in range(count):
                index, at = number(part, at)
                size, at = number(part, at)
                found[index] = part[at : at + size].decode()
                at += size
    return found
