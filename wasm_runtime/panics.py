"""The ways in which a running program can end other than by returning.

ProgramPanic      the program's own failure: a message, and the place in the source
  TimeLimit       it was stopped because its time was up
ProgramExit       it asked to end with a status
InternalError     the compiled code did what no program can ask for: a bug of this toolchain
EngineMissing     there is no wasmtime to run it on
"""

from __future__ import annotations


class Location:
    """A place in a source file; lines and columns count from 1."""

    __slots__ = ("col", "file", "line")

    def __init__(self, file: str, line: int, col: int) -> None:
        self.file = file
        self.line = line
        self.col = col

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Location) and (self.file, self.line, self.col) == (other.file, other.line, other.col)

    def __hash__(self) -> int:
        return hash((self.file, self.line, self.col))

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.col}"

    def __repr__(self) -> str:
        return f"Location({self.file!r}, {self.line}, {self.col})"


class Frame:
    """One call on the stack at the moment of a failure."""

    __slots__ = ("function", "location", "offset")

    def __init__(self, function: str, location: Location | None, offset: int) -> None:
        self.function = function
        self.location = location
        self.offset = offset  # byte offset in the .wasm file

    def __str__(self) -> str:
        return f"{self.function} ({self.location or f'wasm offset {self.offset:#x}'})"

    __repr__ = __str__


class ProgramPanic(Exception):
    """The program failed at run time. `frames` are innermost first, and only the innermost of a deep stack."""

    def __init__(self, message: str, location: Location | None = None, frames: tuple[Frame, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.location = location
        self.frames = frames


class TimeLimit(ProgramPanic):
    """The program was stopped at its time limit."""


class ProgramExit(Exception):
    """The program called `exit(code)`."""

    def __init__(self, code: int) -> None:
        super().__init__(f"exit({code})")
        self.code = code


class InternalError(Exception):
    """Compiled code misbehaved in a way that no program can cause: the fault is in wasmlathe."""

    def __init__(self, what: str, location: Location | None = None, frames: tuple[Frame, ...] = ()) -> None:
        place = f" at {location}" if location else ""
        super().__init__(f"{what}{place}; this is a bug in wasmlathe, not in the program")
        self.location = location
        self.frames = frames


class EngineMissing(Exception):
    """The WebAssembly engine cannot be loaded; the message says why and what to install."""
