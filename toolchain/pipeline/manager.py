"""Running a checked pipeline over a module.

    stage = [module pass, segment, module pass, ...]    segment = function passes that follow each other
    for each application of a pass:  observers before -> the pass -> check -> analyses -> observers after

A segment is run function by function, callees before callers (`segments.py`): all its passes over one function, then over
the next. A group is repeated until it changes nothing. A pass that changed nothing in a function is not run over it again
before something else has changed it. Observers see each application of a pass to a function or module; applications are
numbered through all stages, so that one can be found again (`--bisect`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable
from typing import Any

from ..diagnostics import CompileError
from ..ir.core import Function, Module
from .analyses import AnalysisCache
from .broken import PassBrokeFunction
from .budget import Budget, Omission, Watch
from .events import PassEvent
from .plan import Group, Pipeline, Step
from .plugins import Plugins
from .reuse import Made, Reuse
from .segments import LiveSummaries, Segment, is_open, open_functions, split
from .spec import PassContext, Remark
from .units import Shot, problems_of, unit_name
from .window import watched

#: Equal for steps that do the same: the name of the pass and its options.
Sameness = tuple[str, str]


class PassManager:
    """Runs the stages of one pipeline for one compilation."""

    __slots__ = (
        "_after", "_analyses", "_before", "_contexts", "_limit", "_omitted", "_pipeline", "_reuse", "_seen", "_settled",
        "_verify", "_watch", "applied", "current", "remarks", "seconds",
    )  # fmt: skip

    def __init__(
        self,
        pipeline: Pipeline,
        plugins: Plugins,
        analyses: AnalysisCache,
        *,
        verify: bool = False,
        limit: int | None = None,
        remarks: list[Remark] | None = None,
        reuse: Reuse | None = None,
        budget: Budget | None = None,
        omitted: Collection[Omission] = (),
    ) -> None:
        """`plugins` are asked for observers; `verify` checks after every pass, not only after those of strangers.

        After `limit` applications nothing more is run, and never what is `omitted`. With any of these every pass runs, also where `reuse` has what it made.
        """
        self.remarks: list[Remark] = remarks if remarks is not None else []
        self.applied = 0
        #: The application that runs, or ran last.
        self.current: PassEvent | None = None
        #: Processor time that each step took, by label: what other programs do is no reason for a warning.
        self.seconds: dict[str, float] = {}
        self._pipeline = pipeline
        self._analyses = analyses
        self._verify = verify
        self._limit = limit
        self._before = plugins.listeners("wasmlathe_before_pass")
        self._after = plugins.listeners("wasmlathe_after_pass")
        is_watched = verify or limit is not None or self._before or self._after
        self._reuse = None if is_watched or omitted else reuse
        self._watch = Watch(budget or Budget())
        self._omitted = frozenset(omitted)
        self._contexts: dict[str, tuple[PassContext, Sameness]] = {}
        #: Units as the last check saw them: those after one pass are those before the next.
        self._seen: dict[Any, Shot] = {}
        #: The passes that found nothing to do in a function since it was last changed.
        self._settled: dict[Function, set[Sameness]] = {}

    def unobserved(self, plugins: Plugins) -> PassManager:
        """A manager that runs the same, of which nobody sees anything; `plugins` without observers."""
        return PassManager(
            self._pipeline,
            plugins,
            AnalysisCache(),
            budget=self._watch.budget,
            omitted=self._omitted,
            verify=self._verify,
        )

    def run_stage(self, stage: str, unit: Any) -> None:
        """Run everything that the pipeline has for a stage, in place.

        Raises PassBrokeFunction, CompileError, and OverBudget, which leaves the unit in no state to go on with.
        """
        self._seen.clear()
        self._settled.clear()
        try:
            self._run_parts(stage, unit)
        finally:
            self._watch.stop()

    def _run_parts(self, stage: str, unit: Any) -> None:
        for part in split(self._pipeline.stages[stage]):
            if isinstance(part, Segment):
                self._run_segment(part, stage, unit)
            elif isinstance(part, Group):
                self._run_group(part, stage, unit)
            else:
                self._apply(part, stage, unit)

    def _run_segment(self, segment: Segment, stage: str, module: Module) -> None:
        from wasmlathe.passes.analysis.callgraph import callgraph
        from wasmlathe.passes.analysis.effects import effects

        self._settled.clear()  # what is kept of a function must not depend on what was found out before
        if self._reuse is not None:
            self._reuse.enter()
        summaries = LiveSummaries(module, self._analyses.get(callgraph, module))
        with self._analyses.pinned(effects, module, summaries):
            for component in summaries.components():
                for function in filter(is_open, component):
                    self._take_or_run(segment, stage, function, summaries)

    def _take_or_run(self, segment: Segment, stage: str, function: Function, summaries: LiveSummaries) -> None:
        """Take what the passes make of a function from the cache, or have them make it."""
        reuse = self._reuse
        question = reuse.ask(segment, stage, function, summaries) if reuse is not None else None
        if reuse is None or question is None:
            self._run_over(segment, stage, function, summaries)
            return
        made = reuse.answer(question)
        if made is not None:
            self.remarks += made.remarks
            self.applied += made.applied
            self._analyses.changed(function)
            self._watch.forget(function)
            summaries.changed(function, made.summary)
            return
        told, applied = len(self.remarks), self.applied
        with watched(question.sight):
            self._run_over(segment, stage, function, summaries)
        reuse.keep(question, Made(self.remarks[told:], self.applied - applied, summaries[function.name]))

    def _run_over(self, segment: Segment, stage: str, function: Function, summaries: LiveSummaries) -> None:
        """All passes of a segment over one function."""
        for entry in segment.entries:
            steps, limit = (entry.steps, entry.limit) if isinstance(entry, Group) else ((entry,), 1)
            for _round in range(limit):
                changed = False
                for step in steps:
                    if self._apply(step, stage, function):
                        summaries.changed(function)
                        changed = True
                if not changed:
                    break

    def _run_group(self, group: Group, stage: str, unit: Any) -> None:
        """A group with passes over the module, step by step; functions that have settled are left out."""
        for _round in range(group.limit):
            changed = False
            for step in group.steps:
                if step.spec.scope == "module":
                    changed |= self._apply(step, stage, unit)
                else:
                    for function in open_functions(unit):
                        changed |= self._apply(step, stage, function)
            if not changed:
                return

    def _apply(self, step: Step, stage: str, unit: Any) -> bool:
        """Run a pass once; whether it says that it changed anything."""
        if self._limit is not None and self.applied >= self._limit:
            return False
        context, sameness = self._prepared(step)
        settled = self._settled.setdefault(unit, set()) if isinstance(unit, Function) else None
        if settled is not None and sameness in settled:
            return False
        if self._omitted and Omission(step.label, unit.name if settled is not None else None) in self._omitted:
            return False
        context.function = unit if isinstance(unit, Function) else None
        self.applied += 1
        event = self.current = PassEvent(step, stage, self.applied, unit, unit_name(unit))
        _tell(self._before, event)
        is_checked = self._verify or not step.plugin.is_builtin
        before = (self._seen.get(unit) or Shot(unit)) if is_checked else None
        started, computed = time.perf_counter(), time.process_time()
        try:
            event.changed = self._watch.run(step, unit, lambda: step.spec.run(unit, context))
        except CompileError:
            raise  # the pass found something wrong with the user's program
        except (Exception, SystemExit) as error:  # whatever a pass raises is told with its name and what it worked on
            problem = f"raised {type(error).__name__}: {error}"
            text = before.text() if before is not None else None
            raise PassBrokeFunction(step, event.unit_name, event.index, [problem], text, None) from error
        event.seconds = time.perf_counter() - started
        computed = time.process_time() - computed
        self.seconds[step.label] = self.seconds.get(step.label, 0.0) + computed
        if before is not None:
            self._check(event, before)
        elif event.changed:
            self._seen.clear()
        if event.changed:
            self._analyses.changed(unit, step.spec.preserves)
            self._unsettle(unit)
        elif settled is not None:
            settled.add(sameness)
        _tell(self._after, event)
        return event.changed

    def _unsettle(self, unit: Any) -> None:
        if isinstance(unit, Function):
            self._settled[unit].clear()
        else:  # whichever functions it changed
            self._settled.clear()

    def _prepared(self, step: Step) -> tuple[PassContext, Sameness]:
        """What the pass is given, and what is equal for steps that do the same: pass and options."""
        found = self._contexts.get(step.label)
        if found is None:
            options = step.options
            rules = self._pipeline.registry.rules
            context = PassContext(options, self._analyses, self.remarks, rules, step.label)
            found = self._contexts[step.label] = context, (step.spec.name, repr(options))
        return found

    def _check(self, event: PassEvent, before: Shot) -> None:
        """Raise PassBrokeFunction if the IR is broken or changed without a word.

        A unit that is as the last check saw it is not checked again.
        """
        unit = event.unit
        try:
            if unit in self._seen and before.is_still(unit) and isinstance(event.changed, bool):
                return
            after = Shot(unit)
            problems = problems_of(unit)
        except Exception as error:  # an op that is None, a block without name: nothing that reads IR gets through
            problem = f"left something that is no IR: {type(error).__name__}: {error}"
            raise PassBrokeFunction(event.step, event.unit_name, event.index, [problem], before.text(), None) from error
        is_same = after.state == before.state
        if not isinstance(event.changed, bool):
            problems.append(f"returned {event.changed!r} instead of True or False")
        elif not event.changed and not is_same and after.text() != before.text():
            problems.append("returned False (nothing changed), but changed it")
        if problems:
            texts = before.text(), after.text()
            if isinstance(unit, Module):
                texts = _different_functions(*texts)
            raise PassBrokeFunction(event.step, event.unit_name, event.index, problems, *texts)
        if not is_same:
            # A shot of the module holds its functions, and a change of the module may be one of any of them.
            self._seen = (
                {} if isinstance(unit, Module) else {u: s for u, s in self._seen.items() if isinstance(u, Function)}
            )
        self._seen[unit] = after


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
