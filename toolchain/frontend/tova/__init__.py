"""The front-end of the Tova core language: source text to HIR.

    lexer -> parser -> syntax tree -> modules (files) -> scopes (what names mean) -> lower (HIR)

`library` does the same for the files of the standard library, function by function, when inference asks for them.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wasmlathe.diagnostics import Diagnostics, SourceFile
    from wasmlathe.ir.core import Module
    from wasmlathe.pipeline.frontends import SourceReader

#: Python frames that nesting to the parser's limit may take.
_RECURSION_LIMIT = 12_000


def compile_to_hir(
    source: SourceFile, diagnostics: Diagnostics, reader: SourceReader | None = None, with_tests: bool = False
) -> Module:
    """The HIR of a program and the files it imports, which are opened through `reader`.

    `with_tests` makes functions of the program's test blocks, and leaves out the call of `main`. Problems are reported to
    `diagnostics`; with errors the module is of no further use.
    """
    from wasmlathe.ir.core import Module
    from wasmlathe.pipeline.frontends import SourceReader

    from .library import names
    from .lower import lower
    from .modules import load, resolve_all
    from .test_blocks import take_tests

    sys.setrecursionlimit(max(sys.getrecursionlimit(), _RECURSION_LIMIT))
    module = Module(_stem(source.name), "hir")
    files = load(source, reader or SourceReader(), diagnostics)
    tests = take_tests(files[-1].program) if with_tests else None
    if not diagnostics.has_errors:
        resolve_all(files, diagnostics, names())
        if not diagnostics.has_errors:
            lower(files, module, diagnostics, tests)
    return module


def _stem(name: str) -> str:
    return name.replace("\\", "/").rpartition("/")[2].partition(".")[0] or "program"
