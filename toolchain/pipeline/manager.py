"""Running a checked pipeline over a module.

    for each step of the stage:  observers before -> the pass, function by function -> check -> analyses -> observers after

A function-scope pass runs over every function with a body, in the module's order. A group is repeated until it changes
nothing; functions that have settled are left out of later rounds. Observers see each application of a pass to a function
or module; applications are numbered through all stages, so that one can be found again (`--bisect`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

from ..diagnostics import CompileError
from ..ir.core import Function, Module
from .broken import PassBrokeFunction
from .events import PassEvent
from .plan import Group, Pipeline, Step
from .plugins import Plugins
from .spec import Analyses, PassContext, Remark
from .units import problems_of, state_of, text_of, unit_name


class PassManager:
    """Runs the stages of one pipeline for one compilation."""

    __slots__ = (
        "_after", "_analyses", "_before", "_contexts", "_limit", "_pipeline", "_seen", "_verify", "applied", "remarks",
    )  # fmt: skip

    def __init__(
        self,
        pipeline: Pipeline,
        plugins: Plugins,
        analyses: Analyses,
        *,
        verify: bool = False,
        limit: int | None = None,
        remarks: list[Remark] | None = None,
    ) -> None:
        """`plugins` are asked for observers; `verify` checks after every pass, not only after those of strangers.

        After `limit` applications nothing more is run.
        """
        self.remarks: list[Remark] = remarks if remarks is not None else []
        self.applied = 0
        self._pipeline = pipeline
        self._analyses = analyses
        self._verify = verify
        self._limit = limit
        self._before = plugins.listeners("wasmlathe_before_pass")
        self._after = plugins.listeners("wasmlathe_after_pass")
        self._contexts: dict[str, PassContext] = {}
        #: Units as the last check saw them, with their state and text: those after one pass are those before the next.
        self._seen: dict[Any, tuple[Any, str]] = {}

    def run_stage(self, stage: str, unit: Any) -> None:
        """Run everything that the pipeline has for a stage, in place. Raises PassBrokeFunction, CompileError."""
        self._seen.clear()
        for entry in self._pipeline.stages[stage]:
            if isinstance(entry, Group):
                self._run_group(entry, stage, unit)
            else:
                self._run_step(entry, stage, unit, None)

    def _run_group(self, group: Group, stage: str, unit: Any) -> None:
        unsettled: set[str] | None = None
        for _round in range(group.limit):
            changed: set[str] = set()
            for step in group.steps:
                found = self._run_step(step, stage, unit, unsettled)
                if found is None:  # a whole module changed, so any function may have something to do again
                    changed = set(unit.functions) if isinstance(unit, Module) else {""}
                else:
                    changed |= found
            if not changed:
                return
            unsettled = changed

    def _run_step(self, step: Step, stage: str, unit: Any, unsettled: set[str] | None) -> set[str] | None:
        """Names of the functions that the step changed; None if it changed the unit as a whole."""
        if step.spec.scope == "module":
            return None if self._apply(step, stage, unit) else set()
        functions = [
            f
            for f in unit.functions.values()
            if f.blocks and (unsettled is None or f.name in unsettled) and not f.attrs.get("finished")
        ]
        return {function.name for function in functions if self._apply(step, stage, function)}

    def _apply(self, step: Step, stage: str, unit: Any) -> bool:
        """Run a pass once; whether it says that it changed anything."""
        if self._limit is not None and self.applied >= self._limit:
            return False
        self.applied += 1
        event = PassEvent(step, stage, self.applied, unit, unit_name(unit))
        _tell(self._before, event)
        is_checked = self._verify or not step.plugin.is_builtin
        before = self._text_before(unit) if is_checked else None
        started = time.perf_counter()
        try:
            event.changed = step.spec.run(unit, self._context(step))
        except CompileError:
            raise  # the pass found something wrong with the user's program
        except (Exception, SystemExit) as error:  # whatever a pass raises is told with its name and what it worked on
            problem = f"raised {type(error).__name__}: {error}"
            raise PassBrokeFunction(step, event.unit_name, event.index, [problem], before, None) from error
        event.seconds = time.perf_counter() - started
        if before is not None:
            self._check(event, before)
        elif event.changed:
            self._seen.clear()
        if event.changed:
            self._analyses.changed(unit, step.spec.preserves)
        _tell(self._after, event)
        return event.changed

    def _context(self, step: Step) -> PassContext:
        context = self._contexts.get(step.label)
        if context is None:
            rules = self._pipeline.registry.rules
            context = PassContext(step.options, self._analyses, self.remarks, rules)
            self._contexts[step.label] = context
        return context

    def _text_before(self, unit: Any) -> str:
        known = self._seen.get(unit)
        return text_of(unit) if known is None else known[1]

    def _check(self, event: PassEvent, before: str) -> None:
        """Raise PassBrokeFunction if the IR is broken or changed without a word.

        A unit that is as the last check saw it is not checked again.
        """
        unit = event.unit
        try:
            state = state_of(unit)
            known = self._seen.get(unit)
            if known is not None and known[0] == state and isinstance(event.changed, bool):
                return
            after = text_of(unit)
            problems = problems_of(unit)
        except Exception as error:  # an op that is None, a block without name: nothing that reads IR gets through
            problem = f"left something that is no IR: {type(error).__name__}: {error}"
            raise PassBrokeFunction(event.step, event.unit_name, event.index, [problem], before, None) from error
        if not isinstance(event.changed, bool):
            problems.append(f"returned {event.changed!r} instead of True or False")
        elif not event.changed and after != before:
            problems.append("returned False (nothing changed), but changed it")
        if problems:
            if isinstance(unit, Module):
                before, after = _different_functions(before, after)
            raise PassBrokeFunction(event.step, event.unit_name, event.index, problems, before, after)
        if after != before:
            # The module's text holds its functions', and a change of the module may be one of any of them.
            self._seen = (
                {} if isinstance(unit, Module) else {u: s for u, s in self._seen.items() if isinstance(u, Function)}
            )
        self._seen[unit] = state, after


def _tell(listeners: Iterable[Callable[[Any], None]], event: PassEvent) -> None:
    for listener in listeners:
        listener(event)


def _different_functions(before: str, after: str) -> tuple[str, str]:
    """The paragraphs of two module texts that are not in both; everything when there is no difference."""
    old, new = before.split("\n\n"), after.split("\n\n")
    common = set(old) & set(new)
    changed_old, changed_new = ([p for p in part if p not in common] for part in (old, new))
    if not changed_old and not changed_new:
        return before, after
    return "\n\n".join(changed_old), "\n\n".join(changed_new)


def functions_of(unit: Any) -> list[Function]:
    """The functions with bodies of an IR module or of one function; none for a Binaryen module."""
    if isinstance(unit, Function):
        return [unit]
    return [f for f in unit.functions.values() if f.blocks] if isinstance(unit, Module) else []
