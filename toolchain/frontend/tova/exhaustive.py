"""Which values the arms of a `match` leave over, and which arms are never reached.

The algorithm is that of Maranget, "Warnings for pattern matching" (2007): a row of patterns is useful after others if
some row of values fits it and none of them. A match is exhaustive if a row of wildcards is useless after its arms; an arm is
never reached if it is useless after those above it. Arms with guards cover nothing.

Types are not known yet: that of a column is what its patterns name. Ranges, prefixes, records and arrays with a rest
are taken to cover nothing but themselves.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field

from . import syntax as s
from .declared import CaseInfo, TypeInfo
from .symbols import Symbol

#: Steps after which a match counts as too complicated to say anything of it.
_MAX_STEPS = 20_000


@dataclass(slots=True)
class Coverage:
    """What the arms of a match cover."""

    #: The type all of whose values are covered: a sum type, "Bool" or "Tuple"; None if there is none.
    kind: TypeInfo | str | None = None
    #: True if the names of its variants alone decide, not what is in them.
    is_flat: bool = False
    #: Patterns of values that no arm covers, if the patterns name variants.
    missing: list[str] = field(default_factory=list)
    unreachable: list[s.Arm] = field(default_factory=list)


def coverage(arms: list[s.Arm], meaning: Mapping[s.Node, Symbol]) -> Coverage:
    """Look at the arms of a match."""
    result = Coverage()
    matrix = _Matrix(meaning)
    rows: list[_Row] = []
    try:
        for arm in arms:
            row = [matrix.read(arm.pattern)]
            if rows and matrix.useful(rows, row) is None:
                result.unreachable.append(arm)
            if arm.guard is None:
                rows.append(row)
        _look_for_missing(result, matrix, rows)
    except _TooComplicated:
        return Coverage()
    return result


def _look_for_missing(result: Coverage, matrix: _Matrix, rows: list[_Row]) -> None:
    heads = [head for row in rows for head in _options(row[0])]
    tests = [head for head in heads if isinstance(head, _Test)]
    if len(tests) < len(heads):
        return  # something fits everything
    missing = list(matrix.missing(rows))
    kinds = {test.kind for test in tests} - {None, "Nil"}
    kind = kinds.pop() if len(kinds) == 1 else None
    if not missing:
        result.kind = kind
        result.is_flat = all(
            not isinstance(part, _Test) for test in tests for sub in test.parts for part in _options(sub)
        )
    elif any(_names_variants(test) for test in tests):
        result.missing = missing


def _names_variants(test: _Test) -> bool:
    if isinstance(test.kind, TypeInfo):
        return test.kind.is_sum
    return test.kind == "Tuple" and any(
        _names_variants(part) for sub in test.parts for part in _options(sub) if isinstance(part, _Test)
    )


# --- patterns as the algorithm sees them ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Test:
    """A pattern that some values fit: those made by the constructor `key`, whose `parts` fit too."""

    key: Hashable
    parts: tuple[_Pattern, ...] = ()
    #: The type whose constructors can be told: a sum type, "Bool", "Tuple", "Nil"; None for literals and the like.
    kind: TypeInfo | str | None = None


@dataclass(frozen=True, slots=True)
class _Either:
    """Alternatives."""

    options: tuple[_Pattern, ...]


#: None is the wildcard.
_Pattern = _Test | _Either | None
_Row = list[_Pattern]


def _options(pattern: _Pattern) -> Iterator[_Test | None]:
    if isinstance(pattern, _Either):
        for option in pattern.options:
            yield from _options(option)
    else:
        yield pattern


class _TooComplicated(Exception):
    """The number of steps is used up."""


class _Matrix:
    def __init__(self, meaning: Mapping[s.Node, Symbol]) -> None:
        self._meaning = meaning
        self._steps = 0

    def read(self, pattern: s.Pattern) -> _Pattern:
        if isinstance(pattern, s.WildcardPattern | s.BindPattern):
            return None
        if isinstance(pattern, s.OrPattern):
            return _Either(tuple(map(self.read, pattern.options)))
        if isinstance(pattern, s.TuplePattern):
            return _Test(("Tuple", len(pattern.items)), tuple(map(self.read, pattern.items)), "Tuple")
        if isinstance(pattern, s.ArrayPattern) and pattern.rest is None:
            return _Test(("Array", len(pattern.items)), tuple(map(self.read, pattern.items)))
        if isinstance(pattern, s.LiteralPattern):
            return self._literal(pattern)
        case = self._meaning.get(pattern)
        if isinstance(case, CaseInfo):
            given = [] if not isinstance(pattern, s.VariantPattern) else pattern.items or []
            parts = [self.read(item) for item in given[: len(case.fields)]]
            return _Test(case, (*parts, *[None] * (len(case.fields) - len(parts))), case.type)
        return _Test(pattern)

    @staticmethod
    def _literal(pattern: s.LiteralPattern) -> _Test:
        value = pattern.value
        if isinstance(value, s.NilLit):
            return _Test("nil", (), "Nil")
        if isinstance(value, s.BoolLit):
            return _Test(value.value, (), "Bool")
        assert isinstance(value, s.IntLit | s.FloatLit | s.StrLit)
        return _Test(("literal", value.value))

    # --- usefulness --------------------------------------------------------------------------------------------------

    def missing(self, rows: list[_Row]) -> Iterator[str]:
        """Patterns of values that fit no row (of one column): every missing variant, else one example."""
        kinds = {test.kind for row in rows for test in _options(row[0]) if isinstance(test, _Test)}
        types = [kind for kind in kinds if isinstance(kind, TypeInfo)]
        if len(types) != 1:
            found = self.useful(rows, [None])
            if found is not None:
                yield found[0]
            return
        for case in types[0].cases:
            found = self.useful(rows, [_Test(case, (None,) * len(case.fields), case.type)])
            if found is not None:
                yield found[0]

    def useful(self, rows: list[_Row], row: _Row) -> list[str] | None:
        """Values, as texts, that fit `row` and none of `rows`; None if there are none."""
        self._steps += 1 + len(rows)
        if self._steps > _MAX_STEPS:
            raise _TooComplicated
        if not row:
            return [] if not rows else None
        head, *rest = row
        if isinstance(head, _Either):
            found = (self.useful(rows, [option, *rest]) for option in head.options)
            return next((values for values in found if values is not None), None)
        if isinstance(head, _Test):
            return self._useful_test(rows, head, rest)
        tests = {test.key: test for first, *_ in rows for test in _options(first) if isinstance(test, _Test)}
        signature = _signature(list(tests.values()))
        if signature is not None:
            tried = (self._useful_test(rows, _Test(t.key, (None,) * len(t.parts), t.kind), rest) for t in signature)
            return next((values for values in tried if values is not None), None)
        values = self.useful([r[1:] for r in rows for test in _options(r[0]) if test is None], rest)
        return None if values is None else [_example(list(tests.values())), *values]

    def _useful_test(self, rows: list[_Row], head: _Test, rest: _Row) -> list[str] | None:
        count = len(head.parts)
        inner = [
            [*(test.parts if test is not None else (None,) * count), *row[1:]]
            for row in rows
            for test in _options(row[0])
            if test is None or test.key == head.key
        ]
        values = self.useful(inner, [*head.parts, *rest])
        return None if values is None else [_text(head, values[:count]), *values[count:]]


def _signature(tests: list[_Test]) -> list[_Test] | None:
    """All constructors of the type of a column, if the tests name all of them."""
    kinds = {test.kind for test in tests} - {"Nil"}
    if len(kinds) != 1:
        return None
    kind = next(iter(kinds))
    found = [test for test in tests if test.kind == kind]
    if isinstance(kind, TypeInfo):
        return tests if len(found) == len(kind.cases) else None
    wanted = {"Bool": 2, "Tuple": 1}.get(kind or "")
    return tests if len(found) == wanted else None


def _example(tests: list[_Test]) -> str:
    """A value that none of the tests is for."""
    types = {test.kind for test in tests if isinstance(test.kind, TypeInfo)}
    if len(types) == 1:
        named = {test.key for test in tests}
        for case in types.pop().cases:
            if case not in named:
                return case.name
    return "_"


def _text(test: _Test, parts: list[str]) -> str:
    if isinstance(test.key, CaseInfo):
        return f"{test.key.name}({', '.join(parts)})" if any(part != "_" for part in parts) else test.key.name
    if test.kind == "Tuple":
        return f"({', '.join(parts)})"
    if test.kind == "Bool":
        return "true" if test.key else "false"
    return "nil" if test.kind == "Nil" else "_"
