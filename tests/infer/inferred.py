"""What inference makes of a program, for tests to look at."""

from __future__ import annotations

from wasmlathe.diagnostics import SourceFile
from wasmlathe.driver import CompileOptions, compile_source
from wasmlathe.ir.core import Module


def typed(program: str, exports: dict[str, list[str]] | None = None) -> Module:
    """The program's typed IR, verified."""
    options = CompileOptions(exports=exports, stop_at="typed", verify=True)
    return compile_source(SourceFile("t.tova", program), options).modules["typed"]


def signatures(module: Module, name: str) -> list[str]:
    """The signatures of what became of a function of the source."""
    return sorted(
        f"({', '.join(map(str, f.param_types))}) -> {', '.join(map(str, f.results))}"
        for f in module.functions.values()
        if f.source_name == name
    )


def layouts(module: Module) -> list[str]:
    """The heap objects of the program's own types: name, fields, and `mutable` where they can be assigned."""
    return sorted(
        f"{layout.name}({', '.join(map(str, layout.fields))}){' mutable' if layout.mutable else ''}"
        for layout in module.layouts.values()
        if not layout.name.startswith("std.")
    )
