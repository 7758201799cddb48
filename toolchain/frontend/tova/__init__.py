"""The front-end of the Tova core language: source text to HIR.

    lexer -> parser -> syntax tree -> scopes (what names mean) -> lower (HIR)

`library` does the same for the files of the standard library, function by function, when inference asks for them.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wasmlathe.diagnostics import Diagnostics, SourceFile
    from wasmlathe.ir.core import Module

#: Python frames that nesting to the parser's limit may take.
_RECURSION_LIMIT = 12_000


def compile_to_hir(source: SourceFile, diagnostics: Diagnostics) -> Module:
    """The HIR of a program. Problems are reported to `diagnostics`; with errors the module is of no further use."""
    from wasmlathe.ir.core import Module

    from .library import names
    from .lower import lower
    from .parser import parse
    from .scopes import resolve

    sys.setrecursionlimit(max(sys.getrecursionlimit(), _RECURSION_LIMIT))
    module = Module(_stem(source.name), "hir")
    program = parse(source, diagnostics)
    if not diagnostics.has_errors:
        resolution = resolve(program, source, diagnostics, names())
        if not diagnostics.has_errors:
            lower(program, source, resolution, module, diagnostics)
    return module


def _stem(name: str) -> str:
    return name.replace("\\", "/").rpartition("/")[2].partition(".")[0] or "program"
