"""Writing typed ops: what the rules of `resolve` use to say what an operation is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wasmlathe.ir import types as t
from wasmlathe.ir.build import Builder
from wasmlathe.ir.core import Closure, Function, Global, Module, Value
from wasmlathe.ir.ops import Effects
from wasmlathe.stdlib.intrinsics import Intrinsic

from .lattice import BOOLS, FLOAT, INT, NEVER, NIL, STRING, Array, ClosureSite, Func, Opt, Shared, Ty
from .lattice import Any as Mixed

_SCALARS = {INT: t.I64, FLOAT: t.F64, NIL: t.NIL, STRING: t.STRING, **dict.fromkeys(BOOLS, t.BOOL)}

#: Host functions that intrinsics call: parameter and result types, and effects.
_IMPORTS: dict[str, tuple[list[t.Type], tuple[t.Type, ...], Effects]] = {
    "now": ([], (t.F64,), Effects.IO),
    "random": ([], (t.F64,), Effects.IO),
    "exit": ([t.I32], (), Effects.IO | Effects.TRAPS),
    "arg_count": ([], (t.I32,), Effects.IO),
    "arg_size": ([t.I32], (t.I32,), Effects.IO),
    "arg_read": ([t.I32, t.I32], (), Effects.IO | Effects.WRITES),
}


class NoRepresentation(Exception):
    """A type has no representation yet; `type` is the type or the part of it that has none."""

    def __init__(self, type_: Ty, why: str) -> None:
        super().__init__(why)
        self.type = type_
        self.why = why


def ir_type(type_: Ty, inside: tuple[object, ...] = ()) -> t.Type:
    """The typed IR's type for values of `type_`. Raises NoRepresentation."""
    scalar = _SCALARS.get(type_)
    if scalar is not None:
        return scalar
    if isinstance(type_, Array | Shared):
        cell = type_.cell
        if cell in inside:
            raise NoRepresentation(type_, "an array that contains itself")
        content = cell.type
        part = t.I64 if content is NEVER else ir_type(content, (*inside, cell))
        if isinstance(type_, Array) and part is t.NIL:
            raise NoRepresentation(type_, "an array whose elements are all nil")
        return t.array(part) if isinstance(type_, Array) else t.cell(part)
    if isinstance(type_, Opt):
        return t.opt(ir_type(type_.payload, inside))
    if isinstance(type_, Func):
        return t.FN
    if isinstance(type_, Mixed):
        raise NoRepresentation(type_, f"a value that can be {type_.reason}")
    raise NoRepresentation(type_, "a value that never exists")


