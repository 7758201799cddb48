"""Source maps as Binaryen writes them, decoded: byte offset in the binary => place in the source.

    {"version":3,"sources":["a.tova"],"names":[],"mappings":"uBAAG,EACC"}        =>        {23: ("a.tova", 1, 3), ...}

The mappings are differences between neighbours, as base-64 numbers of variable length (Source Map revision 3). There is one
"line" of output, whose columns are byte offsets. Binaryen stores lines from 1 and columns as they were given to it.
"""

from __future__ import annotations

import json

_DIGITS = {digit: value for value, digit in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")}
_CONTINUES, _BITS = 32, 5


def decode(text: str) -> dict[int, tuple[str, int, int]]:
    """Byte offset -> (file, line, column), lines and columns from 1. A later entry for an offset replaces an earlier."""
    document = json.loads(text)
    sources, mappings = document["sources"], document["mappings"]
    places: dict[int, tuple[str, int, int]] = {}
    offset, file, line, column = 0, 0, 1, 0
    for segment in mappings.split(",") if mappings else ():
        numbers = _numbers(segment)
        offset += numbers[0]
        file += numbers[1]
        line += numbers[2]
        column += numbers[3]
        places[offset] = (sources[file], line, column)
    return places


def _numbers(segment: str) -> list[int]:
    numbers = []
    value = shift = 0
    for character in segment:
        digit = _DIGITS[character]
        value |= (digit & ~_CONTINUES) << shift
        if digit & _CONTINUES:
            shift += _BITS
        else:
            numbers.append(-(value >> 1) if value & 1 else value >> 1)
            value = shift = 0
    return numbers
