"""The Python API: compile a program, look at what came out, run it, or call its functions.

module = compile("kernel.tova", exports={"dot": ["[Float]", "[Float]"]})
module.wasm, module.remarks, module.report
instance = module.instantiate(timeout_seconds=1.0)
instance.dot([1.0, 2.0], [3.0, 4.0])
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .cache import Cache
from .diagnostics import Diagnostic, SourceFile
from .driver import Compilation, CompileOptions, compile_file, compile_source
from .pipeline.plugins import problem
from .pipeline.preparing import PipelineRequest
from .pipeline.spec import Remark

if TYPE_CHECKING:
    from .artifact import Artifact, SourceMap
    from .wasm_runtime.grants import Grants
    from .wasm_runtime.instance import Instance

#: How a program that was given as text is called in messages.
TEXT_NAME = "<text>.tova"


class CompiledModule:
    """A compiled program."""

    __slots__ = ("_compilation", "artifact")

    def __init__(self, compilation: Compilation, artifact: Artifact) -> None:
        self._compilation = compilation
        self.artifact = artifact

    @property
    def wasm(self) -> bytes:
        """The WebAssembly binary."""
        return self.artifact.wasm

    @property
    def source_map(self) -> SourceMap:
        """Places in the source of byte offsets in the binary."""
        return self.artifact.source_map

    @property
    def manifest(self) -> dict[str, Any]:
        """What a host needs to know: entry, exports with their types, places of panics."""
        return self.artifact.manifest

    @property
    def remarks(self) -> list[Remark]:
        """What the passes did and what they could not do, and why."""
        return self._compilation.remarks

    @property
    def warnings(self) -> list[Diagnostic]:
        return self._compilation.warnings

    @property
    def report(self) -> dict[str, Any]:
        """Figures about the compilation: pipeline, passes, seconds of each part, sizes, remarks by kind."""
        compilation = self._compilation
        kinds: dict[str, int] = {}
        for remark in compilation.remarks:
            kinds[remark.kind] = kinds.get(remark.kind, 0) + 1
        return {
            "pipeline": compilation.prepared.pipeline.name,
            "passes": compilation.prepared.pipeline.labels(),
            "applications": compilation.applied,
            "seconds": {part.name: part.seconds for part in compilation.timings},
            "wasm_bytes": len(self.wasm),
            "remarks": kinds,
        }

    def instantiate(
        self,
        *,
        timeout_seconds: float | None = None,
        max_memory_bytes: int | None = None,
        stdout: Any = None,
        args: Sequence[str] = (),
        grants: Grants | None = None,
    ) -> Instance:
        """An instance whose attributes are the exported functions. Each call may take `timeout_seconds`.

        `grants` are the files and environment variables that the program may see; by default there are none.

        Raises Panic when the top level of the program does, and EngineMissing without wasmtime.
        """
        from .wasm_runtime.engine import Limits
        from .wasm_runtime.instance import Instance

        limits = Limits(timeout_seconds, max_memory_bytes)
        return Instance(self.artifact, limits, stdout=stdout, args=tuple(args), grants=grants)

    def run(
        self,
        args: Sequence[str] = (),
        *,
        timeout_seconds: float | None = None,
        max_memory_bytes: int | None = None,
        stdout: Any = None,
        grants: Grants | None = None,
    ) -> int:
        """Run the program from its start; its exit status. `grants` are as for `instantiate`.

        Raises Panic, and EngineMissing without wasmtime.
        """
        from .wasm_runtime import engine

        plugins = self._compilation.plugins
        limits = engine.Limits(timeout_seconds, max_memory_bytes)
        return engine.run(
            self.artifact,
            args,
            limits,
            stdout,
            prepare=lambda host: plugins.ask("wasmlathe_host", active_only=True, host=host),
            grants=grants,
        )


def compile(
    program: str | os.PathLike[str],
    pipeline: str = "O3",
    *,
    exports: Mapping[str, list[str]] | None = None,
    plugins: Sequence[str] = (),
    settings: Mapping[str, Mapping[str, Any]] | None = None,
    without: Sequence[str] = (),
    verify: bool = False,
    strict: bool = False,
    gc_stress: bool = False,
    cache: bool = True,
    engine: str = "wasm",
    cold: str | None = None,
) -> CompiledModule:
    """Compile the program in a file (a path, or a text that names an existing file) or a source text.

    `exports` gives the parameter types of functions to be called from outside, where the source does not; `settings`
    sets options of passes, as {"inline": {"budget": 80}}; with `gc_stress` every allocation collects garbage. Optimized
    functions are kept in the user's cache folder unless `cache` is False. With `engine="vm"` the program's functions are
    bytecode, with `cold="vm"` those that are rarely executed; both kinds are called alike. Raises CompileError with
    everything found.
    """
    _check_placing(engine, cold)
    words = [f"{owner}.{name}={value}" for owner, given in (settings or {}).items() for name, value in given.items()]
    options = CompileOptions(
        PipelineRequest(pipeline, tuple(plugins), settings=words, without=tuple(without)),
        exports=exports,
        verify=verify,
        strict=strict,
        gc_stress=gc_stress,
        cache=Cache() if cache else None,
        bytecode=engine == "vm",
        cold=cold is not None,
        packed=True,
    )
    compilation = _compile(program, options)
    assert compilation.artifact is not None  # made by the last stage, which is the default
    return CompiledModule(compilation, compilation.artifact)


def _check_placing(engine: str, cold: str | None) -> None:
    if engine not in ("wasm", "vm") or cold not in (None, "vm"):
        raise problem(
            "E0504", f"modules have no engine '{cold if engine in ('wasm', 'vm') else engine}'", "there is wasm, vm"
        )
    if engine == "vm" and cold is not None:
        raise problem(
            "E0504", "with engine='vm' all functions of the program are bytecode", "give either engine or cold"
        )


def _compile(program: str | os.PathLike[str], options: CompileOptions) -> Compilation:
    if isinstance(program, os.PathLike) or _is_path(program):
        return compile_file(os.fspath(program), options)
    return compile_source(SourceFile(TEXT_NAME, program), options)


def _is_path(program: str) -> bool:
    """Whether a text names a program rather than being one: one word that exists, or ends like a source file."""
    if "\n" in program or not program.strip():
        return False
    return os.path.isfile(program) or (" " not in program and program.endswith(".tova"))
