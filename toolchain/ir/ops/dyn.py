"""Rows of the `dyn.*` family (stage hir): the source's operations before types are known.

They have no meaning of their own: inference chooses typed ops or a function of the standard library by the types of
the operands (`infer/resolve.py`), and reports where there is none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .row import Effects, OpRow

if TYPE_CHECKING:
    from ..core import Op

_ALL = Effects.CALLS


def _row(op: str, doc: str, operands: tuple[str, ...], results: tuple[str, ...] = ("dyn",), **attrs: object) -> OpRow:
    return OpRow(f"dyn.{op}", doc, operands, results, dict(attrs), effects=_ALL)


def _of_case(
    op: str,
    doc: str,
    operands: tuple[str, ...],
    results: tuple[str, ...] = ("dyn",),
    check: Callable[[Op, int], list[str]] | None = None,
    **attrs: object,
) -> OpRow:
    """An op about the case `case` of the declared type `type`; `check` is told how many fields the case has."""

    def check_case(op: Op) -> list[str]:
        declaration = op.block.function.module.declarations.get(op.attrs["type"])
        if declaration is None and op.attrs["type"].startswith("std."):
            return []  # the library declares it, which only inference asks
        if declaration is None:
            return [f"names @{op.attrs['type']}, which is no type of the module"]
        number = declaration.case_number(op.attrs["case"])
        if number is None:
            return [f"the type @{declaration.name} has no case {op.attrs['case']!r}"]
        return check(op, len(declaration.cases[number].fields)) if check else []

    kinds = {"type": str, "case": str, **attrs}
    return OpRow(f"dyn.{op}", doc, operands, results, kinds, effects=_ALL, check=check_case)


def _check_all_fields(op: Op, count: int) -> list[str]:
    return [] if len(op.operands) == count else [f"gives {len(op.operands)} fields, not {count}"]


def _check_field(op: Op, count: int) -> list[str]:
    index = op.attrs["index"]
    return [] if 0 <= index < count else [f"there are {count} fields, so there is none at index {index}"]


def _check_keys(op: Op) -> list[str]:
    keys = op.attrs["keys"]
    if any(key is not None and type(key) is not str for key in keys):
        return ["keys are texts, or none where a record is spread"]
    return [] if len(keys) == len(op.operands) else [f"has {len(keys)} keys for {len(op.operands)} operands"]


_D1, _D2, _D3 = ("dyn",), ("dyn", "dyn"), ("dyn", "dyn", "dyn")

_BINARY = {
    "add": "a + b: numbers, or strings joined.",
    "sub": "a - b.",
    "mul": "a * b: numbers, or a string repeated.",
    "div": "a / b, always a Float.",
    "rem": "a % b with the sign of a.",
    "pow": "a ** b.",
    "eq": "a == b.",
    "lt": "a < b.",
    "le": "a <= b.",
    "gt": "a > b.",
    "ge": "a >= b.",
    "and": "a & b, bit by bit.",
    "or": "a | b, bit by bit.",
    "xor": "a ^ b, bit by bit.",
    "shl": "a << b, counts modulo 64.",
    "shr": "a >> b, copying the sign.",
    "shr_u": "a >>> b, filling with zeros.",
    "in": "a in b: element, substring.",
}

ROWS: list[OpRow] = [
    OpRow(
        "dyn.const",
        "The constant `value`: Int, Float, Bool, String or nil (None).",
        (),
        ("dyn",),
        {"value": object},
        cost=0,
    ),
    *(_row(name, doc, _D2) for name, doc in _BINARY.items()),
    _row("neg", "-a.", _D1),
    _row("bit_not", "~a.", _D1),
    _row("not", "not a.", _D1),
    OpRow("dyn.truth", "The condition a as a bool: a must be Bool.", _D1, ("bool",), effects=_ALL),
    OpRow("dyn.is_nil", "True if a is nil.", _D1, ("bool",), effects=_ALL),
    OpRow("dyn.is_absent", "True if a is nil or NaN: what `??` replaces.", _D1, ("bool",), effects=_ALL),
    OpRow("dyn.from_bool", "The condition as a Bool.", ("bool",), ("dyn",)),
    _row("is", "True if a is of the type `type`.", _D1, type=str),
    _row("not_nil", "a, on a path where it was found not to be nil.", _D1),
    _row("index", "a[b].", _D2),
    _row("index_or_nil", "a[b], or nil when out of range: the left side of `??`.", _D2),
    _row("set_index", "a[b] = c.", _D3, ()),
    _row("slice", "a[b:c:d]; nil stands for a missing bound.", ("dyn", "dyn", "dyn", "dyn")),
    _row("array", "An array of the operands.", ("*",)),
    _row("text", "The operands' texts joined: string interpolation.", ("*",)),
    _row(
        "show",
        "The text of a: `print` of it alone, of it among others (`many`), or interpolated (`text`).",
        _D1,
        mode=str,
    ),
    _row("print", "Print a alone, with a line end.", _D1),
    _row("iter_start", "The first position of an iteration over a.", _D1),
    OpRow("dyn.iter_more", "True if position b of an iteration over a has an element.", _D2, ("bool",), effects=_ALL),
    _row(
        "iter_value",
        "The element at position b of an iteration over a; with `paired` the second of two loop variables.",
        _D2,
        paired=bool,
    ),
    _row("iter_next", "The position after b.", _D2),
    _row("call", "Call the function `callee` of the program or the library.", ("*",), callee=str),
    _row("call_value", "Call the function value a with the other operands.", ("*",)),
    OpRow(
        "dyn.method",
        "Call the method `name` of a with the other operands; `iterated` if its elements are wanted one by one.",
        ("*",),
        ("dyn",),
        {"name": str, "iterated?": bool},
        effects=_ALL,
    ),
    _row("getattr", "Field `name` of a.", _D1, name=str),
    _row("setattr", "Replace field `name` of a by b.", _D2, (), name=str),
    _row("tuple", "A tuple of the operands.", ("*",)),
    _row("tuple_get", "Part `index` of the tuple a.", _D1, index=int),
    OpRow(
        "dyn.record",
        "A record with these `keys` (texts; none where the operand is a record spread into it).",
        ("*",),
        ("dyn",),
        {"keys": list},
        effects=_ALL,
        check=_check_keys,
    ),
    _of_case(
        "construct",
        "A value of the declared type `type`, case `case`, with the operands as fields.",
        ("*",),
        check=_check_all_fields,
    ),
    _of_case("is_case", "True if a is of the declared type `type`, and there of the case `case`.", _D1, ("bool",)),
    _of_case(
        "case_get",
        "Field number `index` of a, which is that case (`is_case` has said so).",
        _D1,
        check=_check_field,
        index=int,
    ),
    _row("narrow", "a, on a path where it was found to be of the type `type`.", _D1, type=str),
    _row("exclude", "a, on a path where it was found not to be of the type `type`.", _D1, type=str),
    OpRow("dyn.is_failure", "True if a is Err or None: what `?` returns at once.", _D1, ("bool",), effects=_ALL),
    _row("failure", "a, which is Err or None, as the result of another function.", _D1),
    _row("success", "What a holds if it is Ok or Some, else a itself.", _D1),
    _row("try_call", "Call `callee`; its Int result, or -1 if it panicked.", ("*",), callee=str),
    _row("caught", "The message of the panic that `try_call` caught last.", ()),
    _row("caught_site", "The number of the place of the panic that `try_call` caught last.", ()),
    OpRow(
        "dyn.rethrow", "Go on with the panic of the place a and the message b.", _D2, (), effects=_ALL, terminator=True
    ),
    _row("close", "Call the method `close`, else `dispose`, of a if it has one.", _D1),
    _row("yield", "Give a to whoever asked the generator; what is sent back.", _D1),
    _row(
        "frame",
        "A record with these `keys` and no content yet: its fields are set before they are read.",
        (),
        keys=list,
    ),
    _row("iter_key", "The first of two loop variables at position b of a; c is the number of the round.", _D3),
    _row("intrinsic", "Operation `name` of the intrinsics table: standard library only.", ("*",), name=str),
    _row(
        "closure", "A function value made of the function `function` and these captured values.", ("*",), function=str
    ),
    _row("cell_new", "A cell that holds a: a variable that closures share.", _D1),
    _row("cell_empty", "A cell without content yet: it is set before it is read.", ()),
    _row("cell_get", "The content of the cell.", _D1),
    _row("cell_set", "Replace the content of the cell by b.", _D2, ()),
    _row(
        "global_get",
        "The module variable `name`; `checked` if it may not be set yet; `zero` if it is an Int that begins as 0.",
        (),
        name=str,
        checked=bool,
        zero=bool,
    ),
    _row("global_set", "Store into the module variable `name`.", _D1, (), name=str),
    OpRow(
        "dyn.annotate",
        "a, which the source says is of type `type`.",
        _D1,
        ("dyn",),
        {"type": str, "role?": str, "name?": str},
        effects=_ALL,
    ),
]
