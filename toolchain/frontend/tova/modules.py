"""Modules: the files of a program, what each exports and imports, and the order in which they are executed.

    load     parse the program's file and, before it, what it imports: dependencies first, each file once
    declare  functions and types of every file, so that files that import each other see them
    link     give every file the symbols that it imports
    visit    resolve names, file by file

A name belongs to its file by the prefix that its functions, globals and types get: `shapes:area`. The program's own file
has none. Files that import each other in a circle are executed in the order in which they were reached; reading a value
before its file has run panics.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from wasmlathe.diagnostics import Diagnostics, SourceFile, Span, nearest

from . import syntax as s
from .declared import CaseInfo
from .parser import parse
from .scopes import Resolver
from .symbols import ModuleName, RefusedName, Resolution, Symbol, Variable

if TYPE_CHECKING:
    from wasmlathe.pipeline.frontends import SourceReader

SUFFIX = ".tova"
DEFAULT = "default"  # a keyword, so no program can give this name to anything else


class SourceModule:
    """One file of the program."""

    __slots__ = (
        "bindings",
        "exports",
        "imports",
        "paths",
        "prefix",
        "program",
        "resolution",
        "resolver",
        "source",
        "stars",
    )

    def __init__(self, source: SourceFile, program: s.Program, prefix: str) -> None:
        self.source = source
        self.program = program
        self.prefix = prefix
        self.resolver: Resolver
        self.resolution: Resolution
        #: Paths as the file writes them -> the modules they lead to.
        self.paths: dict[str, SourceModule] = {}
        #: Names that the file imports -> the module and the name there; None is the whole module.
        self.imports: dict[str, tuple[SourceModule, str | None]] = {}
        #: Exported names -> the module (this or another) and the name there.
        self.exports: dict[str, tuple[SourceModule, str]] = {}
        #: Modules all of whose exports are exported here too.
        self.stars: list[SourceModule] = []
        #: Names of the variables of the top level.
        self.bindings: dict[str, None] = {}

    @property
    def has_code(self) -> bool:
        """Whether executing the file does anything."""
        idle = s.FnDecl | s.Test | s.Bench | s.Import | s.Export | s.TypeDecl | s.TypeAlias | s.Impl | s.Trait
        return not all(isinstance(_declaration(statement), idle) for statement in self.program.statements)

    def local(self, name: str, seen: frozenset[object] = frozenset()) -> Symbol | None:
        """What a name means at the top level of the file; None if it means nothing there."""
        if name in self.imports:
            module, exported = self.imports[name]
            return module.as_name(name) if exported is None else module.exported(exported, seen)
        if name in self.bindings:
            return self.resolver.module_variable(name)
        return self.resolver.module_scope.names.get(name)

    def exported(self, name: str, seen: frozenset[object] = frozenset()) -> Symbol | None:
        """What the file exports under a name; None if nothing."""
        key = (self, name)
        if key in seen:
            return None
        if name in self.exports:
            module, local = self.exports[name]
            inner = seen | {key}
            return module.local(local, inner) if module is self else module.exported(local, inner)
        if name == DEFAULT:
            return None
        found = (module.exported(name, seen | {key}) for module in self.stars)
        return next((symbol for symbol in found if symbol is not None), None)

    def exported_names(self) -> list[str]:
        """All names that can be imported by name, sorted."""
        names, pending, seen = set[str](), [self], set[SourceModule]()
        while pending:
            module = pending.pop()
            if module not in seen:
                seen.add(module)
                names.update(module.exports)
                pending += module.stars
        return sorted(names - {DEFAULT})

    def as_name(self, path: str) -> ModuleName:
        return ModuleName(path, self.exported, self.exported_names)


def load(root: SourceFile, reader: SourceReader, diagnostics: Diagnostics) -> list[SourceModule]:
    """The files of a program in the order of their execution, the program's own last. Errors are reported."""
    loader = _Loader(reader, diagnostics)
    loader.open(root, "")
    return loader.order


def resolve_all(modules: list[SourceModule], diagnostics: Diagnostics, library: Iterable[str]) -> None:
    """Resolve every name of every file; each gets its `resolution`. Errors are reported."""
    names = frozenset(library)
    for module in modules:
        module.resolver = Resolver(module.source, diagnostics, names, module.prefix)
        module.resolver.declare(module.program)
    for module in modules:
        _collect(module, diagnostics)
    for module in modules:
        _link(module, diagnostics)
    for module in modules:
        module.resolver.visit(module.program)
    for module in modules:
        module.resolution = module.resolver.finish()
    _check_circles(modules)


# --- loading ----------------------------------------------------------------------------------------------------------


