"""Does a program do the same everywhere? And if not: which of its statements are needed to show that."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from wasmlathe.diagnostics import CompileError
from wasmlathe.wasm_runtime.engine import Limits

from .generate_data import unboxed
from .running import Outcome, execute, forget


@dataclass(frozen=True)
class Way:
    """One way to run a program."""

    engine: str
    level: str
    gc_stress: bool = False
    #: Take values out of the arrays that hide their kinds (`generate_data.boxed_program`).
    unboxed: bool = False

    def __str__(self) -> str:
        flags = (" --gc-stress" if self.gc_stress else "") + (" unboxed" if self.unboxed else "")
        return f"{self.engine} at {self.level}{flags}"


#: A program that was made smaller may have lost what ends a loop.
LIMITS = Limits(5.0, 256 << 20)

#: What all others are compared with: nothing is optimized, and every op is the Python function of its row.
REFERENCE = Way("python", "O0")


@dataclass(frozen=True)
class Difference:
    """What went wrong with a program; `key` is alike for what is probably the same fault."""

    key: str
    text: str
    #: The way that shows it.
    way: Way


def observed(text: str, way: Way) -> Outcome:
    """What the program did, but for the line of a panic: of two equal checks one may have been left out."""
    text = unboxed(text) if way.unboxed else text
    outcome = execute(text, way.level, way.engine, verify=False, gc_stress=way.gc_stress, limits=LIMITS, once=True)
    return replace(outcome, line=None)


def difference(text: str, ways: Sequence[Way]) -> Difference | None:
    """The first thing that is wrong: the compiler refuses the program or fails, or two ways disagree."""
    way = REFERENCE
    try:
        first = observed(text, way)
        for way in ways:
            outcome = observed(text, way)
            if outcome != first:
                return Difference(f"{way} differs", _unlike(first, outcome, way), way)
    except CompileError as error:
        messages = [d.message for d in error.diagnostics if d.severity == "error"]
        return Difference(f"refused: {_alike(messages[0])}", "\n".join(messages), way)
    except Exception as error:  # noqa: BLE001 - whatever is raised is what is looked for
        return Difference(f"{way}: {type(error).__name__}: {_alike(str(error))}", f"{way}: {error}", way)
    finally:
        forget()
    return None


def is_same(text: str, found: Difference) -> bool:
    """True if the program shows what is probably the same fault."""
    again = difference(text, [found.way] if found.way != REFERENCE else [])
    return again is not None and again.key == found.key


def _alike(message: str) -> str:
    return re.sub(r"\d+", "N", message)[:120]


def _unlike(first: Outcome, other: Outcome, way: Way) -> str:
    lines = [f"{REFERENCE}: {_end(first)}", f"{way}: {_end(other)}"]
    for number, (a, b) in enumerate(zip(first.stdout.split("\n"), other.stdout.split("\n"), strict=False), 1):
        if a != b:
            return "\n".join([*lines, f"line {number} of the output: {a!r} and {b!r}"])
    return "\n".join(lines)


def _end(outcome: Outcome) -> str:
    return f"panic: {outcome.panic}" if outcome.panic is not None else f"status {outcome.status}"


def shrink(text: str, is_wrong: Callable[[str], bool], seconds: float = 60.0) -> str:
    """The text with as many statements left out as can be while it stays wrong, as far as the time goes.

    Then the parts of what remains are replaced by simple values.
    """
    until = time.monotonic() + seconds
    lines = text.rstrip("\n").split("\n")
    size = max(len(lines) // 2, 1)
    while True:
        smaller = _first_wrong(_smaller(lines, size), is_wrong, until)
        if smaller is not None:
            lines = smaller
        elif size > 1:
            size //= 2
        else:
            smaller = _first_wrong(_simpler(lines), is_wrong, until)
            if smaller is None:
                return "\n".join(lines) + "\n"
            lines = smaller


def _first_wrong(candidates: Iterator[list[str]], is_wrong: Callable[[str], bool], until: float) -> list[str] | None:
    for lines in candidates:
        if time.monotonic() >= until:
            return None
        if is_wrong("\n".join(lines) + "\n"):
            return lines
    return None


def _smaller(lines: list[str], size: int) -> Iterator[list[str]]:
    """The lines without some: `size` statements in a row, or the head and the end of a block around what it holds."""
    for at in range(len(lines)):
        end = at
        for _ in range(size):
            end = _statement_end(lines, end) if end < len(lines) else end
        if _is_balanced(lines[at:end]):
            yield lines[:at] + lines[end:]
        if size == 1:
            yield from (lines[:at] + body + lines[end:] for body in _bodies(lines[at:end]))


def _bodies(statement: list[str]) -> Iterator[list[str]]:
    """What each block of a statement holds: of an `if`, and of its `else`."""
    heads = [at for at, line in enumerate(statement) if _indent(line) == _indent(statement[0])]
    for start, end in pairwise(heads):
        yield statement[start + 1 : end]


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _statement_end(lines: list[str], start: int) -> int:
    """Behind the statement that begins at the line: behind its last `}` if it is a block, `else` and `catch` included."""
    if not lines[start].endswith("{"):
        return start + 1
    closing = " " * _indent(lines[start]) + "}"
    for at in range(start + 1, len(lines)):
        if lines[at].startswith(closing) and not lines[at].endswith("{"):
            return at + 1
    return len(lines)


def _is_balanced(lines: list[str]) -> bool:
    depth = 0
    for line in lines:
        depth -= line.lstrip().startswith("}")
        if depth < 0 or (depth == 0 and line.lstrip().startswith("} ")):
            return False
        depth += line.endswith("{")
    return depth == 0


_SIMPLE = ("", "1", '"a"', "true", "[1]")


def _simpler(lines: list[str]) -> Iterator[list[str]]:
    """The lines with something in brackets replaced: by what it holds, by a part of that, or by a simple value."""
    for number, line in enumerate(lines):
        for start, end in sorted(_groups(line), key=lambda group: group[0] - group[1]):
            inside = line[start + 1 : end - 1]
            head = re.search(r"[\w.]*$", line[:start])
            begins = [start, head.start()] if head and head.group() else [start]
            for begin in begins:
                for other in (inside, *inside.split(", ")[:3], *_SIMPLE):
                    if len(other) < end - begin:
                        yield [*lines[:number], line[:begin] + other + line[end:], *lines[number + 1 :]]
            for other in inside.split(", ")[:3]:
                if other != inside:
                    yield [*lines[:number], line[: start + 1] + other + line[end - 1 :], *lines[number + 1 :]]


def _groups(line: str) -> Iterator[tuple[int, int]]:
    """Where brackets open, and behind where they close."""
    opened = []
    for at, char in enumerate(line):
        if char in "([{":
            opened.append(at)
        elif char in ")]}" and opened:
            yield opened.pop(), at + 1
