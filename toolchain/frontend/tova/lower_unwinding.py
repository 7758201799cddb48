"""Lowering of what has to happen on every way out: `try`, `with`, `defer`.

    try { total += f(x)                    %code = dyn.try_call %total, %x {callee = "g.try"}
          if total > 9 { return x }   =>   # 0: the end was reached, 1: `return` (the result is in a cell),
    } finally { print("done") }            # 2, 3...: `break` and `continue` of loops around it, -1: a panic

The protected statements become a function of their own: `try_call` is what panics stop at. It takes the variables of the
function around it that it needs as nested functions do, those that are assigned as cells. Its jumps out of itself are
codes, told apart where it was called, after what has to happen on every way.
"""

from __future__ import annotations

from collections.abc import Callable

from wasmlathe.ir import types as t
from wasmlathe.ir.core import Function, Value
from wasmlathe.passes.edit import remove_unreachable

from . import syntax as s
from .lower_core import Jumps
from .lower_statements import StatementLowering
from .symbols import FunctionInfo, Variable

_PANICKED = -1


class Attempt:
    """A protected call that has been made: its `code`, the `cell` of a result that it may have set.

    `site` and `message` describe the panic, if the code says that there was one. `ends` tells whether code 0 is possible.
    """

    __slots__ = ("cell", "code", "ends", "jumps", "message", "site")

    def __init__(self, code: Value, cell: Value | None, jumps: Jumps, ends: bool, site: Value, message: Value) -> None:
        self.code = code
        self.cell = cell
        self.jumps = jumps
        self.ends = ends
        self.site = site
        self.message = message


