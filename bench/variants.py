"""Pipelines that are no presets: as lists that scripts can change, and programs compiled with them.

    stages = stages_of("O3");  stages["wasm"].remove("binaryen-vacuum");  Suite(["sieve"]).compile("sieve", stages)

What comes before the stages that are changed is the same for all pipelines, so it is made once.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from wasmlathe.artifact import Artifact
from wasmlathe.driver import Compilation, CompileOptions, compile_source
from wasmlathe.pipeline.config import OWN_FILE
from wasmlathe.pipeline.frontends import SourceReader
from wasmlathe.pipeline.plan import Repeat, With
from wasmlathe.pipeline.preparing import PipelineRequest
from wasmlathe.pipeline.presets import PRESETS
from wasmlathe.pipeline.spec import PASS_STAGES

from .catalog import KERNELS

#: What runs in each stage, as in the data of a preset.
Entry = str | Repeat | With
Stages = dict[str, list[Entry]]

#: No passes at the stages that are shared.
_BARE = "O0"
_NAME = "candidate"

#: A size for each kernel at which a run takes some 5 to 60 ms; those that read files or take long at any size are left out.
SMALL_SIZES: dict[str, int] = {
    "fib_iter": 5_000_000,
    "collatz": 50_000,
    "sieve": 2_000_000,
    "matmul": 120,
    "spectral_norm": 300,
    "map_filter_reduce": 200_000,
    "string_build": 40_000,
    "join": 30_000,
    "split": 30_000,
    "nbody": 100_000,
    "match_dispatch": 3_000_000,
    "match_10arm": 5_000_000,
    "result_check": 3_000_000,
    "closure_counter": 5_000_000,
    "sort_ints": 200_000,
    "mandelbrot": 150,
    "fannkuch": 8,
    "binary_trees": 14,
    "deriv": 200_000,
    "sha256": 500,
    "base64": 2,
    "lz": 300,
    "levenshtein": 500,
    "json_stringify": 10_000,
}


def stages_of(preset: str) -> Stages:
    """A copy of what a preset runs, to be changed."""
    return {stage: list(PRESETS[preset].get(stage, ())) for stage in PASS_STAGES}


class Suite:
    """Programs of the benchmark, compiled with any pipeline."""

    def __init__(self, names: Iterable[str], like: str = "O3", shared: str = "") -> None:
        """`like`: the preset whose settings apart from the passes are used; `shared`: the last stage that has its passes."""
        self._names = list(names)
        self._like = like
        self._shared = shared
        self._fronts: dict[str, Compilation] = {}

    @property
    def names(self) -> list[str]:
        return self._names

    def compile(self, name: str, stages: Mapping[str, Sequence[Entry]]) -> Artifact:
        """The program compiled with these passes. Raises CompileError for what cannot be a pipeline."""
        source = SourceReader().load(str(KERNELS[name].program))
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, OWN_FILE).write_text(_toml(self._like, stages))
            wanted = CompileOptions(PipelineRequest(_NAME, folder=folder))
            artifact = compile_source(source, wanted, front=self._front(name)).artifact
        assert artifact is not None
        return artifact

    def sizes(self, stages: Mapping[str, Sequence[Entry]]) -> dict[str, int]:
        """The bytes of each program's module."""
        return {name: len(self.compile(name, stages).wasm) for name in self._names}

    def _front(self, name: str) -> Compilation:
        if name not in self._fronts:
            source = SourceReader().load(str(KERNELS[name].program))
            pipeline, last = (self._like, self._shared) if self._shared else (_BARE, "typed")
            self._fronts[name] = compile_source(source, CompileOptions(PipelineRequest(pipeline), stop_at=last))
        return self._fronts[name]


def _toml(base: str, stages: Mapping[str, Sequence[Entry]]) -> str:
    lines = [f"[pipeline.{_NAME}]", f'extends = "{base}"', f"[pipeline.{_NAME}.passes]"]
    lines += [f"{stage} = [{', '.join(map(_entry, entries))}]" for stage, entries in stages.items()]
    configured = [entry for entries in stages.values() for entry in entries if isinstance(entry, With)]
    if configured:
        lines.append(f"[pipeline.{_NAME}.options]")
    lines += [f"{json.dumps(entry.label)} = {{ {_table(entry.options)} }}" for entry in configured]
    return "\n".join(lines) + "\n"


def _entry(entry: Entry) -> str:
    if isinstance(entry, Repeat):
        return f"{{ repeat = {entry.limit}, passes = {json.dumps(list(entry.passes))} }}"
    return json.dumps(entry.label if isinstance(entry, With) else entry)


def _table(given: Mapping[str, object]) -> str:
    return ", ".join(f"{name} = {json.dumps(value)}" for name, value in given.items())
