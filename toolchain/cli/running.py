"""Running what was compiled, on the engine that was asked for or on the one that there is."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ..diagnostics import Diagnostic
from ..driver import STAGES, Compilation, CompileOptions, compile_file
from ..wasm_runtime.engine import Limits
from .errors import tell_diagnostics

if TYPE_CHECKING:
    from ..cache import Cache
    from ..wasm_runtime.grants import Grants

_HOST_HOOK = "wasmlathe_host"


def compile_for(engine: str, file: str, options: CompileOptions) -> Compilation:
    """Compile for an engine; without Binaryen only as far as the reference interpreter needs it."""
    from ..codegen.binaryen import BinaryenMissing

    if engine == "python":
        return compile_file(file, dataclasses.replace(options, stop_at="mem"))
    try:
        return compile_file(file, dataclasses.replace(options, stop_at=STAGES[-1]))
    except BinaryenMissing as missing:
        tell_slow(str(missing))
        return compile_file(file, dataclasses.replace(options, stop_at="mem", observers=()))


def run_compilation(
    compilation: Compilation, args: Sequence[str], limits: Limits, cache: Cache, grants: Grants, **more: Any
) -> int:
    """Run in wasmtime what was compiled to the end, and on the reference interpreter what was not."""
    if compilation.artifact is None:
        from ..wasm_runtime import python_engine

        return python_engine.run(compilation.modules["mem"], args, limits, grants=grants, **more)
    from ..wasm_runtime import engine

    prepare = host_preparation(compilation)
    return engine.run(compilation.artifact, args, limits, None, cache, prepare, grants, **more)


def usable_engine(wanted: str) -> str:
    """The engine to take: where wasmtime is missing, the reference interpreter instead, with a notice."""
    from ..wasm_runtime import wasmtime_c
    from ..wasm_runtime.panics import EngineMissing

    if wanted != "python":
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
