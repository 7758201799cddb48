"""Translation validation: a pass is run over a random program, and both are executed and compared.

    subject = Subject.of(module, inputs)             the program before, and what it does
    apply_checked(spec, subject)                     what the pass makes of it; Wrong if anybody could notice

`validate.py` is the command, and `profiles` says what is generated for which pass.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cache
from typing import Any

from execute import FUEL, MORE_FUEL, Outcome, Program, difference
from wasmlathe.ir.clone import clone_function, clone_module
from wasmlathe.ir.core import Function, Module
from wasmlathe.ir.verify import verify, verify_function
from wasmlathe.lower.lower_data import LowerOptions, lower_data
from wasmlathe.pipeline.analyses import AnalysisCache
from wasmlathe.pipeline.options import make_options
from wasmlathe.pipeline.plan import Group, Pipeline, Step
from wasmlathe.pipeline.plugins import load_plugins
from wasmlathe.pipeline.preparing import PipelineRequest, prepare
from wasmlathe.pipeline.registry import Registry
from wasmlathe.pipeline.spec import PassContext, PassSpec

#: Stages whose passes work on IR.
STAGES = ("typed", "mem")
INPUTS = 6
#: What a program may take whose heap is collected at every allocation.
HEAP_FUEL = 2_000_000


@cache
def registry() -> Registry:
    return Registry(load_plugins())


@cache
def all_passes() -> dict[str, PassSpec]:
    """Every pass over IR that any plugin announces."""
    found = {name: registered.spec for name, registered in registry().passes.items()}
    return {name: spec for name, spec in found.items() if set(spec.stages) & set(STAGES)}


@dataclass(frozen=True)
class Failure:
    """A pass that changed what a program does, or broke it, or said something wrong about what it did."""

    passes: tuple[str, ...]
    problem: str
    module: Module
    inputs: tuple[tuple[Any, ...], ...]
    #: Options of the pass, if it is one.
    options: dict[str, Any] = field(default_factory=dict)


class Wrong(Exception):
    """What a pass did is wrong, as the message says."""


@dataclass
class Subject:
    """A program, inputs, and what it does with each."""

    module: Module
    inputs: tuple[tuple[Any, ...], ...]
    program: Program
    outcomes: list[Outcome]
    entry: str = "main"
    #: What an execution after a pass may take.
    fuel: int = MORE_FUEL

    @staticmethod
    def of(module: Module, inputs: Sequence[tuple[Any, ...]], entry: str = "main") -> Subject:
        program = Program(module)
        outcomes = [program.run(entry, args, FUEL) for args in inputs]
        return Subject(module, tuple(inputs), program, outcomes, entry)

    @property
    def says_something(self) -> bool:
        """Whether any of the executions came to an end."""
        return any(outcome.kind in ("returns", "panics") for outcome in self.outcomes)

    def follow(self, module: Module) -> Subject:
        """The same after a pass made `module` of it: it is still to do what the program did at first."""
        return replace(self, module=module, program=Program(module, self.program.layout))

    def check(self, module: Module, changed: Sequence[Function] | None = None) -> None:
        """Raise Wrong if `module`, which a pass made of the program, is not valid or does something else.

        `changed` are the functions that may differ, if it was a pass over functions.
        """
        problems = verify(module) if changed is None else [p for f in changed for p in verify_function(f)]
        if problems:
            raise Wrong(f"not valid: {problems[0]}")
        program = Program(module, self.program.layout, self.program, changed)
        for args, before in zip(self.inputs, self.outcomes, strict=True):
            if before.kind in ("returns", "panics"):
                found = difference(before, program.run(self.entry, args, self.fuel))
                if found:
                    raise Wrong(f"@{self.entry}{args}: {found}")


class Copy:
    """A copy of a program for passes to work on, of which only what they changed is made again."""

    def __init__(self, module: Module) -> None:
        self._original = module
        self.renew()

    def renew(self, changed: Sequence[Function] | None = None) -> None:
        """Be as the original again; `changed` are the functions that are not, None for everything."""
        if changed is None:
            self.module = clone_module(self._original)
            self._functions = {f: fingerprint(f) for f in self.module.functions.values()}
            return
        for function in changed:
            original = self._original.functions[function.name]
            twin, _ = clone_function(original)
            twin.module = self.module
            self.module.functions[function.name] = twin
            del self._functions[function]
            self._functions[twin] = fingerprint(twin)

    def differs(self, functions: Iterable[Function]) -> bool:
        """Whether any of the functions is not as in the original."""
        return any(self._functions[f] != fingerprint(f) for f in functions)


def fingerprint(function: Function) -> list[Any]:
    """Something that is equal as long as nothing in the function is changed; good for as long as the function lives."""
    found: list[Any] = [function.results, *function.param_types, *map(repr, function.attrs.values())]
    for block in function.blocks:
        found.append((block, block.cold, *block.params))
        for op in block.ops:
            targets = [(target.block, *target.args) for target in op.targets]
            found.append((op, op.row, op.operands[:], op.attrs and [*map(repr, op.attrs.values())], targets))
    return found


def make_context(spec: PassSpec, given: Mapping[str, Any] | None = None) -> PassContext:
    return PassContext(make_options(spec.name, spec.options, given or {}), AnalysisCache(), [], registry().rules)


def units(spec: PassSpec, module: Module) -> Iterable[Function | Module]:
    if spec.scope == "module":
        return [module]
    return [f for f in module.functions.values() if f.blocks and not f.attrs.get("finished")]


def apply(spec: PassSpec, module: Module, context: PassContext | None = None) -> list[Function] | None:
    """Run a pass over a module as the pass manager does; the functions that it says it changed.

    For a pass over modules None: any of them, if not an empty list. Raises Wrong.
    """
    context = context or make_context(spec)
    changed: list[Function] = []
    for unit in units(spec, module):
        graph = _graph(unit) if spec.preserves & {"cfg", "*"} else None
        try:
            answer = spec.run(unit, context)
        except Exception as error:
            raise Wrong(f"raised {type(error).__name__}: {error}") from error
        if answer:
            if graph is not None and graph != _graph(unit):
                raise Wrong("says that it preserves the graph of blocks, and does not")
            context.analyses.changed(unit, spec.preserves)
            if isinstance(unit, Module):
                return None
            changed.append(unit)
        elif answer is not False:
            raise Wrong(f"returned {answer!r}")
    return changed


def _graph(unit: Function | Module) -> list[Any]:
    functions = [unit] if isinstance(unit, Function) else [f for f in unit.functions.values() if f.blocks]
    return [(block, block.successors) for function in functions for block in function.blocks]


def apply_checked(spec: PassSpec, subject: Subject, given: Mapping[str, Any] | None = None) -> Module | None:
    """What the pass makes of the program, None if nothing. Raises Wrong."""
    copy = Copy(subject.module)
    return copy.module if _run_on(spec, subject, copy, given or {}) != [] else None


def _run_on(spec: PassSpec, subject: Subject, copy: Copy, given: Mapping[str, Any]) -> list[Function] | None:
    """Run the pass over the copy and check what it did; what `apply` gives. Raises Wrong."""
    module = copy.module
    before = list(module.functions.values())
    changed = apply(spec, module, make_context(spec, given))
    if changed is None:
        subject.check(module)
        return None
    if list(module.functions.values()) != before or copy.differs(f for f in before if f not in changed):
        raise Wrong("returned False (nothing changed), but changed it")
    if changed:
        subject.check(module, changed)
    return changed


# --- one pass after the other, over one program ----------------------------------------------------------------------


@dataclass
class Tally:
    """How many functions each pass was run over, and how many programs with how many functions it changed."""

    functions: dict[str, int] = field(default_factory=dict)
    programs: dict[str, int] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)

    def add(self, name: str, functions: int, changed: bool) -> None:
        self.functions[name] = self.functions.get(name, 0) + functions
        self.programs[name] = self.programs.get(name, 0) + 1
        self.changed[name] = self.changed.get(name, 0) + changed


def validate_each(
    subject: Subject,
    passes: Iterable[PassSpec],
    options: Mapping[str, Mapping[str, Any]],
    tally: Tally,
    report: Callable[[Failure], None],
) -> None:
    """Run each pass alone over the program. One copy serves until a pass changes it."""
    copy = Copy(subject.module)
    functions = sum(1 for f in subject.module.functions.values() if f.blocks)
    for spec in passes:
        given = options.get(spec.name, {})
        changed: list[Function] | None = None
        try:
            changed = _run_on(spec, subject, copy, given)
        except Wrong as wrong:
            report(Failure((spec.name,), str(wrong), subject.module, subject.inputs, dict(given)))
        tally.add(spec.name, functions, changed != [])
        if changed != []:
            copy.renew(changed)


def run_line(subject: Subject, names: Sequence[str], report: Callable[[Failure], None]) -> Subject | None:
    """The program after several passes in a row, checked at the end; None if one of them failed."""
    passes = [all_passes()[name] for name in names]
    module = clone_module(subject.module)
    try:
        changed = [spec for spec in passes if apply(spec, module) != []]
        if not changed:
            return subject
        subject.check(module)
    except Wrong as wrong:
        report(_culprit(subject, passes, wrong))
        return None
    return subject.follow(module)


def _culprit(subject: Subject, passes: Sequence[PassSpec], wrong: Wrong) -> Failure:
    """The first of the passes after which the program is wrong, with the program as it found it."""
    for spec in passes:
        try:
            module = apply_checked(spec, subject)
        except Wrong as found:
            return Failure((spec.name,), str(found), subject.module, subject.inputs)
        if module is not None:
            subject = subject.follow(module)
    return Failure(tuple(s.name for s in passes), f"only in a row: {wrong}", subject.module, subject.inputs)


# --- lowering ---------------------------------------------------------------------------------------------------------


def run_lowered(
    subject: Subject, preset: str, options: LowerOptions, report: Callable[[Failure], None]
) -> Subject | None:
    """A typed program through the typed passes of a preset, lowering, and the mem passes; None if something failed."""
    typed = run_line(subject, preset_line(preset, "typed"), report)
    if typed is None:
        return None
    module = lower_data(clone_module(typed.module), options)
    lowered = replace(typed.follow(module), fuel=HEAP_FUEL)
    try:
        lowered.check(module)
    except Wrong as wrong:
        report(Failure(("lower-data",), str(wrong), typed.module, typed.inputs, vars_of(options)))
        return None
    return run_line(lowered, preset_line(preset, "mem"), report)


def vars_of(options: LowerOptions) -> dict[str, Any]:
    return {f.name: getattr(options, f.name) for f in fields(options)}


# --- pipelines --------------------------------------------------------------------------------------------------------


@cache
def preset(name: str) -> Pipeline:
    return prepare(PipelineRequest(name)).pipeline


def preset_line(name: str, stage: str) -> list[str]:
    """The passes of a preset in a row; a group is written out twice."""
    line: list[str] = []
    for entry in preset(name).stages[stage]:
        steps: list[Step] = entry.steps * min(entry.limit, 2) if isinstance(entry, Group) else [entry]
        line += [step.spec.name for step in steps if step.spec.name in all_passes()]
    return line


def random_line(rng: random.Random, stage: str, length: int) -> list[str]:
    """Passes in a random order that all their demands allow."""
    usable = [spec for spec in all_passes().values() if stage in spec.stages and not spec.final]
    chosen = {spec.name: spec for spec in rng.sample(usable, min(length, len(usable)))}
    earlier: dict[str, set[str]] = {name: set() for name in chosen}
    for name, spec in chosen.items():
        for order in spec.after:
            earlier[name].add(order.other)
        for order in spec.before:
            if order.other in earlier:
                earlier[order.other].add(name)
    line: list[str] = []
    while earlier:
        ready = [name for name, others in earlier.items() if not others & earlier.keys()]
        line.append(rng.choice(ready))
        del earlier[line[-1]]
    return line
