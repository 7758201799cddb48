"""A function to bytecode: nodes, registers, then words.

    assemble(function, sites, callees)        =>        Code(words, relocations, places, frame)

The frame, in bytes: the header, the registers; behind them the frame of whatever is called next, of which the caller sees
the header and the registers that hold arguments and results.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Protocol

from ..ir.core import Function, Loc, Op, Value
from .disassemble import instructions
from .instructions import HEADER, MAX_FRAME, MAX_WORDS, REGISTER, WORD, Instruction, opposites, sequences, table
from .nodes import Call, Moves, Node, Note, Return, Sites, Step, Switch, Tally, Unsuitable
from .registers import Allocation, allocate
from .selection import constant_of, constant_step, select


@dataclass(slots=True)
class Code:
    """The bytecode of one function."""

    words: bytearray = field(default_factory=bytearray)
    #: (offset in `words`, name, is_code): the u32 there is added to the address of a data segment, or of a function's code.
    relocations: list[tuple[int, str, bool]] = field(default_factory=list)
    #: (offset in `words`, place), ascending.
    places: list[tuple[int, Loc | None]] = field(default_factory=list)
    #: (offset in `words` of the block, note).
    notes: list[tuple[int, Note]] = field(default_factory=list)
    #: Bytes of a frame without those of callees.
    frame: int = 0


class Callees(Protocol):
    """How functions are called."""

    def native(self, name: str) -> tuple[int, int] | None:
        """Slots of a compiled function and its adapter, None for bytecode."""


def assemble(function: Function, sites: Sites, callees: Callees) -> Code:
    """Bytecode for a function of stage mem. Raises Unsuitable."""
    nodes = select(function, sites)
    registers = allocate(function.params, nodes)
    # Results are left in the first registers, which are not to be those of the next frame.
    registers.count = max(registers.count, len(function.results))
    return _Assembler(nodes, registers, callees).code()


class _Assembler:
    def __init__(self, nodes: list[Node], registers: Allocation, callees: Callees) -> None:
        self._nodes = nodes
        self._registers = registers
        self._callees = callees
        self._table = table()
        self._code = Code(frame=HEADER + REGISTER * registers.count)
        if self._code.frame > MAX_FRAME:
            raise Unsuitable("it needs too many registers")
        #: Behind everything that the frame of the next call holds.
        self._spare = min([-1, *registers.register.values()]) - 1
        self._starts: dict[Node, int] = {}
        #: Jumps to be filled in: (offset of the instruction, of the field, width, target).
        self._jumps: list[tuple[int, int, int, Node]] = []
        self._empty = self._empty_nodes()
        #: Of the instruction before in the node.
        self._place_before: Loc | None = None

    def code(self) -> Code:
        nodes = [self._nodes[0], *(node for node in self._nodes[1:] if node not in self._empty)]
        for node, following in zip(nodes, [*nodes[1:], None], strict=True):
            self._starts[node], self._place_before = len(self._code.words), None
            target = self._goal(node.next) if node.next is not None else None
            last = node.items[-1] if node.items else None
            if isinstance(last, Step) and last.jump is not None and self._goal(last.jump) is following:
                opposite = opposites().get(last.instruction.name)
                if opposite is not None and target is not None:
                    last.instruction, last.jump, target = opposite, target, following
            for item in node.items:
                if not isinstance(item, Note):
                    _WRITERS[type(item)](self, item)
            self._code.notes += [(self._starts[node], item) for item in node.items if isinstance(item, Note)]
            if target is not None and (target is not following or self._needs_a_word(node, target)):
                self._jump(target)
        self._fill_in()
        self._join()
        return self._code

    # Layout

    def _needs_a_word(self, node: Node, target: Node) -> bool:
        """True for a node that is nothing but notes, before code to which others jump: it is counted by itself."""
        if self._starts[node] < len(self._code.words) or not any(isinstance(item, Note) for item in node.items):
            return False
        return sum(self._goal(other) is target for origin in self._nodes for other in origin.successors) > 1

    def _empty_nodes(self) -> set[Node]:
        """The nodes that need no code. Of a loop of such nodes one does: a jump to itself."""
        empty = {node for node in self._nodes if self._is_only_a_jump(node)}
        lead_out: set[Node] = set()
        for start in self._nodes:
            path: set[Node] = set()
            node: Node | None = start
            while node in empty and node not in lead_out and node not in path:
                path.add(node)
                node = node.next
            if node in path:
                empty.discard(node)
            lead_out |= path
        return empty

    def _is_only_a_jump(self, node: Node) -> bool:
        """True if the node writes no instruction but a jump: its moves are to where the values are."""
        return node.next is not None and all(
            isinstance(item, Moves)
            and all(
                isinstance(source, Value) and self._registers[source] == self._registers[target]
                for target, source in zip(item.writes, item.sources, strict=True)
            )
            for item in node.items
        )

    def _goal(self, node: Node) -> Node:
        """Where the code goes on for a jump to the node."""
        while node in self._empty:
            assert node.next is not None  # it is empty
            node = node.next
        return node

    def _fill_in(self) -> None:
        words = self._code.words
        if len(words) > MAX_WORDS * WORD:
            raise Unsuitable(f"its bytecode is longer than {MAX_WORDS} instructions")
        for behind, at, width, target in self._jumps:
            distance = (self._starts[target] - behind) // WORD
            struct.pack_into("<h" if width == 2 else "<i", words, at, distance)

    def _join(self) -> None:
        """Give the first of two instructions that make a sequence the sequence's number."""
        words, known = self._code.words, sequences()
        found = list(instructions(words))
        at = 0
        while at + 1 < len(found):
            (offset, first, _), (_, second, _) = found[at], found[at + 1]
            assert first is not None and second is not None  # written here
            joined = known.get((first.code, second.code))
            if joined is not None:
                struct.pack_into("<H", words, offset, joined.code)
            at += 1 if joined is None else 2

    # Fields

    def _field(self, value: Value) -> int:
        return self._place(self._registers[value])

    def _place(self, register: int) -> int:
        """The distance of a register from the start of the frame."""
        offset = HEADER + REGISTER * register if register >= 0 else self._code.frame + HEADER + REGISTER * ~register
        if offset > MAX_FRAME:
            raise Unsuitable("it needs too many registers")
        return offset

    def _word(self, instruction: Instruction, *fields: int, loc: Loc | None = None) -> int:
        """Write an instruction; its offset."""
        at = len(self._code.words)
        packed = [number & 0xFFFF for number in fields]
        packed += [0] * (3 - len(packed) if len(packed) < 3 else (7 - len(packed)) * (len(packed) > 3))
        self._code.words += struct.pack(f"<{len(packed) + 1}H", instruction.code, *packed)
        if loc is None and instruction.name in _PART_OF_OTHERS:
            loc = self._place_before
        self._place_before = loc
        if not self._code.places or self._code.places[-1][1] != loc:
            self._code.places.append((at, loc))
        return at

    # Items

    def _step(self, step: Step) -> None:
        instruction, layout = step.instruction, step.instruction.layout
        if instruction.name == "move" and self._registers[step.writes[0]] == self._registers[step.reads[0]]:
            return
        writes, reads, numbers = iter(step.writes), iter(step.reads), iter(step.numbers)
        fields = []
        for letter in layout:
            if letter == "w":
                fields.append(self._field(next(writes)))
            elif letter == "r":
                fields.append(self._field(next(reads)))
            else:
                fields.append(next(numbers) if letter in "iu" else 0)
        at = self._word(instruction, *fields, loc=step.loc)
        if step.jump is not None:
            self._jumps.append((at + instruction.words * WORD, at + 2, 2, self._goal(step.jump)))
        if layout[-1] in "IA":
            struct.pack_into("<I", self._code.words, at + 4, step.numbers[0] & 0xFFFF_FFFF)
        if step.symbol is not None:
            self._code.relocations.append((at + 4, step.symbol, False))
        if instruction.name == "const.wide":
            self._code.words += struct.pack("<Q", step.numbers[0] & 0xFFFF_FFFF_FFFF_FFFF)

    def _jump(self, target: Node) -> None:
        at = self._word(self._table["jump"])
        self._jumps.append((at + WORD, at + 4, 4, target))

    def _call(self, call: Call) -> None:
        self._moves([(-1 - number, value) for number, value in enumerate(call.reads)])
        native = self._callees.native(call.callee)
        if native is None:
            at = self._word(self._table["call"], self._code.frame, loc=call.loc)
            self._code.relocations.append((at + 4, call.callee, True))
        else:
            self._word(self._table["native"], self._code.frame, *native, loc=call.loc)
        self._take_results(call)

    def _take_results(self, call: Call) -> None:
        """Results are in ascending registers behind the frame, so none is overwritten by another's move."""
        for number, value in enumerate(call.writes):
            if value in self._registers.register and self._registers[value] != -1 - number:
                self._move(self._field(value), self._place(-1 - number))

    def _parallel(self, moves: Moves) -> None:
        copies = [
            (self._registers[target], source)
            for target, source in zip(moves.writes, moves.sources, strict=True)
            if isinstance(source, Value)
        ]
        self._moves(copies)
        for target, source in zip(moves.writes, moves.sources, strict=True):
            if isinstance(source, Op):
                self._step(constant_step(self._table, target, constant_of(source)))

    def _return(self, end: Return) -> None:
        if len(end.reads) == 1:
            self._word(self._table["ret.value"], self._field(end.reads[0]))
            return
        self._moves(list(enumerate(end.reads)))
        self._word(self._table["ret"])

    def _switch(self, switch: Switch) -> None:
        at = self._word(self._table["switch"], 0, self._field(switch.reads[0]), len(switch.jumps) - 1)
        behind = at + WORD
        self._code.words += bytes(WORD * (-(-len(switch.jumps) // 2)))
        for index, target in enumerate(switch.jumps):
            self._jumps.append((behind, behind + 4 * index, 4, self._goal(target)))

    def _tally(self, tally: Tally) -> None:
        write = self._tests_of if len(tally.kinds) <= _MOST_TESTS else self._ways_of
        notes = (Note(tally.use, kind, tally.loc, is_jump=True) for kind in tally.kinds)
        self._code.notes += zip(write(tally), notes, strict=True)

    def _tests_of(self, tally: Tally) -> list[int]:
        """A comparison for each number, which leads behind the last one: the offsets that are counted."""
        test, number, last = self._table["jump.i64.eq.imm"], self._field(tally.reads[0]), len(tally.kinds) - 1
        return [self._word(test, last - index, number, index, loc=tally.loc) + 4 for index in range(last + 1)]

    def _ways_of(self, tally: Tally) -> list[int]:
        """A `switch` whose ways all lead behind its table: the offsets that are counted."""
        at = self._word(self._table["switch"], 0, self._field(tally.reads[0]), len(tally.kinds) - 1, loc=tally.loc)
        words = -(-len(tally.kinds) // 2)
        self._code.words += struct.pack("<i", words) * (2 * words)
        return [at + WORD + 4 * index for index in range(len(tally.kinds))]

    # Moves

    def _moves(self, wanted: list[tuple[int, Value]]) -> None:
        """Copy values to registers, all at once: a cycle goes through the register behind the frame's own."""
        todo = [(to, self._registers[value]) for to, value in wanted]
        todo = [(to, source) for to, source in todo if to != source]
        while todo:
            free = next((m for m in todo if all(m[0] != other[1] for other in todo if other is not m)), None)
            if free is None:
                to, source = todo.pop(0)
                self._move(self._place(self._spare), self._place(source))
                todo.append((to, self._spare))
                continue
            todo.remove(free)
            self._move(self._place(free[0]), self._place(free[1]))

    def _move(self, to: int, source: int) -> None:
        self._word(self._table["move"], to, source)


#: What the compiler adds to the code of an op: it has the op's place.
_PART_OF_OTHERS = frozenset({"move", "const", "const.wide", "jump"})

#: So many kinds of values are told by comparisons: the machine predicts them, but waits for where a `switch` leads.
_MOST_TESTS = 3

_WRITERS = {
    Step: _Assembler._step,
    Call: _Assembler._call,
    Moves: _Assembler._parallel,
    Return: _Assembler._return,
    Switch: _Assembler._switch,
    Tally: _Assembler._tally,
}
