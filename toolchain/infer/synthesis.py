"""HIR functions that inference writes itself: what the source of the library cannot say for all types.

    each_field of {x, y}:    func (r, f) { f("x", r.x); f("y", r.y) }

Each is made once for what its name says: the keys of a record, a declared type.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wasmlathe.ir import types as t
from wasmlathe.ir.build import Builder
from wasmlathe.ir.core import Block, Declaration, Function, Value

from .lattice import Nominal, Tuple, Ty
from .rules import Context

#: Makes the function that goes over the fields of a type (whose names are given, if they are fixed); its name.
Visitor = Callable[[Context, Ty, list[str] | None], str | None]


class _Writer:
    """Writes the body of one function."""

    def __init__(self, name: str, params: int) -> None:
        self.function = Function(name, [t.DYN] * params, (t.DYN,))
        self.function.source_name = name.partition("<")[0]
        self.function.attrs.update(captures=0, required=params, inline="always")
        entry = self.function.add_block("entry")
        self.params = [entry.add_param(t.DYN) for _ in range(params)]
        self.builder = Builder(entry)

    def op(self, name: str, /, *operands: Value, **attrs: Any) -> Value:
        return self.builder.emit(f"dyn.{name}", operands, None, None, **attrs).results[0]

    def effect(self, name: str, /, *operands: Value, **attrs: Any) -> None:
        self.builder.emit(f"dyn.{name}", operands, (), None, **attrs)

    def const(self, value: object) -> Value:
        return self.op("const", value=value)

    def block(self, name: str) -> Block:
        return self.function.add_block(name)

    def ret(self, value: Value | None = None) -> Function:
        self.builder.ret(value if value is not None else self.const(None))
        return self.function

    def each_case(self, declaration: Declaration, subject: Value, arm: Callable[[int], None]) -> None:
        """For every case of the type, in the block where `subject` is that case: `arm`, which returns."""
        for number, case in enumerate(declaration.cases):
            here, other = self.block("case"), self.block("other")
            test = self.op("is_case", subject, type=declaration.name, case=case.name)
            self.builder.cond_br(test, here, other)
            self.builder.at_end(here)
            arm(number)
            self.builder.at_end(other)
        self.builder.emit("unreachable", (), ())


def dictionary_of(context: Context, keys: list[str | None]) -> str:
    """A dictionary of these keys; None stands for a record that is spread into it."""
    name = f"std.__dict_of<{', '.join('...' if key is None else repr(key) for key in keys)}>"

    def make() -> Function:
        writer = _Writer(name, len(keys))
        dictionary = writer.op("call", callee="std.__dict_new")
        for key, value in zip(keys, writer.params, strict=True):
            if key is None:
                writer.op("call", dictionary, value, callee="std.__dict_assign")
            else:
                writer.effect("set_index", dictionary, writer.const(key), value)
        return writer.ret(dictionary)

    return context.synthesized(name, make)


def print_one(context: Context) -> str:
    """Print a value by itself."""
    name = "std.__print<>"

    def make() -> Function:
        writer = _Writer(name, 1)
        shown = writer.op("show", writer.params[0], mode="print")
        text = writer.op("text", shown, writer.const("\n"))
        return writer.ret(writer.op("call", text, callee="std.__write"))

    return context.synthesized(name, make)


def get_key(context: Context, key: str) -> str:
    """The value of a key of a dictionary, or nil."""
    name = f"std.__get_key<{key!r}>"

    def make() -> Function:
        writer = _Writer(name, 1)
        return writer.ret(writer.op("index_or_nil", writer.params[0], writer.const(key)))

    return context.synthesized(name, make)


def set_key(context: Context, key: str) -> str:
    """Set the value of a key of a dictionary."""
    name = f"std.__set_key<{key!r}>"

    def make() -> Function:
        writer = _Writer(name, 2)
        writer.effect("set_index", writer.params[0], writer.const(key), writer.params[1])
        return writer.ret()

    return context.synthesized(name, make)


def call_field(context: Context, field: str, arguments: int) -> str:
    """Call the function that a field holds."""
    name = f"std.__call_field<{field!r}, {arguments}>"

    def make() -> Function:
        writer = _Writer(name, 1 + arguments)
        function = writer.op("getattr", writer.params[0], name=field)
        return writer.ret(writer.op("call_value", function, *writer.params[1:]))

    return context.synthesized(name, make)


def array_part(context: Context, index: int) -> str:
    """The element of an array at a constant index."""
    name = f"std.__array_part<{index}>"

    def make() -> Function:
        writer = _Writer(name, 1)
        return writer.ret(writer.op("index", writer.params[0], writer.const(index)))

    return context.synthesized(name, make)


def tuple_method(context: Context, parts: int, method: str, arguments: int) -> str:
    """Call the method of the array that has the parts of a tuple as elements."""
    name = f"std.__tuple_method<{parts}, {method!r}, {arguments}>"

    def make() -> Function:
        writer = _Writer(name, 1 + arguments)
        subject, *others = writer.params
        array = writer.op("array", *(writer.op("tuple_get", subject, index=i) for i in range(parts)))
        return writer.ret(writer.op("method", array, *others, name=method))

    return context.synthesized(name, make)


def payload(context: Context, declaration: Declaration, field: str) -> str:
    """The field of this name of whichever case has one; nil for the others."""
    name = f"std.__payload<{declaration.name}, {field!r}>"

    def make() -> Function:
        writer = _Writer(name, 1)
        (subject,) = writer.params

        def arm(number: int) -> None:
            case = declaration.cases[number]
            names = [known for known, _ in case.fields]
            if field not in names:
                writer.ret()
                return
            at = {"type": declaration.name, "case": case.name, "index": names.index(field)}
            writer.ret(writer.op("case_get", subject, **at))

        writer.each_case(declaration, subject, arm)
        return writer.function

    return context.synthesized(name, make)


def case_name(context: Context, declaration: Declaration) -> str:
    """The name of the case of a value."""
    name = f"std.__case_name<{declaration.name}>"

    def make() -> Function:
        writer = _Writer(name, 1)
        writer.each_case(
            declaration, writer.params[0], lambda number: _returned(writer, declaration.cases[number].name)
        )
        return writer.function

    return context.synthesized(name, make)


def _returned(writer: _Writer, text: str) -> None:
    writer.ret(writer.const(text))


# --- going over fields ------------------------------------------------------------------------------------------------

_Fields = list[tuple[str, Value]]


def _read_all(writer: _Writer, type_: Ty, names: list[str] | None, subject: Value, case: int) -> _Fields:
    """Names and values of all fields of `subject`, which is that case if it is of a declared sum."""
    if isinstance(type_, Tuple):
        return [(str(i), writer.op("tuple_get", subject, index=i)) for i in range(len(type_.cells))]
    if names is not None:
        return [(name, writer.op("getattr", subject, name=name)) for name in names]
    assert isinstance(type_, Nominal)
    chosen = type_.declaration.cases[case]
    at = {"type": type_.declaration.name, "case": chosen.name}
    return [(name, writer.op("case_get", subject, **at, index=i)) for i, (name, _) in enumerate(chosen.fields)]


def _key(type_: Ty, names: list[str] | None) -> str | None:
    """What tells types apart whose fields are gone over in the same way; None if it has none."""
    if isinstance(type_, Tuple):
        return f"({len(type_.cells)})"
    if isinstance(type_, Nominal):
        return type_.declaration.name
    return None if names is None else ", ".join(map(repr, names))


def _over_fields(
    context: Context, what: str, params: int, type_: Ty, names: list[str] | None,
    body: Callable[[_Writer, int], None],
) -> str | None:  # fmt: skip
    """A function whose body is `body`, for a sum once for every case."""
    key = _key(type_, names)
    if key is None:
        return None
    name = f"std.__{what}<{key}>"

    def make() -> Function:
        writer = _Writer(name, params)
        if isinstance(type_, Nominal) and type_.declaration.is_sum:
            writer.each_case(type_.declaration, writer.params[0], lambda number: body(writer, number))
        else:
            body(writer, 0)
        return writer.function

    return context.synthesized(name, make)


def each_field(context: Context, type_: Ty, names: list[str] | None) -> str | None:
    """(value, f): f(name, field) for every field."""

    def body(writer: _Writer, case: int) -> None:
        for name, value in _read_all(writer, type_, names, writer.params[0], case):
            writer.op("call_value", writer.params[1], writer.const(name), value)
        writer.ret()

    return _over_fields(context, "each_field", 2, type_, names, body)


def all_fields(context: Context, type_: Ty, names: list[str] | None) -> str | None:
    """(a, b, f): whether a and b are the same case and f(field of a, field of b) holds for every field."""

    def body(writer: _Writer, case: int) -> None:
        a, b, function = writer.params
        if isinstance(type_, Nominal) and type_.declaration.is_sum:
            attrs = {"type": type_.declaration.name, "case": type_.declaration.cases[case].name}
            _go_on_if(writer, writer.op("is_case", b, **attrs))
        left = _read_all(writer, type_, names, a, case)
        right = _read_all(writer, type_, names, b, case)
        for (_, x), (_, y) in zip(left, right, strict=True):
            _go_on_if(writer, writer.op("truth", writer.op("call_value", function, x, y)))
        writer.ret(writer.const(True))

    return _over_fields(context, "all_fields", 3, type_, names, body)


def _go_on_if(writer: _Writer, condition: Value) -> None:
    """Return false unless the condition holds."""
    go_on, stop = writer.block("equal"), writer.block("different")
    writer.builder.cond_br(condition, go_on, stop)
    writer.builder.at_end(stop)
    writer.ret(writer.const(False))
    writer.builder.at_end(go_on)


def map_fields(context: Context, type_: Ty, names: list[str] | None) -> str | None:
    """(value, f): a value of the same type and case with f(field) for every field."""

    def body(writer: _Writer, case: int) -> None:
        fields = _read_all(writer, type_, names, writer.params[0], case)
        values = [writer.op("call_value", writer.params[1], value) for _, value in fields]
        writer.ret(_remade(writer, type_, [name for name, _ in fields], values, case))

    return _over_fields(context, "map_fields", 2, type_, names, body)


def _remade(writer: _Writer, type_: Ty, names: list[str], values: list[Value], case: int) -> Value:
    if isinstance(type_, Tuple):
        return writer.op("tuple", *values)
    if isinstance(type_, Nominal):
        declaration = type_.declaration
        return writer.op("construct", *values, type=declaration.name, case=declaration.cases[case].name)
    return writer.op("record", *values, keys=names)
