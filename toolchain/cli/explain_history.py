"""How each function of the program came to be what it is: its text at the start of each stage and after each change.

The texts of one function mostly agree, so lines are kept once and a text is a list of their numbers; the page that
shows them compares two texts when somebody looks. Values keep their names from text to text (`SteadyNames`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..ir.core import Function
from ..ir.print import SteadyNames
from ..pipeline.events import PassEvent
from ..pipeline.hookspecs import hookimpl
from ..pipeline.manager import functions_of
from ..pipeline.observers import wat_functions

#: What made the first text of a stage.
_MADE_BY = {"hir": "front-end", "typed": "inference", "mem": "lowering", "wasm": "code generation"}

#: Functions beyond these numbers of lines in all versions of all functions are not followed any further.
MOST_LINES = 3_000_000


@dataclass(slots=True)
class Version:
    """A function after a step (or as a stage began): the numbers of its lines."""

    stage: str
    step: str
    lines: list[int]


@dataclass(slots=True)
class Story:
    """A function and its versions, oldest first."""

    name: str
    source_name: str
    versions: list[Version] = field(default_factory=list)


class History:
    """The observer that keeps the texts."""

    def __init__(self, with_library: bool = False) -> None:
        """Without the library only functions are followed that the program's own files declare."""
        self.stories: dict[str, Story] = {}
        self.lines: dict[str, int] = {}
        #: True if the texts became so many that later ones are missing.
        self.is_cut = False
        self._with_library = with_library
        self._names: dict[Function, SteadyNames] = {}
        self._stage = ""
        self._kept = 0

    @hookimpl
    def wasmlathe_before_pass(self, event: PassEvent) -> None:
        if event.stage == self._stage:
            return
        self._stage = event.stage
        self._names.clear()
        module = event.unit.module if isinstance(event.unit, Function) else event.unit
        self._keep(module, event.stage, _MADE_BY[event.stage])

    @hookimpl
    def wasmlathe_after_pass(self, event: PassEvent) -> None:
        if event.changed:
            self._keep(event.unit, event.stage, event.pass_name)

    def _keep(self, unit: Any, stage: str, step: str) -> None:
        functions = functions_of(unit)
        if not functions:
            for name, text in wat_functions(unit).items():
                if name in self.stories:
                    self._add(self.stories[name], stage, step, text)
            return
        for function in functions:
            if self._with_library or function.loc is not None:
                story = self.stories.get(function.name)
                if story is None:
                    story = self.stories[function.name] = Story(function.name, function.source_name)
                names = self._names.get(function)
                if names is None:
                    names = self._names[function] = SteadyNames()
                self._add(story, stage, step, names.text(function))

    def _add(self, story: Story, stage: str, step: str, text: str) -> None:
        numbers = self.lines
        lines = [numbers.setdefault(line, len(numbers)) for line in text.splitlines()]
        last = story.versions[-1] if story.versions else None
        if last is not None and last.stage == stage and last.lines == lines:
            return
        self._kept += len(lines)
        self.is_cut = self.is_cut or self._kept > MOST_LINES
        if not self.is_cut:
            story.versions.append(Version(stage, step, lines))
