"""Matching operand types against the type patterns of an op row.

bind(("array<T>", "i64"), [array<f64>, i64])   =>   {"T": f64}
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from . import types as t
from .ops.row import OpRow

Bindings = dict[str, t.Type]


class SignatureError(ValueError):
    """The operands do not fit the row; the message says which and why."""


@cache
def _pattern(text: str) -> t.Type:
    return t.parse(text)


def _is_variable(type_: t.Type) -> bool:
    return len(type_.name) == 1 and type_.name.isupper() and not type_.args


def _unify(pattern: t.Type, actual: t.Type, bindings: Bindings) -> bool:
    if _is_variable(pattern):
        return bindings.setdefault(pattern.name, actual) is actual
    if pattern.name == "value":
        return actual is _substitute(pattern, bindings)
    if not pattern.args:
        return pattern is actual
    return pattern.name == actual.name and all(
        _unify(p, a, bindings) for p, a in zip(pattern.args, actual.args, strict=True)
    )


def _substitute(pattern: t.Type, bindings: Bindings) -> t.Type:
    if _is_variable(pattern):
        return bindings[pattern.name]
    if pattern.name == "value":
        return t.element_value(_substitute(pattern.args[0], bindings))
    return t.make(pattern.name, tuple(_substitute(a, bindings) for a in pattern.args)) if pattern.args else pattern


def bind(row: OpRow, types: Sequence[t.Type]) -> Bindings:
    """The type variables of `row` for operands of these types. Raises SignatureError."""
    patterns = row.operands
    bindings: Bindings = {}
    if patterns and patterns[-1] == "*":
        patterns = patterns[:-1]
        fits = len(types) >= len(patterns)
    else:
        fits = len(types) == len(patterns)
    if not fits:
        raise SignatureError(f"takes {len(patterns)} operands, not {len(types)}")
    for index, (pattern, actual) in enumerate(zip(patterns, types, strict=False)):
        if not _unify(_pattern(pattern), actual, bindings):
            raise SignatureError(f"operand {index} is {actual}, not {pattern}")
    return bindings


def result_types(row: OpRow, types: Sequence[t.Type]) -> tuple[t.Type, ...] | None:
    """The result types that the row gives for operands of these types.

    None when they do not follow from the operands. Raises SignatureError when the operands do not fit.
    """
    bindings = bind(row, types)
    if row.results is None:
        return None
    patterns = [_pattern(text) for text in row.results]
    if any(_is_variable(p) and p.name not in bindings for p in patterns):
        return None
    return tuple(_substitute(p, bindings) for p in patterns)
