"""What a VM that counts has counted: executions of functions and blocks, and kinds of values.

    0  i64.add.imm       r0, r0, 1         block at 0: the calls of the function + 993 that jumped back
    8  jump.i64.lt_s.imm -2, r0, 100       counted: taken 993 times
   16  ret                                 block at 16: what came into the block before, less 993

A block begins where a function does, where jumps lead and behind jumps. It is executed as often as jumps led there and the
block before fell into it. A program that ended in between, by a panic or `exit`, has come to the start of every block that is
counted, but not to the end of those that were open: `stopped` and the frames tell which. After a time limit a block may be
off by one, because the VM does not say at which instruction it was interrupted.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from struct import unpack_from
from typing import TYPE_CHECKING, Any

from ..artifact import SourceMap
from .counters import SCALE
from .disassemble import instructions
from .instructions import HEADER, WORD, Instruction

if TYPE_CHECKING:
    from ..artifact import Place

#: Where nothing goes on behind.
_ENDS = frozenset({"jump", "switch", "ret", "ret.value", "panic"})


@dataclass(frozen=True, slots=True)
class BlockCount:
    """How often a block was executed. `start` is its offset in the function's code in bytes."""

    start: int
    count: int
    instructions: int
    #: The places of its instructions, in order, each once. Moves and constants have none.
    places: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class FunctionCount:
    """How often a function was called, and its blocks in the order of its code."""

    name: str
    #: Where it is declared; functions of the library and the start have no place.
    place: Place | None
    calls: int
    blocks: tuple[BlockCount, ...]

    @property
    def instructions(self) -> int:
        """How many instructions it executed itself."""
        return sum(block.count * block.instructions for block in self.blocks)


@dataclass(frozen=True, slots=True)
class KindCount:
    """The kinds of values that came to an operation that takes several: kind -> how often, the most frequent first."""

    place: Place
    #: What the operation does with the value.
    use: str
    kinds: dict[str, int]


@dataclass(frozen=True, slots=True)
class Counts:
    """All that was counted. Functions are in the order of the code, kinds in that of the source."""

    functions: tuple[FunctionCount, ...]
    kinds: tuple[KindCount, ...] = ()


def read(memory: memoryview, vm: Mapping[str, Any], stopped: tuple[int, int] = (0, 0)) -> Counts:
    """What was counted, from the memory of a program that ended; `vm` is the manifest's entry.

    `stopped`: the addresses of the instruction and of the frame where it failed, if it did.
    """
    code = bytes(memory[vm["code"] : vm["code"] + vm["bytes"]])
    counters = bytes(memory[vm["counters"] : vm["counters"] + SCALE * len(code)])
    stops = Counter((place - vm["code"]) & -WORD for place in _open_calls(memory, *stopped))
    reader = _Reader(code, counters, SourceMap(*vm["places"]), stops, vm["declared"])
    starts = sorted(vm["functions"])
    ends = [start for start, _name in starts[1:]] + [len(code)]
    functions = [reader.function(name, start, end) for (start, name), end in zip(starts, ends, strict=True)]
    blocks = {start + b.start: b.count for (start, _), f in zip(starts, functions, strict=True) for b in f.blocks}
    return Counts(tuple(functions), tuple(_kinds(vm["kinds"], blocks, reader.counter)))


def _kinds(
    notes: Sequence[tuple[int, Place, str, str, bool]], blocks: Mapping[int, int], counter: Callable[[int], int]
) -> Iterator[KindCount]:
    """The notes of the code with their counts; code may have copies of one.

    A note is (offset, place, use, kind, whether it says something of a jump and not of a block).
    """
    starts = sorted(blocks)
    found: dict[tuple[Place, str], dict[str, int]] = {}
    for offset, place, use, kind, is_jump in notes:
        count = counter(offset) if is_jump else blocks[starts[bisect_right(starts, offset) - 1]]
        seen = found.setdefault((place, use), {})
        seen[kind] = seen.get(kind, 0) + count
    for (place, use), seen in sorted(found.items()):
        came = sorted(((kind, count) for kind, count in seen.items() if count), key=lambda item: (-item[1], item[0]))
        if came:
            yield KindCount(place, use, dict(came))


