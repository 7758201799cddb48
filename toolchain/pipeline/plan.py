"""A pipeline: which passes run in which stage, in which order, with which options.

    mem: [licm, Group(3, [const-fold, rewrite, dce]), inline#2]

Every step has a label that is unique in the pipeline; the second occurrence of a pass is written `name#2`. Presets,
configuration files and plugins edit pipelines through the same methods, and `check` compares the result with what the
passes demand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..diagnostics import nearest
from .options import OptionError, make_options
from .plugins import Plugin
from .registry import Registry
from .spec import PASS_STAGES, Order, PassSpec


class PlanError(ValueError):
    """An edit of a pipeline that cannot be made. `word` is the part of the input that is wrong."""

    def __init__(self, code: str, message: str, hint: str | None = None, word: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.word = word


@dataclass(frozen=True, slots=True)
class Repeat:
    """In the data of a preset: repeat these passes until they change nothing, at most `limit` times."""

    limit: int
    passes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class With:
    """In the data of a preset: a step whose options are not the usual ones."""

    label: str
    options: Mapping[str, Any]


#: The data of a preset: what runs in each stage.
Preset = Mapping[str, Iterable[str | Repeat | With]]


@dataclass(slots=True)
class Step:
    """One place of a pipeline at which a pass runs."""

    label: str
    spec: PassSpec
    plugin: Plugin
    #: What was asked for; `options` is made of it.
    given: dict[str, Any] = field(default_factory=dict)

    @property
    def options(self) -> Any:
        return make_options(self.spec.name, self.spec.options, self.given)


@dataclass(slots=True)
class Group:
    """Steps that are repeated until none of them changes anything, at most `limit` times."""

    limit: int
    steps: list[Step]


@dataclass(slots=True)
class BuildOptions:
    """What a build was asked for, as plugins see it."""

    pipeline: str
    target: str = "host"
    plugins: dict[str, Any] = field(default_factory=dict)
    #: Whether the binary names its functions; what is to be small does without.
    names: bool = True

    def for_plugin(self, name: str) -> Any:
        """The options of a plugin that has an `OPTIONS` dataclass."""
        return self.plugins[name]


class Pipeline:
    """A pipeline that can be edited. All edits raise PlanError for words that mean nothing."""

    __slots__ = ("has_names", "name", "plugin_options", "registry", "stages")

    def __init__(self, name: str, registry: Registry, preset: Preset | None = None) -> None:
        self.name = name
        self.registry = registry
        self.has_names = True
        self.stages: dict[str, list[Step | Group]] = {stage: [] for stage in PASS_STAGES}
        self.plugin_options: dict[str, dict[str, Any]] = {}
        for stage, entries in (preset or {}).items():
            self.set_stage(stage, entries)

    # Reading

    def steps(self, stage: str | None = None) -> Iterator[Step]:
        """All steps in the order in which they run, those of groups once."""
        for entries in self.stages.values() if stage is None else [self.stages[stage]]:
            for entry in entries:
                yield from entry.steps if isinstance(entry, Group) else (entry,)

    def labels(self) -> list[str]:
        return [step.label for step in self.steps()]

    def stage_of(self, label: str) -> str:
        """The stage in which the step runs. Raises PlanError when there is no such step."""
        for stage in PASS_STAGES:
            if any(step.label == label for step in self.steps(stage)):
                return stage
        raise self._absent(label)

    # Editing

    def set_stage(self, stage: str, entries: Iterable[str | Repeat | With]) -> None:
        """Replace everything that runs in a stage."""
        self._check_stage(stage)
        self.stages[stage] = []
        for entry in entries:
            if isinstance(entry, Repeat):
                group = Group(entry.limit, [])
                self.stages[stage].append(group)
                group.steps += [self._step(label, stage) for label in entry.passes]
            elif isinstance(entry, With):
                self.stages[stage].append(self._step(entry.label, stage, entry.options))
            else:
                self.stages[stage].append(self._step(entry, stage))
        labels = self.labels()
        for label in labels:
            if labels.count(label) > 1:
                hint = f"write '{_base(label)}#2' for the second occurrence"
                raise PlanError("E0509", f"pipeline '{self.name}' has the step '{label}' twice", hint, label)

    def insert(
        self,
        name: str,
        *,
        after: str | None = None,
        before: str | None = None,
        stage: str | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> Step:
        """Add a pass next to another one (first occurrence, or `name#2`), or else at the end of its stage."""
        if after and before:
            raise PlanError("E0505", f"'{name}' is inserted both after '{after}' and before '{before}'", None, name)
        anchor = after or before
        if anchor is None:
            home = self._stage_for(name, stage)
            entries: list[Any] = self.stages[home]
            at = len(entries)
        else:
            home = self.stage_of(anchor)
            entries, at = self._position(anchor)
            at += 1 if after else 0
        step = self._step(self._free_label(name), home, options or {})
        entries.insert(at, step)
        return step

    def remove(self, name: str) -> None:
        """Take out a step, or with a bare name all occurrences of a pass."""
        found = [step.label for step in self.steps() if name in (step.label, step.spec.name)]
        if not found:
            raise self._absent(name)
        for label in found:
            entries, at = self._position(label)
            del entries[at]
        for stage, entries in self.stages.items():
            self.stages[stage] = [e for e in entries if not isinstance(e, Group) or e.steps]

    def replace(self, old: str, new: str, options: Mapping[str, Any] | None = None) -> Step:
        """Run another pass in the place of a step."""
        step = self.insert(new, before=old, options=options)
        entries, at = self._position(old)
        del entries[at]
        return step

    def move(self, name: str, *, after: str | None = None, before: str | None = None) -> Step:
        """Run a step elsewhere."""
        entries, at = self._position(name)
        step = entries.pop(at)
        return self.insert(name, after=after, before=before, options=step.given)

    def set_option(self, owner: str, option: str, value: Any) -> None:
        """Set an option of a step, of all occurrences of a pass, or of a plugin."""
        steps = [step for step in self.steps() if owner in (step.label, step.spec.name)]
        plugin = self.registry.plugins.named(owner)
        has_options = plugin is not None and plugin.options_type is not None
        if not steps and not has_options:
            raise self._absent(owner, "E0502")
        for step in steps:
            step.given[option] = value
            self._check_options(step.spec.name, step.spec.options, step.given, option)
        if not steps and plugin is not None:
            given = self.plugin_options.setdefault(owner, {})
            given[option] = value
            self._check_options(owner, plugin.options_type, given, option)

    def place_final(self) -> None:
        """Put the passes that every pipeline runs at the end of their stages."""
        for name, registered in self.registry.passes.items():
            if registered.spec.final:
                if any(step.spec.name == name for step in self.steps()):
                    self.remove(name)
                self.insert(name)

    def place_telling(self) -> None:
        """Put in the passes that only have remarks, each in front of the first pass that it must come before."""
        for name, registered in self.registry.passes.items():
            spec = registered.spec
            if not spec.only_tells or any(step.spec is spec for step in self.steps()):
                continue
            later = {order.other for order in spec.before}
            anchor = next((step.label for step in self.steps(spec.stage) if step.spec.name in later), None)
            self.insert(name, before=anchor)

    # Checking

    def check(self) -> None:
        """Raise PlanError unless the order is what every pass demands."""
        first: dict[str, int] = {}
        for position, step in enumerate(self.steps()):
            first.setdefault(step.spec.name, position)
        for step in self.steps():
            for order in step.spec.after:
                self._check_order(first, order.other, step.spec.name, f"after '{order.other}'", order, step)
            for order in step.spec.before:
                self._check_order(first, step.spec.name, order.other, f"before '{order.other}'", order, step)

    def _check_order(
        self, first: dict[str, int], earlier: str, later: str, demand: str, order: Order, step: Step
    ) -> None:
        if earlier in first and later in first and first[earlier] > first[later]:
            message = f"in pipeline '{self.name}', '{step.spec.name}' must run {demand}: {order.reason}"
            raise PlanError("E0509", message, f"move '{later}' behind '{earlier}'", step.spec.name)

    def build_options(self, target: str = "host") -> BuildOptions:
        """What plugins are told about the build."""
        options = {
            plugin.name: make_options(plugin.name, plugin.options_type, self.plugin_options.get(plugin.name, {}))
            for plugin in self.registry.plugins.items
        }
        return BuildOptions(self.name, target, options, self.has_names)

    # Parts

    def _step(self, label: str, stage: str, options: Mapping[str, Any] | None = None) -> Step:
        name = _base(label)
        registered = self.registry.passes.get(name)
        if registered is None:
            close = nearest(name, self.registry.passes)
            hint = f"did you mean '{close}'?" if close else "`wasmlathe passes` lists what there is"
            raise PlanError("E0501", f"unknown pass '{name}'", hint, label)
        spec = registered.spec
        if stage not in spec.stages:
            message = f"pass '{name}' cannot run in stage {stage}; it is made for {' and '.join(spec.stages)}"
            raise PlanError("E0504", message, None, label)
        given = dict(options or {})
        self._check_options(name, spec.options, given, next(iter(given), ""))
        return Step(label, spec, registered.plugin, given)

    def _check_options(self, owner: str, options: type | None, given: Mapping[str, Any], word: str) -> None:
        try:
            make_options(owner, options, given)
        except OptionError as error:
            raise PlanError("E0502", str(error), error.hint, word) from None

    def _check_stage(self, stage: str) -> None:
        if stage not in PASS_STAGES:
            close = nearest(stage, PASS_STAGES)
            hint = f"did you mean '{close}'?" if close else f"the stages are {', '.join(PASS_STAGES)}"
            raise PlanError("E0504", f"unknown stage '{stage}'", hint, stage)

    def _stage_for(self, name: str, stage: str | None) -> str:
        if stage is not None:
            self._check_stage(stage)
            return stage
        registered = self.registry.passes.get(_base(name))
        return registered.spec.stage if registered else PASS_STAGES[0]  # an unknown pass is reported by `_step`

    def _free_label(self, name: str) -> str:
        taken = set(self.labels())
        label, number = name, 2
        while label in taken:
            label, number = f"{_base(name)}#{number}", number + 1
        return label

    def _position(self, label: str) -> tuple[list[Any], int]:
        """The list in which a step stands (of a stage or a group) and its index there."""
        for entries in self.stages.values():
            for at, entry in enumerate(entries):
                if isinstance(entry, Group):
                    for inner, step in enumerate(entry.steps):
                        if step.label == label:
                            return entry.steps, inner
                elif entry.label == label:
                    return entries, at
        raise self._absent(label)

    def _absent(self, name: str, code: str = "E0501") -> PlanError:
        labels = self.labels()
        if _base(name) in self.registry.passes:
            hint = f"its passes are {', '.join(labels)}" if labels else "it has no passes"
            return PlanError(code, f"pipeline '{self.name}' does not run '{name}'", hint, name)
        known = {*self.registry.passes, *(p.name for p in self.registry.plugins.items if p.options_type)}
        close = nearest(name, known)
        hint = f"did you mean '{close}'?" if close else "`wasmlathe passes` lists what there is"
        return PlanError(code, f"unknown pass '{name}'", hint, name)


def _base(label: str) -> str:
    return label.partition("#")[0]
