"""From the source map that Binaryen writes to the exact place of every instruction that can fail or call.

Binaryen notes a place where the *tree* of an expression begins, so an operator gets the place of its last operand:

    (i64.div_s ;;@ 2:5                        offset 33: entry 2:5, entry 2:1
      (call $f ;;@ 2:1 ...)          =>       offset 35: call $f          belongs to 2:1
      (local.get $b))                         offset 39: i64.div_s        belongs to 2:5

So code generation gives every expression a number instead (as its column, which keeps neighbours apart), and here each call
and each instruction that can trap takes the innermost number that was opened before it and not taken yet. Everything
else has the place of the number at or before it.

Mappings are differences between neighbours, as base-64 numbers of variable length (Source Map revision 3); there is one
"line" of output, whose columns are byte offsets.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

from .sections import CODE, number, spans

Place = tuple[str, int, int]

_DIGITS = {
    digit: value for value, digit in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
}
_CONTINUES, _BITS = 32, 5

#: What an expression is to the search: a call, an instruction that can trap, or anything else.
CALL, TRAP, PLAIN = "call", "trap", "plain"

_LEB = rb"[\x80-\xff]*+[\x00-\x7f]"
_INSTRUCTIONS = (
    rb"[\x00\x01\x05\x0b\x0f\x1a\x1b\x45-\x6c\x71-\x7e\x83-\xa7\xac\xad\xb2-\xc4\xd1]",  # no immediate
    rb"[\x02-\x04\x0c\x0d\x20-\x26\x3f-\x42\xd0\xd2]" + _LEB,  # one number
    rb"[\x28-\x3e]" + _LEB + _LEB,  # loads and stores
    rb"\x43.{4}|\x44.{8}",  # f32.const, f64.const
    rb"\xfc(?:[\x00-\x07]|[\x09\x0b\x0d\x0f-\x11]" + _LEB + rb"|[\x08\x0a\x0c\x0e]" + _LEB + _LEB + rb")",
    # SIMD: loads and stores; constants and shuffles; lanes; lanes of memory; all others
    rb"\xfd(?:(?:[\x00-\x0b]|[\x5c\x5d]\x00?)" + _LEB + _LEB + rb"|[\x0c\x0d].{16}|[\x15-\x22]."
    rb"|[\x54-\x5b]" + _LEB + _LEB + rb".|(?:[\x0e-\x14\x23-\x53\x5e-\x7f]|[\x80-\xff]" + _LEB + rb"))",
)
_NEXT = re.compile(
    rb"(?:" + rb"|".join(_INSTRUCTIONS) + rb")*+"
    rb"(?:(?P<call>[\x10\x12]" + _LEB + rb"|[\x11\x13]" + _LEB + _LEB + rb")"
    rb"|(?P<trap>[\x6d-\x70\x7f-\x82\xa8-\xab\xae-\xb1])|(?P<table>\x0e))?",
    re.DOTALL,
)


def decode(text: str) -> dict[int, Place]:
    """Byte offset -> (file, line, column), lines and columns from 1. A later entry for an offset replaces an earlier."""
    return dict(entries(text))


def entries(text: str) -> Iterator[tuple[int, Place]]:
    """The mappings of a source map in their order; there can be several for one offset."""
    document = json.loads(text)
    sources, mappings = document["sources"], document["mappings"]
    offset, file, line, column = 0, 0, 1, 0
    for segment in mappings.split(",") if mappings else ():
        numbers = _numbers(segment)
        offset += numbers[0]
        file += numbers[1]
        line += numbers[2]
        column += numbers[3]
        yield offset, (sources[file], line, column)


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


def locate(
    wasm: bytes, opened: Sequence[tuple[int, int]], table: Sequence[tuple[str, Place | None]]
) -> dict[int, Place | None]:
    """Byte offset -> place, which counts up to the next offset; None: from here on nothing has a place.

    `opened`: (offset, number) in the order of the binary. `table`: of each number what it is, and its place.
    """
    places: dict[int, Place | None] = {}
    position = 0
    for start, end in _bodies(wasm):
        places[start] = None
        open_numbers: list[int] = []
        for offset, kind in _instructions(wasm, start, end):
            position = _open(opened, position, offset, open_numbers, table, places)
            while open_numbers:
                its_kind, place = table[open_numbers.pop()]
                if its_kind == kind:
                    places[offset] = place
                    break
        position = _open(opened, position, end, open_numbers, table, places)
    return _without_repetitions(places)


def _open(
    opened: Sequence[tuple[int, int]],
    position: int,
    until: int,
    open_numbers: list[int],
    table: Sequence[tuple[str, Place | None]],
    places: dict[int, Place | None],
) -> int:
    """Take note of the trees that begin at or before `until`; where to go on."""
    while position < len(opened) and opened[position][0] <= until:
        offset, number = opened[position]
        kind, places[offset] = table[number]
        if kind != PLAIN:
            open_numbers.append(number)
        position += 1
    return position


def _without_repetitions(places: dict[int, Place | None]) -> dict[int, Place | None]:
    kept: dict[int, Place | None] = {}
    last: Place | None = None
    for offset in sorted(places):
        if places[offset] != last:
            last = kept[offset] = places[offset]
    return kept


def _instructions(wasm: bytes, position: int, end: int) -> Iterator[tuple[int, str]]:
    """(offset, CALL or TRAP) of those instructions between two offsets. Raises ValueError for an unknown instruction."""
    while True:
        found = _NEXT.match(wasm, position, end)
        assert found is not None  # it can match nothing
        position = found.end()
        if found.lastgroup == "table":
            count, position = number(wasm, position)
            for _ in range(count + 1):
                _label, position = number(wasm, position)
        elif found.lastgroup is not None:
            yield found.start(found.lastgroup), found.lastgroup
        elif position == end:
            return
        else:
            raise ValueError(f"unknown instruction {wasm[position]:#x} at offset {position:#x}")


def _bodies(wasm: bytes) -> Iterator[tuple[int, int]]:
    """Where the instructions of each function begin and end."""
    for kind, start, _end in spans(wasm):
        if kind == CODE:
            yield from _bodies_of_section(wasm, start)


def _bodies_of_section(wasm: bytes, position: int) -> Iterator[tuple[int, int]]:
    functions, position = number(wasm, position)
    for _ in range(functions):
        size, position = number(wasm, position)
        end = position + size
        groups, position = number(wasm, position)
        for _ in range(groups):
            _count, position = number(wasm, position)
            position += 1  # the type
        yield position, end
        position = end
