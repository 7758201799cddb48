"""From an HIR op and the types of its operands to what it does: the rules of the language, one per op.

`choose` looks up the op's rule in `RULES`. Operators on numbers, Bools and strings are rows of tables; everything
richer is a function of the standard library. What has no meaning is a `Problem`, an error if the op can be reached.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from wasmlathe.diagnostics import nearest
from wasmlathe.frontend.tova.names import METHODS, method_function
from wasmlathe.ir.core import Function, Op
from wasmlathe.stdlib.intrinsics import INTRINSICS

from .annotations import AnnotationError, parse_annotation
from .choices import CallFunction, CallSites, Choice, Problem, Typed
from .lattice import (
    BOOL,
    BOOLS,
    FALSE,
    FLOAT,
    INT,
    NEVER,
    NIL,
    STRING,
    TRUE,
    Any,
    Array,
    ClosureSite,
    Func,
    Opt,
    Shared,
    Ty,
    TypeCell,
    join,
    kind,
    not_nil,
    show,
)


class Context(Protocol):
    """What rules may ask the running inference."""

    def cell_of(self, op: Op) -> TypeCell:
        """The cell of what `op` makes in the present instance: elements of an array, a shared variable."""

    def site_of(self, op: Op, function: Function, captures: int) -> ClosureSite:
        """The closure site that `op` is in the present instance."""

    def global_cell(self, name: str) -> TypeCell:
        """The cell of a module variable."""

    def read(self, cell: TypeCell) -> Ty:
        """The content of a cell; the present instance is looked at again when it grows."""

    def function(self, name: str) -> Function | None:
        """The HIR function of the program or the library with this name."""


Rule = Callable[[Op, Sequence[Ty], Context], Choice]
RULES: dict[str, Rule] = {}

#: Operands (by number; -1: all) that must not be nil: an optional one is tested, and nil panics.
STRICT: dict[str, tuple[int, ...]] = {
    **{f"dyn.{op}": (0, 1) for op in ["add", "sub", "mul", "div", "rem", "pow", "lt", "le", "gt", "ge", "and", "or", "xor", "shl", "shr", "shr_u"]},
    "dyn.neg": (0,), "dyn.bit_not": (0,), "dyn.index": (0, 1), "dyn.index_or_nil": (0, 1), "dyn.set_index": (0, 1),
    "dyn.slice": (0,), "dyn.method": (0,), "dyn.getattr": (0,), "dyn.call_value": (0,), "dyn.in": (1,),
    "dyn.iter_start": (0,), "dyn.iter_more": (0,), "dyn.iter_value": (0,), "dyn.iter_next": (0,),
}  # fmt: skip

#: Operators as the source writes them, for messages.
SYMBOLS = {
    "add": "+", "sub": "-", "mul": "*", "div": "/", "rem": "%", "pow": "**", "lt": "<", "le": "<=", "gt": ">",
    "ge": ">=", "and": "&", "or": "|", "xor": "^", "shl": "<<", "shr": ">>", "shr_u": ">>>", "neg": "-",
    "bit_not": "~", "eq": "==",
}  # fmt: skip

NUMBERS = (INT, FLOAT)


def choose(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    """What `op` means for operands of these types (none of them Never).

    Types at the strict positions of the op are taken without their nil.
    """
    for type_ in types:
        if (mixed := find_any(type_)) is not None:
            return Problem("E0400", f"not supported yet: a value that can be {mixed.reason}",
                           "give the values one type; mixing them is planned")  # fmt: skip
    types = strip(op, types)
    if NEVER in types:
        return Problem("E0102", f"{_doing(op)} of nil", "the value is always nil here")
    return RULES[op.name](op, types, context)


def strip(op: Op, types: Sequence[Ty]) -> list[Ty]:
    """The operand types without nil where the op does not take it."""
    strict = strict_operands(op)
    return [not_nil(type_) if number in strict else type_ for number, type_ in enumerate(types)]


def strict_operands(op: Op) -> tuple[int, ...]:
    if op.name == "dyn.intrinsic":
        params = INTRINSICS[op.attrs["name"]].params
        return tuple(i for i, p in enumerate(params) if p not in ("T", "Element"))
    return STRICT.get(op.name, ())


def find_any(type_: Ty, depth: int = 0) -> Any | None:
    """The part of a type that has several kinds, if there is one."""
    if isinstance(type_, Any):
        return type_
    if depth > 8:
        return None
    if isinstance(type_, Array | Shared):
        return find_any(type_.cell.type, depth + 1)
    return find_any(type_.payload, depth + 1) if isinstance(type_, Opt) else None


def _doing(op: Op) -> str:
    name = op.name.removeprefix("dyn.")
    if name in SYMBOLS:
        return f"use in `{SYMBOLS[name]}`"
    if name in ("method", "getattr"):
        return f"use of '.{op.attrs['name']}'"
    return {"index": "indexing", "set_index": "indexing", "call_value": "a call"}.get(name, "use")


def rule(*names: str) -> Callable[[Rule], Rule]:
    def register(function: Rule) -> Rule:
        for name in names:
            RULES["dyn." + name] = function
        return function

    return register


def simple(name: str, result: Ty, *wants: Ty) -> Typed:
    """One typed op."""
    return Typed(result, list(wants), lambda em, v: em.op(name, *v))


def library(name: str, count: int) -> CallFunction:
    return CallFunction("std." + name, list(range(count)))


def always(value: bool, wants: Sequence[Ty]) -> Typed:
    """A test whose outcome the types decide."""
    return Typed(TRUE if value else FALSE, list(wants), lambda em, v: em.bool(value))


# --- constants --------------------------------------------------------------------------------------------------------


@rule("const")
def _const(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    value = op.attrs["value"]
    return Typed(constant_type(value), [], lambda em, v: em.constant(value))


def constant_type(value: object) -> Ty:
    if isinstance(value, bool):
        return TRUE if value else FALSE
    return {int: INT, float: FLOAT, str: STRING, type(None): NIL}[type(value)]


# --- operators --------------------------------------------------------------------------------------------------------

_INT_OPS = {
    "add": "i64.add", "sub": "i64.sub", "mul": "i64.mul", "rem": "i64.rem_s", "and": "i64.and", "or": "i64.or",
    "xor": "i64.xor", "shl": "i64.shl", "shr": "i64.shr_s", "shr_u": "i64.shr_u",
}  # fmt: skip
_FLOAT_OPS = {"add": "f64.add", "sub": "f64.sub", "mul": "f64.mul", "div": "f64.div"}
_STRING_FUNCTIONS = {"add": "__concat"}
_COMPARE = {"lt": ("i64.lt_s", "f64.lt"), "le": ("i64.le_s", "f64.le"), "gt": ("i64.gt_s", "f64.gt"),
            "ge": ("i64.ge_s", "f64.ge")}  # fmt: skip


@rule("add", "sub", "mul", "div", "rem", "pow", "and", "or", "xor", "shl", "shr", "shr_u")
def _arithmetic(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    name = op.name.removeprefix("dyn.")
    left, right = types
    if left in NUMBERS and right in NUMBERS:
        if left is INT and right is INT and name in _INT_OPS:
            return simple(_INT_OPS[name], INT, INT, INT)
        if name in _FLOAT_OPS:
            return simple(_FLOAT_OPS[name], FLOAT, FLOAT, FLOAT)
        if name == "rem":
            return library("__float_rem", 2)
        if name == "pow":
            return library("__int_pow" if left is INT and right is INT else "__float_pow", 2)
    if left is STRING and right is STRING and name in _STRING_FUNCTIONS:
        return library(_STRING_FUNCTIONS[name], 2)
    if name == "mul" and left is STRING and right is INT:
        return library("repeat", 2)
    return _no_operator(name, left, right)


def _no_operator(name: str, left: Ty, right: Ty) -> Problem:
    hint = None
    if name == "add" and STRING in (left, right):
        hint = 'build text by interpolation: "{a}{b}"'
    elif name in ("and", "or", "xor", "shl", "shr", "shr_u") and FLOAT in (left, right):
        hint = "bit operators work on Int; convert with toInt(...)"
    return Problem("E0102", f"`{SYMBOLS[name]}` is not defined for {show(left)} and {show(right)}", hint)


@rule("lt", "le", "gt", "ge")
def _compare(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    name = op.name.removeprefix("dyn.")
    left, right = types
    of_ints, of_floats = _COMPARE[name]
    if left is INT and right is INT:
        return simple(of_ints, BOOL, INT, INT)
    if left in NUMBERS and right in NUMBERS:
        return simple(of_floats, BOOL, FLOAT, FLOAT)
    if left is STRING and right is STRING:
        return library(f"__string_{name}", 2)
    return _no_operator(name, left, right)


@rule("eq")
def _equal(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    left, right = types
    if left is INT and right is INT:
        return simple("i64.eq", BOOL, INT, INT)
    if left in NUMBERS and right in NUMBERS:
        return simple("f64.eq", BOOL, FLOAT, FLOAT)
    if left in BOOLS and right in BOOLS:
        return simple("bool.eq", BOOL, BOOL, BOOL)
    if left is STRING and right is STRING:
        return library("__string_eq", 2)
    if isinstance(left, Opt) or isinstance(right, Opt):
        return _equal_optional(left, right)
    if left is NIL and right is NIL:
        return always(True, types)
    if isinstance(left, Array) and isinstance(right, Array):
        shared = join(left, right)
        return simple("data.same", BOOL, shared, shared)
    if isinstance(left, Func) and isinstance(right, Func):
        return simple("data.same", BOOL, left, right)
    return always(False, types)


def _equal_optional(left: Ty, right: Ty) -> Choice:
    if left is NIL:
        return Typed(BOOL, [left, right], lambda em, v: em.op("bool.not", em.op("data.opt_has", v[1])))
    if right is NIL:
        return Typed(BOOL, [left, right], lambda em, v: em.op("bool.not", em.op("data.opt_has", v[0])))
    return library("__optional_eq", 2)


@rule("neg")
def _negate(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    (operand,) = types
    if operand is INT:
        return Typed(INT, [INT], lambda em, v: em.op("i64.sub", em.int(0), v[0]))
    if operand is FLOAT:
        return simple("f64.neg", FLOAT, FLOAT)
    return Problem("E0102", f"`-` is not defined for {show(operand)}")


@rule("bit_not")
def _complement(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    (operand,) = types
    if operand is INT:
        return Typed(INT, [INT], lambda em, v: em.op("i64.xor", v[0], em.int(-1)))
    return Problem("E0102", f"`~` is not defined for {show(operand)}")


@rule("in")
def _contains(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    item, container = types
    if container is STRING:
        if item is not STRING:
            return Problem("E0102", f"{show(item)} cannot be part of a String")
        return CallFunction("std.contains", [1, 0])
    if isinstance(container, Array):
        return CallFunction("std.includes", [1, 0])
    return Problem("E0106", f"`in` is not defined for {show(container)}")


# --- truth and kinds --------------------------------------------------------------------------------------------------


@rule("truth")
def _truth(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    (operand,) = types
    if operand in BOOLS:
        return Typed(operand, [operand], lambda em, v: v[0])
    if isinstance(operand, Opt) and operand.payload is BOOL:
        return Typed(BOOL, [operand], lambda em, v: em.op(
            "bool.and", em.op("data.opt_has", v[0]), em.op("data.opt_get", v[0])))  # fmt: skip
    if operand is NIL:
        return always(False, types)
    return Problem("E0103", f"a condition must be Bool, not {show(operand)}", _condition_hint(operand))


def _condition_hint(operand: Ty) -> str | None:
    if operand in NUMBERS:
        return "compare it: `... != 0`"
    if operand is STRING or isinstance(operand, Array):
        return "compare its length: `len(...) > 0`"
    return "compare it: `... != nil`" if isinstance(operand, Opt) else None


@rule("not")
def _not(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    (operand,) = types
    if operand is TRUE or operand is FALSE:
        return always(operand is FALSE, types)
    if operand is BOOL:
        return simple("bool.not", BOOL, BOOL)
    if operand is NIL:
        return always(True, types)
    return Problem("E0103", f"`not` needs a Bool, not {show(operand)}", _condition_hint(operand))


@rule("from_bool")
def _from_bool(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    return Typed(types[0], list(types), lambda em, v: v[0])


@rule("is_nil")
def _is_nil(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    (operand,) = types
    if isinstance(operand, Opt):
        return Typed(BOOL, [operand], lambda em, v: em.op("bool.not", em.op("data.opt_has", v[0])))
    return always(operand is NIL, types)


@rule("is_absent")
def _is_absent(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    (operand,) = types
    if operand is FLOAT:
        return Typed(BOOL, [FLOAT], lambda em, v: em.op("f64.ne", v[0], v[0]))
    if isinstance(operand, Opt) and operand.payload is FLOAT:
        return library("__absent_float", 1)
    return _is_nil(op, types, context)


@rule("not_nil")
def _is_there(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    (operand,) = types
    if isinstance(operand, Opt):
        return Typed(operand.payload, [operand], lambda em, v: em.op("data.opt_get", v[0]))
    if operand is NIL:
        return Typed(NEVER, [NIL], lambda em, v: em.unreachable())
    return Typed(operand, [operand], lambda em, v: v[0])


@rule("is")
def _is(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    (operand,) = types
    wanted = op.attrs["type"]

    def fits(type_: Ty) -> bool:
        return kind(type_) == wanted or (wanted == "Number" and type_ in NUMBERS)

    if isinstance(operand, Opt):
        if wanted == "Nil":
            return _is_nil(op, types, context)
        if fits(operand.payload):
            return Typed(BOOL, [operand], lambda em, v: em.op("data.opt_has", v[0]))
        return always(False, types)
    return always(fits(operand), types)


# --- arrays and strings -----------------------------------------------------------------------------------------------


@rule("array")
def _array(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    cell = context.cell_of(op)
    for type_ in types:
        cell.grow(type_)
    element = context.read(cell)
    if (mixed := find_any(element)) is not None:
        return Problem("E0400", f"not supported yet: an array whose elements can be {mixed.reason}")
    result = Array(cell)
    return Typed(result, [element] * len(types), lambda em, v: em.array(result, v))


@rule("index")
def _index(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    receiver, index = types
    if index is FLOAT:
        return library("__at_float", 2)
    if index is not INT:
        return Problem("E0106", f"an index must be Int, not {show(index)}")
    if isinstance(receiver, Array):
        return Typed(context.read(receiver.cell), [receiver, INT], lambda em, v: em.element(*v))
    if receiver is STRING:
        return library("__string_at", 2)
    return Problem("E0106", f"{show(receiver)} cannot be indexed")


@rule("index_or_nil")
def _index_or_nil(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    receiver, index = types
    if not (isinstance(receiver, Array) or receiver is STRING) or index not in NUMBERS:
        return _index(op, types, context)
    return library("__index_or_nil", 2)


@rule("set_index")
def _set_index(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    receiver, index, value = types
    if not isinstance(receiver, Array):
        hint = "strings are immutable" if receiver is STRING else None
        return Problem("E0106", f"elements of {show(receiver)} cannot be assigned", hint)
    if index is FLOAT:
        return library("__set_at_float", 3)
    if index is not INT:
        return Problem("E0106", f"an index must be Int, not {show(index)}")
    receiver.cell.grow(value)
    return Typed(NIL, [receiver, INT, context.read(receiver.cell)],
                 lambda em, v: em.set_element(*v))  # fmt: skip


@rule("slice")
def _slice(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    receiver = types[0]
    if isinstance(receiver, Array) or receiver is STRING:
        return library("__slice", 4)
    return Problem("E0106", f"{show(receiver)} has no slices")


@rule("text")
def _text(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    return Typed(STRING, [STRING] * len(types), lambda em, v: em.join_texts(v))


_SHOWERS = {"print": "__show", "many": "__show_one_of", "text": "__text"}


@rule("show")
def _show(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    (operand,) = types
    if operand is STRING:
        return Typed(STRING, [STRING], lambda em, v: v[0])
    return library("__int_text" if operand is INT else _SHOWERS[op.attrs["mode"]], 1)


# --- iteration --------------------------------------------------------------------------------------------------------


def _not_iterable(subject: Ty) -> Problem:
    return Problem("E0106", f"{show(subject)} cannot be iterated")


@rule("iter_start")
def _iter_start(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    (subject,) = types
    if isinstance(subject, Array) or subject is STRING:
        return Typed(INT, [subject], lambda em, v: em.int(0))
    return _not_iterable(subject)


@rule("iter_more")
def _iter_more(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    subject, _ = types
    length = {"Array": "data.array_len", "String": "data.string_bytes"}.get(subject.name)
    if length is None:
        return _not_iterable(subject)
    return Typed(BOOL, [subject, INT], lambda em, v: em.op("i64.lt_s", v[1], em.op(length, v[0])))


@rule("iter_value")
def _iter_value(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    subject, _ = types
    if isinstance(subject, Array):
        return simple("data.array_at", context.read(subject.cell), subject, INT)
    return library("__char_from", 2) if subject is STRING else _not_iterable(subject)


@rule("iter_next")
def _iter_next(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    subject, _ = types
    if isinstance(subject, Array):
        return Typed(INT, [subject, INT], lambda em, v: em.op("i64.add", v[1], em.int(1)))
    return library("__next_char", 2) if subject is STRING else _not_iterable(subject)


# --- calls ------------------------------------------------------------------------------------------------------------


@rule("call")
def _call(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    name = op.attrs["callee"]
    function = context.function(name)
    given = len(types) - (function.attrs["captures"] if function is not None else 0)
    found = _with_arity(name, given, context)
    if found is None:
        return _wrong_arity(name, given, context)
    return CallFunction(found, list(range(len(types))))


def _with_arity(name: str, given: int, context: Context) -> str | None:
    """The function, or its stub, that takes `given` arguments besides its captures."""
    function = context.function(name)
    if function is None:
        return None
    if len(function.param_types) - function.attrs["captures"] == given:
        return name
    stub = f"{name}/{given}"
    return stub if context.function(stub) is not None else None


def _wrong_arity(name: str, given: int, context: Context) -> Problem:
    function = context.function(name)
    if function is None:
        return Problem("E0200", f"'{name.removeprefix('std.')}' is not defined")
    shown = function.source_name.removeprefix("std.")
    most = len(function.param_types) - function.attrs["captures"]
    least = function.attrs.get("required", most)
    wanted = str(most) if least == most else f"{least} to {most}"
    return Problem("E0206", f"'{shown}' takes {wanted} argument{'' if wanted == '1' else 's'}, not {given}")


@rule("call_value")
def _call_value(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    function, *arguments = types
    if not isinstance(function, Func):
        return Problem("E0104", f"{show(function)} is not a function")
    return _call_sites(function, list(range(1, 1 + len(arguments))), context)


def _call_sites(function: Func, operands: list[int], context: Context) -> Choice:
    choice = CallSites()
    for site in sorted(function.sites, key=lambda s: s.number):
        found = _with_arity(site.function.name, len(operands), context)
        if found is None:
            return _wrong_arity(site.function.name, len(operands), context)
        choice.calls.append((site, found, operands))
    return choice


@rule("method")
def _method(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    name, receiver = op.attrs["name"], types[0]
    function = method_function(kind(receiver), name)
    if function is None:
        known = sorted(METHODS.get(kind(receiver), ()))
        close = nearest(name, known)
        hint = f"did you mean '.{close}'?" if close else None
        return Problem("E0105", f"{show(receiver)} has no method '{name}'", hint)
    found = _with_arity("std." + function, len(types), context)
    if found is None:
        problem = _wrong_arity("std." + function, len(types), context)
        return Problem(problem.code, f"wrong number of arguments for '.{name}'") if problem.code == "E0206" else problem
    return CallFunction(found, list(range(len(types))))


@rule("getattr")
def _getattr(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    name, (receiver,) = op.attrs["name"], types
    if name == "length" and (isinstance(receiver, Array) or receiver is STRING):
        return library("len", 1)
    hint = f"it is a method: '.{name}(...)'" if name in METHODS.get(kind(receiver), ()) else None
    return Problem("E0105", f"{show(receiver)} has no field '{name}'", hint)


# --- closures, cells, module variables --------------------------------------------------------------------------------


@rule("closure")
def _closure(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    function = context.function(op.attrs["function"])
    if function is None:
        return Problem("E0200", f"'{op.attrs['function'].removeprefix('std.')}' cannot be used as a value")
    site = context.site_of(op, function, len(types))
    for cell, type_ in zip(site.captures, types, strict=True):
        cell.grow(type_)
    wants = [context.read(cell) for cell in site.captures]
    return Typed(Func(frozenset({site})), wants, lambda em, v: em.closure(site, v))


@rule("cell_new")
def _cell_new(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    cell = context.cell_of(op)
    cell.grow(types[0])
    return simple("data.cell_new", Shared(cell), context.read(cell))


@rule("cell_get")
def _cell_get(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    (shared,) = types
    assert isinstance(shared, Shared)  # the lowering makes cells, and only cells reach here
    return simple("data.cell_get", context.read(shared.cell), shared)


@rule("cell_set")
def _cell_set(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    shared, value = types
    assert isinstance(shared, Shared)
    shared.cell.grow(value)
    return Typed(NIL, [shared, context.read(shared.cell)], lambda em, v: em.effect("data.cell_set", *v))


@rule("global_get")
def _global_get(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    name, checked = op.attrs["name"], op.attrs["checked"]
    content = context.read(context.global_cell(name))
    if content is NEVER:  # nothing that is executed sets it
        return Typed(NEVER, [], lambda em, v: em.uninitialised(name))
    return Typed(content, [], lambda em, v: em.global_get(name, checked))


@rule("global_set")
def _global_set(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    name = op.attrs["name"]
    cell = context.global_cell(name)
    cell.grow(types[0])
    return Typed(NIL, [context.read(cell)], lambda em, v: em.global_set(name, v[0]))


# --- annotations ------------------------------------------------------------------------------------------------------


@rule("annotate")
def _annotate(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    (actual,) = types
    text = op.attrs["type"]
    try:
        declared = parse_annotation(text)
    except AnnotationError as error:
        return Problem(error.code, error.message, error.hint)
    result = declared.fit(actual)
    if result is None:
        return Problem(*_annotation_problem(op, text, actual))
    if isinstance(actual, Opt) and not isinstance(result, Opt):
        return Typed(result, [actual.payload], lambda em, v: v[0])
    return Typed(result, [result], lambda em, v: v[0])


def _annotation_problem(op: Op, text: str, actual: Ty) -> tuple[str, str]:
    role = op.attrs.get("role")
    if role == "parameter":
        return "E0100", f"Type mismatch: '{op.attrs.get('name')}' expects {text}, but got {show(actual)}"
    if role in ("result", "tail"):
        return "E0101", f"the function's result is declared as {text}, but this is {show(actual)}"
    return "E0100", f"Type mismatch: declared as {text}, but the value is {show(actual)}"


# --- intrinsics -------------------------------------------------------------------------------------------------------

_KINDS: dict[str, Ty] = {"Int": INT, "Float": FLOAT, "Bool": BOOL, "String": STRING, "Nil": NIL, "Never": NEVER}


@rule("intrinsic")
def _intrinsic(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    name = op.attrs["name"]
    row = INTRINSICS[name]
    special = _SPECIAL.get(name)
    if special is not None:
        return special(op, types, context)
    wants: list[Ty] = []
    array = next((type_ for type_ in types if isinstance(type_, Array)), None)
    for param, actual in zip(row.params, types, strict=True):
        wanted = _wanted(param, actual, array, context)
        if wanted is None:
            return Problem("E0100", f"Type mismatch: {param} is expected, but got {show(actual)}")
        wants.append(wanted)
    result = _intrinsic_result(row.result, array, context)
    return Typed(result, wants, lambda em, v: em.intrinsic(row, result, v))


def _wanted(param: str, actual: Ty, array: Array | None, context: Context) -> Ty | None:
    if param == "T":
        return actual
    if param == "Array":
        return actual if isinstance(actual, Array) else None
    if param == "Element":
        assert array is not None  # every intrinsic with an Element takes an Array
        array.cell.grow(actual)
        return context.read(array.cell)
    wanted = _KINDS[param]
    if wanted is actual or (wanted is FLOAT and actual is INT) or (wanted is BOOL and actual in BOOLS):
        return wanted
    return None


def _intrinsic_result(result: str, array: Array | None, context: Context) -> Ty:
    if result == "Element":
        assert array is not None
        return context.read(array.cell)
    return _KINDS[result]


def _array_new(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    cell = context.cell_of(op)
    if types[0] is not INT:
        return Problem("E0100", f"Type mismatch: Int is expected, but got {show(types[0])}")
    result = Array(cell)
    context.read(cell)
    return Typed(result, [INT], lambda em, v: em.new_array(result, v[0]))


def _array_like(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    """A new array whose elements are a copy of another's: it holds at least what the other holds, not the reverse."""
    model, size = types
    if not isinstance(model, Array) or size is not INT:
        return Problem("E0100", f"Type mismatch: an array is expected, but got {show(model)}")
    cell = context.cell_of(op)
    cell.grow(context.read(model.cell))
    context.read(cell)
    result = Array(cell)
    return Typed(result, [model, INT], lambda em, v: em.new_array(result, v[1]))


def _array_copy(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    """A block copy needs one representation on both sides: their elements get one type."""
    target, _, source, _, _ = types
    if not isinstance(target, Array) or not isinstance(source, Array):
        return Problem("E0100", f"Type mismatch: an array is expected, but got {show(source)}")
    join(target, source)
    return Typed(NIL, [target, INT, source, INT, INT], lambda em, v: em.effect("data.array_copy", *v))


def _call_indexed(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    """A callback gets the element and, only if it requires a second argument, the index (LANGUAGE.md D45)."""
    function = not_nil(types[0])
    if not isinstance(function, Func):
        return Problem("E0104", f"{show(function)} is not a function")
    choice = CallSites()
    for site in sorted(function.sites, key=lambda s: s.number):
        required = site.function.attrs.get("required", 1)
        operands = [1, 2] if required >= 2 else [1]
        found = _with_arity(site.function.name, len(operands), context)
        if found is None:
            return _wrong_arity(site.function.name, len(operands), context)
        choice.calls.append((site, found, operands))
    return choice


_SPECIAL: dict[str, Rule] = {
    "array_new": _array_new,
    "array_like": _array_like,
    "array_copy": _array_copy,
    "call_indexed": _call_indexed,
}
