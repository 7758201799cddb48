"""What name resolution finds suspicious: names never used, names that hide others, statements behind a jump."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from wasmlathe.diagnostics import Diagnostics, SourceFile, Span

from . import syntax as s
from .symbols import FunctionInfo, Scope, Variable

_DECLARATIONS = s.FnDecl | s.TypeDecl | s.TypeAlias | s.Impl | s.Trait | s.Import | s.Export


class Warnings:
    """Collects what may be worth a warning while a file is resolved; `report` tells it."""

    def __init__(self, source: SourceFile, diagnostics: Diagnostics) -> None:
        self._source = source
        self._diagnostics = diagnostics
        #: Variables made by `x = e` and `var x = e` inside of functions and blocks, with the place of the name.
        self._locals: list[tuple[Variable, s.Name]] = []
        #: Functions that something outside of them mentions.
        self._mentioned: set[FunctionInfo] = set()

    def note_local(self, variable: Variable, name: s.Name, scope: Scope) -> None:
        """A binding made a new variable."""
        if scope.parent is None or name.name.startswith("_"):
            return  # variables of the top level may be for other files and for hosts
        self._locals.append((variable, name))
        hidden = scope.parent.find(name.name)
        if isinstance(hidden, Variable):
            line = self._source.position(hidden.start)[0]
            message = f"'{name.name}' hides the variable of the same name in line {line}"
            hint = None if hidden.mutable else "to change that one, declare it with `var`"
            self._warn("W0101", message, name.start, name.end, hint)

    def note_mention(self, info: FunctionInfo, by: FunctionInfo) -> None:
        """A function is called or used as a value; in itself that does not count."""
        inside: FunctionInfo | None = by
        while inside is not None:
            if inside is info:
                return
            inside = inside.parent
        self._mentioned.add(info)

    def note_block(self, statements: list[s.Stmt]) -> None:
        """The statements of a block: none stands behind a jump."""
        for before, after in pairwise(statements):
            if isinstance(before, s.Return | s.Break | s.Continue) and not isinstance(after, _DECLARATIONS):
                self._warn("W0201", "this is never reached: the statement before it leaves", after.start, after.end)
                return

    def report(self, statements: list[s.Stmt], functions: Iterable[FunctionInfo]) -> None:
        """Tell what is never used; `statements` are those of the top level, `functions` those that are no methods."""
        for variable, name in self._locals:
            if not variable.used:
                hint = f"`_{name.name}` or `_` says that this is meant"
                self._warn("W0001", f"'{name.name}' is never used", name.start, name.end, hint)
        if not _is_program(statements):
            return
        public = {statement.statement for statement in statements if isinstance(statement, s.Pub)}
        exported = {item.name for statement in statements for item in getattr(statement, "items", None) or ()}
        for info in functions:
            if info not in self._mentioned and _may_be_unused(info, public, exported):
                assert isinstance(info.node, s.FnDecl)
                name, start = info.node.name, info.node.name_start
                self._warn("W0002", f"the function '{name}' is never used", start, start + len(name))

    def _warn(self, code: str, message: str, start: int, end: int, hint: str | None = None) -> None:
        self._diagnostics.warning(code, message, Span(self._source, start, end), hint)


def _is_program(statements: list[s.Stmt]) -> bool:
    """True for a file that does something itself; the functions of others are for hosts and other files.

    Test and bench blocks may use functions too, and are not resolved with the program.
    """
    plain = [st.statement if isinstance(st, s.Pub) else st for st in statements]
    if any(isinstance(statement, s.Test | s.Bench) for statement in plain):
        return False
    return any(not isinstance(st, _DECLARATIONS) or (isinstance(st, s.FnDecl) and st.name == "main") for st in plain)


def _may_be_unused(info: FunctionInfo, public: set[s.Stmt], exported: set[str]) -> bool:
    node = info.node
    if not isinstance(node, s.FnDecl) or node in public or node.name.startswith("_"):
        return False
    is_top = info.parent is not None and info.parent.parent is None
    return not (is_top and (node.name == "main" or node.name in exported))
