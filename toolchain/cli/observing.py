"""`--time-passes` and `--print-after`: observers of passes, and what they show on stderr."""

from __future__ import annotations

import os
from typing import Any, Self

from ..driver import Compilation
from ..outcome import tell
from ..pipeline.observers import Snapshots, Timing
from ..pipeline.plan import Pipeline
from ..pipeline.preparing import PipelineRequest, prepare
from .table import table


def pipeline_of(file: str, request: PipelineRequest) -> Pipeline:
    """The pipeline that a file would be compiled with. Raises CompileError."""
    request.folder = os.path.dirname(os.path.abspath(file))
    return prepare(request).pipeline


class Observing:
    """The observers that a command line asks for."""

    def __init__(self, time_passes: bool, print_after: str | None) -> None:
        self._timing = Timing() if time_passes else None
        self._snapshots = Snapshots(lambda event: event.pass_name == print_after) if print_after else None
        self._pass_name = print_after

    @property
    def is_on(self) -> bool:
        return bool(self.observers)

    @property
    def observers(self) -> list[Any]:
        return [observer for observer in (self._timing, self._snapshots) if observer is not None]

    def __enter__(self) -> Self:
        return self

    def check(self, file: str, request: PipelineRequest) -> None:
        """Raises CompileError for a pass that does not exist; one that the pipeline does not run is told at the end."""
        if self._pass_name is not None:
            pipeline_of(file, request).registry.find(self._pass_name)

    def __exit__(self, *_error: object) -> None:
        """Tell what was observed, also when the compilation failed: then it is wanted most."""
        if self._snapshots is not None:
            tell(self._printed(self._snapshots))
        if self._timing is not None and self._timing.steps:
            tell(self._times(self._timing))

    def show_parts(self, compilation: Compilation) -> None:
        """With `--time-passes`, tell the time of each part of a finished compilation."""
        if self._timing is not None:
            tell(table(("ms", "part"), [(f"{t.seconds * 1e3:.2f}", t.name) for t in compilation.timings], right=(0,)))

    def _printed(self, snapshots: Snapshots) -> str:
        if not snapshots.items:
            return f"; '{self._pass_name}' did not run"
        return "\n".join(f"; after {s.label} ({s.stage}, application {s.index})\n{s.after}" for s in snapshots.items)

    def _times(self, timing: Timing) -> str:
        rows = [
            (f"{row.seconds * 1e3:.2f}", row.stage, row.label, str(row.applications), str(row.changes))
            for row in timing.slowest_first()
        ]
        total = sum(row.seconds for row in timing.slowest_first())
        return (
            table(("ms", "stage", "pass", "runs", "changes"), rows, right=(0, 3, 4)) + f"\n{total * 1e3:.2f} ms in all"
        )
