"""Rules of arrays and strings: making, indexing, slicing, texts, iteration."""

from __future__ import annotations

from collections.abc import Sequence

from wasmlathe.ir.core import Op

from . import synthesis
from .choices import CallFunction, Choice, Problem, Typed
from .lattice import BOOL, FLOAT, INT, NEVER, NIL, STRING, Array, Nominal, Record, Tuple, Ty, TypedArray, not_nil, show
from .rules import NUMBERS, Context, library, rule
from .rules_records import as_dictionary, constant_key, get_field, set_field


@rule("array")
def _array(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    cell = context.cell_of(op)
    for type_ in types:
        cell.grow(type_)
    element = context.read(cell)
    result = Array(cell)
    return Typed(result, [element] * len(types), lambda em, v: em.array(result, v))


@rule("index")
def _index(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    receiver, index = types
    if isinstance(receiver, Tuple):
        return _tuple_index(op, receiver, context)
    if isinstance(receiver, Record | Nominal):
        return _index_data(op, types, "__index", context)
    if index is FLOAT:
        return library("__at_float", 2)
    if index is not INT:
        return Problem("E0106", f"an index must be Int, not {show(index)}")
    if isinstance(receiver, Array):
        return Typed(context.read(receiver.cell), [receiver, INT], lambda em, v: em.element(receiver, *v))
    if receiver is STRING:
        return library("__string_at", 2)
    return Problem("E0106", f"{show(receiver)} cannot be indexed")


def _tuple_index(op: Op, receiver: Tuple, context: Context) -> Choice:
    """A tuple can be indexed like the array it is in the reference, by a constant."""
    index = op.operands[1].op
    value = index.attrs["value"] if index is not None and index.name == "dyn.const" else None
    cells = receiver.cells
    if not isinstance(value, int) or not -len(cells) <= value < len(cells):
        return Problem("E0106", f"a tuple of {len(cells)} parts is indexed by a number that says which", "write `.0`")
    number = value % len(cells)
    return Typed(context.read(cells[number]), [receiver], lambda em, v: em.tuple_get(receiver, v[0], number))


def _index_data(op: Op, types: Sequence[Ty], method: str, context: Context) -> Choice:
    """Values of declared types may define what an index means; records are indexed by their keys."""
    receiver = types[0]
    if isinstance(receiver, Record):
        key = constant_key(op)
        if key is not None and method == "__set_index":
            return _shifted(set_field(op, receiver, key, types[2], context))
        if key is not None:
            found = get_field(op, receiver, key, context)
            assert found is not None  # records have fields
            return _shifted(found)
        receiver = as_dictionary(receiver, context)
    return overload(receiver, method, len(types)) or Problem("E0106", f"{show(receiver)} cannot be indexed")


def _shifted(choice: Choice) -> Choice:
    """A choice for (record, value) as one for (record, key, value)."""
    if isinstance(choice, CallFunction):
        return CallFunction(choice.name, [0, 2][: len(choice.operands)])
    if isinstance(choice, Typed) and choice.wants:
        emit, (first, *rest) = choice.emit, choice.wants
        return Typed(choice.result, [first, STRING, *rest], lambda em, v: emit(em, [v[0], *v[2:]]))
    return choice


def overload(receiver: Ty, method: str, count: int) -> Choice | None:
    """The call of a method that the library's declared types have for an operator; None if there is none."""
    if receiver is NEVER:  # a dictionary that nobody has made yet
        return Typed(NEVER, [], lambda em, v: em.unreachable())
    function = receiver.declaration.methods.get(method) if isinstance(receiver, Nominal) else None
    return None if function is None else CallFunction(function, list(range(count)))


@rule("index_or_nil")
def _index_or_nil(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    receiver, index = types
    if isinstance(receiver, Record | Nominal):
        return _index_data(op, types, "__index_or_nil", context)
    if not (isinstance(receiver, Array) or receiver is STRING) or index not in NUMBERS:
        return _index(op, types, context)
    return library("__index_or_nil", 2)


@rule("set_index")
def _set_index(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    receiver, index, value = types
    if isinstance(receiver, Record | Nominal):
        return _index_data(op, types, "__set_index", context)
    if not isinstance(receiver, Array):
        hint = "strings are immutable" if receiver is STRING else None
        return Problem("E0106", f"elements of {show(receiver)} cannot be assigned", hint)
    if index is FLOAT:
        return library("__set_at_float", 3)
    if index is not INT:
        return Problem("E0106", f"an index must be Int, not {show(index)}")
    if isinstance(receiver, TypedArray) and not_nil(value) not in NUMBERS:
        return Problem("E0106", f"elements of {show(receiver)} are numbers, not {show(value)}")
    receiver.cell.grow(value)
    return Typed(NIL, [receiver, INT, context.read(receiver.cell)],
                 lambda em, v: em.set_element(receiver, *v))  # fmt: skip


@rule("slice")
def _slice(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    receiver = types[0]
    if isinstance(receiver, Array) or receiver is STRING:
        return library("__slice", 4)
    return overload(receiver, "__slice", 4) or Problem("E0106", f"{show(receiver)} has no slices")


@rule("text")
def _text(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    return Typed(STRING, [STRING] * len(types), lambda em, v: em.join_texts(v))


@rule("print")
def _print(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    """An Int is written without making a text of it."""
    if types[0] is STRING:
        return Typed(NIL, [STRING], lambda em, v: em.write_line(v[0]))
    return library("__print_int", 1) if types[0] is INT else CallFunction(synthesis.print_one(context), [0])


_SHOWERS = {"print": "__show", "many": "__show_one_of", "text": "__text"}


@rule("show")
def _show(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    (operand,) = types
    if operand is STRING:
        return Typed(STRING, [STRING], lambda em, v: v[0])
    return library("__int_text" if operand is INT else _SHOWERS[op.attrs["mode"]], 1)


#: For every step of an iteration the method by which the library's declared types take part, which may be missing where
#: another step's does as well.
_METHODS = {
    "iter_start": "__iter_start", "iter_more": "__iter_more", "iter_value": "__iter_value", "iter_next": "__iter_next",
    "iter_key": "__iter_key",
}  # fmt: skip


def _iterate(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    """A step of an iteration over a value of a declared type or a record."""
    subject = as_dictionary(types[0], context)
    method = _METHODS[op.name.removeprefix("dyn.")]
    if op.attrs.get("paired"):
        found = overload(subject, "__iter_second", len(types))
        if found is not None:
            return found
    found = overload(subject, method, len(types))
    return found or Problem("E0106", f"{show(subject)} cannot be iterated")


@rule("iter_start")
def _iter_start(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    (subject,) = types
    if isinstance(subject, Array) or subject is STRING:
        return Typed(INT, [subject], lambda em, v: em.int(0))
    return _iterate(op, types, context)


@rule("iter_more")
def _iter_more(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    subject, _ = types
    if isinstance(subject, Array):
        return Typed(
            BOOL, [subject, INT], lambda em, v: em.op("i64.lt_s", v[1], em.array_op("data.array_len", v[0], subject))
        )
    if subject is STRING:
        return Typed(BOOL, [subject, INT], lambda em, v: em.op("i64.lt_s", v[1], em.op("data.string_bytes", v[0])))
    return _iterate(op, types, context)


@rule("iter_value")
def _iter_value(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    subject, _ = types
    if isinstance(subject, Array):
        return Typed(
            context.read(subject.cell), [subject, INT], lambda em, v: em.array_op("data.array_at", v[0], subject, v[1])
        )
    return library("__char_from", 2) if subject is STRING else _iterate(op, types, context)


@rule("iter_next")
def _iter_next(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    subject, _ = types
    if isinstance(subject, Array):
        return Typed(INT, [subject, INT], lambda em, v: em.op("i64.add", v[1], em.int(1)))
    return library("__next_char", 2) if subject is STRING else _iterate(op, types, context)


@rule("iter_key")
def _iter_key(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    """The key of a record's or map's element; the number of the round for all else."""
    subject, _, counter = types
    if isinstance(subject, Record):
        subject = as_dictionary(subject, context)
    found = overload(subject, "__iter_key", 3)
    return found or Typed(counter, list(types), lambda em, v: v[2])
