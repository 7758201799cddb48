"""How the end of a program becomes an exit status and a message on stderr.

Used by the cached path of `wasmlathe run`, so nothing is imported before something has gone wrong.
"""

from __future__ import annotations

import os
import sys

from wasmlathe.wasm_runtime.panics import InternalError, ProgramPanic

TYPE_CHECKING = False  # the name that type checkers know, without the import of `typing`
if TYPE_CHECKING:
    from collections.abc import Callable

    from wasmlathe.wasm_runtime.panics import Location

FAILED = 1
BAD_USAGE = 2
INTERRUPTED = 130
_MOST_FRAMES = 20


def uses_color() -> bool:
    """Whether messages may be coloured: stderr is a terminal, and NO_COLOR is not set."""
    return bool(sys.stderr and sys.stderr.isatty() and not os.environ.get("NO_COLOR"))


def exit_status(run: Callable[[], int], with_frames: bool = False) -> int:
    """The status with which `run` ends; its failures are told on stderr."""
    try:
        return run()
    except ProgramPanic as panic:
        tell(render_panic(panic, uses_color(), with_frames))
        return FAILED
    except InternalError as error:
        tell(f"internal error: {error}")
        return FAILED
    except OSError as error:
        tell(unwritable(error))
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED


def unwritable(error: OSError) -> str:
    """The message for an error that has no file: of stdout, such as that the disk is full."""
    return f"error: the output cannot be written: {error.strerror or error}"


def tell(text: str) -> None:
    """Write a message to stderr, if there is one; a reader who left is no reason to fail."""
    if sys.stderr is None:
        return  # `print` would take stdout, which is the program's
    try:
        print(text, file=sys.stderr, flush=True)
    except OSError:
        pass


def render_panic(panic: ProgramPanic, color: bool, with_frames: bool = False) -> str:
    """Message, place and source line of a panic, and the calls of the program that led there.

    With `with_frames` calls inside the library are told too.
    """
    head = "\x1b[1;31merror\x1b[0m: " if color else "error: "
    lines = [head + panic.message]
    if panic.location is not None:
        lines += _place(panic.location, color)
    shown = [f for f in panic.frames if with_frames or f.location is not None]
    if with_frames or len(shown) > 1:
        lines += [f"  in {frame}" for frame in shown[:_MOST_FRAMES]]
        if len(shown) > _MOST_FRAMES:
            lines.append(f"  ... and {len(shown) - _MOST_FRAMES} more")
    return "\n".join(lines)


def _place(location: Location, color: bool) -> list[str]:
    """The source line with a caret; only the place itself when the file cannot be read any more."""
    from wasmlathe.diagnostics import CompileError, SourceFile, Span, place_lines

    if not os.path.isfile(location.file):  # an image may name anything, a pipe nobody writes to included
        return [f"  --> {location}"]
    try:
        source = SourceFile.load(location.file)
    except CompileError:
        return [f"  --> {location}"]
    if not 0 < location.line <= len(source.line_starts):
        return [f"  --> {location}"]
    start = source.line_starts[location.line - 1] + location.col - 1
    return place_lines(Span(source, start, start + 1), "error", color)
