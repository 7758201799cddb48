"""The standard library as a source of HIR functions, loaded when a program needs them.

Every file of `stdlib/*.tova` is a module of functions; each is known by its name alone. Names that begin with two
underscores are for the compiler and the library itself.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

from wasmlathe.diagnostics import Diagnostics, SourceFile, render_all
from wasmlathe.ir.core import Function, Module
from wasmlathe.stdlib.intrinsics import INTRINSICS

from .lower import lower_function
from .lower_core import LIBRARY_PREFIX, Unit
from .parser import parse
from .scopes import FunctionInfo, resolve

_DECLARATION = re.compile(r"^(?:pub )?fn (\w+)", re.MULTILINE)


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


class LibraryError(Exception):
    """The library itself does not compile: an error of ours."""


class _LibraryFile:
    """One file of the library; its functions are lowered when they are asked for."""

    def __init__(self, name: str) -> None:
        source = SourceFile(f"<stdlib>/{name}", _files()[name])
        self._diagnostics = Diagnostics()
        program = parse(source, self._diagnostics)
        self._check()
        self._resolution = resolve(program, source, self._diagnostics, names(), internal=True)
        self._check()
        self._module = Module(name, "hir")
        self._unit = Unit(source, self._resolution, self._module, self._diagnostics, LIBRARY_PREFIX)
        #: Outermost function -> it and everything inside of it.
        self._families: dict[str, list[FunctionInfo]] = {}
        for info in self._resolution.functions:
            self._families.setdefault(info.name.partition(".")[0], []).append(info)

    def function(self, name: str) -> Function | None:
        for info in self._families.pop(_base(name), ()):
            lower_function(self._unit, info)
        self._check()
        return self._module.functions.get(name)

    def _check(self) -> None:
        if self._diagnostics.has_errors:
            raise LibraryError(render_all(self._diagnostics.sorted()))


@cache
def _opened(file: str) -> _LibraryFile:
    return _LibraryFile(file)


def _base(name: str) -> str:
    """The outermost function that `name` belongs to: `std.map.lambda0/1` is part of `map`."""
    return name.removeprefix(LIBRARY_PREFIX).partition("/")[0].partition(".")[0]


def function(name: str) -> Function | None:
    """The HIR function `std.name` of the library, also its stubs (`std.name/2`); None if there is none.

    Raises LibraryError.
    """
    file = _index().get(_base(name))
    return None if file is None else _opened(file).function(name)


def check_all() -> None:
    """Compile every function of the library. Raises LibraryError."""
    for name in _index():
        function(LIBRARY_PREFIX + name)
