"""The Tova core language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wasmlathe.pipeline.frontends import Frontend, SourceReader
from wasmlathe.pipeline.hookspecs import hookimpl

if TYPE_CHECKING:
    from wasmlathe.diagnostics import Diagnostics, SourceFile
    from wasmlathe.ir.core import Module


@hookimpl
def wasmlathe_frontends() -> list[Frontend]:
    return [Frontend("tova", (".tova",), _to_hir, _to_test_hir)]


def _to_hir(source: SourceFile, diagnostics: Diagnostics, reader: SourceReader) -> Module:
    from wasmlathe.frontend.tova import compile_to_hir

    return compile_to_hir(source, diagnostics, reader)


def _to_test_hir(source: SourceFile, diagnostics: Diagnostics, reader: SourceReader) -> Module:
    from wasmlathe.frontend.tova import compile_to_hir

    return compile_to_hir(source, diagnostics, reader, with_tests=True)
