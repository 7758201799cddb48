"""`--time-passes`, `--trace` and `--print-after`: observers of passes, and what they show or write."""

from __future__ import annotations

import os
from typing import Any, Self

from ..driver import Compilation, CompileOptions, compile_file
from ..outcome import tell
from ..pipeline.observers import Snapshots, Timing, is_step
from ..pipeline.plan import Pipeline
from ..pipeline.preparing import PipelineRequest, prepare
from .progress import ProgressBar
from .table import table
from .tracing import Trace

#: A pass that takes this share of the time of all passes dominates it.
_DOMINATES = 0.25


def pipeline_of(file: str, request: PipelineRequest) -> Pipeline:
    """The pipeline that a file would be compiled with. Raises CompileError."""
    request.folder = os.path.dirname(os.path.abspath(file))
    return prepare(request).pipeline


class Observing:
    """The observers that a command line asks for, and the progress bar, while the `with` statement lasts."""

    def __init__(self, time_passes: bool = False, print_after: str | None = None, trace: str | None = None) -> None:
        self._timing = Timing() if time_passes else None
        self._snapshots = Snapshots(lambda event: is_step(event, print_after or "")) if print_after else None
        self._pass_name = print_after
        self._trace = Trace() if trace else None
        self._trace_path = trace or ""
        self._progress = ProgressBar()
        self._compilation: Compilation | None = None

    @property
    def is_on(self) -> bool:
        """Whether anything is observed, so that every pass has to run."""
        return bool(self.observers)

    @property
    def observers(self) -> list[Any]:
        return [observer for observer in (self._timing, self._trace, self._snapshots) if observer is not None]

    def attach(self, options: CompileOptions) -> None:
        """Have a compilation observed, and its progress shown."""
        options.observers = self.observers
        options.progress = self._progress

    def compile(self, file: str, options: CompileOptions, *more: Any) -> Compilation:
        """Compile a file and tell what was observed; `more` are further observers. Raises what `compile_file` does."""
        self.attach(options)
        options.observers = [*self.observers, *more]
        with self:
            compilation = compile_file(file, options)
            self.done(compilation)
        return compilation

    def check(self, file: str, request: PipelineRequest) -> None:
        """Raises CompileError for a pass that does not exist; one that the pipeline does not run is told at the end."""
        if self._pass_name is not None:
            pipeline_of(file, request).registry.find(self._pass_name)

    def __enter__(self) -> Self:
        self._progress.__enter__()
        return self

    def done(self, compilation: Compilation) -> None:
        """The compilation has succeeded: the times of its parts are known."""
        self._compilation = compilation

    def __exit__(self, *_error: object) -> None:
        """Tell what was observed, also when the compilation failed: then it is wanted most."""
        self._progress.__exit__()
        if self._snapshots is not None:
            tell(self._printed(self._snapshots))
        if self._timing is not None:
            self._tell_times(self._timing)
        if self._trace is not None:
            self._trace.write(self._trace_path, self._compilation)

    def _tell_times(self, timing: Timing) -> None:
        if timing.steps:
            tell(_times(timing))
        if self._compilation is not None:
            parts = [(f"{t.seconds * 1e3:.2f}", t.name) for t in self._compilation.timings]
            tell(table(("ms", "part"), parts, right=(0,)))
        if timing.steps:
            tell(dominating(timing))

    def _printed(self, snapshots: Snapshots) -> str:
        if not snapshots.items:
            return f"; '{self._pass_name}' did not run"
        return "\n".join(f"; after {s.label} ({s.stage}, application {s.index})\n{s.after}" for s in snapshots.items)


def _times(timing: Timing) -> str:
    rows = [
        (f"{row.seconds * 1e3:.2f}", row.stage, row.label, str(row.applications), str(row.changes))
        for row in timing.slowest_first()
    ]
    total = sum(row.seconds for row in timing.slowest_first())
    return table(("ms", "stage", "pass", "runs", "changes"), rows, right=(0, 3, 4)) + f"\n{total * 1e3:.2f} ms in all"


def dominating(timing: Timing) -> str:
    """A sentence about the pass that took the most time, all its places together, and the function that it took it for."""
    total = sum(timing.by_pass.values())
    name, seconds = max(timing.by_pass.items(), key=lambda item: item[1])
    unit, most = max(timing.by_unit[name].items(), key=lambda item: item[1])
    share = seconds / total if total else 0.0
    verb = "dominates" if share >= _DOMINATES else "takes the most time"
    return (
        f"'{name}' {verb}: {share:.0%} of the time of all passes, {most * 1e3:.2f} ms of {seconds * 1e3:.2f} on {unit}"
    )
