"""What `run --count` prints: functions, the blocks of each with their lines, and kinds of values."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from ..diagnostics import CompileError, SourceFile
from .table import table

if TYPE_CHECKING:
    from ..artifact import Place
    from ..bytecode.counting import BlockCount, Counts, FunctionCount

#: So many lines of a block are told.
_MOST_LINES = 3
#: So much of a source line is shown.
_LINE_WIDTH = 60


def text(counts: Counts) -> str:
    """The counts as tables: functions by what they executed, their blocks in the order of the source, kinds of values."""
    functions = sorted((f for f in counts.functions if f.calls), key=lambda f: (-f.instructions, f.name))
    if not functions:
        return "no bytecode was executed"
    rows = [[f"{f.calls:,}", f"{f.instructions:,}", _titled(f)] for f in functions]
    parts = [table(["calls", "instructions", "function"], rows, right=(0, 1))]
    parts += [_blocks(function) for function in functions]
    if counts.kinds:
        kinds = [[_shown(k.place), k.use, _seen(k.kinds)] for k in counts.kinds]
        parts.append(table(["place", "use", "kinds of values"], kinds))
    return "\n\n".join(parts)


def _titled(function: FunctionCount) -> str:
    place = function.place
    return function.name if place is None else f"{function.name} ({place[0]}:{place[1]})"


def _shown(place: Place) -> str:
    file, line, column = place
    return f"{file}:{line}:{column}"


def _seen(kinds: dict[str, int]) -> str:
    return ", ".join(f"{kind} {count:,}" for kind, count in kinds.items())


def _blocks(function: FunctionCount) -> str:
    """A row for each block that was executed and has a place, in the order of the source."""
    cold = sum(1 for block in function.blocks if not block.count)
    more = f"; {cold} of {len(function.blocks)} blocks never executed" if cold else ""
    head = f"{_titled(function)}: {function.calls:,} {'call' if function.calls == 1 else 'calls'}{more}"
    blocks = sorted((b for b in function.blocks if b.count and b.places), key=lambda block: min(block.places))
    if not blocks:
        return head
    rows = dict.fromkeys(_row(block, function.place) for block in blocks)  # copies of code are told once
    return f"{head}\n{table(['times', 'lines', ''], list(rows), right=(0,))}"


def _row(block: BlockCount, home: Place | None) -> tuple[str, str, str]:
    file, line, _column = min(block.places)
    lines = sorted({place[1] for place in block.places if place[0] == file})
    shown = ", ".join(map(str, lines[:_MOST_LINES])) + (", .." if len(lines) > _MOST_LINES else "")
    if home is None or file != home[0]:
        shown = f"{file}:{shown}"
    return f"{block.count:,}", shown, _source_line(file, line)


def _source_line(file: str, number: int) -> str:
    """The text of a line, shortened; empty if the file has it no more."""
    lines = _lines(file)
    text = lines[number - 1].strip() if number <= len(lines) else ""
    return text if len(text) <= _LINE_WIDTH else text[: _LINE_WIDTH - 3] + "..."


@cache
def _lines(file: str) -> list[str]:
    try:
        return SourceFile.load(file).text.split("\n")
    except CompileError:  # it is gone
        return []
