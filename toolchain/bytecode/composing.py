"""Composed instructions: an operand that is needed once is computed by the instruction that needs it.

    r = f64.mul b, c;  a = f64.add d, r        =>        a = f64.add[1:f64.mul] d, b, c

The two stand in the same node. A load is only moved past what writes nothing; what may trap stays where it is.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..ir.core import Value
from ..ir.ops.row import Effects
from .instructions import compositions
from .nodes import Call, Item, Node, Step

_FIXED = Effects.WRITES | Effects.TRAPS | Effects.CALLS | Effects.IO | Effects.ALLOCS


def compose(nodes: Iterable[Node]) -> None:
    """Compose what the table of instructions has, in place."""
    nodes = list(nodes)
    uses: dict[Value, int] = {}
    for node in nodes:
        for item in node.items:
            for value in item.reads:
                uses[value] = uses.get(value, 0) + 1
    for node in nodes:
        _compose(node, uses)


def _compose(node: Node, uses: dict[Value, int]) -> None:
    makers: dict[Value, Step] = {}
    gone: set[int] = set()
    for item in node.items:
        if isinstance(item, Step):
            _take_operands(item, makers, uses, gone)
        if _writes_memory(item):
            makers = {value: step for value, step in makers.items() if not _reads_memory(step)}
        if isinstance(item, Step) and _is_movable(item):
            makers[item.writes[0]] = item
    if gone:
        node.items = [item for item in node.items if id(item) not in gone]


def _is_movable(step: Step) -> bool:
    """True if the step may be executed later in its node, past what does not change what it reads."""
    instruction = step.instruction
    return len(step.writes) == 1 and instruction.row is not None and not instruction.effects & _FIXED


def _take_operands(step: Step, makers: dict[Value, Step], uses: dict[Value, int], gone: set[int]) -> None:
    """Let the step compute those of its operands for which there are instructions."""
    while _take_operand(step, makers, uses, gone):
        pass


def _take_operand(step: Step, makers: dict[Value, Step], uses: dict[Value, int], gone: set[int]) -> bool:
    table = compositions()
    operand = read = 0
    for letter in step.instruction.layout:
        if letter not in "ri":
            continue
        if letter == "r":
            value = step.reads[read]
            inner = makers.get(value) if uses[value] == 1 else None
            found = table.get((step.instruction.name, operand, inner.instruction.name)) if inner is not None else None
            if found is not None and inner is not None:
                before = _numbers_before(step, operand)
                step.reads[read : read + 1] = inner.reads
                step.numbers[before:before] = inner.numbers
                step.instruction = found
                gone.add(id(inner))
                return True
            read += 1
        operand += 1
    return False


def _numbers_before(step: Step, operand: int) -> int:
    """How many numbers of the step stand before an operand."""
    letters = [letter for letter in step.instruction.layout if letter in "riu"]
    return sum(letter != "r" for letter in letters[: step.instruction.operand_place(operand)])


def _writes_memory(item: Item) -> bool:
    if isinstance(item, Step):
        return bool(item.instruction.effects & (Effects.WRITES | Effects.IO))
    return isinstance(item, Call)


def _reads_memory(step: Step) -> bool:
    return Effects.READS in step.instruction.effects
