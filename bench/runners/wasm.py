"""WebAssembly in this process: what both our programs and clang's are measured with.

A run is everything from mapping the native code, which is kept, to the end of the program.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from time import perf_counter

from wasmlathe.artifact import Artifact
from wasmlathe.wasm_runtime import engine
from wasmlathe.wasm_runtime.grants import Grants
from wasmlathe.wasm_runtime.panics import InternalError, ProgramPanic

from .. import data
from ..failures import Failed
from ..sampling import Outcome, Run
from .process import RUN_SECONDS


def artifact_run(name: str, artifact: Artifact, args: Sequence[str]) -> Run:
    """Runs of a compiled program, which may read the data of the benchmarks.

    Only the first run has a limit of time, because the checks for one make loops slower; it runs the program a second time
    without them, which leaves their native code in the cache.
    """
    limits = [engine.Limits(RUN_SECONDS), engine.NO_LIMITS]

    def run() -> Outcome:
        outcome = _timed(name, artifact, args, limits[0])
        if len(limits) > 1:
            del limits[0]
            return run()
        return outcome

    return run


def _timed(name: str, artifact: Artifact, args: Sequence[str], limits: engine.Limits) -> Outcome:
    grants = Grants(reads=[str(data.folder())])
    output = io.StringIO()
    start = perf_counter()
    try:
        status = engine.run(artifact, args, limits, output, grants=grants)
    except (ProgramPanic, InternalError) as failure:
        raise Failed(f"{name} failed: {failure}") from failure
    elapsed = perf_counter() - start
    if status:
        raise Failed(f"{name} ended with status {status}")
    return Outcome(output.getvalue(), elapsed)


def wasm_run(name: str, wasm: bytes, args: Sequence[str]) -> Run:
    """Runs of a module that another compiler made on our imports, with `_start` as its entry."""
    manifest = {"sites": [], "entry": "_start", "entry_result": None, "exports": {}}
    return artifact_run(name, Artifact(wasm, {}, manifest), args)
