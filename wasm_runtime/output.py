"""Where a program's output goes, and the buffer in front of it.

The program hands over UTF-8 bytes. They are collected and passed on when there are many, when the program ends in
whatever way, and, on a terminal, at once. Real files and pipes are written by descriptor, past Python's own buffers, so
that a reader who left (EPIPE) leaves no half-full buffer behind for the interpreter to complain about at its exit.
"""

from __future__ import annotations

import io
import os
import sys

TYPE_CHECKING = False  # the name that type checkers know, without the import of `typing`
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Sink = Callable[[bytes], object]

BUFFER_BYTES = 1 << 16
# Streams in front of these go to a descriptor. (To have a `fileno` is not enough: that of a notebook's stream is the
# terminal the notebook was started from.)
_FILES = (io.FileIO, io.BufferedWriter, io.BufferedRandom)


class Output:
    """The output of one program. `pending` is the buffer; host functions append to it directly."""

    __slots__ = ("_stream", "_tail", "limit", "pending")

    def __init__(self, stream: Any = None) -> None:
        """`stream` is a file, a text or binary stream, or anything with `write(str)`; None is `sys.stdout` of the moment."""
        self.pending = bytearray()
        self._stream = stream
        self._tail = b""
        self.limit = 0 if _is_terminal(self._target()) else BUFFER_BYTES

    def flush(self) -> None:
        """Pass everything on. Whatever the stream raises goes to the caller; those bytes are gone then."""
        data = bytes(self.pending)
        del self.pending[:]
        if data:
            self._sink()(data)

    def _target(self) -> Any:
        return sys.stdout if self._stream is None else self._stream

    def _sink(self) -> Sink:
        """How to write to the stream as it is now; chosen per flush, because sys.stdout may be replaced in between."""
        stream = self._target()
        if stream is None:  # a windowed program on Windows has no output at all
            return len
        binary = getattr(stream, "buffer", None) or getattr(stream, "raw", stream)
        if isinstance(binary, _FILES):
            stream.flush()  # what others wrote before us comes first
            return lambda data: _write_all(stream.fileno(), data)
        if isinstance(binary, (io.RawIOBase, io.BufferedIOBase)):
            return lambda data: _write_binary(stream, binary, data)
        return lambda data: self._write_text(stream, data)

    def _write_text(self, stream: Any, data: bytes) -> None:
        """Decode and write; a character cut by the end of the buffer waits for its other half."""
        data = self._tail + data
        whole = len(data) - _unfinished(data)
        data, self._tail = data[:whole], data[whole:]
        stream.write(data.decode("utf-8", "replace"))


def _is_terminal(stream: Any) -> bool:
    isatty = getattr(stream, "isatty", None)
    return bool(isatty and isatty())


def _write_all(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[os.write(descriptor, rest) :]
        except BlockingIOError:  # somebody made the pipe non-blocking
            import select

            select.select((), (descriptor,), ())


def _write_binary(stream: Any, binary: Any, data: bytes) -> None:
    if stream is not binary:
        stream.flush()
    binary.write(data)
    binary.flush()


def _unfinished(data: bytes) -> int:
    """How many bytes at the end begin a UTF-8 sequence without finishing it."""
    for count in range(1, min(4, len(data) + 1)):
        byte = data[-count]
        if byte & 0xC0 != 0x80:  # the first byte of a sequence
            length = 2 if byte >= 0xC0 else 1
            length += (byte >= 0xE0) + (byte >= 0xF0)
            return count if length > count else 0
    return 0
