"""The standard library as a source of HIR functions, loaded when a program needs them.

Every file of `stdlib/*.tova` is a module of functions; each is known by its name alone. Names that begin with two
underscores are for the compiler and the library itself.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

from wasmlathe.diagnostics import Diagnostics, SourceFile
from wasmlathe.ir.core import Function, Module
from wasmlathe.stdlib.intrinsics import INTRINSICS

from .lower import lower
from .lower_core import LIBRARY_PREFIX
from .parser import parse
from .scopes import resolve

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


@cache
def _module_of(file: str) -> Module:
    source = SourceFile(f"<stdlib>/{file}", _files()[file])
    diagnostics = Diagnostics()
    module = Module(file, "hir")
    program = parse(source, diagnostics)
    if not diagnostics.has_errors:
        resolution = resolve(program, source, diagnostics, names(), internal=True)
        lower(program, source, resolution, module, diagnostics, LIBRARY_PREFIX, with_top=False)
    if diagnostics.has_errors:
        from wasmlathe.diagnostics import render_all

        raise LibraryError(render_all(diagnostics.sorted()))
    return module


def function(name: str) -> Function | None:
    """The HIR function `std.name` of the library, also its stubs (`std.name/2`); None if there is none."""
    base = name.removeprefix(LIBRARY_PREFIX).partition("/")[0].partition(".")[0]
    file = _index().get(base)
    return None if file is None else _module_of(file).functions.get(name)
