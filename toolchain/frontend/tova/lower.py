"""Syntax to HIR: one HIR function for every function of the program, in `dyn.*` ops that know no types yet.

A function's parameters are the variables it captures (values, or cells for shared ones), then its own. A function that
may be called with fewer arguments gets a stub for every allowed number, called `name/number`, which computes the
defaults and calls the full one. The top level is the function `_start`, which ends by calling `main`. A host that calls
exported functions wants the top level executed before, but not `main`: with both, the statements are a function of their
own, and the attribute `initializer` of `_start` tells which function it is.
"""

from __future__ import annotations

from wasmlathe.diagnostics import Diagnostics, SourceFile
from wasmlathe.ir import types as t
from wasmlathe.ir.core import Function, Loc, Module, Value
from wasmlathe.passes.edit import remove_unreachable

from . import syntax as s
from .lower_core import Unit
from .lower_statements import StatementLowering, type_text
from .scopes import FunctionInfo, Resolution


def lower(
    program: s.Program, source: SourceFile, resolution: Resolution, module: Module, diagnostics: Diagnostics
) -> None:
    """Add all functions of `program` and its top level to `module`."""
    unit = Unit(source, resolution, module, diagnostics, "")
    exported = {st.statement for st in program.statements if isinstance(st, s.Pub)}
    for info in resolution.functions:
        lower_function(unit, info, info.node in exported)
    _lower_top(unit, program)


def _place(unit: Unit, node: s.Node | None) -> Loc | None:
    if node is None:
        return None
    line, column = unit.source.position(node.start)
    return Loc(unit.source.name, line, column, max(1, node.end - node.start))


def lower_function(unit: Unit, info: FunctionInfo, exported: bool = False) -> None:
    """Add one function and its stubs to the unit's module."""
    node = info.node
    assert node is not None
    if node.is_async or node.is_generator or node.body is None:
        return  # refused where it is declared
    count = len(info.captures) + len(node.params)
    function = Function(unit.function_name(info), [t.DYN] * count, (t.DYN,), _place(unit, node))
    function.source_name = info.source_name
    function.attrs["captures"] = len(info.captures)
    function.attrs["required"] = info.required
    if exported:
        function.attrs["pub"] = True
        function.attrs["annotations"] = [None if p.type is None else type_text(p.type) for p in node.params]
    unit.module.add(function)
    lowering = FunctionLowering(unit, function, info)
    lowering.function_body(node)
    remove_unreachable(function)
    for given in range(info.required, len(node.params)):
        _lower_stub(unit, info, given)


def _lower_stub(unit: Unit, info: FunctionInfo, given: int) -> None:
    """`name/given`: compute the missing arguments, left to right, and call the full function."""
    node = info.node
    assert node is not None
    name = unit.function_name(info)
    function = Function(f"{name}/{given}", [t.DYN] * (len(info.captures) + given), (t.DYN,), _place(unit, node))
    function.source_name = info.source_name
    function.attrs["captures"] = len(info.captures)
    function.attrs["inline"] = "always"
    unit.module.add(function)
    lowering = FunctionLowering(unit, function, info)
    captured = lowering.bind_captures()
    arguments = [lowering.function.entry.add_param(t.DYN) for _ in range(given)]
    for param, value in zip(node.params, arguments, strict=False):
        lowering.destructure(param.pattern, value)
    for param in node.params[given:]:
        assert param.default is not None  # only such parameters may be missing
        value = lowering.expression(param.default)
        lowering.destructure(param.pattern, value)
        arguments.append(value)
    lowering.builder.ret(lowering.op("call", node, *captured, *arguments, callee=name))
    remove_unreachable(function)


