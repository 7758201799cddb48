"""Our own side: the program, compiled before it is measured."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..sampling import Run
from .wasm import artifact_run

NAME = "wasmlathe"


def prepare(program: Path, args: Sequence[str], pipeline: str) -> Run:
    """Compile the program with a pipeline; what runs it. Raises CompileError."""
    from wasmlathe import api

    return artifact_run(NAME, api.compile(program, pipeline=pipeline).artifact, args)