class UnwindingLowering(StatementLowering):
    """Adds the statements that need to see panics."""

    # --- statements --------------------------------------------------------------------------------------------------

    def _stmt_Try(self, node: s.Try) -> None:
        if node.finally_body is None:
            self._try_catch(node)
            return
        if node.catch_body is None:
            attempt = self._attempt(node, node.body, _statements(node.body))
        else:
            attempt = self._attempt(node, node, lambda inner: inner._try_catch(node))
        self.statements(node.finally_body.statements)
        self._go_on(attempt, node)

    def _try_catch(self, node: s.Try) -> None:
        attempt = self._attempt(node, node.body, _statements(node.body))
        self._go_on(attempt, node, lambda: self._catch(node, attempt))

    def _catch(self, node: s.Try, attempt: Attempt) -> None:
        assert node.catch_body is not None
        error = self.meaning[node.catch_name] if node.catch_name is not None else None
        if isinstance(error, Variable):
            self.declare(error, self.op("record", node, attempt.message, keys=["message"]), node)
        self.statements(node.catch_body.statements)

    def _stmt_With(self, node: s.With) -> None:
        value = self.expression(node.value)
        variable = self.meaning[node.name]
        assert isinstance(variable, Variable)
        self.declare(variable, value, node.name)
        attempt = self._attempt(node, node.body, _statements(node.body))
        self.op("close", node, value)
        self._go_on(attempt, node)

    def _stmt_Defer(self, node: s.Defer) -> None:
        action = self.meaning[self.unit.resolution.deferred[node]]
        work = self.info.owner.work
        assert isinstance(action, FunctionInfo) and work is not None  # as name resolution has seen
        self.call("push", node, self.env[work], self.closure_of(action, node))

    def leave_loop(self, word: str, node: s.Break | s.Continue) -> None:
        """`break` or `continue` of a loop around the body that is being lowered."""
        if self.jumps is not None:  # else name resolution has reported that there is no loop
            code = self.jumps.codes.setdefault((word, node.label), Jumps.RETURN + 1 + len(self.jumps.codes))
            self.builder.ret(self.const(code, node))

    # --- functions that register work for their end ------------------------------------------------------------------

    def run_deferring(self, body: Function, jumps: Jumps, ends: bool, arguments: list[Value], node: s.Node) -> None:
        """Make this function call `body`, which has its statements, then what they deferred.

        The last parameters of `body` are the array for the latter and, if it has a result, the cell for that.
        """
        work = self.op("array", node)
        attempt = self._called(node, body, [*arguments, work], jumps, ends)
        self.call("__run_deferred", node, work)
        self._go_on(attempt, node)
        if self.reaches_here():
            self.give_back(self.nil(node), node)

    # --- the mechanism -----------------------------------------------------------------------------------------------

    def _attempt(self, node: s.Node, key: s.Node, fill: Callable[[UnwindingLowering], None]) -> Attempt:
        """Lower what `fill` lowers as the function that `key` means, and call it."""
        info = self.meaning[key]
        assert isinstance(info, FunctionInfo)
        function = Function(self.unit.function_name(info), [t.DYN] * len(info.captures), (t.DYN,), self.loc(node))
        function.source_name = info.source_name
        function.attrs["captures"] = len(info.captures)
        function.attrs["required"] = 0
        self.unit.module.add(function)
        inner = type(self)(self.unit, function, info)
        jumps = inner.jumps = Jumps()
        inner.bind_captures()
        fill(inner)
        ends = inner.end_body(node)
        remove_unreachable(function)
        return self._called(node, function, self.capture_values(info, node), jumps, ends)

    def end_body(self, node: s.Node) -> bool:
        """Finish a body with code 0; whether its end can be reached."""
        ends = self.reaches_here()
        self.builder.ret(self.const(0, node))
        return ends

    def _called(self, node: s.Node, body: Function, arguments: list[Value], jumps: Jumps, ends: bool) -> Attempt:
        cell = None
        if jumps.result is not None:
            cell = self.op("cell_empty", node)
            arguments = [*arguments, cell]
        code = self.op("try_call", node, *arguments, callee=body.name)
        return Attempt(code, cell, jumps, ends, self.op("caught_site", node), self.op("caught", node))

    def _go_on(self, attempt: Attempt, node: s.Node, panicked: Callable[[], None] | None = None) -> None:
        """Do what the code of the attempt says; after a panic what `panicked` does, or go on panicking."""
        if not self.reaches_here():
            return
        ways = [(_PANICKED, panicked or (lambda: self._rethrow(attempt, node)))]
        cell = attempt.cell
        if cell is not None:
            ways.append((Jumps.RETURN, lambda: self.give_back(self.op("cell_get", node, cell), node)))
        for (word, label), code in attempt.jumps.codes.items():
            ways.append((code, lambda word=word, label=label: self._jump(word, label, node)))  # type: ignore[misc]
        last = None if attempt.ends else ways.pop()[1]
        edges = []
        for code, leave in ways:
            then, otherwise = self.new_block("way"), self.new_block("other")
            then.cold = code == _PANICKED and panicked is None
            holds = self.op("eq", node, attempt.code, self.const(code, node))
            self.branch(self.op("truth", node, holds), then, otherwise)
            env = self.env
            self.start(then, env)
            leave()
            if self.reaches_here():
                edges.append(self.edge())
            self.start(otherwise, env)
        if last is not None:
            last()
        if self.reaches_here():
            edges.append(self.edge())
        self.join("tried", edges)

    def _jump(self, word: str, label: str | None, node: s.Node) -> None:
        jump = (s.Break if word == "break" else s.Continue)(node.start, node.end, label)
        self.statement(jump)

    def _rethrow(self, attempt: Attempt, node: s.Node) -> None:
        self.builder.loc = self.loc(node)
        self.builder.emit("dyn.rethrow", (attempt.site, attempt.message), ())
        self.unreachable_from_here()


def _statements(body: s.Block) -> Callable[[UnwindingLowering], None]:
    return lambda inner: inner.statements(body.statements)


def body_function(of: Function) -> Function:
    """A function for the statements of `of`, which defers work: its parameters, then the array for that work."""
    body = Function(f"{of.name}/body", [*of.param_types, t.DYN], (t.DYN,), of.loc)
    body.source_name = of.source_name
    body.attrs["captures"] = of.attrs["captures"]
    body.attrs["required"] = 0
    return body
