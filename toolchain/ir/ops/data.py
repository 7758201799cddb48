"""Rows of the `data.*` family (typed stage): strings, arrays, optional values, tuples, sums, objects, cells, closures.

Lowering replaces each by scalar and `mem.*` ops; their layouts are in `lower/layout.py`. Ops called *unchecked* are
for the standard library, which proves what they rely on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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


def _check_tuple(op: Op) -> list[str]:
    given = [value.type for value in op.operands]
    problems = _check_one_result("tuple")(op)
    if not problems and list(op.result.type.args) != given:
        problems.append(f"makes {op.result.type} of {_types(given)}")
    return problems


def _check_tuple_get(op: Op) -> list[str]:
    return _check_part(op, op.operands[0].type.args, "tuple")


def _check_part(op: Op, parts: Sequence[Type], whole: str) -> list[str]:
    """The result is the part number `index` of `parts`."""
    index = op.attrs["index"]
    if op.operands[0].type.name not in (whole, "object"):
        return [f"operand 0 is {op.operands[0].type}, not a {whole}"]
    if not 0 <= index < len(parts):
        return [f"there are {len(parts)} parts, so there is none at index {index}"]
    given = [value.type for value in op.results]
    return [] if given == [parts[index]] else [f"its results are {_types(given)}, not {_types([parts[index]])}"]


def _check_sum(op: Op) -> list[str]:
    problems = _check_one_result("sum")(op)
    if problems:
        return problems
    cases, number = op.result.type.args, op.attrs["case"]
    if not 0 <= number < len(cases):
        return [f"there are {len(cases)} cases, so there is no case {number}"]
    given = [value.type for value in op.operands]
    return [] if given == list(cases[number].args) else [f"case {number} holds {cases[number]}, not {_types(given)}"]


def _check_is_sum(op: Op) -> list[str]:
    type_ = op.operands[0].type
    return [] if type_.name == "sum" else [f"operand 0 is {type_}, not a sum"]


def _check_sum_get(op: Op) -> list[str]:
    cases, number = op.operands[0].type.args, op.attrs["case"]
    if not (problems := _check_is_sum(op)) and not 0 <= number < len(cases):
        problems.append(f"there are {len(cases)} cases, so there is no case {number}")
    return problems or _check_part(op, cases[number].args, "sum")


def _check_object(op: Op) -> list[str]:
    layout = op.block.function.module.layouts.get(op.attrs["name"])
    if layout is None:
        return [f"names @{op.attrs['name']}, which is no layout of the module"]
    if op.name == "data.object_get":
        return _check_part(op, layout.fields, "object")
    given = [value.type for value in op.operands]
    if op.name == "data.object":
        return [] if given == layout.fields else [f"@{layout.name} holds {_types(layout.fields)}, not {_types(given)}"]
    index = op.attrs["index"]
    if not 0 <= index < len(layout.fields):
        return [f"@{layout.name} has {len(layout.fields)} fields, so there is none at index {index}"]
    wanted = layout.fields[index]
    problems = [] if given[1] is wanted else [f"field {index} of @{layout.name} is {wanted}, not {given[1]}"]
    return problems if layout.mutable else [*problems, f"@{layout.name} is not mutable"]


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
        "data.string_own",
        "The same text; a copy if it is a small part of a large one, which it then does not keep alive.",
        ("string",),
        ("string",),
        effects=_A | _R | _T,
    ),
    OpRow(
        "data.string_grow",
        "A string of b bytes, more than a has, that starts with a, to be filled; a, whose bytes it may take over, is given up.",
        ("string", "i64"),
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
    OpRow(
        "data.string_equal_bytes",
        "Which of the sixteen bytes at index b equal c: bit i is set if byte i does; unchecked.",
        ("string", "i64", "i64"),
        ("i64",),
        effects=_R,
    ),
    OpRow(
        "data.string_upto_bytes",
        "Which of the sixteen bytes at index b are, as signed numbers, at most c; unchecked.",
        ("string", "i64", "i64"),
        ("i64",),
        effects=_R,
    ),
    OpRow(
        "data.string_set_words",
        "Fill in eight bytes of a string nobody has seen yet from index b on with c, little-endian, unchecked.",
        ("string", "i64", "i64"),
        (),
        effects=_W,
    ),
    OpRow("data.string_addr", "The address of the first byte, for host calls.", ("string",), ("i32",)),
    OpRow(
        "data.string_scratch",
        "A string of 24 bytes that is always the same, for text that is written at once.",
        (),
        ("string",),
        cost=0,
    ),
    OpRow(
        "data.write_part",
        "Write the c bytes from index b of the string to standard output; unchecked.",
        ("string", "i64", "i64"),
        (),
        effects=Effects.IO | _R,
    ),
    OpRow("data.write", "Write the string to standard output.", ("string",), (), effects=Effects.IO | _R),
    OpRow(
        "data.panic",
        "End the program with the string as message and the op's location.",
        ("string",),
        (),
        effects=_T | _R,
        terminator=True,
    ),
    OpRow(
        "data.string_ascii",
        "The string of one character whose code is a, unchecked: below 128.",
        ("i64",),
        ("string",),
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
        ("value<T>",),
        {"nonneg?": bool},
        effects=_R | _T,
    ),
    OpRow(
        "data.array_set",
        "Replace element b, counted from the end if negative, by c; panics when out of range. `nonneg`: b is not negative.",
        ("array<T>", "i64", "value<T>"),
        (),
        {"nonneg?": bool},
        effects=_W | _R | _T,
    ),
    OpRow("data.array_at", "Element b, unchecked.", ("array<T>", "i64"), ("value<T>",), effects=_R),
    OpRow(
        "data.array_put",
        "Store c as element b, unchecked: b is below the capacity.",
        ("array<T>", "i64", "value<T>"),
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
        ("array<T>", "i64", "i64", "value<T>"),
        (),
        effects=_W | _R,
    ),
    # optional values
    OpRow("data.opt_some", "The value as an optional.", ("T",), ("opt<T>",), cost=0),
    OpRow("data.opt_none", "The optional without a value.", (), None, cost=0, check=_check_one_result("opt")),
    OpRow("data.opt_has", "True if there is a value.", ("opt<T>",), ("bool",), cost=0),
    OpRow("data.opt_get", "The value, unchecked.", ("opt<T>",), ("T",), cost=0),
    # tuples and sums: flat values
    OpRow("data.tuple", "The operands as one value.", ("*",), None, cost=0, check=_check_tuple),
    OpRow("data.tuple_get", "Part `index`.", ("T",), None, {"index": int}, cost=0, check=_check_tuple_get),
    OpRow("data.sum", "Case number `case` with the operands as fields.", ("*",), None, {"case": int}, check=_check_sum),
    OpRow("data.sum_tag", "The number of the case.", ("T",), ("i64",), cost=0, check=_check_is_sum),
    OpRow(
        "data.sum_get",
        "Field `index` of case `case`, which it is.",
        ("T",),
        None,
        {"case": int, "index": int},
        cost=0,
        check=_check_sum_get,
    ),
    # objects: their layout `name` tells the fields
    OpRow(
        "data.object",
        "A new object of the layout `name` with the operands as fields; the one constant object if there are none.",
        ("*",),
        ("object",),
        {"name": str},
        effects=_A,
        check=_check_object,
    ),
    OpRow(
        "data.object_get",
        "Field `index` of an object of the layout `name`.",
        ("object",),
        None,
        {"name": str, "index": int},
        effects=_R,
        check=_check_object,
    ),
    OpRow(
        "data.object_set",
        "Replace field `index` of an object of the layout `name` by b.",
        ("object", "T"),
        (),
        {"name": str, "index": int},
        effects=_W,
        check=_check_object,
    ),
    OpRow("data.object_tag", "The tag of the object's layout.", ("object",), ("i64",)),
    OpRow("data.address", "The address of the object; 0 for a flat value.", ("T",), ("i64",)),
    OpRow("data.cast", "The same object as one of which more, or less, is known.", ("T",), None, cost=0),
    OpRow("data.zero", "A value all of whose bits are zero, which nobody looks at.", (), None, cost=0),
    # panics that are caught
    OpRow(
        "data.try_call",
        "Call `callee`, whose result is an i64; -1 if it panicked.",
        ("*",),
        ("i64",),
        {"callee": str},
        effects=Effects.CALLS,
        cost=5,
    ),
    OpRow("data.caught", "The message of the panic that was caught last.", (), ("string",), effects=_R | _A),
    OpRow("data.caught_site", "The number of the place of the panic that was caught last.", (), ("i64",), effects=_R),
    OpRow(
        "data.rethrow",
        "Go on with the panic of the place a and the message b, which were caught.",
        ("i64", "string"),
        (),
        effects=_T | _R,
        terminator=True,
    ),
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
