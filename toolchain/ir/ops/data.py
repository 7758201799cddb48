"""Rows of the `data.*` family (typed stage): strings, arrays, optional values, cells and closures.

Lowering replaces each by scalar and `mem.*` ops; their layouts are in `lower/layout.py`. Ops called *unchecked* are
for the standard library, which proves what they rely on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .row import Effects, OpRow

if TYPE_CHECKING:
    from ..core import Op
    from ..types import Type

_R, _W, _T, _A = Effects.READS, Effects.WRITES, Effects.TRAPS, Effects.ALLOCS


def _check_one_result(constructor: str) -> Callable[[Op], list[str]]:
    """The only result, which the operands do not determine, is of a type with this constructor."""

    def check(op: Op) -> list[str]:
        types = [value.type for value in op.results]
        if len(types) == 1 and types[0].name == constructor:
            return []
        return [f"its results are ({', '.join(map(str, types))}), not ({constructor}<...>)"]

    return check


_check_is_closure = _check_one_result("fn")


def _check_closure(op: Op) -> list[str]:
    closure = op.block.function.module.closures.get(op.attrs["name"])
    if closure is None:
        return [f"names @{op.attrs['name']}, which is no closure of the module"]
    given = [value.type for value in op.operands]
    problems = _check_is_closure(op)
    if given != closure.captures:
        problems.append(f"captures {_types(given)}, but @{closure.name} captures {_types(closure.captures)}")
    return problems


def _check_capture(op: Op) -> list[str]:
    closure, index = op.block.function.module.closures.get(op.attrs["name"]), op.attrs["index"]
    if closure is None:
        return [f"names @{op.attrs['name']}, which is no closure of the module"]
    if not 0 <= index < len(closure.captures):
        return [f"@{closure.name} captures {len(closure.captures)} values, so there is none at index {index}"]
    given = [value.type for value in op.results]
    wanted = [closure.captures[index]]
    return [] if given == wanted else [f"its results are {_types(given)}, not {_types(wanted)}"]


def _types(types: list[Type]) -> str:
    return f"({', '.join(map(str, types))})"


ROWS: list[OpRow] = [
    OpRow("data.nil", "The only value of type nil.", (), ("nil",), cost=0),
    # strings: immutable UTF-8; indices below count bytes
    OpRow("data.string", "The constant string `value`.", (), ("string",), {"value": str}),
    OpRow("data.string_len", "Number of characters (code points).", ("string",), ("i64",)),
    OpRow("data.string_bytes", "Number of bytes.", ("string",), ("i64",)),
    OpRow("data.string_byte", "The byte at index b, unchecked.", ("string", "i64"), ("i64",), effects=_R),
    OpRow(
        "data.string_view",
        "The c bytes from index b, which are d characters, sharing memory; unchecked.",
        ("string", "i64", "i64", "i64"),
        ("string",),
        effects=_A,
    ),
    OpRow(
        "data.string_new",
        "A new string of a bytes and b characters, to be filled with string_set_byte.",
        ("i64", "i64"),
        ("string",),
        effects=_A | _T,
    ),
    OpRow(
        "data.string_extend",
        "A new string that starts with a and has b more bytes, c more characters, to be filled.",
        ("string", "i64", "i64"),
        ("string",),
        effects=_A | _R | _W | _T,
    ),
    OpRow(
        "data.string_set_byte",
        "Fill in byte b of a string nobody has seen yet with c, unchecked.",
        ("string", "i64", "i64"),
        (),
        effects=_W,
    ),
    OpRow(
        "data.string_copy",
        "Fill a, which nobody has seen yet, from index b with e bytes of c from index d.",
        ("string", "i64", "string", "i64", "i64"),
        (),
        effects=_R | _W,
    ),
    OpRow(
        "data.string_words",
        "The eight bytes at index b as one little-endian number, unchecked.",
        ("string", "i64"),
        ("i64",),
        effects=_R,
    ),
    OpRow("data.string_addr", "The address of the first byte, for host calls.", ("string",), ("i32",)),
    OpRow("data.write", "Write the string to standard output.", ("string",), (), effects=Effects.IO | _R),
    OpRow(
        "data.panic",
        "End the program with the string as message and the op's location.",
        ("string",),
        (),
        effects=_T | _R,
        terminator=True,
    ),
    # arrays
    OpRow(
        "data.array_new",
        "An empty array with room for a elements; panics if a is negative or too large.",
        ("i64",),
        None,
        effects=_A | _T,
        check=_check_one_result("array"),
    ),
    OpRow("data.array_len", "Number of elements.", ("array<T>",), ("i64",), effects=_R),
    OpRow("data.array_cap", "Number of elements there is room for.", ("array<T>",), ("i64",), effects=_R),
    OpRow(
        "data.array_index",
        "Index b of array a as counted from the start, from the end if b is negative; panics when out of range.",
        ("array<T>", "i64"),
        ("i64",),
        attrs={"nonneg?": bool},
        effects=_R | _T,
    ),
    OpRow(
        "data.array_get",
        "Element b, counted from the end if negative; panics when out of range. `nonneg`: b is known not to be negative.",
        ("array<T>", "i64"),
        ("T",),
        {"nonneg?": bool},
        effects=_R | _T,
    ),
    OpRow(
        "data.array_set",
        "Replace element b, counted from the end if negative, by c; panics when out of range. `nonneg`: b is not negative.",
        ("array<T>", "i64", "T"),
        (),
        {"nonneg?": bool},
        effects=_W | _R | _T,
    ),
    OpRow("data.array_at", "Element b, unchecked.", ("array<T>", "i64"), ("T",), effects=_R),
    OpRow(
        "data.array_put",
        "Store c as element b, unchecked: b is below the capacity.",
        ("array<T>", "i64", "T"),
        (),
        effects=_W | _R,
    ),
    OpRow(
        "data.array_set_len",
        "Set the length to b, unchecked: at most the capacity.",
        ("array<T>", "i64"),
        (),
        effects=_W,
    ),
    OpRow(
        "data.array_reserve",
        "Make room for b elements in all; panics when memory is exhausted.",
        ("array<T>", "i64"),
        (),
        effects=_A | _W | _R | _T,
    ),
    OpRow(
        "data.array_copy",
        "Copy e elements of c from index d over those of a from index b; unchecked.",
        ("array<T>", "i64", "array<T>", "i64", "i64"),
        (),
        effects=_W | _R,
    ),
    OpRow(
        "data.array_fill",
        "Store d into the c elements of a from index b; unchecked.",
        ("array<T>", "i64", "i64", "T"),
        (),
        effects=_W | _R,
    ),
    # optional values
    OpRow("data.opt_some", "The value as an optional.", ("T",), ("opt<T>",), cost=0),
    OpRow("data.opt_none", "The optional without a value.", (), None, cost=0, check=_check_one_result("opt")),
    OpRow("data.opt_has", "True if there is a value.", ("opt<T>",), ("bool",), cost=0),
    OpRow("data.opt_get", "The value, unchecked.", ("opt<T>",), ("T",), cost=0),
    # cells, closures, identity
    OpRow("data.cell_new", "A new cell that holds a.", ("T",), ("cell<T>",), effects=_A),
    OpRow("data.cell_get", "The content of the cell.", ("cell<T>",), ("T",), effects=_R),
    OpRow("data.cell_set", "Replace the content of the cell by b.", ("cell<T>", "T"), (), effects=_W),
    OpRow(
        "data.closure",
        "A function value: the module's closure `name` with these captured values.",
        ("*",),
        None,
        {"name": str},
        effects=_A,
        check=_check_closure,
    ),
    OpRow("data.closure_tag", "The tag of the closure that the function value is.", ("T",), ("i64",)),
    OpRow(
        "data.closure_capture",
        "Captured value `index` of a function value that is the closure `name`.",
        ("T",),
        None,
        {"name": str, "index": int},
        check=_check_capture,
    ),
    OpRow("data.same", "True if both are the same object.", ("T", "T"), ("bool",)),
]