class _Loader:
    def __init__(self, reader: SourceReader, diagnostics: Diagnostics) -> None:
        self.reader = reader
        self.diagnostics = diagnostics
        self.order: list[SourceModule] = []
        self._by_path: dict[str, SourceModule] = {}
        self._prefixes: set[str] = set()

    def open(self, source: SourceFile, prefix: str) -> SourceModule:
        program = parse(source, self.diagnostics)
        module = SourceModule(source, program, prefix)
        self._by_path[os.path.realpath(source.name)] = module
        for node in _with_paths(program):
            found = self._import(module, node)
            if found is not None:
                module.paths[node.path or ""] = found
        self.order.append(module)
        return module

    def _import(self, importer: SourceModule, node: s.Import | s.Export) -> SourceModule | None:
        """The module that an import means, which is loaded if it is a new one."""
        path = self._file(importer.source, node)
        if path is None:
            return None
        known = self._by_path.get(os.path.realpath(path))
        return known or self.open(self.reader.load(path), self._prefix(path))

    def _file(self, importer: SourceFile, node: s.Import | s.Export) -> str | None:
        path = node.path or ""
        if not path.startswith(("./", "../")):
            hint = f'write "./{path}" for a file beside this one' if path and not path.startswith("/") else None
            message = f"'{path}' is no path of a module: those start with `./` or `../`"
            self.diagnostics.error("E0208", message, _path_span(importer, node), hint)
            return None
        base = os.path.normpath(os.path.join(os.path.dirname(importer.name), path))
        file = base if base.endswith(SUFFIX) else base + SUFFIX
        if os.path.isfile(file):
            return file
        self.diagnostics.error(
            "E0208", f"there is no module '{path}' ({file})", _path_span(importer, node), _similar_file(path, file)
        )
        return None

    def _prefix(self, path: str) -> str:
        """A prefix for the names of a file, made of its name: `shapes:`, then `shapes.2:`."""
        stem = os.path.basename(path).removesuffix(SUFFIX)
        prefix, number = f"{stem}:", 1
        while prefix in self._prefixes:
            number += 1
            prefix = f"{stem}.{number}:"
        self._prefixes.add(prefix)
        return prefix


def _with_paths(program: s.Program) -> Iterator[s.Import | s.Export]:
    for statement in program.statements:
        if isinstance(statement, s.Import) or (isinstance(statement, s.Export) and statement.path is not None):
            yield statement


def _path_span(source: SourceFile, node: s.Import | s.Export) -> Span:
    """Where the path stands: it is the last thing in its statement."""
    start = source.text.rfind(source.text[node.end - 1], node.start, node.end - 1)
    return Span(source, max(start, node.start), node.end)


def _similar_file(path: str, file: str) -> str | None:
    folder = os.path.dirname(file) or "."
    try:
        files = [name.removesuffix(SUFFIX) for name in os.listdir(folder) if name.endswith(SUFFIX)]
    except OSError:
        return f"there is no folder '{folder}'"
    close = nearest(os.path.basename(file).removesuffix(SUFFIX), sorted(files))
    return f"did you mean '{path.rpartition('/')[0]}/{close}'?" if close else None


# --- what files export and import --------------------------------------------------------------------------------------


def _declaration(statement: s.Stmt) -> s.Stmt:
    return statement.statement if isinstance(statement, s.Pub) else statement


def bound_names(statement: s.Stmt) -> list[str]:
    """Names of the variables that a statement may declare."""
    if isinstance(statement, s.Assign):
        return [target.name for target in statement.targets if isinstance(target, s.Name)]
    if isinstance(statement, s.VarDecl):
        return [name.name for name in statement.names]
    return list(_pattern_names(statement.pattern)) if isinstance(statement, s.Destructure) else []


def _pattern_names(pattern: s.Node) -> Iterator[str]:
    if isinstance(pattern, s.BindPattern):
        yield pattern.name
    for child in s.children(pattern):
        if isinstance(child, s.Pattern | s.FieldPattern):
            yield from _pattern_names(child)


def _collect(module: SourceModule, diagnostics: Diagnostics) -> None:
    """Find out what the file imports, declares and exports."""
    for index, statement in enumerate(module.program.statements):
        if isinstance(statement, s.Pub) and statement.is_default:
            module.program.statements[index] = statement = _default(module, statement, diagnostics)
        if isinstance(statement, s.Import):
            _collect_import(module, statement, diagnostics)
        elif isinstance(statement, s.Export):
            _collect_export(module, statement)
        declaration = _declaration(statement)
        module.bindings.update(dict.fromkeys(bound_names(declaration)))
        if isinstance(statement, s.Pub):
            for name in _declared_names(module, declaration):
                module.exports[name] = (module, name)


def _declared_names(module: SourceModule, declaration: s.Stmt) -> list[str]:
    """The names that `pub` before a declaration exports; with a type its variants."""
    if isinstance(declaration, s.FnDecl | s.Trait):
        return [declaration.name]
    if isinstance(declaration, s.TypeDecl | s.TypeAlias):
        names, owner = module.resolver.module_scope.names, declaration.name
        is_own = [n for n, symbol in names.items() if isinstance(symbol, CaseInfo) and symbol.type is names.get(owner)]
        return [owner, *is_own]
    return bound_names(declaration)


