"""Names: which variable, function or library entry every name of a program means.

The rules are LANGUAGE.md section 4: `x = e` assigns to a visible `var`, else declares an immutable name in the current
block. Bodies of functions and lambdas are resolved after the body that contains them, so that they see the names
declared below them (which exist, but may not be initialised yet when the function runs).

`resolve` reports undefined, doubly declared and immutable names, and misplaced `break`, `continue`, `return`, `yield`;
its `Resolution` tells the lowering what each node means, which variables closures share, and what loops assign.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from wasmlathe.diagnostics import Diagnostics, SourceFile, Span, nearest

from . import syntax as s
from .names import CONSTANTS, NAMESPACES, NOT_YET, camel_case
from .parser_statements import FOREIGN_NAMES


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
    """A function of the program: declared, lambda, or the top level (no node, no parent)."""

    __slots__ = ("captures", "name", "node", "parent", "references", "scope", "source_name")

    def __init__(
        self, name: str, source_name: str, node: s.FnDecl | s.Lambda | None, parent: FunctionInfo | None
    ) -> None:
        self.name = name
        self.source_name = source_name
        self.node = node
        self.parent = parent
        #: Variables of enclosing functions that it needs, in order of first use (a dict used as an ordered set).
        self.captures: dict[Variable, None] = {}
        #: Functions it calls or mentions.
        self.references: dict[FunctionInfo, None] = {}
        self.scope: Scope | None = None

    @property
    def params(self) -> list[s.Param]:
        return self.node.params if self.node is not None else []

    @property
    def required(self) -> int:
        """How many arguments a call has to give: parameters before the last one without default count."""
        return max((i + 1 for i, p in enumerate(self.params) if p.default is None), default=0)


class LibraryName:
    """A function, constant or namespace of the standard library; or one that is `missing`: not supported yet."""

    __slots__ = ("kind", "name")

    def __init__(self, kind: str, name: str) -> None:
        self.kind = kind
        self.name = name


class RefusedName:
    """A name of a declaration that lowering refuses, and says so there."""

    __slots__ = ("start",)

    def __init__(self, start: int) -> None:
        self.start = start


Symbol = Variable | FunctionInfo | LibraryName | RefusedName


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

    __slots__ = ("assigned_in_loop", "early", "functions", "meaning", "needs_check", "top")

    def __init__(self, top: FunctionInfo) -> None:
        self.top = top
        #: `Name`, `BindPattern`, `FnDecl` and `Lambda` nodes to their symbols.
        self.meaning: dict[s.Node, Symbol] = {}
        #: Loop node -> variables of the same function assigned in its condition or body.
        self.assigned_in_loop: dict[s.Node, dict[Variable, None]] = {}
        self.functions: list[FunctionInfo] = []
        #: Module variables that a function may read before they have a value.
        self.needs_check: set[Variable] = set()
        #: First statement of a block -> variables of the block that closures may capture before they have a value.
        self.early: dict[s.Stmt, list[Variable]] = {}


def resolve(
    program: s.Program,
    source: SourceFile,
    diagnostics: Diagnostics,
    library: Iterable[str],
    top_name: str = "_start",
    internal: bool = False,
) -> Resolution:
    """Resolve every name of `program`. `library` holds the names of the library's functions.

    `internal` is for the library itself: names that begin with two underscores are visible.
    """
    resolver = _Resolver(source, diagnostics, frozenset(library), top_name, internal)
    return resolver.run(program)


class _Loop:
    __slots__ = ("assigned", "label", "node")

    def __init__(self, node: s.Node, label: str | None) -> None:
        self.node = node
        self.label = label
        self.assigned: dict[Variable, None] = {}


class _Resolver:
    def __init__(
        self, source: SourceFile, diagnostics: Diagnostics, library: frozenset[str], top_name: str, internal: bool
    ) -> None:
        self.source = source
        self.diagnostics = diagnostics
        self.library = library
        self.internal = internal
        self.top = FunctionInfo(top_name, top_name, None, None)
        self.result = Resolution(self.top)
        self.function = self.top
        self.scope = Scope(self.top, None)
        self.module_scope = self.scope
        self.loops: list[_Loop] = []
        self.bodies: deque[tuple[FunctionInfo, Scope]] = deque()
        self.used_names: set[str] = {top_name}
        self.lambda_counts: dict[FunctionInfo, int] = {}
        #: Top-level statement number at which a module variable gets its value.
        self.statement_of: dict[Variable, int] = {}
        self.top_references: list[tuple[int, FunctionInfo]] = []
        self.statement_number = 0
        self.uses_of_globals: dict[FunctionInfo, set[Variable]] = {}
        #: Where functions are mentioned: in which function, at which place.
        self.mentions: list[tuple[FunctionInfo, FunctionInfo, int]] = []
        #: Lambdas that are bound to a name, which means themselves in their bodies.
        self.own_names: dict[FunctionInfo, str] = {}
        #: The block that declares a variable.
        self.home: dict[Variable, Scope] = {}
        #: End of the statement whose names are being declared, if that is where they get their values.
        self.ready_at: int | None = None

    def run(self, program: s.Program) -> Resolution:
        self.scope.statements = program.statements
        self._hoist(program.statements)
        for number, statement in enumerate(program.statements):
            self.statement_number = number
            self._visit(statement)
        while self.bodies:
            info, scope = self.bodies.popleft()
            self._function_body(info, scope)
        self._close_captures()
        self._mark_early()
        self._mark_globals()
        self._find_unchecked_globals()
        return self.result

    # --- declaring and finding ---------------------------------------------------------------------------------------

    def _span(self, node: s.Node) -> Span:
        return Span(self.source, node.start, node.end)

    def _name_span(self, start: int, name: str) -> Span:
        return Span(self.source, start, start + len(name))

    def _declare(self, name: str, symbol: Symbol, start: int) -> None:
        known = self.scope.names.get(name)
        if known is not None and name != "_":
            line = ""
            at = getattr(known, "start", None)
            if at is not None:
                line = f" (line {self.source.position(at)[0]})"
            self.diagnostics.error(
                "E0201", f"'{name}' is already defined in this scope{line}", self._name_span(start, name)
            )
        self.scope.names[name] = symbol

    def _new_variable(self, node: s.Node, name: str, mutable: bool = False) -> Variable:
        ready_at = self.ready_at if self.ready_at is not None else node.start
        variable = Variable(name, self.function, mutable, node.start, ready_at)
        self.home[variable] = self.scope
        self._declare(name, variable, node.start)
        self.result.meaning[node] = variable
        if self.scope is self.module_scope:
            self.statement_of[variable] = self.statement_number
        return variable

    def _use(self, node: s.Node, name: str) -> Symbol | None:
        symbol = self.scope.find(name)
        if symbol is None:
            symbol = self._library_symbol(name)
        if symbol is None:
            self._undefined(node, name)
            return None
        self.result.meaning[node] = symbol
        if isinstance(symbol, Variable):
            symbol.used = True
            self._note_use(symbol)
        elif isinstance(symbol, FunctionInfo):
            self._mention(symbol, node)
        return symbol

    def _mention(self, info: FunctionInfo, node: s.Node) -> None:
        self.function.references.setdefault(info)
        self.mentions.append((self.function, info, node.start))
        if self.function is self.top:
            self.top_references.append((self.statement_number, info))

    def _note_use(self, variable: Variable) -> None:
        if variable.function is not self.function:
            variable.captured = True
            self.function.captures.setdefault(variable)

    def _library_symbol(self, name: str) -> LibraryName | None:
        if name.startswith("__") and not self.internal:
            return None
        if name in self.library:
            return LibraryName("function", name)
        if name in CONSTANTS:
            return LibraryName("constant", name)
        if name in NAMESPACES:
            return LibraryName("namespace", name)
        present = camel_case(name)
        if present in self.library:
            return LibraryName("function", present)
        return LibraryName("missing", name) if name in NOT_YET or present in NOT_YET else None

    def _undefined(self, node: s.Node, name: str) -> None:
        visible = set(self.library) | set(CONSTANTS) | set(NAMESPACES)
        scope: Scope | None = self.scope
        while scope is not None:
            visible.update(scope.names)
            scope = scope.parent
        close = FOREIGN_NAMES.get(name) or nearest(name, sorted(n for n in visible if not n.startswith("__")))
        hint = f"did you mean '{close}'?" if close else None
        self.diagnostics.error("E0200", f"'{name}' is not defined", self._span(node), hint)

    # --- blocks ------------------------------------------------------------------------------------------------------

    def _in_scope(self, statements: list[s.Stmt], before: Callable[[], None] | None = None) -> None:
        outer = self.scope
        self.scope = Scope(self.function, outer, statements)
        if before is not None:
            before()
        self._hoist(statements)
        for statement in statements:
            self._visit(statement)
        self.scope = outer

    def _hoist(self, statements: list[s.Stmt]) -> None:
        """Declare the functions of a block before anything else of it."""
        for statement in statements:
            declaration = statement.statement if isinstance(statement, s.Pub) else statement
            if isinstance(declaration, s.TypeDecl | s.TypeAlias | s.Import):
                self._visit(declaration)
            elif isinstance(declaration, s.FnDecl):
                info = self._new_function(declaration, declaration.name)
                self._declare(declaration.name, info, declaration.name_start)

    def _new_function(self, node: s.FnDecl | s.Lambda, name: str) -> FunctionInfo:
        prefix = "" if self.function is self.top else self.function.name + "."
        unique = candidate = prefix + name
        number = 1
        while unique in self.used_names:
            number += 1
            unique = f"{candidate}.{number}"
        self.used_names.add(unique)
        info = FunctionInfo(unique, name, node, self.function)
        self.result.meaning[node] = info
        self.result.functions.append(info)
        self.bodies.append((info, self.scope))
        return info

    def _function_body(self, info: FunctionInfo, scope: Scope) -> None:
        node = info.node
        assert node is not None  # only the top level has none, and it is no body
        self.function, self.loops = info, []
        if info in self.own_names:
            scope = Scope(scope.function, scope)
            scope.names[self.own_names[info]] = info
        self.scope = info.scope = Scope(info, scope, node.body.statements if node.body is not None else None)
        for param in node.params:
            if param.default is not None:
                self._visit(param.default)
            self._bind(param.pattern)
        if node.body is not None:
            self._hoist(node.body.statements)
            for statement in node.body.statements:
                self._visit(statement)

    # --- after the walk ----------------------------------------------------------------------------------------------

    def _close_captures(self) -> None:
        """A function needs what the functions that it mentions need, unless it has it itself."""
        changed = True
        while changed:
            changed = False
            for info in self.result.functions:
                for other in info.references:
                    for variable in other.captures:
                        if variable.function is not info and variable not in info.captures:
                            info.captures[variable] = None
                            changed = True

    def _mark_early(self) -> None:
        """Find the variables that are captured before the end of the statement that gives them a value."""
        for function, mentioned, place in self.mentions:
            for variable in mentioned.captures:
                if variable.function is function and place < variable.ready_at and not variable.early:
                    self._make_early(variable)

    def _make_early(self, variable: Variable) -> None:
        scope = self.home[variable]
        if scope is self.module_scope:
            variable.is_global = True
        else:
            variable.early = True
            self.result.early.setdefault(scope.statements[0], []).append(variable)

    def _mark_globals(self) -> None:
        """Module variables that named functions use live in module globals; nobody needs to capture them."""
        module_variables = {v for v in self.module_scope.names.values() if isinstance(v, Variable)}
        for info in self.result.functions:
            if _is_named(info):
                for variable in info.captures:
                    if variable in module_variables:
                        variable.is_global = True
        for info in self.result.functions:
            self.uses_of_globals[info] = {v for v in info.captures if v.is_global}
            info.captures = {v: None for v in info.captures if not v.is_global}

    def _find_unchecked_globals(self) -> None:
        """Which globals may be read too early: by a function mentioned at or before the statement that sets them."""
        for number, function in self.top_references:
            for variable in self.uses_of_globals.get(function, ()):
                if number <= self.statement_of[variable]:
                    self.result.needs_check.add(variable)

    # --- nodes -------------------------------------------------------------------------------------------------------

    def _visit(self, node: s.Node) -> None:
        """Resolve `node`; kinds without a method of their own just visit their children."""
        method = getattr(self, "_visit_" + type(node).__name__, None)
        if method is not None:
            method(node)
        else:
            for child in s.children(node):
                self._visit(child)

    def _visit_Name(self, node: s.Name) -> None:
        self._use(node, node.name)

    def _visit_Block(self, node: s.Block) -> None:
        self._in_scope(node.statements)

    def _visit_FnDecl(self, node: s.FnDecl) -> None:
        """The body comes later; the name was declared when the block was entered."""

    def _visit_Lambda(self, node: s.Lambda) -> None:
        number = self.lambda_counts.get(self.function, 0)
        self.lambda_counts[self.function] = number + 1
        self._mention(self._new_function(node, f"lambda{number}"), node)

    def _visit_Assign(self, node: s.Assign) -> None:
        for value in node.values:
            self._visit(value)
        self.ready_at = node.end
        for target, value in zip(node.targets, node.values, strict=True):
            self._assign_target(target, node)
            symbol = self.result.meaning.get(target)
            if not isinstance(symbol, Variable):
                continue
            if isinstance(value, s.IntLit | s.FloatLit | s.BoolLit | s.StrLit):
                symbol.initial = symbol.initial or value
            elif isinstance(value, s.Lambda) and not symbol.mutable:
                self._name_lambda(value, symbol)
        self.ready_at = None

    def _name_lambda(self, node: s.Lambda, variable: Variable) -> None:
        """Let the body of a lambda call the lambda by the name it is bound to."""
        info = self.result.meaning[node]
        assert isinstance(info, FunctionInfo)
        info.source_name = self.own_names[info] = variable.name

    def _assign_target(self, target: s.Expr, node: s.Assign) -> None:
        if not isinstance(target, s.Name):
            if not isinstance(target, s.Placeholder):
                self._visit(target)
            return
        known = None if node.type is not None else self.scope.find(target.name)
        if isinstance(known, Variable) and (known.function is self.function or known.mutable):
            self._reassign(target, known)
        elif isinstance(known, FunctionInfo) and self.scope.names.get(target.name) is known:
            self._declare(target.name, known, target.start)  # reports the double declaration
        else:
            self._new_variable(target, target.name)

    def _reassign(self, target: s.Name, variable: Variable) -> None:
        self.result.meaning[target] = variable
        if not variable.mutable:
            line = self.source.position(variable.start)[0]
            self.diagnostics.error(
                "E0202",
                f"cannot assign to immutable '{variable.name}'",
                self._span(target),
                f"declare it with `var {variable.name} = ...` in line {line}",
            )
            return
        variable.reassigned = True
        self._note_use(variable)
        for loop in self.loops:
            loop.assigned.setdefault(variable)

    def _visit_CompoundAssign(self, node: s.CompoundAssign) -> None:
        self._visit(node.value)
        if isinstance(node.target, s.Name):
            symbol = self._use(node.target, node.target.name)
            if isinstance(symbol, Variable):
                self._reassign(node.target, symbol)
            elif symbol is not None:
                self.diagnostics.error("E0202", f"cannot assign to '{node.target.name}'", self._span(node.target))
        else:
            self._visit(node.target)

    def _visit_VarDecl(self, node: s.VarDecl) -> None:
        for value in node.values:
            self._visit(value)
        self.ready_at = node.end
        for name in node.names:
            self._new_variable(name, name.name, mutable=True)
        self.ready_at = None

    def _visit_Destructure(self, node: s.Destructure) -> None:
        self._visit(node.value)
        self.ready_at = node.end
        self._bind(node.pattern)
        self.ready_at = None

    def _bind(self, pattern: s.Node) -> None:
        """Declare the names of a pattern; visit the expressions in it."""
        if isinstance(pattern, s.BindPattern):
            self._new_variable(pattern, pattern.name)
            return
        for child in s.children(pattern):
            if isinstance(child, s.Pattern | s.FieldPattern):
                self._bind(child)
            elif isinstance(child, s.Expr):
                self._visit(child)

    def _loop(self, node: s.Node, label: str | None, visit: Callable[[], None]) -> None:
        loop = _Loop(node, label)
        self.loops.append(loop)
        visit()
        self.loops.pop()
        self.result.assigned_in_loop[node] = loop.assigned

    def _visit_For(self, node: s.For) -> None:
        self._visit(node.source)

        def body() -> None:
            outer = self.scope
            self.scope = Scope(self.function, outer)
            for target in node.targets:
                self._bind(target)
            if node.condition is not None:
                self._visit(node.condition)
            self._visit(node.body)
            self.scope = outer

        self._loop(node, node.label, body)
        if node.otherwise is not None:
            self._visit(node.otherwise)

    def _visit_While(self, node: s.While) -> None:
        def parts() -> None:
            self._visit(node.condition)
            self._visit(node.body)

        self._loop(node, node.label, parts)

    def _visit_Loop(self, node: s.Loop) -> None:
        self._loop(node, node.label, lambda: self._visit(node.body))

    def _comprehension(self, node: s.ArrayComp | s.RecordComp, results: list[s.Expr]) -> None:
        outer = self.scope
        for clause in node.clauses:
            self._visit(clause.source)
            self.scope = Scope(self.function, self.scope)
            self.ready_at = node.start  # the element stands before the clause that binds its names
            for target in clause.targets:
                self._bind(target)
            self.ready_at = None
            if clause.condition is not None:
                self._visit(clause.condition)
        for result in results:
            self._visit(result)
        self.scope = outer
        self.result.assigned_in_loop[node] = {}

    def _visit_ArrayComp(self, node: s.ArrayComp) -> None:
        self._comprehension(node, [node.element])

    def _visit_RecordComp(self, node: s.RecordComp) -> None:
        self._comprehension(node, [node.key, node.value])

    def _visit_Arm(self, node: s.Arm) -> None:
        outer = self.scope
        self.scope = Scope(self.function, outer)
        self._bind(node.pattern)
        if node.guard is not None:
            self._visit(node.guard)
        self._visit(node.body)
        self.scope = outer

    def _visit_Break(self, node: s.Break) -> None:
        self._check_jump(node, "break", node.label)

    def _visit_Continue(self, node: s.Continue) -> None:
        self._check_jump(node, "continue", node.label)

    def _check_jump(self, node: s.Node, word: str, label: str | None) -> None:
        if not self.loops:
            self.diagnostics.error("E0203", f"`{word}` outside of a loop", self._span(node))
        elif label is not None and all(loop.label != label for loop in self.loops):
            labels = [loop.label for loop in self.loops if loop.label]
            close = nearest(label, labels)
            hint = f"did you mean '{close}'?" if close else None
            self.diagnostics.error("E0204", f"no enclosing loop is labelled '{label}'", self._span(node), hint)

    def _visit_Return(self, node: s.Return) -> None:
        if self.function is self.top:
            self.diagnostics.error("E0301", "`return` outside of a function", self._span(node))
        if node.value is not None:
            self._visit(node.value)

    def _visit_Yield(self, node: s.Yield) -> None:
        if self.function is self.top:
            self.diagnostics.error("E0302", "`yield` outside of a function", self._span(node))
        self._visit(node.value)

    def _visit_Await(self, node: s.Await) -> None:
        if not getattr(self.function.node, "is_async", False):
            self.diagnostics.error("E0300", "`await` outside of an async function", self._span(node))
        self._visit(node.value)

    def _visit_Try(self, node: s.Try) -> None:
        self._visit(node.body)
        if node.catch_body is not None:

            def bind_error() -> None:
                if node.catch_name is not None:
                    self._new_variable(node.catch_name, node.catch_name.name)

            self._in_scope(node.catch_body.statements, bind_error)
        if node.finally_body is not None:
            self._visit(node.finally_body)

    def _visit_With(self, node: s.With) -> None:
        self._visit(node.value)
        self._in_scope(node.body.statements, lambda: self._new_variable(node.name, node.name.name) and None)

    def _visit_TypeDecl(self, node: s.TypeDecl) -> None:
        self._refuse([node.name, *(variant.name for variant in node.variants)], node)

    def _visit_TypeAlias(self, node: s.TypeAlias) -> None:
        options = node.type.options if isinstance(node.type, s.UnionType) else ()
        self._refuse([node.name, *(option.name for option in options if isinstance(option, s.NamedType))], node)

    def _visit_Import(self, node: s.Import) -> None:
        names = [node.default, node.namespace, *(item.alias for item in node.items)]
        self._refuse([name for name in names if name is not None], node)

    def _refuse(self, names: list[str], node: s.Stmt) -> None:
        for name in names:
            self.scope.names.setdefault(name, RefusedName(node.start))

    def _visit_Concurrent(self, node: s.Concurrent) -> None:
        for statement in node.body.statements:  # what it binds is visible after it
            self._visit(statement)

    def _skip(self, node: s.Node) -> None:
        """Declarations without names, of parts of the language that lowering refuses."""

    _visit_Trait = _visit_Export = _visit_Test = _visit_Bench = _visit_Impl = _visit_Select = _visit_SelectCase = _skip


def _is_named(info: FunctionInfo) -> bool:
    """True for a declared function and everything inside one."""
    node: FunctionInfo | None = info
    while node is not None:
        if isinstance(node.node, s.FnDecl):
            return True
        node = node.parent
    return False
