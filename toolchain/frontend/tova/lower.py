"""Syntax to HIR: one HIR function for every function of the program, in `dyn.*` ops that know no types yet.

A function's parameters are the variables it captures (values, or cells for shared ones), then its own. A function that
may be called with fewer arguments gets a stub for every allowed number, called `name/number`, which computes the
defaults and calls the full one. The top level is the function `_start`, which executes the imported files first (each has
its own `_start`, without `main`) and ends by calling `main`. A host that calls
exported functions wants the top level executed before, but not `main`: with both, the statements are a function of their
own, and the attribute `initializer` of `_start` tells which function it is.
"""

from __future__ import annotations

from collections.abc import Callable

from wasmlathe.diagnostics import Diagnostics
from wasmlathe.ir import types as t
from wasmlathe.ir.build import Builder
from wasmlathe.ir.core import Function, Loc, Module, Value
from wasmlathe.passes.edit import remove_unreachable

from . import syntax as s
from .generators import split_generator
from .lower_core import Jumps, Unit
from .lower_types import declaration_of
from .lower_unwinding import UnwindingLowering, body_function
from .modules import SourceModule
from .symbols import FunctionInfo, Resolution
from .test_blocks import TestBlock


def lower(
    files: list[SourceModule], module: Module, diagnostics: Diagnostics, tests: list[TestBlock] | None = None
) -> None:
    """Add all functions and the top levels of the files of a program to `module`; its own file is the last.

    `tests` are its test blocks, if they are wanted, instead of a call of `main`.
    """
    *imported, own = files
    executed = []
    for file in imported:
        unit = _unit(file, module, diagnostics)
        for info in file.resolution.functions:
            lower_function(unit, info)
        if file.has_code:
            executed.append(_lower_top(unit, file.program, None, True).name)
    unit = _unit(own, module, diagnostics)
    exported = {st.statement for st in own.program.statements if isinstance(st, s.Pub)}
    for info in own.resolution.functions:
        lower_function(unit, info, info.node in exported)
    main = _main_of(own.resolution) if tests is None else None
    _execute_first(executed, _lower_top(unit, own.program, main, own.has_code or bool(executed)))
    for test in tests or ():
        test.add_to(module)


def _unit(file: SourceModule, module: Module, diagnostics: Diagnostics) -> Unit:
    """What lowering the functions of a file needs; its types are declared in the module."""
    for type_ in file.resolution.types:
        module.declarations[type_.name] = declaration_of(type_, file.resolution)
    return Unit(file.source, file.resolution, module, diagnostics)


def _main_of(resolution: Resolution) -> FunctionInfo | None:
    return next((i for i in resolution.functions if i.parent is resolution.top and i.name == "main"), None)


def _execute_first(functions: list[str], top: Function) -> None:
    """Let the function that has the statements of the program call these functions before them."""
    builder = Builder(top.entry, 0)
    for name in functions:
        builder.emit("dyn.call", (), None, None, callee=name)


def _place(unit: Unit, node: s.Node | None) -> Loc | None:
    if node is None:
        return None
    line, column = unit.source.position(node.start)
    return Loc(unit.source.name, line, column, max(1, node.end - node.start))


def lower_function(unit: Unit, info: FunctionInfo, exported: bool = False) -> None:
    """Add one function and its stubs to the unit's module."""
    node = info.node
    if node is None:
        return  # lowered where it stands, with what is around it
    if node.is_async or node.body is None:
        return  # refused where it is declared
    count = len(info.captures) + len(node.params)
    function = Function(unit.function_name(info), [t.DYN] * count, (t.DYN,), _place(unit, node))
    function.source_name = info.source_name
    function.attrs["captures"] = len(info.captures)
    function.attrs["required"] = info.required
    if info.has_rest:
        function.attrs["rest"] = True
    if exported:
        function.attrs["pub"] = True
        function.attrs["annotations"] = [None if p.type is None else unit.texts.text(p.type) for p in node.params]
    unit.module.add(function)
    if info.work is not None:
        _lower_deferring(unit, function, info, lambda body: body.function_body(node), node)
    else:
        FunctionLowering(unit, function, info).function_body(node)
        remove_unreachable(function)
    if node.is_generator:
        split_generator(function, unit.module)
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
        assert param.default is not None or param.is_rest  # only such parameters may be missing
        value = lowering.op("array", param) if param.default is None else lowering.expression(param.default)
        lowering.destructure(param.pattern, value)
        arguments.append(value)
    lowering.builder.ret(lowering.op("call", node, *captured, *arguments, callee=name))
    remove_unreachable(function)


