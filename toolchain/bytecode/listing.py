"""An image as text: what the disassembler shows of it, whether the verifier accepts it or not.

    call 0x1b140        =>        call  @fib

Code of an image is linked: its calls hold addresses, where the disassembler wants distances from the start of the code.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..ir.core import Loc
from .disassemble import disassemble, instructions
from .image import Image


def listing(image: Image, entries: Sequence[str], only: str | None = None) -> str:
    """All functions of an image or `only` one; `entries` are the names of the functions in the base's table."""
    rows = {name: (offset, frame) for name, offset, frame, _params, _results in image.functions}
    inside = {name: offset for name, (offset, _frame) in rows.items() if offset < len(image.code)}
    places = image.places.to_dict().items() if image.places.is_sound() else ()
    return disassemble(
        _unlinked(image),
        inside,
        {name: rows[name][1] for name in inside},
        entries,
        [(offset, Loc(*place) if place is not None else None) for offset, place in places],
        only,
    )


def _unlinked(image: Image) -> bytes:
    code = bytearray(image.code)
    starts = sorted({offset for _name, offset, *_ in image.functions if offset < len(code)})
    for start, end in zip(starts, [*starts[1:], len(code)], strict=True):
        for at, found, size in instructions(image.code, start, end):
            if found is not None and found.name == "call" and at + size <= len(code):
                address = int.from_bytes(code[at + 4 : at + 8], "little")
                code[at + 4 : at + 8] = ((address - image.start) & 0xFFFF_FFFF).to_bytes(4, "little")
    return bytes(code)
