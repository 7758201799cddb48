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
from .scopes_types import TypeScopes
from .scopes_warnings import Warnings
from .symbols import FunctionInfo, LibraryName, ModuleName, Resolution, Scope, Symbol, Variable

_LITERALS = (s.IntLit, s.FloatLit, s.BoolLit, s.StrLit)


def resolve(
    program: s.Program,
    source: SourceFile,
    diagnostics: Diagnostics,
    library: Iterable[str],
    prefix: str = "",
    internal: bool = False,
) -> Resolution:
    """Resolve every name of `program`, which imports nothing. `library` holds the names of the library's functions.

    `prefix` makes the names of the file's functions and globals unique. `internal` is for the library itself: names that
    begin with two underscores are visible.
    """
    resolver = Resolver(source, diagnostics, frozenset(library), prefix, internal)
    resolver.declare(program)
    resolver.visit(program)
    return resolver.finish()


class _Loop:
    __slots__ = ("assigned", "label", "node")

    def __init__(self, node: s.Node, label: str | None) -> None:
        self.node = node
        self.label = label
        self.assigned: dict[Variable, None] = {}


class Resolver(TypeScopes):
    """Resolves the names of one file in three steps: `declare`, `visit`, `finish`.

    Each step is for the files of a program one after the other. Between the first and the second, `imported` gets the
    names that the file imports.
    """

    def __init__(
        self, source: SourceFile, diagnostics: Diagnostics, library: frozenset[str], prefix: str, internal: bool = False
    ) -> None:
        self.source = source
        self.diagnostics = diagnostics
        self.library = library
        self.internal = internal
        self.top = FunctionInfo("_start", "_start", None, None)
        self.top.prefix = prefix
        self.result = Resolution(self.top)
        self.function = self.top
        self.scope = Scope(self.top, None)
        self.module_scope = self.scope
        self.loops: list[_Loop] = []
        self.bodies: deque[tuple[FunctionInfo, Scope]] = deque()
        self.used_names: set[str] = {self.top.name}
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
        #: Names that the file imports -> what they mean, and where the import stands.
        self.imported: dict[str, tuple[Symbol, int]] = {}
        #: Variables of the module that other files asked for before the statement that declares them was visited.
        self.promised: dict[str, Variable] = {}
        self.warnings = Warnings(source, diagnostics)
        self._prepare_types()

    def declare(self, program: s.Program) -> None:
        """Declare functions and types of the top level."""
        self.scope.statements = program.statements
        self._hoist_functions(program.statements)

    def module_variable(self, name: str) -> Variable:
        """The variable of the top level that has, or will have, this name, for use by another file."""
        variable = self.module_scope.names.get(name) or self.promised.get(name)
        if not isinstance(variable, Variable):
            variable = self.promised[name] = Variable(name, self.top, False, 0, 0)
        variable.is_global = True
        return variable

    def visit(self, program: s.Program) -> None:
        """Resolve all statements and bodies."""
        for name, (symbol, start) in self.imported.items():
            if self.module_scope.names.get(name) is not symbol:
                self._declare(name, symbol, start)
        self._declare_methods(program.statements)
        for number, statement in enumerate(program.statements):
            self.statement_number = number
            self._visit(statement)
        while self.bodies:
            info, scope = self.bodies.popleft()
            self._function_body(info, scope)

    def finish(self) -> Resolution:
        """What the names mean, once all files were visited."""
        self._mention_methods()
        self._close_captures()
        self._mark_early()
        self._mark_globals()
        self._find_unchecked_globals()
        self._refuse_captures_of_methods()
        if not self.internal:
            methods = {info for infos in self.methods.values() for info in infos}
            functions = [info for info in self.result.functions if info not in methods]
            self.warnings.report(self.module_scope.statements, functions)
        return self.result

    # --- declaring and finding ---------------------------------------------------------------------------------------

    def _span(self, node: s.Node) -> Span:
        return Span(self.source, node.start, node.end)

    def _name_span(self, start: int, name: str) -> Span:
        return Span(self.source, start, start + len(name))

    def _declare(self, name: str, symbol: Symbol, start: int) -> None:
        known = self.scope.names.get(name)
        if known is not None and known is not symbol and name != "_":
            line = ""
            at = getattr(known, "start", None)
            if self.scope is self.module_scope and known is self.imported.get(name, (None,))[0]:
                at = self.imported[name][1]
            if at is not None:
                line = f" (line {self.source.position(at)[0]})"
            self.diagnostics.error(
                "E0201", f"'{name}' is already defined in this scope{line}", self._name_span(start, name)
            )
        self.scope.names[name] = symbol

    def _new_variable(self, node: s.Node, name: str, mutable: bool = False) -> Variable:
        ready_at = self.ready_at if self.ready_at is not None else node.start
        promised = self.promised.pop(name, None) if self.scope is self.module_scope else None
        variable = promised or Variable(name, self.function, mutable, node.start, ready_at)
        variable.mutable, variable.start, variable.ready_at = mutable, node.start, ready_at
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
        if not self._check_value(symbol, node, name):
            return None
        self.result.meaning[node] = symbol
        if isinstance(symbol, Variable):
            symbol.used = True
            self._note_use(symbol)
        elif isinstance(symbol, FunctionInfo):
            self._mention(symbol, node)
        return symbol

    def _mention(self, info: FunctionInfo, node: s.Node) -> None:
        if info.prefix != self.top.prefix:
            return  # functions of other modules capture nothing
        self.warnings.note_mention(info, self.function)
        self.function.references.setdefault(info)
        self.mentions.append((self.function, info, node.start))
        if self.function is self.top:
            self.top_references.append((self.statement_number, info))

    def _note_use(self, variable: Variable) -> None:
        if variable.function is not self.function and not self._is_foreign(variable):
            variable.captured = True
            self.function.captures.setdefault(variable)

    def _is_foreign(self, variable: Variable) -> bool:
        """True for a variable of another module."""
        return variable.function.prefix != self.top.prefix

    def _library_symbol(self, name: str) -> Symbol | None:
        if name.startswith("__") and not self.internal:
            return None
        if (found := self.library_type(name)) is not None:
            return found
        if name in NAMESPACES:
            return LibraryName("namespace", name)
        if name in self.library:
            return LibraryName("function", name)
        if name in CONSTANTS:
            return LibraryName("constant", name)
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
        """Declare the types, functions and methods of a block before anything else of it."""
        self._hoist_functions(statements)
        self._declare_methods(statements)

    def _hoist_functions(self, statements: list[s.Stmt]) -> None:
        self._declare_types(statements)
        self.warnings.note_block(statements)
        for statement in statements:
            declaration = statement.statement if isinstance(statement, s.Pub) else statement
            if isinstance(declaration, s.FnDecl):
                info = self._new_function(declaration, declaration.name)
                self._declare(declaration.name, info, declaration.name_start)

    def _new_function(self, node: s.FnDecl | s.Lambda, name: str) -> FunctionInfo:
        info = FunctionInfo(self._unique_name(name), name, node, self.function)
        self.result.meaning[node] = info
        self.result.functions.append(info)
        self.bodies.append((info, self.scope))
        return info

    def _unique_name(self, name: str) -> str:
        prefix = "" if self.function is self.top else self.function.name + "."
        unique = candidate = prefix + name
        number = 1
        while unique in self.used_names:
            number += 1
            unique = f"{candidate}.{number}"
        self.used_names.add(unique)
        return unique

    def _outline(self, node: s.Node, visit: Callable[[], None]) -> None:
        """Resolve what `visit` visits as a function of its own, which `node` will mean, executed at this place."""
        info = FunctionInfo(self._unique_name("try"), self.function.source_name, None, self.function)
        self.result.meaning[node] = info
        self.result.functions.append(info)
        self._mention(info, node)
        outer_function, outer_scope = self.function, self.scope
        self.function, self.scope = info, Scope(info, outer_scope)
        visit()
        self.function, self.scope = outer_function, outer_scope

    def _function_body(self, info: FunctionInfo, scope: Scope) -> None:
        node = info.node
        assert node is not None  # only the top level has none, and it is no body
        self.function, self.loops = info, []
        if info in self.own_names:
            scope = Scope(scope.function, scope)
            scope.names[self.own_names[info]] = info
        if isinstance(node, s.FnDecl) and node.type_params:
            self.scope = scope
            scope = self._with_parameters(node.type_params, of_type=False)
        self.scope = info.scope = Scope(info, scope, node.body.statements if node.body is not None else None)
        for param in node.params:
            if param.type is not None:
                self._visit(param.type)
            if param.default is not None:
                self._visit(param.default)
            self._bind(param.pattern)
        if node.result is not None:
            self._visit(node.result)
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
                if number <= self.statement_of.get(variable, -1):
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
        if node.type is not None:
            self._visit(node.type)
        self.ready_at = node.end
        for target, value in zip(node.targets, node.values, strict=True):
            self._assign_target(target, node)
            symbol = self.result.meaning.get(target)
            if not isinstance(symbol, Variable):
                continue
            if isinstance(value, _LITERALS):
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
        if isinstance(known, Variable) and self._is_assigned(known):
            self._reassign(target, known)
        elif isinstance(known, FunctionInfo) and self.scope.names.get(target.name) is known:
            self._declare(target.name, known, target.start)  # reports the double declaration
        else:
            self._new_local(target, target.name, mutable=False)

    def _new_local(self, target: s.Name, name: str, mutable: bool) -> None:
        self.warnings.note_local(self._new_variable(target, name, mutable), target, self.scope)

    def _is_assigned(self, known: Variable) -> bool:
        """Whether `x = e` where `x` means `known` assigns to it, rightly or not, instead of declaring another `x`."""
        if self._is_foreign(known):
            return known.mutable or self.scope is self.module_scope
        return known.mutable or known.function.owner is self.function.owner

    def _reassign(self, target: s.Name, variable: Variable) -> None:
        self.result.meaning[target] = variable
        if self._is_foreign(variable):
            self.diagnostics.error(
                "E0202",
                f"cannot assign to '{target.name}' of another module",
                self._span(target),
                "let a function of that module do it, or use another name",
            )
            return
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
        for part in (*node.values, *node.types):
            if part is not None:
                self._visit(part)
        self.ready_at = node.end
        for name, value in zip(node.names, node.values, strict=True):
            self._new_local(name, name.name, mutable=True)
            variable = self.result.meaning.get(name)
            if isinstance(variable, Variable) and isinstance(value, _LITERALS):
                variable.initial = value
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
        if isinstance(pattern, s.OrPattern):
            self._bind_alternatives(pattern)
            return
        if isinstance(pattern, s.VariantPattern):
            self._resolve_variant(pattern)
        for child in s.children(pattern):
            if isinstance(child, s.Pattern | s.FieldPattern):
                self._bind(child)
            elif isinstance(child, s.Expr):
                self._visit(child)

    def _bind_alternatives(self, pattern: s.OrPattern) -> None:
        """All alternatives bind the same names, each of which is one variable."""
        first, *others = pattern.options
        self._bind(first)
        names = _bound_names(first)
        for option in others:
            outer = self.scope
            self.scope = Scope(self.function, outer)
            self._bind(option)
            self.scope = outer
            bound = _bound_names(option)
            for name in sorted(names.keys() ^ bound.keys()):
                message = f"'{name}' is not bound by every alternative of the pattern"
                self.diagnostics.error("E0018", message, self._span(pattern))
            for name, node in bound.items():
                if name in names:
                    self.result.meaning[node] = self.result.meaning[names[name]]

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
        if self.function.owner is self.top:
            self.diagnostics.error("E0301", "`return` outside of a function", self._span(node))
        if node.value is not None:
            self._visit(node.value)

    def _visit_Yield(self, node: s.Yield) -> None:
        if self.function.owner is self.top:
            self.diagnostics.error("E0302", "`yield` outside of a function", self._span(node))
        self._visit(node.value)

    def _visit_Await(self, node: s.Await) -> None:
        if not getattr(self.function.owner.node, "is_async", False):
            self.diagnostics.error("E0300", "`await` outside of an async function", self._span(node))
        self._visit(node.value)

    def _visit_Try(self, node: s.Try) -> None:
        if node.catch_body is not None and node.finally_body is not None:
            self._outline(node, lambda: self._try_catch(node))
        else:
            self._try_catch(node)
        if node.finally_body is not None:
            self._visit(node.finally_body)

    def _try_catch(self, node: s.Try) -> None:
        self._outline(node.body, lambda: self._visit(node.body))
        if node.catch_body is not None:

            def bind_error() -> None:
                if node.catch_name is not None:
                    self._new_variable(node.catch_name, node.catch_name.name)

            self._in_scope(node.catch_body.statements, bind_error)

    def _visit_With(self, node: s.With) -> None:
        self._visit(node.value)
        outer = self.scope
        self.scope = Scope(self.function, outer)
        self._new_variable(node.name, node.name.name)
        self._outline(node.body, lambda: self._visit(node.body))
        self.scope = outer

    def _visit_Defer(self, node: s.Defer) -> None:
        owner = self.function.owner
        if owner.work is None:
            owner.work = Variable("deferred", owner, False, node.start, 0)  # it has its value from the beginning
        self._note_use(owner.work)
        action = s.Lambda(node.start, node.end, [], None, node.body, False, False, False)
        self.result.deferred[node] = action
        self._visit(action)

    def _visit_Import(self, node: s.Import) -> None:
        """The names were declared before the first statement was visited."""
        if self.scope is not self.module_scope:
            self.diagnostics.error("E0010", "an import stands at the top level of a file", self._span(node))

    def _visit_Export(self, node: s.Export) -> None:
        if self.scope is not self.module_scope:
            self.diagnostics.error("E0010", "an export stands at the top level of a file", self._span(node))

    def _visit_Member(self, node: s.Member) -> None:
        self._visit_receiver(node.receiver)
        node.receiver = self.result.plain.get(node.receiver, node.receiver)
        name = self._name_in_module(node)
        if name is not None:
            self.result.plain[node] = name

    def _visit_MethodCall(self, node: s.MethodCall) -> None:
        self._visit_receiver(node.receiver)
        self.method_calls.append((self.function, node.name, node, self.statement_number))
        node.receiver = self.result.plain.get(node.receiver, node.receiver)
        for argument in node.args:
            self._visit(argument)
        name = self._name_in_module(node)
        if name is not None:
            self.result.plain[node] = s.Call(node.start, node.end, name, node.args)

    def _name_in_module(self, node: s.Member | s.MethodCall) -> s.Name | None:
        """For `module.name`: a node that means what the module exports under this name."""
        module = self.result.meaning.get(node.receiver)
        if not isinstance(module, ModuleName):
            return None
        symbol = module.find(node.name)
        name = s.Name(node.start, node.receiver.end + 1 + len(node.name), node.name)
        if symbol is None:
            close = nearest(node.name, module.exported())
            hint = f"did you mean '{close}'?" if close else None
            self.diagnostics.error("E0209", f"'{module.path}' does not export '{node.name}'", self._span(name), hint)
        else:
            self.result.meaning[name] = symbol
        return name

    def _visit_Concurrent(self, node: s.Concurrent) -> None:
        for statement in node.body.statements:  # what it binds is visible after it
            self._visit(statement)

    def _skip(self, node: s.Node) -> None:
        """Declarations without names, of parts of the language that lowering refuses."""

    _visit_Test = _visit_Bench = _visit_Select = _visit_SelectCase = _skip


def _bound_names(pattern: s.Node) -> dict[str, s.Node]:
    """The names a pattern binds, each with the node that does."""
    if isinstance(pattern, s.BindPattern):
        return {pattern.name: pattern}
    names: dict[str, s.Node] = {}
    for child in s.children(pattern):
        if isinstance(child, s.Pattern | s.FieldPattern):
            names |= _bound_names(child)
    return names


def _is_named(info: FunctionInfo) -> bool:
    """True for a declared function and everything inside one."""
    node: FunctionInfo | None = info
    while node is not None:
        if isinstance(node.node, s.FnDecl):
            return True
        node = node.parent
    return False
