"""Registers for values: parameters first, then whatever shares a register with nothing that lives at the same time.

    %i, %j (its next value)        =>        one register, so that the edge of the loop needs no move

A value's life is a list of intervals of positions (one for each item of the code). Values that moves connect are given one
register if their lives do not touch (coalescing); then each group takes the first register that is free for all of its
intervals (linear scan with holes: Wimmer & Moessenboeck, "Optimized Interval Splitting in a Linear Scan Register
Allocator", 2005, without splitting: there are thousands of registers). The arguments of a call and its result live behind the
frame, where the callee sees them, if they are needed nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush

from ..ir.core import Value
from .nodes import Call, Item, Moves, Node

Interval = tuple[int, int]


@dataclass(slots=True)
class Allocation:
    """`register` of each value: its number, or -1 - n for the n-th register of the frame of the next call."""

    register: dict[Value, int] = field(default_factory=dict)
    #: How many registers the function has.
    count: int = 0

    def __getitem__(self, value: Value) -> int:
        return self.register[value]


def allocate(params: list[Value], nodes: list[Node]) -> Allocation:
    """Registers for all values of a function in the order of its code."""
    found = Allocation(_outgoing(nodes))
    lives = _lives(params, nodes)
    groups = _Groups({v: life for v, life in lives.items() if v not in found.register})
    for number, value in enumerate(params):
        groups.pin(value, number)
    for node in nodes:
        for item in node.items:
            if isinstance(item, Moves):
                for target, source in zip(item.writes, item.sources, strict=True):
                    if isinstance(source, Value):
                        groups.merge(target, source)
    found.count = groups.number(found.register, len(params))
    return found


def _lives(params: list[Value], nodes: list[Node]) -> dict[Value, list[Interval]]:
    """The intervals in which each value is needed, ascending. A read at position p ends before a write at p."""
    starts: dict[Node, int] = {}
    position = 0
    for node in nodes:
        starts[node] = position
        position += 2 * len(node.items) + 2
    live_in = _live_in(nodes)
    lives: dict[Value, list[Interval]] = {}
    for node in reversed(nodes):
        start = starts[node]
        end = start + 2 * len(node.items) + 1
        until: dict[Value, int] = {}
        for succ in node.successors:
            for value in live_in[succ]:
                until[value] = end
        for index in range(len(node.items) - 1, -1, -1):
            item, at = node.items[index], start + 2 * index
            for value in item.writes:
                if isinstance(item, Call) and value not in until:
                    continue  # a result that nobody wants stays where the callee left it
                lives.setdefault(value, []).append((at + 1, max(until.pop(value, 0), at + 2)))
            for value in item.reads:
                until.setdefault(value, at + 1)
        for value, last in until.items():
            lives.setdefault(value, []).append((start, last))
    for value in params:
        lives.setdefault(value, [(0, 1)])
    for intervals in lives.values():
        intervals.reverse()
    return lives


def _live_in(nodes: list[Node]) -> dict[Node, set[Value]]:
    """What each node needs from before it."""
    needed: dict[Node, set[Value]] = {}
    written: dict[Node, set[Value]] = {}
    preds: dict[Node, list[Node]] = {node: [] for node in nodes}
    for node in nodes:
        reads: set[Value] = set()
        writes: set[Value] = set()
        for item in node.items:
            reads.update(value for value in item.reads if value not in writes)
            writes.update(item.writes)
        needed[node], written[node] = reads, writes
        for succ in node.successors:
            preds[succ].append(node)
    pending = list(nodes)
    while pending:
        node = pending.pop()
        for pred in preds[node]:
            more = needed[node] - written[pred] - needed[pred]
            if more:
                needed[pred] |= more
                pending.append(pred)
    return needed


class _Groups:
    """Values that share a register."""

    def __init__(self, lives: dict[Value, list[Interval]]) -> None:
        self._lives = lives
        self._leader: dict[Value, Value] = {value: value for value in lives}
        self._pinned: dict[Value, int] = {}

    def pin(self, value: Value, number: int) -> None:
        self._pinned[value] = number

    def merge(self, a: Value, b: Value) -> None:
        """One register for both, if they never live at the same time."""
        if a not in self._leader or b not in self._leader:
            return
        a, b = self._find(a), self._find(b)
        if a is b or (a in self._pinned and b in self._pinned):
            return
        if b in self._pinned:
            a, b = b, a
        if not _touch(self._lives[a], self._lives[b]):
            self._leader[b] = a
            self._lives[a] = sorted(self._lives[a] + self._lives.pop(b))

    def _find(self, value: Value) -> Value:
        while self._leader[value] is not value:
            self._leader[value] = value = self._leader[self._leader[value]]
        return value

    def number(self, register: dict[Value, int], first_free: int) -> int:
        """Give every group its register; how many there are."""
        taken: list[list[Interval]] = [[] for _ in range(first_free)]
        chosen: dict[Value, int] = {}
        for value, number in self._pinned.items():
            leader = self._find(value)
            chosen[leader] = number
            taken[number] = self._lives[leader]
        pool = _Pool(taken)
        for leader in sorted((v for v in self._lives if v not in chosen), key=lambda v: self._lives[v][0]):
            chosen[leader] = pool.take(self._lives[leader])
        for value in self._leader:
            register[value] = chosen[self._find(value)]
        return len(taken)


class _Pool:
    """Registers with what occupies them, given out in the order in which lives begin."""

    def __init__(self, taken: list[list[Interval]]) -> None:
        self._taken = taken
        #: (end of what occupies it, number) of registers in use; those whose end has passed are free for good.
        self._busy = [(life[-1][1] if life else 0, number) for number, life in enumerate(taken)]
        heapify(self._busy)
        self._free: list[int] = []

    def take(self, life: list[Interval]) -> int:
        """The first register that is free for the whole life; a new one if there is none."""
        start = life[0][0]
        while self._busy and self._busy[0][0] <= start:
            heappush(self._free, heappop(self._busy)[1])
        number = self._in_a_hole(life)
        if number is not None:
            # Its place in the heap may be too early: then it is looked at again when it comes up.
            self._taken[number] = sorted(self._taken[number] + life)
            return number
        number = self._next_free(start)
        if number is None:
            number = len(self._taken)
            self._taken.append([])
        self._taken[number] = life
        heappush(self._busy, (life[-1][1], number))
        return number

    def _next_free(self, start: int) -> int | None:
        while self._free:
            number = heappop(self._free)
            end = self._taken[number][-1][1] if self._taken[number] else 0
            if end <= start:
                return number
            heappush(self._busy, (end, number))
        return None

    def _in_a_hole(self, life: list[Interval]) -> int | None:
        """A register of the first few whose occupants all have holes where this life is."""
        candidates = range(min(len(self._taken), _HOLES_LOOKED_AT))
        start = life[0][0]
        return next(
            (n for n in candidates if self._ends(n) > start and not _touch(self._taken[n], life)),
            None,
        )

    def _ends(self, number: int) -> int:
        life = self._taken[number]
        return life[-1][1] if life else 0


#: A search through all registers of a huge function would be quadratic.
_HOLES_LOOKED_AT = 32


def _touch(a: list[Interval], b: list[Interval]) -> bool:
    """True if two ascending lists of intervals (start, end before) have a point in common."""
    i = j = 0
    while i < len(a) and j < len(b):
        if a[i][0] < b[j][1] and b[j][0] < a[i][1]:
            return True
        if a[i][1] <= b[j][1]:
            i += 1
        else:
            j += 1
    return False


def _outgoing(nodes: list[Node]) -> dict[Value, int]:
    """Arguments and results of calls that can live where the callee has them."""
    homes = _only_places(nodes)
    found: dict[Value, int] = {}
    for node in nodes:
        last_call = -1
        for index, item in enumerate(node.items):
            if not isinstance(item, Call):
                continue
            for number, value in enumerate(item.reads):
                made, used = homes.get(value, (None, None))
                # What computes it may read what the call before left there, so nothing is overwritten too early.
                if made is not None and used == (node, index) and made[0] is node and last_call < made[1]:
                    is_alone = item.reads.count(value) == 1
                    if is_alone and not _is_result_between(node, last_call, made[1], number, found):
                        found[value] = -1 - number
            last_call = index
            for number, value in enumerate(item.writes):
                made, used = homes.get(value, (None, None))
                if used is not None and used[0] is node and not _has_call(node.items[index + 1 : used[1] + 1]):
                    found[value] = -1 - number
    return found


def _has_call(items: list[Item]) -> bool:
    return any(isinstance(item, Call) for item in items)


def _is_result_between(node: Node, call: int, made: int, number: int, found: dict[Value, int]) -> bool:
    """True if the register is still needed for a result of the call before when the argument is made."""
    if call < 0:
        return False
    results = {value for value in node.items[call].writes if found.get(value) == -1 - number}
    return any(value in results for item in node.items[made + 1 :] for value in item.reads)


_Place = tuple[Node, int]


def _only_places(nodes: list[Node]) -> dict[Value, tuple[_Place | None, _Place | None]]:
    """Where each value is made and where it is read, None for several places."""
    made: dict[Value, _Place | None] = {}
    used: dict[Value, _Place | None] = {}
    for node in nodes:
        for index, item in enumerate(node.items):
            for value in item.writes:
                made[value] = None if value in made else (node, index)
            for value in item.reads:
                used[value] = None if value in used and used[value] != (node, index) else (node, index)
    return {value: (place, used.get(value)) for value, place in made.items()}