class Emitter:
    """Appends typed ops to a function; `builder` is where it is."""

    def __init__(self, module: Module, builder: Builder, checked_globals: frozenset[str]) -> None:
        self.module = module
        self.builder = builder
        self.checked_globals = checked_globals

    # --- scalars -----------------------------------------------------------------------------------------------------

    def op(self, name: str, /, *operands: Value, **attrs: Any) -> Value:
        return self.builder.op(name, *operands, **attrs)

    def effect(self, name: str, *operands: Value) -> None:
        self.builder.emit(name, operands, ())

    def int(self, value: int) -> Value:
        return self.builder.const(t.I64, value)

    def bool(self, value: bool) -> Value:
        return self.builder.const(t.BOOL, value)

    def nil(self) -> Value:
        return self.op("data.nil")

    def constant(self, value: object) -> Value:
        if value is None:
            return self.nil()
        if isinstance(value, str):
            return self.op("data.string", value=value)
        if isinstance(value, bool):
            return self.bool(value)
        return self.int(value) if isinstance(value, int) else self.builder.const(t.F64, value)  # type: ignore[arg-type]

    def unreachable(self) -> None:
        self.builder.emit("unreachable", (), ())

    # --- conversion --------------------------------------------------------------------------------------------------

    def convert(self, value: Value, given: Ty, wanted: Ty) -> Value:
        """`value` of type `given` as one of type `wanted`, a type that holds it; optional values are unwrapped."""
        if given is wanted:
            return value
        if given in BOOLS:
            return self.op("data.opt_some", value) if isinstance(wanted, Opt) else value
        if given is INT and wanted is FLOAT:
            return self.op("f64.convert_i64_s", value)
        if isinstance(wanted, Opt):
            return self._to_optional(value, given, wanted)
        if isinstance(given, Opt):
            return self.convert(self.unwrap(value), given.payload, wanted)
        return value

    def _to_optional(self, value: Value, given: Ty, wanted: Opt) -> Value:
        if given is NIL:
            return self.builder.emit("data.opt_none", (), (ir_type(wanted),)).results[0]
        if not isinstance(given, Opt):
            return self.op("data.opt_some", self.convert(value, given, wanted.payload))
        if ir_type(given) is ir_type(wanted):
            return value
        some, none, done = (self._block(name) for name in ("some", "none", "done"))
        self.builder.cond_br(self.op("data.opt_has", value), some, none)
        self.builder.at_end(some)
        inner = self.convert(self.op("data.opt_get", value), given.payload, wanted.payload)
        self.builder.br(done, self.op("data.opt_some", inner))
        self.builder.at_end(none)
        self.builder.br(done, self.builder.emit("data.opt_none", (), (ir_type(wanted),)).results[0])
        self.builder.at_end(done)
        return done.add_param(ir_type(wanted))

    def unwrap(self, value: Value) -> Value:
        """The value in an optional one; panics on nil."""
        self.check(self.op("data.opt_has", value), "unexpected nil")
        return self.op("data.opt_get", value)

    def check(self, condition: Value, message: str) -> None:
        """Go on if the condition holds, else panic."""
        good, bad = self._block("ok"), self._block("panic")
        bad.cold = True
        self.builder.cond_br(condition, good, bad)
        self.builder.at_end(bad)
        self.builder.panic(message)
        self.builder.at_end(good)

    def _block(self, name: str) -> Any:
        return self.builder.block.function.add_block(name)

    # --- arrays and strings ------------------------------------------------------------------------------------------

    def new_array(self, type_: Ty, capacity: Value) -> Value:
        return self.builder.emit("data.array_new", (capacity,), (ir_type(type_),)).results[0]

    def array(self, type_: Ty, elements: Sequence[Value]) -> Value:
        """A new array of these elements."""
        count = self.int(len(elements))
        array = self.new_array(type_, count)
        for number, element in enumerate(elements):
            self.effect("data.array_put", array, self.int(number), element)
        if elements:
            self.effect("data.array_set_len", array, count)
        return array

    def element(self, array: Value, index: Value) -> Value:
        """The element at an index, which is checked; the check stands alone, so that equal ones can be merged."""
        return self.op("data.array_at", array, self.op("data.array_index", array, index))

    def set_element(self, array: Value, index: Value, element: Value) -> None:
        self.effect("data.array_put", array, self.op("data.array_index", array, index), element)

    def join_texts(self, parts: Sequence[Value]) -> Value:
        """All parts as one string: sizes first, then one buffer filled from left to right."""
        parts = self._merge_constants(parts)
        if len(parts) == 1:
            return parts[0]
        total = self._sum([self.op("data.string_bytes", part) for part in parts])
        characters = self._sum([self.op("data.string_len", part) for part in parts])
        result = self.op("data.string_new", total, characters)
        zero = self.int(0)
        at = zero
        for part in parts:
            size = self.op("data.string_bytes", part)
            self.effect("data.string_copy", result, at, part, zero, size)
            at = self.op("i64.add", at, size)
        return result

    def _sum(self, values: list[Value]) -> Value:
        total = values[0]
        for value in values[1:]:
            total = self.op("i64.add", total, value)
        return total

    def _merge_constants(self, parts: Sequence[Value]) -> list[Value]:
        merged: list[str | Value] = []
        for part in parts:
            text = part.op.attrs["value"] if part.op is not None and part.op.name == "data.string" else None
            if text is None:
                merged.append(part)
            elif merged and isinstance(merged[-1], str):
                merged[-1] += text
            else:
                merged.append(text)
        kept = [part for part in merged if part != ""] or [""]
        return [self.constant(part) if isinstance(part, str) else part for part in kept]

    # --- closures, globals, the host ---------------------------------------------------------------------------------

    def closure(self, site: ClosureSite, captured: Sequence[Value]) -> Value:
        name = closure_name(site)
        if name not in self.module.closures:
            self.module.closures[name] = Closure(name, site.number, [v.type for v in captured])
        return self.builder.emit("data.closure", captured, (t.FN,), name=name).results[0]

    def capture(self, function: Value, site: ClosureSite, index: int, type_: Ty) -> Value:
        op = self.builder.emit(
            "data.closure_capture", (function,), (ir_type(type_),), name=closure_name(site), index=index
        )
        return op.results[0]

    def global_get(self, name: str, checked: bool) -> Value:
        if checked:
            ready = self.builder.emit("global.get", (), (t.BOOL,), name=ready_flag(name)).results[0]
            self.check(ready, _uninitialised(name))
        variable = self.module.globals[name]
        return self.builder.emit("global.get", (), (variable.type,), name=name).results[0]

    def uninitialised(self, name: str) -> None:
        """Panic, because the module variable has no value."""
        self.builder.panic(_uninitialised(name))

    def global_set(self, name: str, value: Value) -> None:
        self.builder.emit("global.set", (value,), (), name=name)
        if name in self.checked_globals:
            self.builder.emit("global.set", (self.bool(True),), (), name=ready_flag(name))

    def intrinsic(self, row: Intrinsic, result: Ty, operands: list[Value]) -> Value | None:
        kind, _, name = row.op.partition(":")
        if kind == "import":
            return self._import(name, operands)
        if result is NEVER and row.result == "Element":
            return None  # an array that never has elements: the library looks at its length before
        if result is NIL or result is NEVER:
            self.effect(row.op, *operands)
            return None
        return self.op(row.op, *operands)

    def _import(self, name: str, operands: list[Value]) -> Value | None:
        params, results, effects = _IMPORTS[name]
        symbol = f"env.{name}"
        if symbol not in self.module.functions:
            function = Function(symbol, list(params), results)
            function.attrs["import"] = ("env", name)
            function.attrs["effects"] = effects
            self.module.add(function)
        args = [self._to_host(value) for value in operands]
        call = self.builder.call(symbol, args, results)
        if not results:
            return None
        value = call.results[0]
        return self.op("i64.extend_i32_s", value) if value.type is t.I32 else value

    def _to_host(self, value: Value) -> Value:
        return self.op("data.string_addr", value) if value.type is t.STRING else self.op("i32.wrap_i64", value)


def closure_name(site: ClosureSite) -> str:
    return f"{site.function.name}.closure{site.number}"


def _uninitialised(name: str) -> str:
    return f"cannot access '{name.rpartition('.')[2]}' before initialization"


def ready_flag(name: str) -> str:
    """The global that tells whether the global `name` has a value yet."""
    return f"{name}.ready"


def declare_global(module: Module, name: str, type_: Ty, checked: bool) -> None:
    """Add a module variable (none for one that is always nil) and, if asked for, its flag."""
    ir = ir_type(type_)
    init: float | bool = 0.0 if ir is t.F64 else False if ir is t.BOOL else 0
    module.globals[name] = Global(name, ir, init)
    if checked:
        module.globals[ready_flag(name)] = Global(ready_flag(name), t.BOOL, False)
