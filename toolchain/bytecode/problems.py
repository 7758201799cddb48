"""The rules for images from outside, and what was found to break them."""

from __future__ import annotations

from dataclasses import dataclass

#: Every rule, and what it demands.
RULES: dict[str, str] = {
    "base": "the image was linked for this base module",
    "layout": "the code is whole words, within the region that the base module has for programs",
    "pieces": "initial data is within the program's own memory or a room that programs fill, and overlaps nothing",
    "functions": "functions begin at words of the code, in order, and a frame holds parameters and results",
    "entry": "the start is the beginning of a function that takes nothing and gives what the image says",
    "places": "the source map is ascending, and names files that it has",
    "opcode": "every instruction is one of the table",
    "truncated": "an instruction, with its second word or its table of jumps, is complete where its function ends",
    "sequence": "behind the first instruction of a sequence stands the second",
    "reserved": "fields without a meaning are 0",
    "register": "a register is a multiple of 8 behind the header, and not the header of the next frame",
    "jump": "jumps and the cases of a switch lead to the start of an instruction of the same function",
    "end": "the last instruction of a function does not go on behind it",
    "call": "a call leads to the beginning of a function, whose frame begins where the caller's ends",
    "native": "a call of the library names a slot that has a function, and the adapter for its signature",
    "panic": "the number of a panic is one of the base's or of the image's",
    "result": "a function gives as many results as it says",
    "unwritten": "on every way to an instruction, what it reads was written; a call leaves nothing behind the frame but results",
    "tangled": "the flow of a function is settled after a bounded number of steps",
}

#: So many problems are told.
MOST = 20
#: After so many in one function, the next one is looked at.
MOST_IN_FUNCTION = 5

_AGAIN = "build the image again"
_HINTS = {"base": f"{_AGAIN}, with this version of wasmlathe"}
_DAMAGED = f"the file was changed or made by another tool: {_AGAIN}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One broken rule."""

    rule: str
    message: str
    #: Where: in a function, and at which distance in bytes from its beginning.
    function: str | None = None
    offset: int | None = None

    @property
    def hint(self) -> str:
        return _HINTS.get(self.rule, _DAMAGED)

    def __str__(self) -> str:
        place = f"@{self.function}" if self.function is not None else "image"
        at = f"+{self.offset}" if self.offset is not None else ""
        return f"{place}{at}: {self.rule}: {self.message}"


class Report:
    """Collects problems, not more than anybody reads."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self._function: str | None = None
        self._start = 0
        self._before = 0

    @property
    def is_full(self) -> bool:
        return len(self.problems) >= MOST

    @property
    def is_enough(self) -> bool:
        """True if no more needs to be found in this function."""
        return self.is_full or len(self.problems) - self._before >= MOST_IN_FUNCTION

    @property
    def has_new(self) -> bool:
        """True if something was found in this function."""
        return len(self.problems) > self._before

    def enter(self, function: str, start: int) -> None:
        """What is found from now on is in this function, which begins at an offset of the code."""
        self._function, self._start = function, start
        self._before = len(self.problems)

    def add(self, rule: str, message: str, function: str | None = None) -> None:
        """A problem of the image, or of a function as a whole."""
        assert rule in RULES  # or the documentation would not tell it
        if not self.is_full:
            self.problems.append(Problem(rule, message, function))

    def at(self, offset: int, rule: str, message: str) -> None:
        """A problem at an offset of the code, in the function that was entered."""
        assert rule in RULES
        if not self.is_enough:
            self.problems.append(Problem(rule, message, self._function, offset - self._start))
