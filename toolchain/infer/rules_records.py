"""Rules of records, and of fields by name: what has them, and the library's ways to go over all of them."""

from __future__ import annotations

from collections.abc import Sequence

from wasmlathe.ir.core import Op

from . import synthesis
from .choices import CallFunction, Choice, Problem, Typed
from .lattice import (
    FALSE,
    INT,
    NEVER,
    NIL,
    STRING,
    TRUE,
    Array,
    Func,
    Nominal,
    Opt,
    Record,
    Tuple,
    Ty,
    TypeCell,
    Union,
    is_dictionary,
    show,
    union_key,
)
from .rules import Context, always, rule
from .rules_data import field_problem, store_field

_DICT_NEW = "std.__dict_new"


# --- making -----------------------------------------------------------------------------------------------------------


@rule("record")
def _record(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    """A record of fixed fields where all keys are known; otherwise a dictionary."""
    plan = _plan(op.attrs["keys"], types, context)
    record = context.record_of(op, list(plan)) if plan is not None else None
    if record is not None and plan is not None:
        fields = context.read_record(record)
        if fields is not None and list(fields) != list(plan):  # what is spread into it has changed
            record.make_dictionary()
        elif fields is not None:
            return _fixed(Record(record), plan, types, fields, context)
    keys = op.attrs["keys"]
    return CallFunction(synthesis.dictionary_of(context, keys), list(range(len(types))))


#: Where the value of a field comes from: an operand, and the key in it if it is a record.
_Plan = dict[str, tuple[int, str | None]]


def _plan(keys: list[str | None], types: Sequence[Ty], context: Context) -> _Plan | None:
    """The fields in order; None if they are not known."""
    plan: _Plan = {}
    for number, (key, type_) in enumerate(zip(keys, types, strict=True)):
        if key is not None:
            plan[key] = (number, None)
            continue
        if type_ is NIL:
            continue
        names = field_names(type_, context)
        if names is None or isinstance(type_, Opt | Union):
            return None
        for name in names:
            plan[name] = (number, name)
    return plan


def _fixed(result: Record, plan: _Plan, types: Sequence[Ty], fields: dict[str, TypeCell], context: Context) -> Typed:
    given = []
    for key, (number, name) in plan.items():
        type_ = types[number] if name is None else context.read(_cell(types[number], name, context))
        given.append(type_)
        if type_ is not NEVER:
            fields[key].grow(type_)
    wants = [context.read(cell) for cell in fields.values()]
    if NEVER in given:
        return Typed(NEVER, list(types), lambda em, v: em.unreachable())

    def emit(em, v):  # type: ignore[no-untyped-def]
        values = []
        for (number, name), type_, want in zip(plan.values(), given, wants, strict=True):
            value = v[number] if name is None else em.field(types[number], v[number], name)
            values.append(em.convert(value, type_, want))
        return em.record(result, values)

    return Typed(result, list(types), emit)


# --- fields -----------------------------------------------------------------------------------------------------------


def field_names(type_: Ty, context: Context) -> list[str] | None:
    """The names of the fields that every value of the type has, in order; None if they are not known."""
    if isinstance(type_, Record):
        fields = context.read_record(type_.cell)
        return None if fields is None else list(fields)
    if isinstance(type_, Nominal) and not type_.declaration.is_sum and not is_dictionary(type_):
        return all_names(type_)
    return None


def all_names(type_: Ty) -> list[str]:
    assert isinstance(type_, Nominal)
    return [name for name, _ in type_.declaration.cases[0].fields]


def _cell(type_: Ty, name: str, context: Context) -> TypeCell:
    if isinstance(type_, Record):
        fields = context.read_record(type_.cell)
        assert fields is not None  # `field_names` has said so
        return fields[name].find()
    assert isinstance(type_, Nominal)
    return type_.cell(0, all_names(type_).index(name))


def is_inner(op: Op, receiver: Ty, name: str) -> bool:
    """Whether the library means its own field of a dictionary, not a key of the user's record."""
    function = op.block.function.name
    declared = isinstance(receiver, Nominal) and any(field == name for field, _ in receiver.declaration.cases[0].fields)
    return declared and function.startswith("std.") and "<" not in function


def get_field(op: Op, receiver: Ty, name: str, context: Context) -> Choice | None:
    """Reading a field; None if values of this type have none."""
    if is_dictionary(receiver) and not is_inner(op, receiver, name):
        return CallFunction(synthesis.get_key(context, name), [0])
    names = all_names(receiver) if is_dictionary(receiver) else field_names(receiver, context)
    if names is not None:
        if name in names:
            cell = _cell(receiver, name, context)
            return Typed(context.read(cell), [receiver], lambda em, v: em.field(receiver, v[0], name))
        if isinstance(receiver, Record):
            return Typed(NIL, [receiver], lambda em, v: em.nil())
    if isinstance(receiver, Nominal):
        if any(field == name for case in receiver.declaration.cases for field, _ in case.fields):
            return CallFunction(synthesis.payload(context, receiver.declaration, name), [0])
        getter = receiver.declaration.methods.get(f"__get_{name}")
        return field_problem(receiver, name) if getter is None else CallFunction(getter, [0])
    return None


@rule("setattr")
def _setattr(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    return set_field(op, types[0], op.attrs["name"], types[1], context)


def set_field(op: Op, receiver: Ty, name: str, value: Ty, context: Context) -> Choice:
    """Storing into a field; a record of fixed fields becomes a dictionary when it gets another one."""
    if isinstance(receiver, Record) and name not in (field_names(receiver, context) or ()):
        receiver.cell.make_dictionary()
        receiver = receiver.cell.dictionary
        if receiver is NEVER:
            return Typed(NEVER, [], lambda em, v: em.unreachable())
    inner = is_dictionary(receiver) and is_inner(op, receiver, name)
    if is_dictionary(receiver) and not inner:
        return CallFunction(synthesis.set_key(context, name), [0, 1])
    if not inner and field_names(receiver, context) is None:
        if isinstance(receiver, Nominal):
            return Problem(
                "E0202", f"fields of {show(receiver)} cannot be assigned", "values of sum types are immutable"
            )
        return Problem("E0105", f"{show(receiver)} has no field '{name}'")
    if isinstance(receiver, Nominal):
        fields = receiver.declaration.cases[0].fields
        text = next((text for field, text in fields if field == name), None)
        if all(field != name for field, _ in fields):
            return field_problem(receiver, name)
        problem = store_field(receiver.declaration, name, text, value, _cell(receiver, name, context))
        if problem is not None:
            return problem
    else:
        _cell(receiver, name, context).grow(value)
    wanted = context.read(_cell(receiver, name, context))
    return Typed(NIL, [receiver, wanted], lambda em, v: em.set_field(receiver, v[0], name, v[1]))


def constant_key(op: Op) -> str | None:
    """The text that the index of `op` is, if it is a constant."""
    index = op.operands[1].op
    value = index.attrs["value"] if index is not None and index.name == "dyn.const" else None
    return value if isinstance(value, str) else None


def as_dictionary(type_: Ty, context: Context) -> Ty:
    """The record, which is used as a dictionary from now on."""
    if not isinstance(type_, Record):
        return type_
    type_.cell.make_dictionary()
    context.read_record(type_.cell)
    return type_.cell.dictionary


# --- all fields -------------------------------------------------------------------------------------------------------

#: Intrinsics that go over the fields of their first operand.
FIELD_INTRINSICS = frozenset(
    {
        "each_field",
        "all_fields",
        "map_fields",
        "case_name",
        "is_dictionary",
        "derives_eq",
        "has_fields",
        "is_sum",
        "is_declared",
        "has_method",
        "same_kind",
        "address",
    }
)


def each_field(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    """Call the second operand with name and value of every field."""
    return _visit(types, context, synthesis.each_field, 2, "std.__each_entry")


def all_fields(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    """Whether the third operand holds for the fields of both values, which are of one type; false for different cases."""
    return _visit(types, context, synthesis.all_fields, 3, "std.__all_entries")


def map_fields(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    """A value of the same type whose fields are the results of the second operand."""
    return _visit(types, context, synthesis.map_fields, 2, "std.mapValues")


def _is_open_book(type_: Ty) -> bool:
    """Whether the library may go over the fields of values of this type: not over those of its own records."""
    if isinstance(type_, Nominal):
        return type_.declaration.is_sum or not type_.declaration.name.startswith("std.")
    return isinstance(type_, Tuple | Record)


def _visit(types: Sequence[Ty], context: Context, make: synthesis.Visitor, count: int, for_dictionaries: str) -> Choice:
    """A call of the function that goes over the fields; records may have become dictionaries since somebody asked."""
    if is_dictionary(types[0]):
        return CallFunction(for_dictionaries, list(range(count)))
    name = make(context, types[0], field_names(types[0], context)) if _is_open_book(types[0]) else None
    if name is None:
        return Problem("E0106", f"{show(types[0])} has no fields")
    return CallFunction(name, list(range(count)))


def case_name(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    """The name of the case that a value of a declared type is."""
    (operand,) = types
    if not isinstance(operand, Nominal):
        return Typed(STRING, [operand], lambda em, v: em.constant(""))
    if len(operand.declaration.cases) == 1:
        return Typed(STRING, [operand], lambda em, v: em.constant(operand.declaration.cases[0].name))
    return CallFunction(synthesis.case_name(context, operand.declaration), [0])


def is_dictionary_test(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    return always(is_dictionary(types[0]), types)


def has_fields(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    """Whether `each_field` can go over values of this type."""
    found = _is_open_book(types[0])
    return Typed(TRUE if found else FALSE, list(types), lambda em, v: em.bool(found))


def derives_eq(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    operand = types[0]
    return always(isinstance(operand, Nominal) and "Eq" in operand.declaration.derives, types)


def is_sum(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    """Whether the value is of a declared type with cases."""
    return always(isinstance(types[0], Nominal) and types[0].declaration.is_sum, types)


def is_declared(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    """Whether the value is of a type that the program declares."""
    return always(isinstance(types[0], Nominal) and not types[0].declaration.name.startswith("std."), types)


def has_method(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    """Whether the value is of a declared type with this method, a constant."""
    operand, name = types[0], constant_key(op)
    return always(isinstance(operand, Nominal) and name in operand.declaration.methods, types)


def same_kind(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    """Whether `all_fields` can go over both values."""
    left, right = types
    found = union_key(left) == union_key(right) and field_names(left, context) == field_names(right, context)
    return always(found and not is_dictionary(left), types)


def address(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    """A number that tells the object from all others that exist; 0 for what is no object."""
    (operand,) = types
    if not isinstance(operand, Array | Func | Nominal | Record):
        return Typed(INT, [operand], lambda em, v: em.int(0))
    return Typed(INT, [operand], lambda em, v: em.op("data.address", v[0]))
