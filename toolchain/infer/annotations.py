"""Types as the source writes them, and whether a value fits one (LANGUAGE.md section 14)."""

from __future__ import annotations

from functools import cache

from .lattice import (
    BOOL,
    BOOLS,
    FLOAT,
    INT,
    NEVER,
    NIL,
    STRING,
    Array,
    Opt,
    Tuple,
    Ty,
    kind,
    not_nil,
    optional,
    union,
    union_members,
)

_NAMED: dict[str, Ty] = {"Int": INT, "Float": FLOAT, "Bool": BOOL, "String": STRING, "Nil": NIL}
_KINDS = frozenset({"Map", "Set", "Record"})


class AnnotationError(ValueError):
    """The text is no type of the language, or of none supported yet."""

    def __init__(self, code: str, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint


class Annotation:
    """A declared type. This class itself is `Any` and type parameters, which every value fits."""

    def fit(self, actual: Ty) -> Ty | None:
        """The type a value of type `actual` has once it is declared so; None if it does not fit.

        Int fits Float; nil fits only what allows it, but a value that may be nil fits and is tested. The element type
        of an array grows to the declared one.
        """
        return actual

    def allows_nil(self) -> bool:
        """Whether nil is among the values."""
        return self.fit(NIL) is not None

    def plain(self) -> Ty | None:
        """The type itself where it has no parts that grow; None otherwise."""
        return None


class _Scalar(Annotation):
    def __init__(self, base: Ty) -> None:
        self.base = base

    def fit(self, actual: Ty) -> Ty | None:
        if isinstance(actual, Opt):
            actual = actual.payload
        if self.base is actual or (self.base is FLOAT and actual is INT):
            return self.base
        return actual if self.base is BOOL and actual in BOOLS else None

    def plain(self) -> Ty | None:
        return self.base


class ArrayOf(Annotation):
    """`[T]`."""

    def __init__(self, element: Annotation) -> None:
        self.element = element

    def fit(self, actual: Ty) -> Ty | None:
        actual = not_nil(actual)
        if not isinstance(actual, Array):
            return None
        content = actual.cell.type
        fitted = self.element.plain() if content is NEVER else self.element.fit(content)
        if content is not NEVER and fitted is None:
            return None
        if isinstance(content, Opt) and not isinstance(fitted, Opt):
            return actual  # elements that may be nil stay so: they are tested where they are used
        if fitted is not None:
            actual.cell.grow(fitted)
        actual.cell.is_declared = not self.element.allows_nil()
        return actual


class _TupleOf(Annotation):
    def __init__(self, parts: list[Annotation]) -> None:
        self.parts = parts

    def fit(self, actual: Ty) -> Ty | None:
        actual = not_nil(actual)
        if not isinstance(actual, Tuple) or len(actual.cells) != len(self.parts):
            return None
        for part, cell in zip(self.parts, actual.cells, strict=True):
            fitted = part.fit(cell.type)
            if fitted is None:
                return None
            cell.grow(fitted)
        return actual


class _Named(Annotation):
    """A declared type, or another kind of value by its name."""

    def __init__(self, name: str) -> None:
        self.name = name

    def fit(self, actual: Ty) -> Ty | None:
        actual = not_nil(actual)
        return actual if kind(actual) == self.name or f"std.{self.name}" == actual.name else None


class _Either(Annotation):
    """`A | B | Nil`."""

    def __init__(self, options: list[Annotation]) -> None:
        self.options = options

    def fit(self, actual: Ty) -> Ty | None:
        found = []
        for member in union_members(actual):
            fitted = self._fit_member(member)
            if fitted is None:
                return None
            found.append(fitted)
        result = union(found)
        return optional(result) if self._is_nilable() and isinstance(actual, Opt) else result

    def _fit_member(self, member: Ty) -> Ty | None:
        if member is INT and any(option.fit(INT) is INT for option in self.options):
            return INT
        return next((fitted for option in self.options if (fitted := option.fit(member)) is not None), None)

    def _is_nilable(self) -> bool:
        return any(option.plain() is NIL for option in self.options)

    def plain(self) -> Ty | None:
        types = [option.plain() for option in self.options]
        return None if None in types else union([type_ for type_ in types if type_ is not None])


@cache
def parse_annotation(text: str) -> Annotation:
    """Read a type as the frontend's `type_text` writes it. Raises AnnotationError."""
    text = text.strip()
    options = _split(text, "|")
    if len(options) > 1:
        return _Either([parse_annotation(option) for option in options])
    if text.startswith("["):
        return ArrayOf(parse_annotation(text[1:-1]))
    if text.startswith("("):
        if "->" in text[_closing(text) :]:
            return _Named("Function")
        return _TupleOf([parse_annotation(part) for part in _split(text[1:-1], ",")])
    name = text.partition("<")[0]
    if name in _NAMED:
        return _Scalar(_NAMED[name])
    if name == "Any" or (len(name) <= 2 and name[:1].isupper()):
        return Annotation()
    if name in ("Number", "List"):
        return _Either([_Scalar(INT), _Scalar(FLOAT)]) if name == "Number" else ArrayOf(Annotation())
    return _Named(name)


def declared_scalar(text: str) -> Ty:
    """The declared type where it is a scalar, perhaps optional; Never otherwise."""
    try:
        return parse_annotation(text).plain() or NEVER
    except AnnotationError:
        return NEVER


def _closing(text: str) -> int:
    """The place of the bracket that closes the first one."""
    depth = 0
    for at, char in enumerate(text):
        depth += (char in "([<") - (char in ")]" or (char == ">" and text[at - 1] != "-"))
        if depth == 0:
            return at
    return len(text)


def _split(text: str, separator: str) -> list[str]:
    """Split at `separator` outside of brackets."""
    parts, depth, start = [], 0, 0
    for at, char in enumerate(text):
        depth += (char in "([<") - (char in ")]" or (char == ">" and text[at - 1] != "-"))
        if char == separator and depth == 0:
            parts.append(text[start:at])
            start = at + 1
    return [*parts, text[start:]]
