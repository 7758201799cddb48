"""Test blocks: `test "name" timeout=N { before_each {...} ... after_each {...} }` as functions of the program.

A test's `before_each` blocks are executed before its other statements and its `after_each` blocks after them, so the
first see the names of the file only.
"""

from __future__ import annotations

from dataclasses import dataclass

from wasmlathe.ir import types as t
from wasmlathe.ir.build import Builder
from wasmlathe.ir.core import Function, Module

from . import syntax as s


@dataclass(frozen=True, slots=True)
class TestBlock:
    """One test of the program. `function` is the name of what executes it."""

    name: str
    timeout_ms: int | None
    function: str

    def add_to(self, module: Module) -> None:
        """Add the function that the `test` command calls: of no parameters and no result, whatever the test returns."""
        inner = module.functions[self.function]
        function = Function(f"test {self.name}", [], (t.DYN,), inner.loc)
        function.source_name = f"test {self.name}"
        function.attrs.update(captures=0, pub=True, annotations=[])
        function.attrs["test"] = self.name
        if self.timeout_ms is not None:
            function.attrs["timeout_ms"] = self.timeout_ms
        builder = Builder(function.add_block("entry"))
        builder.emit("dyn.call", (), None, None, callee=self.function)
        builder.ret(builder.op("dyn.const", value=None))
        module.add(function)


def take_tests(program: s.Program) -> list[TestBlock]:
    """Turn the test blocks of a file into functions of it; what is known about each, in their order."""
    found: list[TestBlock] = []
    names: set[str] = set()
    for index, statement in enumerate(program.statements):
        if isinstance(statement, s.Test):
            name = _unique(statement.name or f"test {len(found) + 1}", names)
            function = f"__test:{len(found)}"  # no program can have a function of this name
            program.statements[index] = _as_function(statement, function)
            found.append(TestBlock(name, statement.timeout, function))
    return found


def _unique(name: str, taken: set[str]) -> str:
    candidate, number = name, 1
    while candidate in taken:
        number += 1
        candidate = f"{name} ({number})"
    taken.add(candidate)
    return candidate


def _as_function(test: s.Test, name: str) -> s.FnDecl:
    before, after, others = list[s.Stmt](), list[s.Stmt](), list[s.Stmt]()
    for statement in test.body.statements:
        if isinstance(statement, s.Hook):
            (before if statement.kind == "before_each" else after).append(_as_block(statement))
        else:
            others.append(statement)
    body = s.Block(test.body.start, test.body.end, before + others)
    if after:
        cleaning = s.Block(test.body.start, test.body.end, after)
        body = s.Block(body.start, body.end, [s.Try(body.start, body.end, body, None, None, cleaning)])
    return s.FnDecl(test.start, test.end, name, test.start, [], [], None, body, False, False, [])


def _as_block(hook: s.Hook) -> s.Stmt:
    """The body of a hook with a scope of its own."""
    always = s.BoolLit(hook.start, hook.end, True)
    branch = s.Branch(hook.start, hook.end, always, hook.body)
    return s.ExprStmt(hook.start, hook.end, s.If(hook.start, hook.end, [branch], None))
