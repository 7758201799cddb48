"""`--trace FILE`: where the time of a compilation went, as Chrome's trace events (chrome://tracing, ui.perfetto.dev).

Stages lie above the passes that ran in them; a click on a pass names the function and says whether it changed it.
The format is that of "Trace Event Format" (Google, 2016), complete events with times in microseconds.
"""

from __future__ import annotations

import json
import os
import time
from typing import Any

from ..driver import Compilation
from ..pipeline.events import PassEvent
from ..pipeline.hookspecs import hookimpl
from .writing import write_all

_MICROSECONDS = 1e6


class Trace:
    """The observer that remembers when each pass ran."""

    def __init__(self) -> None:
        self._events: list[dict[str, Any]] = []
        self._started = 0.0

    @hookimpl
    def wasmlathe_before_pass(self, event: PassEvent) -> None:
        self._started = time.perf_counter()

    @hookimpl
    def wasmlathe_after_pass(self, event: PassEvent) -> None:
        details = {"unit": event.unit_name, "changed": event.changed, "application": event.index}
        self._add(event.pass_name, f"{event.stage} passes", self._started, event.seconds, details)

    def write(self, path: str, compilation: Compilation | None) -> None:
        """Write the file; without a compilation (it failed, or there was none) the passes alone. Raises CompileError."""
        for part in compilation.timings if compilation is not None else ():
            self._add(part.name, "part", part.started, part.seconds, {})
        first = min((event["ts"] for event in self._events), default=0.0)
        events = [event | {"ts": round(event["ts"] - first, 3)} for event in self._events]
        events.sort(key=lambda event: (event["ts"], -event["dur"]))
        names = [{"name": "process_name", "ph": "M", "pid": 1, "args": {"name": "wasmlathe"}}]
        text = json.dumps({"traceEvents": [*names, *events], "displayTimeUnit": "ms"}, separators=(",", ":"))
        write_all(os.path.dirname(path) or os.curdir, {os.path.basename(path): text.encode()})

    def _add(self, name: str, category: str, started: float, seconds: float, details: dict[str, Any]) -> None:
        event = {"name": name, "cat": category, "ph": "X", "pid": 1, "tid": 1, "args": details}
        self._events.append(event | {"ts": started * _MICROSECONDS, "dur": round(seconds * _MICROSECONDS, 3)})
