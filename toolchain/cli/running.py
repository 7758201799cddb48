"""Running what was compiled, on the engine that was asked for or on the one that there is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..diagnostics import Diagnostic
from ..driver import Compilation
from ..wasm_runtime.engine import Limits
from .errors import tell_diagnostics

if TYPE_CHECKING:
    from ..cache import Cache
    from ..ir.core import Module


def run_interpreted(module: Module, args: Sequence[str], limits: Limits) -> int:
    """Run mem IR on the reference interpreter."""
    from ..wasm_runtime import python_engine

    return python_engine.run(module, args, limits)


def run_compiled(compilation: Compilation, args: Sequence[str], limits: Limits, cache: Cache) -> int:
    """Run an artifact in wasmtime, or where that is missing, its mem IR on the reference interpreter."""
    from ..wasm_runtime import engine
    from ..wasm_runtime.panics import EngineMissing

    assert compilation.artifact is not None  # the compilation went to its end
    try:
        return engine.run(compilation.artifact, args, limits, None, cache)
    except EngineMissing as missing:
        tell_slow(str(missing))
        return run_interpreted(compilation.modules["mem"], args, limits)


def tell_slow(reason: str) -> None:
    """Say that the program runs on the reference interpreter, and why."""
    hint = "`wasmlathe doctor` says what to install"
    message = f"{reason}; the program runs on the reference interpreter, which is much slower"
    tell_diagnostics([Diagnostic("warning", "W0500", message, hint=hint)])
