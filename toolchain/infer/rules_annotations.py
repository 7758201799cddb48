"""Rules of what the source says of types."""

from __future__ import annotations

from collections.abc import Sequence

from wasmlathe.ir.core import Op

from .annotations import Annotation, AnnotationError, parse_annotation
from .choices import Choice, Problem, Typed
from .lattice import Opt, Ty, Union, same, show, union, union_members
from .rules import Context, rule


@rule("annotate")
def _annotate(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    (actual,) = types
    text = op.attrs["type"]
    try:
        declared = parse_annotation(text)
    except AnnotationError as error:
        return Problem(error.code, error.message, error.hint)
    if isinstance(actual, Union):
        return _checked(op, declared, actual)
    result = declared.fit(actual)
    if result is None:
        return Problem(*_annotation_problem(op, text, actual))
    if isinstance(actual, Opt) and not isinstance(result, Opt):
        return Typed(result, [actual.payload], lambda em, v: v[0])
    return Typed(result, [result], lambda em, v: v[0])


def _checked(op: Op, declared: Annotation, actual: Union) -> Choice:
    """A value of several kinds is tested when the program runs: those that do not fit panic."""
    fitting = [fitted for member in actual.members.values() if (fitted := declared.fit(member)) is not None]
    if not fitting:
        return Problem(*_annotation_problem(op, op.attrs["type"], actual))
    result = union([part for fitted in fitting for part in union_members(fitted)], actual)
    if same(result, actual):
        return Typed(actual, [actual], lambda em, v: v[0])
    _, message = _annotation_problem(op, op.attrs["type"], actual)
    return Typed(result, [actual], lambda em, v: em.checked(v[0], actual, result, message))


def _annotation_problem(op: Op, text: str, actual: Ty) -> tuple[str, str]:
    role = op.attrs.get("role")
    if role == "parameter":
        return "E0100", f"Type mismatch: '{op.attrs.get('name')}' expects {text}, but got {show(actual)}"
    if role in ("result", "tail"):
        return "E0101", f"the function's result is declared as {text}, but this is {show(actual)}"
    return "E0100", f"Type mismatch: declared as {text}, but the value is {show(actual)}"
