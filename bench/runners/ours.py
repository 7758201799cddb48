"""Our own side: the program, compiled before it is measured, to WebAssembly or to bytecode for the VM."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ..sampling import Run
from .wasm import artifact_run

if TYPE_CHECKING:
    from wasmlathe.artifact import Artifact

NAME = "wasmlathe"
WASM, VM = "wasm", "vm"
ENGINES = (WASM, VM)


def prepare(program: Path, args: Sequence[str], pipeline: str, engine: str = WASM) -> Run:
    """Compile the program with a pipeline for an engine; what runs it. Raises CompileError."""
    from wasmlathe import api

    if engine == VM:
        return artifact_run(NAME, _bytecode(program, pipeline), args)
    return artifact_run(NAME, api.compile(program, pipeline=pipeline).artifact, args)


def _bytecode(program: Path, pipeline: str) -> Artifact:
    """What `run --engine vm` runs: the program as an image on the base module, if that can be."""
    from wasmlathe.bytecode.base import obtain
    from wasmlathe.cache import Cache
    from wasmlathe.driver import CompileOptions, compile_source
    from wasmlathe.pipeline.frontends import SourceReader
    from wasmlathe.pipeline.preparing import PipelineRequest

    cache = Cache()
    options = CompileOptions(
        PipelineRequest(pipeline), bytecode=True, base=partial(obtain, cache), shares_library=True, cache=cache
    )
    artifact = compile_source(SourceReader().load(str(program)), options).artifact
    assert artifact is not None  # the last stage makes it
    return artifact
