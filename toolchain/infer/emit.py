"""Writing typed ops: what the rules of `resolve` use to say what an operation is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from wasmlathe.ir import types as t
from wasmlathe.ir.build import Builder
from wasmlathe.ir.core import Closure, Function, Global, Module, Target, Value
from wasmlathe.ir.ops import Effects
from wasmlathe.stdlib.intrinsics import Intrinsic

from .lattice import (
    BOOL,
    BOOLS,
    FLOAT,
    INT,
    NEVER,
    NIL,
    Array,
    ClosureSite,
    Nominal,
    Opt,
    Record,
    Shared,
    Tuple,
    Ty,
    TypeCell,
    Union,
    union_key,
    union_members,
)
from .representation import field_type, ir_type, is_object, layout_of, view_type

#: Host functions that intrinsics call: parameter and result types, and effects.
_IMPORTS: dict[str, tuple[list[t.Type], tuple[t.Type, ...], Effects]] = {
    "now": ([], (t.F64,), Effects.IO),
    "random": ([], (t.F64,), Effects.IO),
    "exit": ([t.I32], (), Effects.IO | Effects.TRAPS),
    "arg_count": ([], (t.I32,), Effects.IO),
    "arg_size": ([t.I32], (t.I32,), Effects.IO),
    "arg_read": ([t.I32, t.I32], (), Effects.IO | Effects.WRITES),
    "env_find": ([t.I32, t.I32], (t.I32,), Effects.IO | Effects.READS),
    "file_open": ([t.I32, t.I32], (t.I32,), Effects.IO | Effects.READS),
    "file_save": ([t.I32, t.I32, t.I32, t.I32], (t.I32,), Effects.IO | Effects.READS),
    "input_some": ([t.I32], (t.I32,), Effects.IO),
    "input_all": ([], (t.I32,), Effects.IO),
    "take": ([t.I32], (t.I32,), Effects.IO | Effects.WRITES),
    "sleep": ([t.F64], (), Effects.IO),
}


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
        """`value` of type `given` as one of type `wanted`; what is known not to be is unwrapped without a test."""
        if given is wanted:
            return value
        if wanted is NIL:
            return self.nil()
        if given is NEVER:  # what was never made, such as the error of a Result that is always Ok; this is not executed
            return self._zero(ir_type(wanted))
        if isinstance(given, Union):
            return self._from_union(value, given, wanted)
        if isinstance(wanted, Union):
            return self._to_union(value, given, wanted)
        if given in BOOLS:
            return self.op("data.opt_some", value) if isinstance(wanted, Opt) else value
        if given is INT and wanted is FLOAT:
            return self.op("f64.convert_i64_s", value)
        if given is FLOAT and wanted is INT:  # only typed arrays want that
            return self.op("i64.trunc_sat_f64_s", value)
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

    def _to_union(self, value: Value, given: Ty, wanted: Union) -> Value:
        """One member becomes the union; an optional value one of two."""
        if isinstance(given, Opt):
            result = self._joining(ir_type(wanted))
            some, none = self._block("some"), self._block("none")
            self.builder.cond_br(self.op("data.opt_has", value), some, none)
            for block, type_ in ((some, given.payload), (none, NIL)):
                self.builder.at_end(block)
                part = self.nil() if type_ is NIL else self.op("data.opt_get", value)
                self.builder.br(result.block, self._to_union(part, type_, wanted))
            self.builder.at_end(result.block)
            return result
        key = union_key(given)
        number = list(wanted.members).index(key)
        parts = [] if given is NIL else [self.convert(value, given, wanted.members[key])]
        return self.builder.emit("data.sum", parts, (ir_type(wanted),), case=number).results[0]

    def _from_union(self, value: Value, given: Union, wanted: Ty) -> Value:
        """The same values in another type: a bigger union, or fewer members when the value is known to be one of those."""
        if (
            isinstance(wanted, Union)
            and ir_type(given) is ir_type(wanted)
            and given.members.keys() == wanted.members.keys()
        ):
            return value
        targets = {union_key(member): member for member in union_members(wanted)}
        kept = [key for key in given.members if key in targets]
        if len(kept) == 1:
            return self._member_as(value, given, kept[0], wanted)
        result = self._joining(ir_type(wanted))
        for key in self._cases(value, given, [key in targets for key in given.members]):
            self.builder.br(result.block, self._member_as(value, given, key, wanted))
        self.builder.at_end(result.block)
        return result

    def _member_as(self, value: Value, given: Union, key: str, wanted: Ty) -> Value:
        member = given.members[key]
        return self.convert(self.member(given, value, member), member, wanted)

    def _cases(self, value: Value, union_: Union, wanted: Sequence[bool]) -> Iterator[str]:
        """Branch on the kind of a union's value: yields each wanted kind when the position is where it goes on."""
        tag = self.op("data.sum_tag", value)
        keys = list(union_.members)
        blocks = {key: self._block("kind") for key, want in zip(keys, wanted, strict=True) if want}
        other = self._block("other")
        other.cold = True
        targets = [Target(block) for block in (*blocks.values(), other)]
        self.builder.emit("switch", (tag,), (), targets, cases=[keys.index(key) for key in blocks])
        self.builder.at_end(other)
        self.unreachable()
        for key, block in blocks.items():
            self.builder.at_end(block)
            yield key

    def _joining(self, type_: t.Type) -> Value:
        """The parameter of a new block where several ways meet."""
        return self._block("joined").add_param(type_)

    # --- kinds -------------------------------------------------------------------------------------------------------

    def is_member(self, type_: Ty, value: Value, *members: Ty) -> Value:
        """Whether a value of an optional or union type is of one of these kinds."""
        if isinstance(type_, Opt):
            has = self.op("data.opt_has", value)
            return self.op("bool.not", has) if members[0] is NIL else has
        assert isinstance(type_, Union)
        tag, keys = self.op("data.sum_tag", value), list(type_.members)
        found: Value | None = None
        for member in members:
            here = self.op("i64.eq", tag, self.int(keys.index(union_key(member))))
            found = here if found is None else self.op("bool.or", found, here)
        assert found is not None
        return found

    def member(self, type_: Ty, value: Value, member: Ty) -> Value:
        """A value of an optional or union type as what it is known to be."""
        if member is NIL:
            return self.nil()
        if isinstance(type_, Opt):
            return self.op("data.opt_get", value)
        if not isinstance(type_, Union):
            return value
        number = list(type_.members).index(union_key(member))
        part = ir_type(type_).args[number].args[0]
        return self.builder.emit("data.sum_get", (value,), (part,), case=number, index=0).results[0]

    def truth(self, type_: Union, value: Value) -> Value:
        """Whether a value of several kinds is neither false nor nil."""
        result = self.bool(True)
        if "Nil" in type_.members:
            result = self.op("bool.not", self.is_member(type_, value, NIL))
        if "Bool" in type_.members:
            is_false = self.op("bool.not", self.member(type_, value, BOOL))
            wrong = self.op("bool.and", self.is_member(type_, value, BOOL), is_false)
            result = self.op("bool.and", result, self.op("bool.not", wrong))
        return result

    def checked(self, value: Value, given: Union, wanted: Ty, message: str) -> Value:
        """`value` as one of the kinds of `wanted`; panics if it is none of them."""
        keys = {union_key(member) for member in union_members(wanted)}
        fitting = [member for key, member in given.members.items() if key in keys]
        self.check(self.is_member(given, value, *fitting), message)
        return self.convert(value, given, wanted)

    # --- tuples, declared types, records -----------------------------------------------------------------------------

    def tuple(self, type_: Tuple, parts: Sequence[Value]) -> Value:
        if is_object(type_):
            return self._object(self._tuple_layout(type_), parts)
        return self.builder.emit("data.tuple", parts, (ir_type(type_),)).results[0]

    def tuple_get(self, type_: Tuple, value: Value, index: int) -> Value:
        part = field_type(type_.cells[index])
        if is_object(type_):
            return self._field(self._tuple_layout(type_), value, index, part)
        return self.builder.emit("data.tuple_get", (value,), (part,), index=index).results[0]

    def _tuple_layout(self, type_: Tuple) -> str:
        fields = [field_type(cell) for cell in type_.cells]
        return layout_of(self.module, f"tuple{len(fields)}", fields, 0, mutable=False)

    def _case_layout(self, type_: Nominal, case: int) -> str:
        declaration = type_.declaration
        name = declaration.cases[case].name
        base = f"{declaration.name}.{name}" if declaration.is_sum else declaration.name
        fields = [field_type(cell) for cell in type_.fields(case)]
        return layout_of(self.module, base, fields, case, mutable=not declaration.is_sum)

    def construct(self, type_: Nominal, case: int, fields: Sequence[Value]) -> Value:
        if is_object(type_):
            return self._object(self._case_layout(type_, case), fields)
        return self.builder.emit("data.sum", fields, (ir_type(type_),), case=case).results[0]

    def is_case(self, type_: Nominal, value: Value, case: int) -> Value:
        if len(type_.declaration.cases) == 1:
            return self.bool(True)
        tag = self.op("data.object_tag" if is_object(type_) else "data.sum_tag", value)
        return self.op("i64.eq", tag, self.int(case))

    def same_case(self, type_: Nominal, left: Value, right: Value) -> Value:
        """Identity of two values of a sum type: of flat ones only constants are the same."""
        if is_object(type_):
            return self.op("data.same", left, right)
        tag = self.op("data.sum_tag", left)
        result = self.op("i64.eq", tag, self.op("data.sum_tag", right))
        for number, case in enumerate(type_.declaration.cases):
            if case.fields:
                result = self.op("bool.and", result, self.op("i64.ne", tag, self.int(number)))
        return result

    def case_get(self, type_: Nominal, value: Value, case: int, index: int) -> Value:
        part = field_type(type_.cell(case, index))
        if is_object(type_):
            return self._field(self._case_layout(type_, case), value, index, part)
        return self.builder.emit("data.sum_get", (value,), (part,), case=case, index=index).results[0]

    def _record_place(self, type_: Ty, name: str) -> tuple[str, int, t.Type]:
        """Layout, index and type of a field of a record."""
        if isinstance(type_, Nominal):
            names = [field for field, _ in type_.declaration.cases[0].fields]
            index = names.index(name)
            return self._case_layout(type_, 0), index, field_type(type_.cell(0, index))
        assert isinstance(type_, Record)
        fields = type_.cell.find().fields
        assert fields is not None
        return self._record_layout(fields), list(fields).index(name), field_type(fields[name].find())

    def _record_layout(self, fields: dict[str, TypeCell]) -> str:
        types = [field_type(cell.find()) for cell in fields.values()]
        return layout_of(self.module, f"record {' '.join(fields)}", types, 0, mutable=True)

    def record(self, type_: Record, values: Sequence[Value]) -> Value:
        fields = type_.cell.find().fields
        assert fields is not None
        return self._object(self._record_layout(fields), values)

    def field(self, type_: Ty, value: Value, name: str) -> Value:
        layout, index, part = self._record_place(type_, name)
        return self._field(layout, value, index, part)

    def set_field(self, type_: Ty, value: Value, name: str, content: Value) -> None:
        layout, index, _ = self._record_place(type_, name)
        self.builder.emit("data.object_set", (value, content), (), name=layout, index=index)

    def _object(self, layout: str, fields: Sequence[Value]) -> Value:
        return self.builder.emit("data.object", fields, (t.OBJECT,), name=layout).results[0]

    def _field(self, layout: str, value: Value, index: int, type_: t.Type) -> Value:
        return self.builder.emit("data.object_get", (value,), (type_,), name=layout, index=index).results[0]

    # --- optional values and checks ----------------------------------------------------------------------------------

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

    def new_array(self, type_: Array, capacity: Value) -> Value:
        array = self.builder.emit("data.array_new", (capacity,), (view_type(type_),)).results[0]
        return self._held(array, type_)

    def _held(self, value: Value, type_: Array | Shared) -> Value:
        """An array or cell as values of its type are held."""
        held = ir_type(type_)
        return value if value.type is held else self.builder.emit("data.cast", (value,), (held,)).results[0]

    def view(self, value: Value, type_: Ty) -> Value:
        """An array or cell as the ops on it want it."""
        if value.type is not t.OBJECT or not isinstance(type_, Array | Shared):
            return value
        return self.builder.emit("data.cast", (value,), (view_type(type_),)).results[0]

    def array_op(self, name: str, value: Value, type_: Array | Shared, *operands: Value) -> Value:
        """An op on an array or cell that has a result."""
        return self.op(name, self.view(value, type_), *operands)

    def array_copy(self, target: Array, source: Array, operands: Sequence[Value]) -> None:
        to, at, from_, start, count = operands
        self.effect("data.array_copy", self.view(to, target), at, self.view(from_, source), start, count)

    def cell_new(self, type_: Shared, content: Value) -> Value:
        return self._held(self.op("data.cell_new", content), type_)

    def cell_empty(self, type_: Shared) -> Value:
        """A cell whose content is set before anybody reads it."""
        return self.cell_new(type_, self._zero(t.I64 if type_.cell.type is NEVER else ir_type(type_.cell.type)))

    def zero(self, cell: TypeCell) -> Value:
        """The content of a field that is set before anybody reads it."""
        return self._zero(field_type(cell))

    def _zero(self, type_: t.Type) -> Value:
        return self.nil() if type_ is t.NIL else self.builder.emit("data.zero", (), (type_,)).results[0]

    def cell_set(self, type_: Shared, cell: Value, content: Value) -> None:
        self.effect("data.cell_set", self.view(cell, type_), content)

    def array(self, type_: Array, elements: Sequence[Value]) -> Value:
        """A new array of these elements."""
        count = self.int(len(elements))
        held = self.new_array(type_, count)
        array = self.view(held, type_)
        for number, element in enumerate(elements):
            self.effect("data.array_put", array, self.int(number), element)
        if elements:
            self.effect("data.array_set_len", array, count)
        return held

    def element(self, type_: Array, array: Value, index: Value) -> Value:
        """The element at an index, which is checked; the check stands alone, so that equal ones can be merged."""
        array = self.view(array, type_)
        return self.op("data.array_at", array, self.op("data.array_index", array, index))

    def set_element(self, type_: Array, array: Value, index: Value, element: Value) -> None:
        array = self.view(array, type_)
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

    def write_line(self, text: Value) -> None:
        self.effect("data.write", self.join_texts([text, self.constant("\n")]))

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

    def intrinsic(self, row: Intrinsic, result: Ty, operands: list[Value], types: Sequence[Ty]) -> Value | None:
        operands = [
            self.view(value, type_) if kind == "Array" else value
            for value, type_, kind in zip(operands, types, row.params, strict=True)
        ]
        kind, _, name = row.op.partition(":")
        if kind == "import":
            return self._import(name, operands)
        if result is NEVER and row.result == "Element":
            return None  # an array that never has elements: the library looks at its length before
        if row.result != "Element" and (result is NIL or result is NEVER):
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
        if value.type is t.F64:
            return value
        return self.op("data.string_addr", value) if value.type is t.STRING else self.op("i32.wrap_i64", value)


def closure_name(site: ClosureSite) -> str:
    return f"{site.function.name}.closure{site.number}"


def _uninitialised(name: str) -> str:
    return f"cannot access '{shown_global(name)}' before initialization"


def shown_global(name: str) -> str:
    """A module variable as the source calls it: without what stands for its file."""
    return name.replace(":", ".").rpartition(".")[2]


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
