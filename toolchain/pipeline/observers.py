"""Built-in observers of passes: they use the hooks that a plugin would use.

Timing      how long each pass took             --time-passes
Snapshots   the text after a pass, or the texts around it    --print-after, --diff, bisecting
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..ir.core import Function, Module
from ..ir.print import SteadyNames
from .events import PassEvent
from .hookspecs import hookimpl
from .manager import functions_of
from .units import text_of


@dataclass(slots=True)
class PassTime:
    """The time of one step over all functions and rounds."""

    label: str
    stage: str
    seconds: float = 0.0
    applications: int = 0
    changes: int = 0


class Timing:
    """Adds up the time of each step."""

    def __init__(self) -> None:
        self.steps: dict[tuple[str, str], PassTime] = {}
        #: Seconds by pass, wherever it runs, and within a pass by function or module.
        self.by_pass: dict[str, float] = defaultdict(float)
        self.by_unit: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))

    @hookimpl
    def wasmlathe_after_pass(self, event: PassEvent) -> None:
        key = (event.stage, event.pass_name)
        row = self.steps.get(key)
        if row is None:
            row = self.steps[key] = PassTime(event.pass_name, event.stage)
        row.seconds += event.seconds
        row.applications += 1
        row.changes += event.changed
        self.by_pass[event.step.spec.name] += event.seconds
        self.by_unit[event.step.spec.name][event.unit_name] += event.seconds

    def slowest_first(self) -> list[PassTime]:
        return sorted(self.steps.values(), key=lambda row: -row.seconds)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A unit around one application of a pass."""

    label: str
    stage: str
    index: int
    unit_name: str
    before: str
    after: str


def is_step(event: PassEvent, wanted: str) -> bool:
    """True if `wanted` names the step, or the pass wherever it runs."""
    return wanted in (event.pass_name, event.step.spec.name)


class Snapshots:
    """Keeps the texts before and after the applications that `wanted` selects, one entry for each function."""

    def __init__(
        self, wanted: Callable[[PassEvent], bool], function: str | None = None, *, to_compare: bool = False
    ) -> None:
        """With `function`, only the function of this name, in the source or in the IR, is kept.

        In texts `to_compare` a value is called the same before and after, whatever came or went in front of it.
        """
        self.items: list[Snapshot] = []
        self._names: dict[Function, SteadyNames] = defaultdict(SteadyNames)
        self._to_compare = to_compare
        self._wanted = wanted
        self._function = function
        self._before: dict[str, str] = {}

    @hookimpl
    def wasmlathe_before_pass(self, event: PassEvent) -> None:
        if self._wanted(event):
            self._before = self._texts(event)

    @hookimpl
    def wasmlathe_after_pass(self, event: PassEvent) -> None:
        if not self._wanted(event):
            return
        after = self._texts(event)
        for name in [*self._before, *(n for n in after if n not in self._before)]:
            texts = self._before.get(name, ""), after.get(name, "")
            self.items.append(Snapshot(event.pass_name, event.stage, event.index, name, *texts))

    def _texts(self, event: PassEvent) -> dict[str, str]:
        functions = functions_of(event.unit)
        if not functions and not isinstance(event.unit, Module):
            is_split = self._to_compare or self._function is not None
            return wat_functions(event.unit, self._function) if is_split else {event.unit_name: text_of(event.unit)}
        chosen = [f for f in functions if self._function in (None, f.name, f.source_name)]
        return {f.name: self._names[f].text(f) if self._to_compare else text_of(f) for f in chosen}


_WAT_FUNCTION = re.compile(r"^ \(func \$([^ )\n]+).*?^ \)\n", re.MULTILINE | re.DOTALL)


def wat_functions(module: Any, function: str | None = None) -> dict[str, str]:
    """The functions with bodies of a Binaryen module, as its text indents them; with `function`, the one of this name."""
    found = {match[1]: match.group() for match in _WAT_FUNCTION.finditer(text_of(module))}
    return {name: text for name, text in found.items() if function in (None, name)}


class LastApplication:
    """Remembers the most recent application: the one at which `--bisect N` stops."""

    def __init__(self) -> None:
        self.event: PassEvent | None = None

    @hookimpl
    def wasmlathe_after_pass(self, event: PassEvent) -> None:
        self.event = event
