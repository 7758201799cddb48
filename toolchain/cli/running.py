"""Running what was compiled, on the engine that was asked for or on the one that there is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ..diagnostics import Diagnostic
from ..driver import Compilation
from ..wasm_runtime.engine import Limits
from .errors import tell_diagnostics

if TYPE_CHECKING:
    from ..cache import Cache
    from ..ir.core import Module

_HOST_HOOK = "wasmlathe_host"


def run_interpreted(module: Module, args: Sequence[str], limits: Limits) -> int:
    """Run mem IR on the reference interpreter."""
    from ..wasm_runtime import python_engine

    return python_engine.run(module, args, limits)


def run_compiled(compilation: Compilation, args: Sequence[str], limits: Limits, cache: Cache) -> int:
    """Run an artifact in wasmtime."""
    from ..wasm_runtime import engine

    assert compilation.artifact is not None  # the compilation went to its end
    return engine.run(compilation.artifact, args, limits, None, cache, host_preparation(compilation))


def usable_engine(wanted: str) -> str:
    """The engine to take: where wasmtime is missing, the reference interpreter instead, with a notice."""
    from ..wasm_runtime import wasmtime_c
    from ..wasm_runtime.panics import EngineMissing

    if wanted == "wasm":
        try:
            wasmtime_c.load()
        except EngineMissing as missing:
            tell_slow(str(missing))
            return "python"
    return wanted


def host_preparation(compilation: Compilation) -> Callable[[Any], object] | None:
    """What plugins do to the host of a program, if any do."""
    plugins = compilation.plugins
    if not plugins.has_listeners(_HOST_HOOK):
        return None
    return lambda host: plugins.ask(_HOST_HOOK, active_only=True, host=host)


def tell_slow(reason: str) -> None:
    """Say that the program runs on the reference interpreter, and why."""
    hint = "`wasmlathe doctor` says what to install"
    message = f"{reason}; the program runs on the reference interpreter, which is much slower"
    tell_diagnostics([Diagnostic("warning", "W0500", message, hint=hint)])
