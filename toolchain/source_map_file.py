"""A source map as a file in the format that browsers and debuggers read (Source Map revision 3).

In a map of WebAssembly there is one "line" of output, whose columns are byte offsets of the binary.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from .artifact import SourceMap

_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def source_map_json(source_map: SourceMap, file: str) -> bytes:
    """The content of `file`'s map."""
    sources, mappings = source_mappings(source_map)
    document = {"version": 3, "file": file, "sources": sources, "names": [], "mappings": mappings}
    return (json.dumps(document, ensure_ascii=False) + "\n").encode()


def source_mappings(source_map: SourceMap) -> tuple[list[str], str]:
    """The files, and the places as such a map has them."""
    sources: dict[str, int] = {}
    segments: list[str] = []
    before = (0, 0, 0, 0)
    for offset, place in source_map.to_dict().items():
        if place is None:
            segments.append(_encode([offset - before[0]]))
            before = (offset, *before[1:])
            continue
        name, line, column = place
        now = (offset, sources.setdefault(name, len(sources)), line - 1, column - 1)
        segments.append(_encode([new - old for new, old in zip(now, before, strict=True)]))
        before = now
    return list(sources), ",".join(segments)


def _encode(numbers: Iterable[int]) -> str:
    """Numbers in base 64, five bits a digit, the lowest bit of each number its sign."""
    digits = []
    for number in numbers:
        rest = -number << 1 | 1 if number < 0 else number << 1
        while True:
            rest, digit = rest >> 5, rest & 31
            digits.append(_DIGITS[digit | (32 if rest else 0)])
            if not rest:
                break
    return "".join(digits)
