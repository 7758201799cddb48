"""Is every register of a function written before it is read, on every way?

    i64.add r2, r0, r1; call @f; move r3, a0        =>        reads r0, r1; writes r2; forgets a0, ..; writes a0; reads a0; ..

A forward analysis over basic blocks: what is written on all ways to a block is what is written at the ends of all blocks
before it. A set of registers is an int with a bit for each. What lies behind the frame is everybody's: a call leaves nothing
there but its results. Types are not followed, so 32 bits of a register of which the other half was written are whatever was there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush

from .instructions import HEADER, REGISTER
from .problems import Report
from .verify_code import BRANCH, CALL, HALF, NATIVE, ON, RETURN, Callee, Callees, Step, targets, word_at


class Patience:
    """How many more blocks are looked at, in all functions of an image.

    A block of a real program is looked at 1.1 times, one in a nest of n loops up to n times.
    """

    def __init__(self, words: int) -> None:
        self.left = 500_000 + 4 * words


@dataclass(slots=True, eq=False)
class _Block:
    """Instructions that are executed one after the other."""

    steps: list[Step]
    succs: list[_Block] = field(default_factory=list)
    #: Registers that have to be written when the block begins.
    needs: int = 0
    #: Registers that are written when it ends, whatever was before.
    gives: int = 0
    #: Of those that were written before, the ones that still are.
    keeps: int = -1
    #: It reads what it has itself destroyed.
    is_broken: bool = False
    #: Registers that are written when it begins; None: no way leads here.
    state: int | None = None


def check_flow(
    halves: Sequence[int], steps: list[Step], function: Callee, callees: Callees, patience: Patience, report: Report
) -> None:
    """Report what reads a register that may not have been written. The instructions are those that `decode` gave."""
    flow = _Flow(halves, function, callees)
    order = _blocks(halves, steps)
    for block in order:
        flow.summarize(block)
    if not _settle(order, _registers(HEADER, len(function.params)), patience):
        report.at(steps[0][0] * HALF, "tangled", "there are too many ways through it")
        return
    for block in order:
        assert block.state is not None  # all of them can be reached
        if block.is_broken or block.needs & ~block.state:
            flow.report_first(block, block.state, report)


def _blocks(halves: Sequence[int], steps: list[Step]) -> list[_Block]:
    """The blocks that can be reached, in reverse postorder."""
    leaders = {steps[0][0]}
    for at, shape in steps:
        leaders.update(targets(halves, at, shape))
    blocks: dict[int, _Block] = {}
    current = _Block([])
    is_open = False
    for step in steps:
        if not is_open or step[0] in leaders:
            current = blocks[step[0]] = _Block([])
        current.steps.append(step)
        is_open = step[1].flow in (ON, CALL, NATIVE)
    following = None
    for block in reversed(blocks.values()):
        at, shape = block.steps[-1]
        block.succs = [blocks[target] for target in targets(halves, at, shape)]
        if shape.flow in (ON, CALL, NATIVE, BRANCH):
            assert following is not None  # `decode` has seen that the function ends
            block.succs.append(following)
        following = block
    return _in_order(blocks[steps[0][0]])


def _in_order(entry: _Block) -> list[_Block]:
    order: list[_Block] = []
    seen = {entry}
    stack = [(entry, iter(entry.succs))]
    while stack:
        block, rest = stack[-1]
        succ = next((s for s in rest if s not in seen), None)
        if succ is None:
            order.append(block)
            stack.pop()
        else:
            seen.add(succ)
            stack.append((succ, iter(succ.succs)))
    return order[::-1]


def _settle(order: list[_Block], params: int, patience: Patience) -> bool:
    """Find out what is written where each block begins; False if that takes too long."""
    place = {block: index for index, block in enumerate(order)}
    order[0].state = params
    waiting, queue = {0}, [0]
    while queue and patience.left > 0:
        index = heappop(queue)  # the earliest: what comes before a block is looked at before it
        waiting.discard(index)
        patience.left -= 1
        block = order[index]
        assert block.state is not None  # something led here
        after = block.state & block.keeps | block.gives
        for succ in block.succs:
            state = after if succ.state is None else succ.state & after
            if state != succ.state:
                succ.state = state
                if place[succ] not in waiting:
                    waiting.add(place[succ])
                    heappush(queue, place[succ])
    return not queue


def _registers(first: int, count: int) -> int:
    """So many registers from an offset of the frame on."""
    return ((1 << count) - 1) << (first // REGISTER)


class _Flow:
    """What the blocks of a function do to registers."""

    def __init__(self, halves: Sequence[int], function: Callee, callees: Callees) -> None:
        self._halves = halves
        self._callees = callees
        self._frame = function.frame
        self._own = (1 << (function.frame // REGISTER)) - 1
        self._results = _registers(HEADER, len(function.results))

    def summarize(self, block: _Block) -> None:
        """Fill in what the block needs, gives and keeps."""
        halves = self._halves
        needs = written = 0
        for at, shape in block.steps:
            for place in shape.reads:
                bit = 1 << (halves[at + place] >> 3)
                if not written & bit:
                    needs |= bit
                    if bit & ~block.keeps:
                        block.is_broken = True
            for place in shape.writes:
                written |= 1 << (halves[at + place] >> 3)
            if shape.flow in (CALL, NATIVE):
                taken, given = self._call(at, shape.flow)
                missing = taken & ~written
                needs |= missing
                if missing & ~block.keeps:
                    block.is_broken = True
                block.keeps = self._own
                written = written & self._own | given
            elif shape.flow == RETURN:
                needs |= self._results & ~written
        block.needs, block.gives = needs, written

    def _call(self, at: int, flow: int) -> tuple[int, int]:
        """The registers that a call needs, and those of its results."""
        if flow == CALL:
            callee = self._callees.functions[word_at(self._halves, at + 2)]
            params, results = callee.params, callee.results
        else:
            params, results = self._callees.natives[self._halves[at + 2]]
        behind = self._frame + HEADER
        return _registers(behind, len(params)), _registers(behind, len(results))

    def report_first(self, block: _Block, state: int, report: Report) -> None:
        """Say which instruction of the block is the first that reads what was not written."""
        for step in block.steps:
            one = _Block([step])
            self.summarize(one)
            missing = one.needs & ~state
            if missing:
                at, shape = step
                names = ", ".join(self._names(missing))
                report.at(at * HALF, "unwritten", f"{shape.name} reads {names}, which may not have been written")
                return
            state = state & one.keeps | one.gives

    def _names(self, registers: int) -> list[str]:
        """The first few of the registers, as the disassembler calls them."""
        names = []
        while registers and len(names) < _MOST_NAMES:
            lowest = registers & -registers
            registers ^= lowest
            offset = (lowest.bit_length() - 1) * REGISTER
            behind = (offset - self._frame - HEADER) // REGISTER
            names.append(f"a{behind}" if behind >= 0 else f"r{(offset - HEADER) // REGISTER}")
        return names


_MOST_NAMES = 3
