"""How many bytes of a binary each function takes: the sizes of the code section's bodies under their names.

Without names, as in a nameless build, nothing can be told.
"""

from __future__ import annotations

from collections.abc import Iterator

from .sections import CODE, IMPORT, function_names, number, sections

_FUNCTION, _TABLE, _MEMORY = 0, 1, 2


def code_sizes(wasm: bytes) -> dict[str, int]:
    """Name -> bytes of the function's body with its locals."""
    imported = 0
    sizes: list[int] = []
    names = function_names(wasm)
    for kind, content in sections(wasm):
        if kind == IMPORT:
            imported = _imported_functions(content)
        elif kind == CODE:
            sizes = list(_body_sizes(content))
    return {names[imported + index]: size for index, size in enumerate(sizes) if imported + index in names}


def _body_sizes(code: bytes) -> Iterator[int]:
    count, position = number(code, 0)
    for _ in range(count):
        size, position = number(code, position)
        position += size
        yield size


def _imported_functions(content: bytes) -> int:
    count, position = number(content, 0)
    functions = 0
    for _ in range(count):
        for _name in range(2):
            length, position = number(content, position)
            position += length
        kind = content[position]
        functions += kind == _FUNCTION
        position = _after_description(content, position + 1, kind)
    return functions


def _after_description(content: bytes, position: int, kind: int) -> int:
    """The offset behind what an import is: a type index, a table's or memory's limits, or a global's type."""
    if kind == _FUNCTION:
        return number(content, position)[1]
    if kind not in (_TABLE, _MEMORY):
        return position + 2
    position += kind == _TABLE
    has_most = content[position] & 1
    position += 1
    for _ in range(1 + has_most):
        _limit, position = number(content, position)
    return position
