"""What names mean, and what name resolution found out: variables, functions, names of the library, scopes."""

from __future__ import annotations

from collections.abc import Callable

from . import syntax as s
from .declared import AliasInfo, CaseInfo, TraitInfo, TypeInfo, TypeParameter

#: What the names of the library's functions and types begin with.
LIBRARY_PREFIX = "std."


class Variable:
    """A name that holds a value."""

    __slots__ = (
        "captured",
        "early",
        "function",
        "initial",
        "is_global",
        "mutable",
        "name",
        "ready_at",
        "reassigned",
        "start",
        "used",
    )

    def __init__(self, name: str, function: FunctionInfo, mutable: bool, start: int, ready_at: int) -> None:
        self.name = name
        self.function = function
        self.mutable = mutable
        self.start = start
        #: Where the statement ends that gives it its first value.
        self.ready_at = ready_at
        #: True if a closure may be made of it before it has a value.
        self.early = False
        self.captured = False
        self.reassigned = False
        self.is_global = False
        self.used = False
        #: The literal an immutable name is bound to, if it is one.
        self.initial: s.Expr | None = None

    @property
    def in_cell(self) -> bool:
        """True if closures share the variable, not a copy of its value."""
        return self.captured and self.reassigned and not self.is_global and not self.early


class FunctionInfo:
    """A function of the program: declared, lambda, or the top level (no node, no parent).

    Also a body that is lowered as a function so that panics in it can be caught (no node, but a parent).
    """

    __slots__ = ("captures", "name", "node", "parent", "prefix", "references", "scope", "source_name", "work")

    def __init__(
        self, name: str, source_name: str, node: s.FnDecl | s.Lambda | None, parent: FunctionInfo | None
    ) -> None:
        #: What the names of all functions of its file begin with.
        self.prefix: str = "" if parent is None else parent.prefix
        self.name = name
        self.source_name = source_name
        self.node = node
        self.parent = parent
        #: Variables of enclosing functions that it needs, in order of first use (a dict used as an ordered set).
        self.captures: dict[Variable, None] = {}
        #: Functions it calls or mentions.
        self.references: dict[FunctionInfo, None] = {}
        self.scope: Scope | None = None
        #: The array of what its `defer` statements registered, if it has any.
        self.work: Variable | None = None

    @property
    def is_body(self) -> bool:
        """True if it is a part of the function `parent` in the source."""
        return self.node is None and self.parent is not None

    @property
    def is_generator(self) -> bool:
        return self.node is not None and self.node.is_generator

    @property
    def owner(self) -> FunctionInfo:
        """The function of the source that it is, or is a part of."""
        info = self
        while info.node is None and info.parent is not None:
            info = info.parent
        return info

    @property
    def full_name(self) -> str:
        """The name of its HIR function."""
        return self.prefix + self.name

    @property
    def params(self) -> list[s.Param]:
        return self.node.params if self.node is not None else []

    @property
    def required(self) -> int:
        """How many arguments a call has to give: parameters before the last one without default count."""
        return max((i + 1 for i, p in enumerate(self.params) if p.default is None and not p.is_rest), default=0)

    @property
    def has_rest(self) -> bool:
        """True if the last parameter takes all further arguments as an array."""
        return bool(self.params) and self.params[-1].is_rest


class LibraryName:
    """A function, constant or namespace of the standard library; or one that is `missing`: not supported yet."""

    __slots__ = ("kind", "name")

    def __init__(self, kind: str, name: str) -> None:
        self.kind = kind
        self.name = name


class ModuleName:
    """The name of a whole module: `import * as name`. `find` gives the symbol that the module exports under a name."""

    __slots__ = ("exported", "find", "path")

    def __init__(self, path: str, find: Callable[[str], Symbol | None], exported: Callable[[], list[str]]) -> None:
        self.path = path
        self.find = find
        self.exported = exported


class RefusedName:
    """A name of a declaration that lowering refuses, and says so there."""

    __slots__ = ("start",)

    def __init__(self, start: int) -> None:
        self.start = start


Symbol = (
    Variable
    | FunctionInfo
    | LibraryName
    | ModuleName
    | RefusedName
    | TypeInfo
    | CaseInfo
    | AliasInfo
    | TraitInfo
    | TypeParameter
)


class Scope:
    """The names of one block."""

    __slots__ = ("function", "names", "parent", "statements")

    def __init__(self, function: FunctionInfo, parent: Scope | None, statements: list[s.Stmt] | None = None) -> None:
        self.function = function
        self.parent = parent
        self.statements = statements or []
        self.names: dict[str, Symbol] = {}

    def find(self, name: str) -> Symbol | None:
        scope: Scope | None = self
        while scope is not None:
            found = scope.names.get(name)
            if found is not None:
                return found
            scope = scope.parent
        return None


class Resolution:
    """What the names of a program mean."""

    __slots__ = (
        "assigned_in_loop",
        "deferred",
        "early",
        "functions",
        "meaning",
        "needs_check",
        "plain",
        "top",
        "types",
    )

    def __init__(self, top: FunctionInfo) -> None:
        self.top = top
        #: `Name`, `BindPattern`, `FnDecl` and `Lambda` nodes to their symbols.
        self.meaning: dict[s.Node, Symbol] = {}
        #: `module.name` and `module.name(...)` -> the same without the module, which the meaning of the name knows.
        self.plain: dict[s.Expr, s.Expr] = {}
        #: Loop node -> variables of the same function assigned in its condition or body.
        self.assigned_in_loop: dict[s.Node, dict[Variable, None]] = {}
        self.functions: list[FunctionInfo] = []
        #: The types that the file declares.
        self.types: list[TypeInfo] = []
        #: Module variables that a function may read before they have a value.
        self.needs_check: set[Variable] = set()
        #: `defer` statements -> lambdas that do what they ask for.
        self.deferred: dict[s.Defer, s.Lambda] = {}
        #: First statement of a block -> variables of the block that closures may capture before they have a value.
        self.early: dict[s.Stmt, list[Variable]] = {}