def _open_calls(memory: memoryview, place: int, frame: int) -> Iterator[int]:
    """Addresses in the instructions at which the open calls are, the innermost first (see `bytecode_frames`)."""
    while place and frame <= len(memory) - HEADER:
        yield place
        back, caller = unpack_from("<II", memory, frame)
        if caller >= frame:
            return  # overwritten by the program
        place, frame = (back - 1, caller) if back else unpack_from("<II", memory, caller)


class _Reader:
    """The code of a program, with its counters and places.

    `stops`: how often execution stopped at an instruction. `declared`: the places of functions.
    """

    def __init__(
        self,
        code: bytes,
        counters: bytes,
        places: SourceMap,
        stops: Mapping[int, int],
        declared: Mapping[str, Place],
    ) -> None:
        self._stops = stops
        self._declared = declared
        self._code = code
        self._counters = counters
        self._places = places

    def function(self, name: str, start: int, end: int) -> FunctionCount:
        """The counts of the function whose code is from `start` to `end`."""
        calls = self.counter(start)
        arrivals = {start: calls}
        steps: list[_Step] = []
        for at, found, size in instructions(self._code, start, end):
            assert found is not None  # code that ran
            step = _Step(at, found if found.first is None else found.first)
            for counter, target in _jumps(self._code, step):
                taken = self.counter(counter)
                step.taken += taken
                arrivals[target] = arrivals.get(target, 0) + taken
            if step.ends_block:
                arrivals.setdefault(at + size, 0)
            steps.append(step)
        return FunctionCount(name, self._declared.get(name), calls, tuple(self._blocks(steps, arrivals, start)))

    def _blocks(self, steps: list[_Step], arrivals: Mapping[int, int], start: int) -> Iterator[BlockCount]:
        """The blocks, which begin where `arrivals` come."""
        starts = [index for index, step in enumerate(steps) if step.at in arrivals]
        fell = 0
        for first, behind in pairwise([*starts, len(steps)]):
            block = steps[first:behind]
            count = fell + arrivals[block[0].at]
            places = dict.fromkeys(place for step in block if (place := self._places.lookup(step.at)) is not None)
            yield BlockCount(block[0].at - start, count, len(block), tuple(places))
            stopped = sum(self._stops.get(step.at, 0) for step in block)
            fell = 0 if block[-1].instruction.name in _ENDS else max(count - block[-1].taken - stopped, 0)

    def counter(self, at: int) -> int:
        """The counter of the four bytes of code at `at`."""
        count: int = unpack_from("<q", self._counters, SCALE * at)[0]
        return count


@dataclass(slots=True)
class _Step:
    """An instruction of the code; of a sequence its first, the second follows by itself."""

    at: int
    instruction: Instruction
    taken: int = 0

    @property
    def ends_block(self) -> bool:
        return self.instruction.name in _ENDS or self.instruction.layout.startswith("j")


def _jumps(code: bytes, step: _Step) -> Iterator[tuple[int, int]]:
    """Where an instruction may jump: the address that is counted, and the target."""
    at, instruction = step.at, step.instruction
    behind = at + WORD * instruction.words
    if instruction.name == "jump":
        yield at + 4, behind + WORD * unpack_from("<i", code, at + 4)[0]
    elif instruction.name == "switch":
        for entry in range(behind, behind + 4 * (unpack_from("<H", code, at + 6)[0] + 1), 4):
            yield entry, behind + WORD * unpack_from("<i", code, entry)[0]
    elif instruction.layout.startswith("j"):
        yield at + 4, behind + WORD * unpack_from("<h", code, at + 2)[0]
