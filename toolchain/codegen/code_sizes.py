"""How many bytes of a binary each function takes: the sizes of the code section's bodies under their names.

The names come from the custom section `name` (WebAssembly core 2.0, appendix "Custom Sections"); without it, as in a
nameless build, nothing can be told.
"""

from __future__ import annotations

from collections.abc import Iterator

_CUSTOM, _IMPORT, _CODE = 0, 2, 10
_FUNCTION_NAMES = 1
_HEADER_BYTES = 8
_FUNCTION, _TABLE, _MEMORY = 0, 1, 2


def code_sizes(wasm: bytes) -> dict[str, int]:
    """Name -> bytes of the function's body with its locals."""
    imported = 0
    sizes: list[int] = []
    names: dict[int, str] = {}
    for kind, content in _sections(wasm, _HEADER_BYTES):
        if kind == _IMPORT:
            imported = _imported_functions(content)
        elif kind == _CODE:
            sizes = list(_body_sizes(content))
        elif kind == _CUSTOM:
            names = names or _function_names(content)
    return {names[imported + index]: size for index, size in enumerate(sizes) if imported + index in names}


def _sections(wasm: bytes, position: int) -> Iterator[tuple[int, bytes]]:
    while position < len(wasm):
        kind = wasm[position]
        size, position = _number(wasm, position + 1)
        yield kind, wasm[position : position + size]
        position += size


def _body_sizes(code: bytes) -> Iterator[int]:
    count, position = _number(code, 0)
    for _ in range(count):
        size, position = _number(code, position)
        position += size
        yield size


def _imported_functions(content: bytes) -> int:
    count, position = _number(content, 0)
    functions = 0
    for _ in range(count):
        for _name in range(2):
            length, position = _number(content, position)
            position += length
        kind = content[position]
        functions += kind == _FUNCTION
        position = _after_description(content, position + 1, kind)
    return functions


def _after_description(content: bytes, position: int, kind: int) -> int:
    """The offset behind what an import is: a type index, a table's or memory's limits, or a global's type."""
    if kind == _FUNCTION:
        return _number(content, position)[1]
    if kind not in (_TABLE, _MEMORY):
        return position + 2
    position += kind == _TABLE
    has_most = content[position] & 1
    position += 1
    for _ in range(1 + has_most):
        _limit, position = _number(content, position)
    return position


def _function_names(content: bytes) -> dict[int, str]:
    length, position = _number(content, 0)
    if content[position : position + length] != b"name":
        return {}
    found = {}
    for kind, part in _sections(content, position + length):
        if kind == _FUNCTION_NAMES:
            count, at = _number(part, 0)
            for _ in range(count):
                index, at = _number(part, at)
                size, at = _number(part, at)
                found[index] = part[at : at + size].decode()
                at += size
    return found


def _number(content: bytes, position: int) -> tuple[int, int]:
    """The unsigned number in LEB128 at an offset, and the offset behind it."""
    value = shift = 0
    while True:
        byte = content[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
