"""Files, environment and standard input of one program, within what is granted: what both engines' hosts call.

Nothing here knows the program's memory. A request gives a number: how many bytes are ready, or, if it is negative, that
the request failed and `-1 - number` bytes of a message are ready. `take` then fills the program's memory with them: from a
file directly, so that a big one is copied once.
"""

from __future__ import annotations

import os
import stat
import sys
import time

from wasmlathe.wasm_runtime.grants import NOTHING, Grants, covers

TYPE_CHECKING = False  # the name that type checkers know, without the import of `typing`
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

#: A text of a program is no longer than this.
MAX_BYTES = (1 << 31) - (1 << 16)
_TOO_LARGE = "it is larger than 2 GiB"
_STEP_SECONDS = 0.02  # a sleep looks so often whether the program is to end
_INPUT = 0  # the descriptor of standard input


class World:
    """The world of one program. `stdin` is a binary stream; None is the process's own standard input."""

    __slots__ = ("_content", "_file", "_grants", "_stdin", "ready")

    def __init__(self, grants: Grants | None = None, stdin: Any = None) -> None:
        self._grants = grants or NOTHING
        self._stdin = stdin
        self._content: bytes | memoryview = b""
        self._file = -1
        #: How many bytes `take` gives at most.
        self.ready = 0

    # Requests

    def find_variable(self, name: bytes) -> int:
        """The value of an environment variable; -1 if it is not set."""
        text = os.fsdecode(name)
        if text not in self._grants.names:
            return self._fail(f"the environment variable '{text}' is not granted: run with --allow-env {text}")
        value = os.environb.get(name) if hasattr(os, "environb") else _encoded(os.environ.get(text))
        return -1 if value is None else self._offer(value)

    def open_file(self, name: bytes) -> int:
        """The content of a file."""
        path = os.fsdecode(name)
        return self._attempt("read", path, self._grants.reads, self._open)

    def _open(self, path: str) -> int:
        self._close()
        file = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0))
        status = os.fstat(file)
        if stat.S_ISREG(status.st_mode) and 0 < status.st_size <= MAX_BYTES:
            self._file, self.ready = file, status.st_size
            return self.ready
        try:
            if status.st_size > MAX_BYTES:
                raise ValueError(_TOO_LARGE)
            # Pipes and files of the kernel do not tell their size.
            return self._offer(_read_all(lambda most: os.read(file, most)))
        finally:
            os.close(file)

    def save_file(self, name: bytes, data: bytes | memoryview) -> int:
        """Write a file, which is created or replaced; 0."""

        def save(path: str) -> int:
            with open(path, "wb", buffering=0) as file:
                rest = memoryview(data)
                while rest:
                    rest = rest[file.write(rest) :]
            return 0

        return self._attempt("write", os.fsdecode(name), self._grants.writes, save)

    def read_input(self, most: int) -> int:
        """Some bytes of standard input, which may be those of a line that was typed; 0 at its end."""
        try:
            return self._offer(self._some_input(most))
        except (OSError, ValueError) as error:
            return self._fail(f"cannot read the standard input: {_reason(error)}")

    def read_all_input(self) -> int:
        """The rest of standard input."""
        try:
            return self._offer(_read_all(self._some_input))
        except (OSError, ValueError) as error:
            return self._fail(f"cannot read the standard input: {_reason(error)}")

    def _some_input(self, most: int) -> bytes:
        if self._stdin is not None:
            data: bytes = self._stdin.read(most)
            return data
        return os.read(_INPUT, most) if sys.stdin is not None else b""

    # What a request made ready

    def take(self, target: memoryview) -> int:
        """Fill `target`, of `ready` bytes; how many there were. A file may have become shorter in between."""
        if self._file < 0:
            size = len(self._content)
            target[:size] = self._content
            self._content = b""
            return size
        size = 0
        try:
            while size < len(target):
                count = (
                    os.readv(self._file, [target[size:]]) if hasattr(os, "readv") else self._read_into(target[size:])
                )
                if count == 0:
                    break
                size += count
        except OSError:
            pass  # the disk failed: what there was, was read
        self._close()
        return size

    def _read_into(self, target: memoryview) -> int:
        data = os.read(self._file, len(target))
        target[: len(data)] = data
        return len(data)

    def _offer(self, content: bytes) -> int:
        self._close()
        self._content = content
        self.ready = len(content)
        return self.ready

    def _fail(self, message: str) -> int:
        return -1 - self._offer(message.encode("utf-8", "replace"))

    def _close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _attempt(self, verb: str, path: str, granted: list[str], action: Callable[[str], int]) -> int:
        """Do something with a file if it is granted; a failure becomes a message."""
        try:
            resolved = os.path.realpath(path)
            if not covers(granted, resolved):
                return self._fail(f"'{path}' is not granted: run with --allow-{verb} {path}")
            return action(resolved)
        except (OSError, ValueError) as error:
            return self._fail(f"cannot {verb} '{path}': {_reason(error)}")


def sleep(seconds: float, must_end: Callable[[], bool]) -> None:
    """Wait; at once no longer when `must_end`."""
    end = time.monotonic() + seconds
    while not must_end() and (left := end - time.monotonic()) > 0:
        time.sleep(min(left, _STEP_SECONDS))


def _read_all(read: Callable[[int], bytes]) -> bytes:
    """All that `read` gives. Raises ValueError if that is too much."""
    parts, size = [], 0
    while part := read(1 << 20):
        parts.append(part)
        size += len(part)
        if size > MAX_BYTES:
            raise ValueError(_TOO_LARGE)
    return b"".join(parts)


def _reason(error: OSError | ValueError) -> str:
    return getattr(error, "strerror", None) or str(error)


def _encoded(text: str | None) -> bytes | None:
    return None if text is None else text.encode("utf-8", "surrogateescape")
