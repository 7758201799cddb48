"""The standard library as a source of HIR functions, loaded when a program needs them.

Every file of `stdlib/*.tova` is a module of functions and types; each is known by its name alone, and so are the
variants of types. Names that begin with two underscores are for the compiler and the library itself. Methods of a type
are in the file that declares it.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

from wasmlathe.diagnostics import Diagnostics, SourceFile, render_all
from wasmlathe.ir.core import Declaration, Function, Module
from wasmlathe.stdlib.intrinsics import INTRINSICS

from .declared import CaseInfo, TypeInfo
from .lower import lower_function
from .lower_core import LIBRARY_PREFIX, Unit
from .lower_types import declaration_of, lower_constructor
from .parser import parse
from .scopes import Resolver
from .symbols import FunctionInfo, Symbol

_DECLARATION = re.compile(r"^(?:pub )?fn (\w+)", re.MULTILINE)
_TYPE = re.compile(r"^(pub )?type (\w+)(?:<[^>]*>)? \{([^}]*)\}", re.MULTILINE)
_PARENTHESES = re.compile(r"\([^)]*\)|<[^<>]*>")
_VARIANT = re.compile(r"(?:^|,|\n)\s*([A-Z]\w*)(?!\w|\s*:)")


@cache
def _files() -> dict[str, str]:
    """File name -> text."""
    folder = resources.files("wasmlathe.stdlib")
    return {
        entry.name: entry.read_text("utf-8")
        for entry in sorted(folder.iterdir(), key=lambda e: e.name)
        if entry.name.endswith(".tova")
    }


@cache
def _index() -> dict[str, str]:
    """Function name -> the file that defines it."""
    return {name: file for file, text in _files().items() for name in _DECLARATION.findall(text)}


@cache
def names() -> frozenset[str]:
    """What programs may call: the library's functions and `print`, which the compiler expands."""
    intrinsics = {"__intrinsic_" + name for name in INTRINSICS}
    return frozenset(_index()) | intrinsics | {"print"}


@cache
def _types() -> dict[str, tuple[str, bool]]:
    """Name of a type or variant -> the file that declares it, and whether programs see it."""
    found = {}
    for file, text in _files().items():
        for is_public, name, body in _TYPE.findall(text):
            found.update(dict.fromkeys([name, *_variants(body)], (file, bool(is_public))))
    return found


def _variants(body: str) -> list[str]:
    """The names of the variants that the body of a type declares."""
    return _VARIANT.findall(_PARENTHESES.sub("", body))


class LibraryError(Exception):
    """The library itself does not compile: an error of ours."""


class _LibraryFile:
    """One file of the library; its functions are lowered when they are asked for."""

    def __init__(self, name: str) -> None:
        source = SourceFile(f"<stdlib>/{name}", _files()[name])
        self._diagnostics = Diagnostics()
        self._program = parse(source, self._diagnostics)
        self._check()
        self._resolver = Resolver(source, self._diagnostics, names(), LIBRARY_PREFIX, True)
        self._resolver.declare(self._program)
        self._check()
        self._is_resolved = False
        self._module = Module(name, "hir")
        self._unit = Unit(source, self._resolver.result, self._module, self._diagnostics)
        #: Outermost function, or method with its type -> it and everything inside of it.
        self._families: dict[str, list[FunctionInfo]] = {}

    def _resolve(self) -> None:
        """Resolve the names in the bodies: files that mention each other's types are declared before."""
        if self._is_resolved:
            return
        self._is_resolved = True
        self._resolver.visit(self._program)
        self._resolver.finish()
        self._check()
        for info in self._resolver.result.functions:
            self._families.setdefault(_base(info.name), []).append(info)

    def function(self, name: str) -> Function | None:
        self._resolve()
        for info in self._families.pop(_base(name), ()):
            lower_function(self._unit, info)
        type_name, _, case_name = _base(name).partition(".")
        case = type_.case(case_name) if (type_ := self.type(type_name)) is not None else None
        if case is not None and case.function_name not in self._module.functions:
            lower_constructor(self._module, case)
        self._check()
        return self._module.functions.get(name)

    def declared(self, name: str) -> FunctionInfo | None:
        found = self._resolver.module_scope.names.get(name)
        return found if isinstance(found, FunctionInfo) else None

    def symbol(self, name: str) -> Symbol | None:
        """The type or constructor of this name."""
        self._resolve()
        found = self._resolver.module_scope.names.get(name)
        return found if isinstance(found, TypeInfo | CaseInfo) else None

    def type(self, name: str) -> TypeInfo | None:
        found = self.symbol(name)
        return found if isinstance(found, TypeInfo) else None

    def declaration(self, name: str) -> Declaration | None:
        type_ = self.type(name)
        return None if type_ is None else declaration_of(type_, self._resolver.result)

    def lower_all(self) -> None:
        """Lower every function of the file."""
        self._resolve()
        for base in list(self._families):
            self.function(LIBRARY_PREFIX + base)

    def _check(self) -> None:
        if self._diagnostics.has_errors:
            raise LibraryError(render_all(self._diagnostics.sorted()))


@cache
def _opened(file: str) -> _LibraryFile:
    return _LibraryFile(file)


def _base(name: str) -> str:
    """The outermost function that `name` belongs to: `std.map.lambda0/1` is part of `map`, and `std.Option.map/1` of
    `Option.map`."""
    first, *others = name.removeprefix(LIBRARY_PREFIX).partition("/")[0].split(".")
    return f"{first}.{others[0]}" if others and first in _types() else first


def function(name: str) -> Function | None:
    """The HIR function `std.name` of the library, also its stubs (`std.name/2`); None if there is none.

    Raises LibraryError.
    """
    file = _file_of(_base(name).partition(".")[0])
    return None if file is None else _opened(file).function(name)


def _file_of(name: str) -> str | None:
    return _index().get(name) or _types().get(name, (None, False))[0]


def function_info(name: str) -> FunctionInfo | None:
    """The function `name` of the library as its file declares it. Raises LibraryError."""
    file = _index().get(name)
    return None if file is None else _opened(file).declared(name)


def type_symbol(name: str, internal: bool) -> Symbol | None:
    """The type or constructor `name` of the library, only for itself if not `pub`; None if there is none.

    Raises LibraryError.
    """
    file, is_public = _types().get(name, (None, False))
    return _opened(file).symbol(name) if file is not None and (is_public or internal) else None


@cache
def declaration(name: str) -> Declaration | None:
    """The declaration of the library's type `std.name`; None if there is none. Raises LibraryError."""
    bare = name.removeprefix(LIBRARY_PREFIX)
    file = _types().get(bare, (None, False))[0] if bare != name else None
    return None if file is None else _opened(file).declaration(bare)


def duplicates() -> list[str]:
    """Names of functions, types and variants that the library defines twice, with the files: one would hide the other."""
    places: dict[str, list[str]] = {}
    for file, text in _files().items():
        types = [name for _, name, body in _TYPE.findall(text) for name in (name, *_variants(body))]
        for name in (*_DECLARATION.findall(text), *types):
            places.setdefault(name, []).append(file)
    return [f"{name}: {', '.join(files)}" for name, files in sorted(places.items()) if len(files) > 1]


def check_all() -> None:
    """Compile every function of the library. Raises LibraryError, also for a name that is defined twice."""
    if twice := duplicates():
        raise LibraryError("defined more than once in the library: " + "; ".join(twice))
    for file in sorted({*_index().values(), *(file for file, _ in _types().values())}):
        _opened(file).lower_all()
