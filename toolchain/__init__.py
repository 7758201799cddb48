"""wasmlathe: programs in, small and fast WebAssembly out.

    import wasmlathe
    module = wasmlathe.compile("kernel.tova", pipeline="O3")
    module.instantiate().dot([1.0], [2.0])

The names below are loaded when they are first used, so that `import wasmlathe` costs next to nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False  # the name that type checkers know, without the import of `typing`
if TYPE_CHECKING:
    from .api import CompiledModule, compile
    from .diagnostics import CompileError, Diagnostic
    from .wasm_runtime.grants import Grants
    from .wasm_runtime.panics import ProgramPanic as Panic

__all__ = ["CompileError", "CompiledModule", "Diagnostic", "Grants", "Panic", "compile"]

_HOMES = {
    "compile": ("wasmlathe.api", "compile"),
    "CompiledModule": ("wasmlathe.api", "CompiledModule"),
    "CompileError": ("wasmlathe.diagnostics", "CompileError"),
    "Diagnostic": ("wasmlathe.diagnostics", "Diagnostic"),
    "Grants": ("wasmlathe.wasm_runtime.grants", "Grants"),
    "Panic": ("wasmlathe.wasm_runtime.panics", "ProgramPanic"),
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'wasmlathe' has no attribute {name!r}")
    import importlib

    home, attribute = _HOMES[name]
    value = globals()[name] = getattr(importlib.import_module(home), attribute)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
