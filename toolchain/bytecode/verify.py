"""Is an image from outside fit to be executed? Rules, and what breaks them.

    verify(image, surroundings)  ->  [] or problems: "@fib+16: jump: it leads to +12, where no instruction starts"

First the image as a whole: the base module that it was linked for, its regions of memory, functions, start. Then each
function by itself: its instructions (`verify_code`) and, if these are in order, whether every register is written before it is
read (`verify_flow`). Time and memory are linear in the size of the image, whatever it holds; the answer depends on nothing else.

What passes keeps to the code that was looked at: every jump, call and return leads to an instruction, calls of the library
have its signatures, frames stay in the VM's stack, and nothing depends on what a register held before. What a program
stores in memory is not looked at, as for compiled code: see docs/bytecode.md for what that leaves open.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from .image import LETTERS, Image
from .instructions import HEADER, MAX_FRAME, MAX_WORDS, REGISTER, WORD
from .problems import Problem, Report
from .verify_code import Callee, Callees, decode
from .verify_flow import Patience, check_flow

if TYPE_CHECKING:
    from .base import Facts

__all__ = ("Problem", "Surroundings", "verify")

Signature = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the base module has for programs. Signatures are letters of parameters and of results (`image.LETTERS`)."""

    digest: bytes
    #: Functions that bytecode may call, by slot of the table.
    natives: Mapping[int, Signature]
    #: The functions that make such calls, by slot.
    adapters: Mapping[int, Signature]
    #: How many panics the base has; a program's are numbered behind them.
    sites: int
    #: Where a program's code and data are to be: address, bytes.
    region: tuple[int, int]
    #: What else programs fill.
    rooms: Sequence[tuple[int, int]] = ()

    @classmethod
    def of(cls, facts: Facts) -> Surroundings:
        """What the facts about a base module say."""
        from .base import REGION

        rooms = [room for name, room in facts.rooms.items() if name != REGION]
        return cls(facts.digest, facts.natives, facts.adapters, len(facts.sites), facts.rooms[REGION], rooms)


def verify(image: Image, surroundings: Surroundings) -> list[Problem]:
    """What is wrong with an image, at most `problems.MOST` problems; nothing if it may be executed."""
    report = Report()
    _Verification(image, surroundings, report).run()
    return report.problems


#: Types of what the start function gives, by what the image says.
_RESULTS = {None: "", "Int": "l"}


class _Verification:
    def __init__(self, image: Image, surroundings: Surroundings, report: Report) -> None:
        self._image = image
        self._around = surroundings
        self._report = report

    def run(self) -> None:
        image = self._image
        if image.base != self._around.digest:
            self._report.add("base", "it was made for another base module")
            return  # nothing else would mean anything
        self._check_regions()
        self._check_functions()
        self._check_entry()
        self._check_places()
        if not self._report.problems:  # code is looked at by what the functions say of themselves
            self._check_code()

    # The image as a whole

    def _check_regions(self) -> None:
        image, add = self._image, self._report.add
        address, size = self._around.region
        end = image.start + len(image.code)
        if image.start % WORD or len(image.code) % WORD:
            add("layout", "its code does not consist of whole words")
        if not address <= image.start:
            add(
                "layout", f"its code begins at {image.start}, before the region for programs, which begins at {address}"
            )
        if image.memory_end % 8 or not end <= image.memory_end <= address + size:
            limit = f"its code ends at {end}, the region for programs at {address + size}"
            add("layout", f"{image.memory_end} cannot be the end of its memory: {limit}")
        filled = [(image.start, end)]
        for start, content in image.pieces:
            stop = start + len(content)
            if not self._may_fill(start, stop):
                add("pieces", f"the data at {start} to {stop} is outside of what the program may fill")
            filled.append((start, stop))
        filled.sort()
        for (before, stop), (start, _stop) in pairwise(filled):
            if start < stop:
                add("pieces", f"what begins at {before} overlaps what begins at {start}")

    def _may_fill(self, start: int, stop: int) -> bool:
        address, _size = self._around.region
        own = (address, self._image.memory_end - address)
        return any(address <= start and stop <= address + size for address, size in (own, *self._around.rooms))

    def _check_functions(self) -> None:
        image, add = self._image, self._report.add
        before = -1
        for name, offset, frame, params, results in image.functions:
            if offset % WORD or not before < offset < len(image.code):
                add("functions", f"it begins at {offset}: not a word of the code, or not in order", name)
            before = max(before, offset)
            registers = (frame - HEADER) // REGISTER
            if frame % REGISTER or not HEADER <= frame <= MAX_FRAME or registers < max(len(params), len(results)):
                add("functions", f"{frame} bytes are no frame for its parameters and results", name)
            if not set(params + results) <= LETTERS.keys():
                add("functions", f"'{params}' and '{results}' are no types of parameters and results", name)
        for (name, start, *_), end in zip(image.functions, self._ends(), strict=True):
            if end - start > MAX_WORDS * WORD:
                add("functions", f"it has more than {MAX_WORDS} words", name)

    def _ends(self) -> list[int]:
        """Where each function ends: where the next one begins."""
        return [row[1] for row in self._image.functions[1:]] + [len(self._image.code)] * bool(self._image.functions)

    def _check_entry(self) -> None:
        image, add = self._image, self._report.add
        result = _RESULTS.get(image.entry_result)
        if result is None:
            add("entry", f"'{image.entry_result}' is no result of a start function")
            return
        if image.entry is None:
            if result:
                add("entry", "it has the result of a start function, and no start function")
            return
        row = next((row for row in image.functions if row[1] == image.entry), None)
        if row is None:
            add("entry", f"no function begins at {image.entry}, where it is to start")
        elif row[3:] != ("", result):
            add("entry", f"it takes '{row[3]}' and gives '{row[4]}', but a start takes '' and gives '{result}'", row[0])

    def _check_places(self) -> None:
        if not self._image.places.is_sound():
            self._report.add("places", "its source map is out of order, or names files that it does not have")

    # Functions

    def _check_code(self) -> None:
        image, around, report = self._image, self._around, self._report
        halves = struct.unpack(f"<{len(image.code) // 2}H", image.code)
        callees = Callees(
            {
                image.start + offset: Callee(frame, params, results)
                for _name, offset, frame, params, results in image.functions
            },
            around.natives,
            around.adapters,
            around.sites + len(image.sites),
        )
        patience = Patience(len(image.code) // WORD)
        for row, end in zip(image.functions, self._ends(), strict=True):
            name, start, frame, params, results = row
            report.enter(name, start)
            steps = decode(halves, start, end, Callee(frame, params, results), callees, report)
            if steps is not None:
                check_flow(halves, steps, Callee(frame, params, results), callees, patience, report)
            if report.is_full:
                return
