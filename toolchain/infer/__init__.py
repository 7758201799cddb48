"""Inference: HIR in, typed IR out. Unannotated programs get machine types by whole-program analysis.

    flow (fixpoint over instances)  ->  build (typed functions)
      asks resolve (rules)               asks resolve, emit

Abstract interpretation in the manner of RPython's annotator and Julia's inference: a function is analysed once per list
of argument types, type cells grow by joins, unreachable branches are never typed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wasmlathe.diagnostics import Diagnostics, SourceFile
    from wasmlathe.ir.core import Module
    from wasmlathe.pipeline.spec import Remark


def infer(
    hir: Module,
    diagnostics: Diagnostics,
    remarks: list[Remark],
    sources: Mapping[str, SourceFile],
    exports: Mapping[str, Sequence[str]] | None = None,
    note_kinds: bool = False,
) -> Module:
    """The typed module of a program.

    `sources` are the user's files by name, for the places of problems. `exports` names functions that a host calls,
    with the types of their parameters as the source writes types; annotated `pub` functions need not be named.
    With `note_kinds` the module notes which kinds of values come to operations that take several (`kind_seen`).
    Problems are reported to `diagnostics`; with errors the result is of no use.
    """
    from .program import infer_program

    return infer_program(hir, diagnostics, remarks, dict(sources), exports or {}, note_kinds)
