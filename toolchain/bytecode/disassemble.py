"""Bytecode as text, one instruction a line.

    @fib  (frame 24)
       0  jump.i64.lt_s.imm  +7, r0, 2             ; fib.tova:1:15
       8  i64.add.imm        a0, r0, -1
      16  call               @fib

Registers are `r0`, ..; those of the frame of the next call, where it finds its arguments, `a0`, .. `&` behind a name: the
next instruction is executed without a dispatch.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cache

from ..ir.core import Loc
from .instructions import HEADER, REGISTER, WORD, Instruction, table

_NAME_WIDTH = 23


@cache
def by_code() -> dict[int, Instruction]:
    """The instruction table by number."""
    return {instruction.code: instruction for instruction in table().values()}


def instructions(code: bytes, start: int = 0, end: int | None = None) -> Iterator[tuple[int, Instruction | None, int]]:
    """(offset, instruction, bytes with what belongs to it) from `start` on; None for a number that is none."""
    at, last = start, len(code) if end is None else end
    while at < last:
        found = by_code().get(_u16(code, at))
        words = found.words if found is not None else 1
        if found is not None and found.name == "switch":
            words += -(-(_u16(code, at + 6) + 1) // 2)
        yield at, found, words * WORD
        at += words * WORD


def disassemble(
    code: bytes,
    functions: dict[str, int],
    frames: dict[str, int],
    entries: Sequence[str] = (),
    places: Sequence[tuple[int, Loc | None]] = (),
    only: str | None = None,
) -> str:
    """All functions or `only` one; `functions` are offsets in `code`, `entries` the compiled functions in the table."""
    starts = sorted(functions.items(), key=lambda item: item[1])
    names = {offset: name for name, offset in starts}
    offsets = [offset for offset, _place in places]
    lines: list[str] = []
    for index, (name, start) in enumerate(starts):
        end = starts[index + 1][1] if index + 1 < len(starts) else len(code)
        if only not in (None, name):
            continue
        lines += [""] if lines else []
        lines.append(f"@{name}  (frame {frames[name]})")
        shown: Loc | None = None
        for at, instruction, _size in instructions(code, start, end):
            text = _instruction(code, at, instruction, frames[name], names, entries)
            place = places[bisect_right(offsets, at) - 1][1] if places else None
            if place is not None and place != shown:
                text = f"{text:<44}; {place.file}:{place.line}:{place.col}"
            shown = place
            lines.append(f"{at - start:6}  {text}")
    return "\n".join(lines) + "\n"


def _instruction(
    code: bytes,
    at: int,
    instruction: Instruction | None,
    frame: int,
    names: dict[int, str],
    entries: Sequence[str],
) -> str:
    if instruction is None:
        return f"invalid {_u16(code, at)}"
    # A sequence is shown as its first instruction with a mark: the second follows on the next line.
    name = instruction.name if instruction.first is None else f"{instruction.first.name} &"
    if name == "call":
        return f"{name:<{_NAME_WIDTH}} @{names.get(_i32(code, at + 4), '?')}"
    if name == "native":
        slot = _u16(code, at + 4)
        return f"{name:<{_NAME_WIDTH}} @{entries[slot] if slot < len(entries) else '?'}"
    if name == "const.wide":
        number = int.from_bytes(code[at + WORD : at + 2 * WORD], "little", signed=True)
        return f"{name:<{_NAME_WIDTH}} {_register(_u16(code, at + 2), frame)}, {number}"
    if name == "switch":
        count = _u16(code, at + 6) + 1
        jumps = ", ".join(f"{_i32(code, at + WORD + 4 * k):+}" for k in range(count))
        return f"{name:<{_NAME_WIDTH}} {_register(_u16(code, at + 4), frame)}, {jumps}"
    fields = [_field(code, at, index, letter, frame) for index, letter in enumerate(instruction.layout)]
    return f"{name:<{_NAME_WIDTH}} {', '.join(field for field in fields if field)}".rstrip()


def _field(code: bytes, at: int, index: int, letter: str, frame: int) -> str:
    where = at + 2 + 2 * index if index < 3 else at + WORD + 2 * (index - 3)
    if letter in "wr":
        return _register(_u16(code, where), frame)
    if letter in "IAJ":
        number = _i32(code, at + 4)
        return f"{number:+}" if letter == "J" else str(number)
    if letter == "-":
        return ""
    unsigned = _u16(code, where)
    if letter == "u":
        return str(unsigned)
    signed = unsigned - 0x1_0000 if unsigned & 0x8000 else unsigned
    return f"{signed:+}" if letter == "j" else str(signed)


def _register(offset: int, frame: int) -> str:
    if offset >= frame + HEADER:
        return f"a{(offset - frame - HEADER) // REGISTER}"
    return f"r{(offset - HEADER) // REGISTER}"


def _u16(code: bytes, at: int) -> int:
    return int.from_bytes(code[at : at + 2], "little")


def _i32(code: bytes, at: int) -> int:
    return int.from_bytes(code[at : at + 4], "little", signed=True)