def _lower_deferring(
    unit: Unit, function: Function, info: FunctionInfo, fill: Callable[[FunctionLowering], None], node: s.Node
) -> Function:
    """Make `function` call a function with what `fill` lowers, which is the result, then do what that deferred."""
    body = unit.module.add(body_function(function))
    inner = FunctionLowering(unit, body, info)
    inner.jumps = Jumps()
    fill(inner)
    ends = inner.end_body(node)
    remove_unreachable(body)
    outer = FunctionLowering(unit, function, info)
    arguments = [function.entry.add_param(t.DYN) for _ in function.param_types]
    outer.run_deferring(body, inner.jumps, ends, arguments, node)
    remove_unreachable(function)
    return body


def _lower_deferring_top(unit: Unit, program: s.Program, start: Function, main: FunctionInfo | None) -> Function:
    """The top level when it defers work: to the end of the program, so after `main`. The function with the statements."""
    top = unit.resolution.top
    if main is None:
        return _lower_deferring(unit, start, top, lambda body: body.top_statements(program), program)
    statements = _top_function(unit, f"{start.name}.top")
    inner = _lower_deferring(unit, statements, top, lambda body: body.top_statements(program), program)
    start.attrs["initializer"] = statements.name
    _lower_deferring(unit, start, top, lambda body: body.top_and_main(inner, main, program), program)
    return inner


def _lower_top(unit: Unit, program: s.Program, main: FunctionInfo | None, has_code: bool) -> Function:
    """Add the top level of a file, which ends with a call of `main`; the function that has its statements."""
    resolution = unit.resolution
    function = _top_function(unit, unit.function_name(resolution.top))
    if resolution.top.work is not None:
        return _lower_deferring_top(unit, program, function, main)
    start = statements = FunctionLowering(unit, function, resolution.top)
    if has_code:
        if main is not None:
            statements = FunctionLowering(unit, _top_function(unit, f"{function.name}.top"), resolution.top)
        start.function.attrs["initializer"] = statements.function.name
    statements.statements(program.statements)
    if statements is not start:
        statements.builder.loc = None
        statements.builder.ret(statements.nil(program))
        remove_unreachable(statements.function)
        start.op("call", program, callee=statements.function.name)
    start.call_main(main, program)
    remove_unreachable(start.function)
    return statements.function


def _top_function(unit: Unit, name: str) -> Function:
    function = Function(name, [], (t.DYN,), None)
    function.attrs["captures"] = 0
    return unit.module.add(function)


class FunctionLowering(UnwindingLowering):
    """Lowers one function."""

    def function_body(self, node: s.FnDecl | s.Lambda) -> None:
        self.bind_captures()
        values = [self.function.entry.add_param(t.DYN, _parameter_name(param)) for param in node.params]
        self.bind_work()
        for param, value in zip(node.params, values, strict=True):
            if param.type is not None:
                value = self.op(
                    "annotate", param, value, type=self.type_text(param.type), role="parameter", name=value.name
                )
            self.destructure(param.pattern, value)
        assert node.body is not None
        result = self.block_value(node.body)
        if self.is_open():
            if node.result is not None and not node.is_generator and self._has_tail_value(node.body):
                result = self.op(
                    "annotate", node.body.statements[-1], result, type=self.type_text(node.result), role="tail"
                )
            self.give_back(result, node)

    def top_statements(self, program: s.Program) -> None:
        """The statements of a top level that defers work."""
        self.bind_work()
        self.statements(program.statements)

    def top_and_main(self, top: Function, main: FunctionInfo, program: s.Program) -> None:
        """Call `top`, which has the statements of a top level that defers work, then `main`."""
        self.bind_work()
        assert self.info.work is not None
        self.op("call", program, self.env[self.info.work], callee=top.name)
        self.call_main(main, program)

    def _has_tail_value(self, body: s.Block) -> bool:
        return bool(body.statements) and isinstance(body.statements[-1], s.ExprStmt)

    def call_main(self, main: FunctionInfo | None, program: s.Program) -> None:
        """Call `main`, if there is one, with as many of the script's arguments as it takes."""
        self.builder.loc = None
        if main is None or main.node is None:
            self.give_back(self.nil(program), program)
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
        result = self.op("call", node, *captured, *arguments, callee=callee)
        self.give_back(self.call("__main_result", node, result), node)


def _parameter_name(param: s.Param) -> str | None:
    return param.pattern.name if isinstance(param.pattern, s.BindPattern) else None
