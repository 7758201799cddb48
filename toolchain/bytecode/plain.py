"""Plain data (None, bool, int, str, bytes, tuples, lists, dicts) as bytes that may be read whoever wrote them.

    {"a": (1, None)}        =>        b"d" 1  b"s" 1 "a"  b"t" 2  b"i" 1  b"n"

A letter for the kind, then a size or a number as 8 bytes, then the content. Imports nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False  # the name that type checkers know, without the import of `typing`
if TYPE_CHECKING:
    from typing import Any

_BYTES = 8
#: What is nested more deeply is not read: it would exhaust Python's stack.
_DEEPEST = 50
_LETTERS = {None: b"n", True: b"y", False: b"f"}
_CONSTANTS = {b"n": None, b"y": True, b"f": False}


def dump(value: Any) -> bytes:
    """Bytes for `load`; equal values have equal bytes if their dicts have the same order. Raises TypeError."""
    if value is None or isinstance(value, bool):
        return _LETTERS[value]
    if isinstance(value, int):
        return b"i" + value.to_bytes(_BYTES, "little", signed=True)
    if isinstance(value, str):
        encoded = value.encode("utf-8", "surrogateescape")
        return _sized(b"s", len(encoded)) + encoded
    if isinstance(value, bytes):
        return _sized(b"b", len(value)) + value
    if isinstance(value, dict):
        return _sized(b"d", len(value)) + b"".join(dump(part) for pair in value.items() for part in pair)
    if isinstance(value, (tuple, list)):
        letter = b"t" if isinstance(value, tuple) else b"l"
        return _sized(letter, len(value)) + b"".join(map(dump, value))
    raise TypeError(f"{type(value).__name__} is not plain data")


def _sized(letter: bytes, size: int) -> bytes:
    return letter + size.to_bytes(_BYTES, "little")


def load(data: bytes | memoryview) -> Any:
    """The value that `dump` made these bytes of. Raises ValueError if they are not such bytes."""
    value, end = _load(bytes(data), 0, 0)
    if end != len(data):
        raise ValueError("plain data with something behind it")
    return value


def _load(data: bytes, at: int, depth: int) -> tuple[Any, int]:
    """The value at an offset, and the offset behind it."""
    letter = data[at : at + 1]
    if letter in _CONSTANTS:
        return _CONSTANTS[letter], at + 1
    start = at + 1 + _BYTES
    number = data[at + 1 : start]
    if len(number) < _BYTES or depth > _DEEPEST:
        raise ValueError("plain data is cut or nested too deeply")
    if letter == b"i":
        return int.from_bytes(number, "little", signed=True), start
    size = int.from_bytes(number, "little")
    if size > len(data) - start:  # an element takes a byte at least
        raise ValueError("plain data is cut")
    if letter == b"s":
        return data[start : start + size].decode("utf-8", "surrogateescape"), start + size
    if letter == b"b":
        return data[start : start + size], start + size
    if letter not in (b"t", b"l", b"d"):
        raise ValueError("plain data of an unknown kind")
    return _load_parts(letter, data, start, size, depth)


def _load_parts(letter: bytes, data: bytes, at: int, size: int, depth: int) -> tuple[Any, int]:
    parts = []
    for _ in range(2 * size if letter == b"d" else size):
        part, at = _load(data, at, depth + 1)
        parts.append(part)
    if letter != b"d":
        return (tuple(parts) if letter == b"t" else parts), at
    keys = parts[::2]
    if not all(isinstance(key, (str, int)) for key in keys):
        raise ValueError("a key that is neither a text nor a number")
    return dict(zip(keys, parts[1::2], strict=True)), at