def _lower_top(unit: Unit, program: s.Program) -> None:
    resolution = unit.resolution
    main = next((i for i in resolution.functions if i.parent is resolution.top and i.name == "main"), None)
    start = _top_function(unit, resolution.top.name)
    has_code = not all(
        isinstance(statement, s.FnDecl | s.Test | s.Bench) for statement in map(_without_pub, program.statements)
    )
    statements = start
    if has_code:
        statements = _top_function(unit, f"{start.function.name}.top") if main is not None else start
        start.function.attrs["initializer"] = statements.function.name
    statements.statements(program.statements)
    if statements is not start:
        statements.builder.loc = None
        statements.builder.ret(statements.nil(program))
        remove_unreachable(statements.function)
        start.op("call", program, callee=statements.function.name)
    start.call_main(main, program)
    remove_unreachable(start.function)


def _top_function(unit: Unit, name: str) -> FunctionLowering:
    function = Function(name, [], (t.DYN,), None)
    function.attrs["captures"] = 0
    unit.module.add(function)
    return FunctionLowering(unit, function, unit.resolution.top)


def _without_pub(statement: s.Stmt) -> s.Stmt:
    return statement.statement if isinstance(statement, s.Pub) else statement


class FunctionLowering(StatementLowering):
    """Lowers one function."""

    def bind_captures(self) -> list[Value]:
        values = []
        for variable in self.info.captures:
            value = self.function.entry.add_param(t.DYN, variable.name)
            self.env[variable] = value
            values.append(value)
        return values

    def function_body(self, node: s.FnDecl | s.Lambda) -> None:
        self.bind_captures()
        if any(param.is_rest for param in node.params):
            self.unsupported("rest parameters", node)
        values = [self.function.entry.add_param(t.DYN, _parameter_name(param)) for param in node.params]
        for param, value in zip(node.params, values, strict=True):
            if param.type is not None:
                value = self.op("annotate", param, value, type=type_text(param.type), role="parameter", name=value.name)
            self.destructure(param.pattern, value)
        assert node.body is not None
        result = self.block_value(node.body)
        if self.is_open():
            if node.result is not None and self._has_tail_value(node.body):
                result = self.op("annotate", node.body.statements[-1], result, type=type_text(node.result), role="tail")
            self.builder.loc = self.loc(node)
            self.builder.ret(result)

    def _has_tail_value(self, body: s.Block) -> bool:
        return bool(body.statements) and isinstance(body.statements[-1], s.ExprStmt)

    def call_main(self, main: FunctionInfo | None, program: s.Program) -> None:
        """Call `main`, if there is one, with as many of the script's arguments as it takes."""
        self.builder.loc = None
        if main is None or main.node is None:
            self.builder.ret(self.nil(program))
            return
        node = main.node
        most = len(main.params)
        count = self.call("__arg_count", node) if most else None
        for given in range(most, main.required - 1, -1):
            if given == main.required or count is None:
                if count is not None and given:
                    self._require_arguments(count, given, node)
                self._call_main(main, given, node)
                return
            enough, fewer = self.new_block("enough"), self.new_block("fewer")
            wanted = self.const(given, node)
            self.branch(self.op("truth", node, self.op("ge", node, count, wanted)), enough, fewer)
            env = self.env
            self.start(enough, env)
            self._call_main(main, given, node)
            self.start(fewer, env)

    def _require_arguments(self, count: Value, given: int, node: s.Node) -> None:
        enough, missing = self.new_block("enough"), self.new_block("missing")
        self.branch(self.op("truth", node, self.op("ge", node, count, self.const(given, node))), enough, missing)
        self.start(missing)
        self.builder.panic(f"main needs {given} argument{'' if given == 1 else 's'}")
        self.start(enough)

    def _call_main(self, main: FunctionInfo, given: int, node: s.Node) -> None:
        captured = self.capture_values(main, node)
        arguments = [self.call("__arg", node, self.const(i, node)) for i in range(given)]
        name = self.unit.function_name(main)
        callee = name if given == len(main.params) else f"{name}/{given}"
        self.builder.ret(self.op("call", node, *captured, *arguments, callee=callee))


def _parameter_name(param: s.Param) -> str | None:
    return param.pattern.name if isinstance(param.pattern, s.BindPattern) else None
