"""The instructions of one function: does each make sense by itself, and where it leads?

    halves of words, start, end        =>        [(half where it stands, what the table says of it), ..]

What has to be known of an instruction is derived from its layout in the table (`instructions`), as its handler is: an
instruction that is added there is verified without another line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from .instructions import HEADER, REGISTER, WORD, Instruction, table
from .problems import Report

#: Code is looked at as numbers of 16 bits: an opcode or a field each.
HALF = 2
_HALVES = WORD // HALF

# How the instruction goes on.
ON, BRANCH, JUMP, SWITCH, CALL, NATIVE, RETURN, RETURN_VALUE, PANIC = range(9)
_GOES_ON = frozenset((ON, BRANCH, CALL, NATIVE))
_BY_NAME = {
    "jump": JUMP,
    "switch": SWITCH,
    "call": CALL,
    "native": NATIVE,
    "ret": RETURN,
    "ret.value": RETURN_VALUE,
    "panic": PANIC,
}

#: Instructions that no compiler makes.
_OF_HOSTS = frozenset({"enter"})
#: What stands behind the first word of an instruction and is no field: any 64 bits.
_WIDE = "const.wide"


@dataclass(frozen=True, slots=True)
class Shape:
    """An instruction as the verifier sees it. Places are halves from the start of the instruction."""

    name: str
    halves: int
    flow: int
    writes: tuple[int, ...]
    reads: tuple[int, ...]
    registers: tuple[int, ...]
    zeros: tuple[int, ...]
    #: The opcode that has to follow; -1: any.
    second: int


#: An instruction of a function: where it stands, in halves from the start of the code, and what it is.
Step = tuple[int, Shape]


@dataclass(frozen=True, slots=True)
class Callee:
    """What a caller needs to know of a function: bytes of its frame, types as letters."""

    frame: int
    params: str
    results: str


@dataclass(frozen=True, slots=True)
class Callees:
    """Whatever instructions refer to."""

    #: By address.
    functions: Mapping[int, Callee]
    natives: Mapping[int, tuple[str, str]]
    adapters: Mapping[int, tuple[str, str]]
    #: How many panics there are.
    sites: int


@cache
def shapes() -> tuple[Shape, ...]:
    """The instruction table by opcode. Raises ValueError for an instruction that is unlike all others."""
    return tuple(_shape(instruction) for instruction in table().values())


def _shape(instruction: Instruction) -> Shape:
    layout = instruction.layout
    name = instruction.name if instruction.first is None else instruction.first.name
    if "j" in layout:
        flow = BRANCH
    else:
        flow = _BY_NAME.get(name, ON)
    if (
        set(layout) - set("wriuj-IAJ")
        or layout.find("j") > 0
        or (instruction.second is not None and flow not in (ON, BRANCH))
    ):
        raise ValueError(f"the verifier does not understand {instruction.name}: {layout}")
    used = {index + 1 for index, letter in enumerate(layout) if letter != "-"}
    if layout[-1] in "IAJ":
        used.add(len(layout) + 1)
    size = _HALVES if name == _WIDE else instruction.words * _HALVES
    writes = tuple(index + 1 for index, letter in enumerate(layout) if letter == "w")
    reads = tuple(index + 1 for index, letter in enumerate(layout) if letter == "r")
    return Shape(
        instruction.name,
        instruction.words * _HALVES,
        flow,
        writes,
        reads,
        writes + reads,
        tuple(half for half in range(1, size) if half not in used),
        instruction.second.code if instruction.second is not None else -1,
    )


def decode(
    halves: Sequence[int], start: int, end: int, function: Callee, callees: Callees, report: Report
) -> list[Step] | None:
    """The instructions between two offsets of the code; None if something is wrong with them, which is reported."""
    steps = _walk(halves, start // HALF, end // HALF, function.frame, report)
    if steps is None:
        return None
    starts = {at for at, _shape in steps}
    for at, shape in steps:
        if shape.flow != ON:
            _CHECKS[shape.flow](_Place(halves, at, shape, function, callees, report, starts))
    at, shape = steps[-1]
    if shape.flow in _GOES_ON:
        report.at(at * HALF, "end", f"{shape.name} goes on behind the end of the function")
    return None if report.has_new else steps


def _walk(halves: Sequence[int], start: int, end: int, frame: int, report: Report) -> list[Step] | None:
    """The instructions with their registers, unused fields and sequences checked; None if they cannot be told apart."""
    known = shapes()
    count = len(known)
    steps: list[Step] = []
    at, wanted = start, -1
    while at < end:
        code = halves[at]
        if wanted not in (-1, code):
            report.at(at * HALF, "sequence", f"{known[wanted].name} has to stand behind {steps[-1][1].name}")
        if code >= count:
            report.at(at * HALF, "opcode", f"{code} is no instruction")
            return None
        shape = known[code]
        if shape.name in _OF_HOSTS:
            report.at(at * HALF, "opcode", f"{shape.name} is written by hosts, and never part of an image")
            return None
        size = shape.halves
        if shape.flow == SWITCH:
            size += _table_halves(halves, at)
        if at + size > end:
            report.at(at * HALF, "truncated", f"{shape.name} goes beyond the end of the function")
            return None
        for field in shape.zeros:
            if halves[at + field]:
                report.at(at * HALF, "reserved", f"{shape.name} has {halves[at + field]} in a field without a meaning")
        for field in shape.registers:
            register = halves[at + field]
            if register < HEADER or register % REGISTER or register == frame:
                report.at(at * HALF, "register", f"{shape.name} names {register}, which is no register")
        steps.append((at, shape))
        wanted = shape.second
        at += size
    if wanted >= 0:
        report.at(steps[-1][0] * HALF, "sequence", f"{known[wanted].name} has to stand behind {steps[-1][1].name}")
    return steps


def _table_halves(halves: Sequence[int], at: int) -> int:
    """The size of a switch's table of jumps: two in a word."""
    return -(-(halves[at + 3] + 1) // 2) * _HALVES


def word_at(halves: Sequence[int], at: int) -> int:
    """The number of 32 bits, without sign."""
    return halves[at] | halves[at + 1] << 16


def targets(halves: Sequence[int], at: int, shape: Shape) -> list[int]:
    """Where a jump, a branch or a switch leads, besides what stands behind it; in halves."""
    behind = at + shape.halves
    if shape.flow == BRANCH:
        return [behind + _HALVES * _signed(halves[at + 1], 16)]
    if shape.flow == JUMP:
        return [behind + _HALVES * _signed(word_at(halves, at + 2), 32)]
    if shape.flow == SWITCH:
        places = range(behind, behind + 2 * (halves[at + 3] + 1), 2)
        return [behind + _HALVES * _signed(word_at(halves, place), 32) for place in places]
    return []


def _signed(number: int, bits: int) -> int:
    return number - (1 << bits) if number >> (bits - 1) else number


# Where instructions lead


@dataclass(frozen=True, slots=True)
class _Place:
    """An instruction in its function."""

    halves: Sequence[int]
    at: int
    shape: Shape
    function: Callee
    callees: Callees
    report: Report
    starts: set[int]

    def wrong(self, rule: str, message: str) -> None:
        self.report.at(self.at * HALF, rule, message)

    def field(self, index: int) -> int:
        return self.halves[self.at + 1 + index]


def _check_jump(place: _Place) -> None:
    for target in targets(place.halves, place.at, place.shape):
        if target not in place.starts:
            distance = (target - place.at) * HALF
            place.wrong("jump", f"it leads {distance:+} bytes, where no instruction of the function begins")
            return


def _check_switch(place: _Place) -> None:
    if place.field(2) % 2 == 0 and word_at(place.halves, place.at + _HALVES + 2 * (place.field(2) + 1)):
        place.wrong("reserved", "switch has a jump that belongs to no number")
    _check_jump(place)


def _check_call(place: _Place) -> None:
    address = word_at(place.halves, place.at + 2)
    if address not in place.callees.functions:
        place.wrong("call", f"no function begins at {address}")
    _check_distance(place)


def _check_distance(place: _Place) -> None:
    if place.field(0) != place.function.frame:
        place.wrong(
            "call", f"the next frame is to begin at {place.field(0)}; this one has {place.function.frame} bytes"
        )


def _check_native(place: _Place) -> None:
    slot, adapter = place.field(1), place.field(2)
    signature = place.callees.natives.get(slot)
    if signature is None:
        place.wrong("native", f"there is nothing to be called in slot {slot}")
    elif adapter not in place.callees.adapters:
        place.wrong("native", f"there is no adapter in slot {adapter}")
    elif place.callees.adapters[adapter] != signature:
        place.wrong(
            "native", f"the adapter in slot {adapter} is for another signature than the function in slot {slot}"
        )
    _check_distance(place)


def _check_return(place: _Place) -> None:
    count = len(place.function.results)
    if place.shape.flow == RETURN_VALUE and count != 1:
        place.wrong("result", f"it gives one result, but the function has {count}")


def _check_panic(place: _Place) -> None:
    number = _signed(word_at(place.halves, place.at + 2), 32)
    if not -1 <= number < place.callees.sites:  # -1: no panic but what cannot be reached
        place.wrong("panic", f"there is no panic {number}")


_CHECKS = {
    BRANCH: _check_jump,
    JUMP: _check_jump,
    SWITCH: _check_switch,
    CALL: _check_call,
    NATIVE: _check_native,
    RETURN: _check_return,
    RETURN_VALUE: _check_return,
    PANIC: _check_panic,
}