def _default(module: SourceModule, statement: s.Pub, diagnostics: Diagnostics) -> s.Stmt:
    """`export default ...`: a declaration under a second name, or a value, which becomes a variable of its own."""
    if DEFAULT in module.exports:
        span = Span(module.source, statement.start, statement.end)
        diagnostics.error("E0201", "there is a default export already", span)
    declaration = statement.statement
    if isinstance(declaration, s.ExprStmt):
        value = declaration.value
        if isinstance(value, s.Name):
            return s.Export(statement.start, statement.end, [_item(value, value.name)], None)
        name = s.Name(statement.start, statement.end, DEFAULT)
        declaration = s.Assign(statement.start, statement.end, [name], None, [value])
        return s.Pub(statement.start, statement.end, declaration, False)
    for name in _declared_names(module, declaration)[:1]:
        module.exports[DEFAULT] = (module, name)
    return declaration


def _item(node: s.Node, name: str) -> s.ImportItem:
    return s.ImportItem(node.start, node.end, name, DEFAULT)


def _collect_import(module: SourceModule, node: s.Import, diagnostics: Diagnostics) -> None:
    target = module.paths[node.path]
    wanted: list[tuple[str, str | None]] = [(item.alias, item.name) for item in node.items]
    if node.default is not None:
        wanted.append((node.default, DEFAULT))
    if node.namespace is not None:
        wanted.append((node.namespace, None))
    for alias, name in wanted:
        if alias in module.imports:
            span = Span(module.source, node.start, node.end)
            diagnostics.error(
                "E0201", f"'{alias}' is imported twice", span, "use `as` to give one of them another name"
            )
        module.imports[alias] = (target, name)


def _collect_export(module: SourceModule, node: s.Export) -> None:
    target = module if node.path is None else module.paths[node.path]
    if node.items is None:
        module.stars.append(target)
    for item in node.items or ():
        module.exports[item.alias] = (target, item.name)


def _link(module: SourceModule, diagnostics: Diagnostics) -> None:
    """Give the resolver the symbols behind the names that the file imports; report those that are not there."""
    for statement in module.program.statements:
        if isinstance(statement, s.Import):
            places = {item.alias: item for item in statement.items}
            for alias in (*places, statement.default, statement.namespace):
                if alias is not None:
                    node = places.get(alias, statement)
                    symbol = _imported(module, statement.path, node, module.imports[alias][1], diagnostics)
                    symbol = symbol or module.local(alias) or RefusedName(node.start)
                    module.resolver.imported[alias] = (symbol, node.start)
        elif isinstance(statement, s.Export):
            for item in statement.items or ():
                if statement.path is not None:
                    _imported(module, statement.path, item, item.name, diagnostics)
                elif module.local(item.name) is None:
                    span = Span(module.source, item.start, item.end)
                    diagnostics.error("E0200", f"'{item.name}' is not defined", span)


def _imported(
    module: SourceModule, path: str, node: s.Node, name: str | None, diagnostics: Diagnostics
) -> Symbol | None:
    """The symbol that `module` imports under `name` from `path`, None for a whole module; reported if there is none."""
    if name is None:
        return None
    target = module.paths[path]
    symbol = target.exported(name)
    if symbol is None:
        message, hint = _missing(target, path, name)
        diagnostics.error("E0209", message, Span(module.source, node.start, node.end), hint)
        return RefusedName(node.start)
    return symbol


def _missing(target: SourceModule, path: str, name: str) -> tuple[str, str | None]:
    """What to say of a name that a module does not export."""
    if name == DEFAULT:
        return f"'{path}' has no default export", "import names as in `import {name} from`, or all with `* as`"
    if target.local(name) is not None:
        return f"'{name}' is private in '{path}'", f"write `pub` before its declaration in {target.source.name}"
    close = nearest(name, target.exported_names())
    return f"'{path}' does not export '{name}'", f"did you mean '{close}'?" if close else None


# --- circles ----------------------------------------------------------------------------------------------------------


def _check_circles(modules: list[SourceModule]) -> None:
    """Where files import each other, variables may be read before their file has run: such reads are checked."""
    circular = [module for module in modules if _reaches_itself(module)]
    late = {
        symbol
        for module in circular
        for symbol in module.resolver.module_scope.names.values()
        if isinstance(symbol, Variable) and symbol.is_global
    }
    for module in circular:
        module.resolution.needs_check |= late


def _reaches_itself(module: SourceModule) -> bool:
    pending, seen = [*module.paths.values()], set[SourceModule]()
    while pending:
        other = pending.pop()
        if other is module:
            return True
        if other not in seen:
            seen.add(other)
            pending += other.paths.values()
    return False
