"""Lowering of calls: arguments (by position, by name, spread), constructors, functions of types."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import lru_cache

from wasmlathe.diagnostics import nearest
from wasmlathe.ir.core import Value

from . import syntax as s
from .declared import CaseInfo, TypeInfo, counted
from .lower_core import LIBRARY_PREFIX, LoweringCore
from .lower_types import lower_constructor
from .names import CALLED_NAMESPACES, NAMESPACES, STYLES, camel_case
from .symbols import FunctionInfo, LibraryName, Variable

#: Derived function of a type -> the library function behind it.
_DERIVED = {"__show": "__show_value", "toJSON": "jsonStringify"}

#: Types whose values `fromJSON` reads, alone and as parts of what the patterns say -> library function.
_JSON_SCALARS = ("Int", "Float", "String", "Bool")
_JSON_PARTS = (
    (re.compile(r"\[(Int|Float|String|Bool)\]"), "__json_as_array"),
    (re.compile(r"(Int|Float|String|Bool) \| Nil"), "__json_or_nil"),
)

#: Library functions of two arguments that programs may call with more -> what they are for an array, and for nothing.
_FOLDED = {"__max2": ("max", -math.inf), "__min2": ("min", math.inf)}

_STYLE = re.compile(rf"\{{(?:/|/?(?:{'|'.join(sorted(STYLES))}))\}}")


class Arguments:
    """Evaluated arguments: the values given one by one, then those of the array `spread` if there is one."""

    __slots__ = ("given", "spread")

    def __init__(self, given: list[Value], spread: Value | None) -> None:
        self.given = given
        self.spread = spread


class CallLowering(LoweringCore):
    """Calls of everything that can be called."""

    expression: Callable[[s.Expr], Value]
    closure_of: Callable[[FunctionInfo, s.Node], Value]

    # --- arguments ---------------------------------------------------------------------------------------------------

    def arguments(self, args: list[s.Expr]) -> Arguments:
        """Evaluate arguments in order. Named ones become one record, the last argument."""
        first = next((number for number, arg in enumerate(args) if isinstance(arg, s.Spread)), len(args))
        given = self._values(args[:first])
        if first == len(args):
            return Arguments(given, None)
        spread, *others = args[first:]
        assert isinstance(spread, s.Spread)
        if not others:
            return Arguments(given, self.expression(spread.value))
        return Arguments(given, self.array_of(args[first:], spread))

    def _values(self, args: list[s.Expr]) -> list[Value]:
        values, keys, fields = [], [], []
        for arg in args:
            if isinstance(arg, s.NamedArg):
                keys.append(arg.name)
                fields.append(self.expression(arg.value))
            else:
                values.append(self.expression(arg))
        if keys:
            values.append(self.op("record", args[-1], *fields, keys=keys))
        return values

    def array_of(self, items: list[s.Expr], node: s.Node) -> Value:
        """A new array of the items, some of which are spread."""
        result = self.op("array", node)
        for item in items:
            if isinstance(item, s.Spread):
                self.call("__append_all", item, result, self.expression(item.value))
            elif isinstance(item, s.NamedArg):
                self.unsupported("named arguments after spread ones", item)
            else:
                self.call("push", item, result, self.expression(item))
        return result

    def plain_arguments(self, args: list[s.Expr], what: str) -> list[Value]:
        """Arguments of something whose number of parameters is not known here, so that nothing can be spread."""
        arguments = self.arguments(args)
        if arguments.spread is not None:
            self.unsupported(f"spread arguments of {what}", next(a for a in args if isinstance(a, s.Spread)))
        return arguments.given

    def _counted(
        self,
        node: s.Node,
        shown: str,
        arguments: Arguments,
        counts: range,
        call: Callable[[list[Value]], Value],
    ) -> Value:
        """Call with arguments whose number has to be in `counts`; that of spread ones is looked at at run time."""
        given, spread = arguments.given, arguments.spread
        possible = [count for count in counts if count >= len(given)]
        if spread is None or not possible:
            if len(given) in counts:
                return call(given)
            wanted = counted_range(counts)
            self.error("E0206", f"'{shown}' takes {wanted}, not {len(given)}", node)
            return self.nil(node)
        length = self.op("getattr", node, spread, name="length")
        edges, values = [], []
        for count in possible:
            fits, other = self.new_block("fits"), self.new_block("other")
            wanted_length = self.const(count - len(given), node)
            self.branch(self.op("truth", node, self.op("eq", node, length, wanted_length)), fits, other)
            env = self.env
            self.start(fits, env)
            more = [self.op("index", node, spread, self.const(i, node)) for i in range(count - len(given))]
            values.append(call([*given, *more]))
            edges.append(self.edge())
            self.start(other, env)
        self.builder.loc = self.loc(node)
        self.builder.panic(f"'{shown}' takes {counted_range(counts)}")
        _, result = self.join("called", edges, values)
        assert result is not None
        return result

    # --- functions ---------------------------------------------------------------------------------------------------

    def _expr_Call(self, node: s.Call) -> Value:
        callee = node.callee
        symbol = self.meaning.get(callee) if isinstance(callee, s.Name) else None
        if isinstance(symbol, FunctionInfo):
            return self.call_function(symbol, node, node.args)
        if isinstance(symbol, LibraryName) and symbol.kind == "function":
            return self.call_library(symbol.name, node, node.args)
        if isinstance(symbol, LibraryName) and symbol.name in CALLED_NAMESPACES:
            return self.call_library(CALLED_NAMESPACES[symbol.name], node, node.args)
        if isinstance(symbol, TypeInfo):
            symbol = symbol.constructor
        if isinstance(symbol, CaseInfo):
            return self.construct(symbol, node, node.args)
        function = self.expression(callee)
        return self.op("call_value", node, function, *self.plain_arguments(node.args, "a function value"))

    def call_function(self, info: FunctionInfo, node: s.Node, args: list[s.Expr]) -> Value:
        """Call a function of the program; where it takes fewer arguments than it has parameters, by its stub."""
        return self._call_info(info, node, self.arguments(args), info.source_name)

    def _call_info(self, info: FunctionInfo, node: s.Node, arguments: Arguments, shown: str) -> Value:
        captured = self.capture_values(info, node)
        name, most = info.full_name, len(info.params)

        def call(values: list[Value]) -> Value:
            callee = name if len(values) == most else f"{name}/{len(values)}"
            return self.op("call", node, *captured, *values, callee=callee)

        if info.has_rest:
            packed = self._packed(arguments, most - 1, node)
            if packed is not None:
                return call(packed)
        return self._counted(node, shown, arguments, range(info.required, most + (not info.has_rest)), call)

    def _packed(self, arguments: Arguments, count: int, node: s.Node) -> list[Value] | None:
        """The arguments for `count` parameters and one that takes the rest as an array; None if there is no rest."""
        given, spread = arguments.given, arguments.spread
        if spread is None:
            return [*given[:count], self.op("array", node, *given[count:])] if len(given) > count else None
        missing = max(0, count - len(given))
        first = [self.op("index", node, spread, self.const(i, node)) for i in range(missing)]
        rest = self.op("array", node, *given[count:])
        nil = self.nil(node)
        tail = self.op("slice", node, spread, self.const(missing, node), nil, nil) if missing else spread
        self.call("__append_all", node, rest, tail)
        return [*given[:count], *first, rest]

    def call_library(self, name: str, node: s.Node, args: list[s.Expr]) -> Value:
        """Call a function of the library. Inference checks the number of arguments."""
        arguments = self.arguments(args)
        if name == "print":
            if arguments.spread is not None:
                self.unsupported("spread arguments of `print`", node)
            return self._print(node, arguments.given)
        if name.startswith("__intrinsic_"):
            return self.op("intrinsic", node, *arguments.given, name=name.removeprefix("__intrinsic_"))
        if name in _FOLDED and (arguments.spread is not None or len(arguments.given) != 2):
            folded, empty = _FOLDED[name]
            packed = self._packed(arguments, 0, node)
            return self.call(folded, node, *packed) if packed else self.const(empty, node)
        info = self._library_function(name)
        if info is not None and (info.has_rest or arguments.spread is not None):
            return self._call_info(info, node, arguments, name)
        return self.call(name, node, *arguments.given)

    @staticmethod
    def _library_function(name: str) -> FunctionInfo | None:
        from .library import function_info  # the library is lowered in the same way

        return function_info(name)

    def _print(self, node: s.Node, arguments: list[Value]) -> Value:
        """One text, one write: the arguments' texts with blanks between, and a line end."""
        if len(arguments) == 1:
            return self.op("print", node, arguments[0])
        parts: list[Value] = []
        for number, argument in enumerate(arguments):
            if number:
                parts.append(self.const(" ", node))
            parts.append(self.op("show", node, argument, mode="many" if len(arguments) > 1 else "print"))
        parts.append(self.const("\n", node))
        write = "__write_unstyled" if _has_styles(self.unit.source.text) else "__write"
        self.call(write, node, self.op("text", node, *parts))
        return self.nil(node)

    # --- constructors ------------------------------------------------------------------------------------------------

    def construct(self, case: CaseInfo, node: s.Node, args: list[s.Expr]) -> Value:
        """Make a value of a declared type from arguments by position and by name."""
        if case.is_constant:
            self.error("E0210", f"'{case.name}' is a constant, not a function", node, f"write `{case.name}`")
            return self.nil(node)
        if self._is_opaque(case):
            self.error("E0210", f"'{case.name}' cannot be called", node, f"write `{case.name}.new(...)`")
            return self.nil(node)
        if any(isinstance(arg, s.Spread) for arg in args):
            count = len(case.fields)
            return self._counted(
                node, case.name, self.arguments(args), range(count, count + 1), lambda v: self._construct(case, node, v)
            )
        slots: list[Value | None] = [None] * len(case.fields)
        is_placed = True
        for number, arg in enumerate(args):
            value = self.expression(arg.value if isinstance(arg, s.NamedArg) else arg)
            if isinstance(arg, s.NamedArg):
                is_placed &= self._place_named(case, arg, slots, value)
            elif number < len(slots):
                slots[number] = value
        if len(args) > len(slots):
            self.error("E0206", f"'{case.name}' takes {counted(len(slots), 'argument')}, not {len(args)}", node)
        elif None in slots and is_placed:
            self._report_missing(case, slots, node)
        return self._construct(case, node, [value or self.nil(node) for value in slots])

    def _is_opaque(self, case: CaseInfo) -> bool:
        """Whether the fields of the type are the library's business."""
        is_library = case.type.name.startswith(LIBRARY_PREFIX)
        return is_library and not case.type.is_sum and not self.unit.prefix.startswith(LIBRARY_PREFIX)

    def _construct(self, case: CaseInfo, node: s.Node, values: list[Value]) -> Value:
        return self.op("construct", node, *values, type=case.type.name, case=case.name)

    def _place_named(self, case: CaseInfo, arg: s.NamedArg, slots: list[Value | None], value: Value) -> bool:
        """Put a named argument at its place; False, reported, if it has none."""
        names = [field.name for field in case.fields if field.is_named]
        number = next((i for i, f in enumerate(case.fields) if f.is_named and f.name == arg.name), None)
        if number is None:
            close = nearest(arg.name, names)
            hint = f"did you mean '{close}'?" if close else f"its fields are {', '.join(names)}" if names else None
            self.error("E0205", f"'{case.name}' has no field '{arg.name}'", arg, hint)
        elif slots[number] is not None:
            self.error("E0205", f"the field '{arg.name}' of '{case.name}' is given twice", arg)
        else:
            slots[number] = value
            return True
        return False

    def _report_missing(self, case: CaseInfo, slots: list[Value | None], node: s.Node) -> None:
        missing = [f"'{f.name}'" for f, value in zip(case.fields, slots, strict=True) if value is None]
        names = ", ".join(field.name for field in case.fields)
        self.error("E0206", f"'{case.name}' lacks {' and '.join(missing)}", node, f"its fields are {names}")

    def constructor_value(self, case: CaseInfo, node: s.Node) -> Value:
        """A constructor without arguments: the value itself if it is a constant, else a function."""
        if case.is_constant:
            return self._construct(case, node, [])
        name = case.function_name
        if not name.startswith(LIBRARY_PREFIX) and name not in self.unit.module.functions:
            lower_constructor(self.unit.module, case)
        return self.op("closure", node, function=name)

    # --- members of types and namespaces -----------------------------------------------------------------------------

    def _expr_MethodCall(self, node: s.MethodCall) -> Value:
        symbol = self.meaning.get(node.receiver) if isinstance(node.receiver, s.Name) else None
        if isinstance(symbol, TypeInfo):
            return self._call_of_type(symbol, node)
        if isinstance(symbol, LibraryName) and symbol.kind == "namespace":
            member = self._namespace_member(symbol.name, node.name, node)
            return self.call_library(member, node, node.args) if isinstance(member, str) else self.nil(node)
        receiver = self.receiver(node)
        if node.name == "push" and len(node.args) == 1 and isinstance(node.args[0], s.Spread):
            return self.call("__append_all", node, receiver, self.expression(node.args[0].value))
        return self.op("method", node, receiver, *self.plain_arguments(node.args, "a method"), name=node.name)

    def receiver(self, node: s.MethodCall | s.Member) -> Value:
        """What stands before the `.`; defined where optional chains are."""
        raise NotImplementedError

    def _call_of_type(self, type_: TypeInfo, node: s.MethodCall) -> Value:
        """`T.f(a)`: a qualified constructor, a function of the type, or a derived one."""
        case = type_.case(node.name)
        if case is not None:
            return self.construct(case, node, node.args)
        info = type_.statics.get(node.name)
        if info is not None:
            return self._call_info(info, node, self.arguments(node.args), f"{type_.source_name}.{node.name}")
        count = type_.derived(node.name)
        if count is None:
            return self._no_member(type_, node)
        arguments = self.plain_arguments(node.args, "a derived function")
        if len(arguments) != count:
            self.error("E0206", f"'{node.name}' takes {counted(count, 'argument')}, not {len(arguments)}", node)
            return self.nil(node)
        if node.name == "__eq":
            return self.op("eq", node, *arguments)
        if node.name in _DERIVED:
            return self.call(_DERIVED[node.name], node, *arguments)
        return self._from_json(type_, node, arguments[0])

    def _from_json(self, type_: TypeInfo, node: s.Node, text: Value) -> Value:
        """A value of a record type from JSON text: its fields are those of the object in the text."""
        case = type_.constructor
        if case is None:
            return self.unsupported("`fromJSON` of a type with variants", node)
        parsed = self.call("__from_json", node, text)
        fields = [self.op("index", node, parsed, self.const(field.name, node)) for field in case.fields]
        typed = zip(fields, case.fields, strict=True)
        return self._construct(case, node, [self._decoded(value, field.type, node) for value, field in typed])

    def _decoded(self, value: Value, type_: s.TypeExpr | None, node: s.Node) -> Value:
        """A value of a JSON text as what the type of a field says."""
        if type_ is None:
            return value
        wanted = self.type_text(type_)
        if wanted in _JSON_SCALARS:
            return self.call(f"__json_as_{wanted}", node, value)
        for pattern, function in _JSON_PARTS:
            found = pattern.fullmatch(wanted)
            if found is not None:
                decode = self.op("closure", node, function=f"{LIBRARY_PREFIX}__json_as_{found[1]}")
                return self.call(function, node, value, decode)
        return self.unsupported(f"`fromJSON` with a field of type `{wanted}`", node)

    def _no_member(self, type_: TypeInfo, node: s.MethodCall | s.Member) -> Value:
        name = type_.source_name
        if node.name in type_.methods:
            message = f"'{node.name}' is a method: call it on a value of '{name}'"
            self.error("E0210", message, node, f"write `value.{node.name}(...)`")
            return self.nil(node)
        close = nearest(node.name, [*(case.name for case in type_.cases), *type_.statics])
        hint = f"did you mean '{name}.{close}'?" if close else None
        self.error("E0105", f"the type '{name}' has no '{node.name}'", node, hint)
        return self.nil(node)

    def _expr_Member(self, node: s.Member) -> Value:
        symbol = self.meaning.get(node.receiver) if isinstance(node.receiver, s.Name) else None
        if isinstance(symbol, TypeInfo):
            return self._member_of_type(symbol, node)
        if isinstance(symbol, LibraryName) and symbol.kind == "namespace":
            member = self._namespace_member(symbol.name, node.name, node)
            if isinstance(member, str):
                return self.op("closure", node, function=LIBRARY_PREFIX + member)
            return self.const(member, node)
        return self.op("getattr", node, self.receiver(node), name=node.name)

    def _member_of_type(self, type_: TypeInfo, node: s.Member) -> Value:
        case = type_.case(node.name)
        if case is not None:
            return self.constructor_value(case, node)
        info = type_.statics.get(node.name)
        return self.closure_of(info, node) if info is not None else self._no_member(type_, node)

    def _namespace_member(self, namespace: str, name: str, node: s.Node) -> str | float | None:
        members = NAMESPACES[namespace]
        name = name if name in members else camel_case(name)
        if name not in members:
            close = nearest(name, members)
            hint = f"did you mean '{namespace}.{close}'?" if close else None
            self.error("E0105", f"'{namespace}' has no member '{name}'", node, hint)
            return None
        return members[name]

    def plain_variable(self, node: s.Expr) -> Variable | None:
        """The variable that a name means, if its value is known to the lowering: then it can be refined."""
        variable = self.meaning.get(node) if isinstance(node, s.Name) else None
        if isinstance(variable, Variable) and not self.lives_in_memory(variable) and variable in self.env:
            return variable
        return None


@lru_cache(8)
def _has_styles(source: str) -> bool:
    """Whether texts of a program may have style tags: only its own texts are looked at, not those that it reads."""
    return _STYLE.search(source) is not None


def counted_range(counts: range) -> str:
    """`2 arguments`, `1 to 3 arguments`."""
    if len(counts) == 1:
        return counted(counts[0], "argument")
    return f"{counts[0]} to {counts[-1]} arguments"
