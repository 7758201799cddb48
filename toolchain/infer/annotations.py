"""Types as the source writes them, and whether a value fits one (LANGUAGE.md section 14)."""

from __future__ import annotations

from functools import cache

from wasmlathe.diagnostics import nearest

from .lattice import BOOL, BOOLS, FLOAT, INT, NEVER, NIL, STRING, Array, Func, Opt, Ty, not_nil, optional

_NAMED: dict[str, Ty] = {"Int": INT, "Float": FLOAT, "Bool": BOOL, "String": STRING, "Nil": NIL}
_LATER = frozenset({"Map", "Set", "Result", "Option", "Float64Array", "Int32Array", "Uint8Array"})


class AnnotationError(ValueError):
    """The text is no type of the language, or of none supported yet."""

    def __init__(self, code: str, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint


class Annotation:
    """A declared type. `base` is None for `Any` and type parameters, which every value fits."""

    __slots__ = ("base", "element", "is_array", "is_function", "nilable")

    def __init__(
        self,
        base: Ty | None,
        nilable: bool = False,
        element: Annotation | None = None,
        is_function: bool = False,
    ) -> None:
        self.base = base
        self.nilable = nilable
        self.element = element
        self.is_array = element is not None
        self.is_function = is_function

    def fit(self, actual: Ty) -> Ty | None:
        """The type a value of type `actual` has once it is declared so; None if it does not fit.

        Int fits Float; nil fits only what allows it, but a value that may be nil fits and is tested. The element type
        of an array grows to the declared one.
        """
        if self.base is None and not self.is_array and not self.is_function:
            return actual
        plain = not_nil(actual)
        if plain is NEVER:
            return NIL if self.nilable or actual is NIL is self.base else None
        fitted = self._fit_plain(plain)
        if fitted is None:
            return None
        return optional(fitted) if self.nilable else fitted

    def _fit_plain(self, actual: Ty) -> Ty | None:
        if self.is_array:
            return self._fit_array(actual)
        if self.is_function:
            return actual if isinstance(actual, Func) else None
        if self.base is actual or (self.base is FLOAT and actual is INT):
            return self.base
        return actual if self.base is BOOL and actual in BOOLS else None

    def _fit_array(self, actual: Ty) -> Ty | None:
        assert self.element is not None
        if not isinstance(actual, Array):
            return None
        content = actual.cell.type
        if content is NEVER:
            declared = self.element.plain()
            if declared is not None:
                actual.cell.grow(declared)
            return actual
        fitted = self.element.fit(content)
        if fitted is None or (isinstance(content, Opt) and not isinstance(fitted, Opt)):
            return None
        actual.cell.grow(fitted)
        return actual

    def plain(self) -> Ty | None:
        """The type itself where it has no parts; None otherwise."""
        if self.base is None:
            return None
        return optional(self.base) if self.nilable else self.base


@cache
def parse_annotation(text: str) -> Annotation:
    """Read a type as `type_text` writes it. Raises AnnotationError."""
    text = text.strip()
    options = _split(text, "|")
    if len(options) > 1:
        rest = [option.strip() for option in options if option.strip() != "Nil"]
        if len(rest) != 1 or len(rest) == len(options):
            raise AnnotationError("E0400", f"not supported yet: the union type `{text}`")
        single = parse_annotation(rest[0])
        return Annotation(single.base, True, single.element, single.is_function)
    if text.startswith("["):
        return Annotation(None, False, parse_annotation(text[1:-1]))
    if text.startswith("("):
        if "->" in text:
            return Annotation(None, is_function=True)
        raise AnnotationError("E0400", f"not supported yet: the tuple type `{text}`")
    name = text.partition("<")[0]
    if name in _NAMED:
        return Annotation(_NAMED[name])
    if name == "Any" or (len(name) <= 2 and name[0].isupper()):
        return Annotation(None)
    if name in _LATER:
        raise AnnotationError("E0400", f"not supported yet: the type `{name}`")
    close = nearest(name, [*_NAMED, "Any"])
    raise AnnotationError("E0207", f"unknown type '{name}'", f"did you mean '{close}'?" if close else None)


def _split(text: str, separator: str) -> list[str]:
    """Split at `separator` outside of brackets."""
    parts, depth, start = [], 0, 0
    for at, char in enumerate(text):
        depth += (char in "([<") - (char in ")]" or (char == ">" and text[at - 1] != "-"))
        if char == separator and depth == 0:
            parts.append(text[start:at])
            start = at + 1
    return [*parts, text[start:]]
