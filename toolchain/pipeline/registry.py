"""What all plugins together provide: passes, languages, rules and ops, checked once at start-up."""

from __future__ import annotations

import dataclasses
import graphlib
import itertools
import re
from dataclasses import dataclass
from typing import Any

from ..diagnostics import CompileError, nearest
from ..ir import ops
from .frontends import Frontend
from .options import fields_of, kinds_of
from .plugins import Plugin, Plugins, plugin_failure, problem
from .spec import PASS_STAGES, PassSpec

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_SCOPES = ("function", "module")


@dataclass(frozen=True, slots=True)
class RegisteredPass:
    """A pass and the plugin it comes from."""

    spec: PassSpec
    plugin: Plugin


class Registry:
    """Everything that can be named. Building one raises CompileError when plugins contradict each other."""

    __slots__ = ("frontends", "passes", "plugins", "rules")

    def __init__(self, plugins: Plugins) -> None:
        self.plugins = plugins
        _register_ops(plugins)
        self.frontends = _frontends(plugins)
        self.passes = _passes(plugins)
        self.rules: tuple[Any, ...] = tuple(
            rule for _plugin, rule in plugins.collect("wasmlathe_rewrites", object, active_only=True)
        )
        _reject_cycles(self.passes)

    def find(self, name: str) -> RegisteredPass:
        """The pass called `name`. Raises CompileError that names the nearest one."""
        found = self.passes.get(name)
        if found is None:
            close = nearest(name, self.passes)
            hint = f"did you mean '{close}'?" if close else "`wasmlathe passes` lists what there is"
            raise problem("E0501", f"unknown pass '{name}'", hint)
        return found


def _register_ops(plugins: Plugins) -> None:
    for plugin, row in plugins.collect("wasmlathe_ops", ops.OpRow, active_only=False):
        try:
            ops.register(row)
        except ValueError as error:
            raise plugin_failure(plugin, str(error)) from error


def _frontends(plugins: Plugins) -> dict[str, Frontend]:
    """The front-end of each suffix."""
    found: dict[str, Frontend] = {}
    owners: dict[str, Plugin] = {}
    for plugin, frontend in plugins.collect("wasmlathe_frontends", Frontend, active_only=False):
        for suffix in frontend.suffixes:
            if suffix in found:
                raise plugin_failure(plugin, f"claims files '*{suffix}', which belong to {owners[suffix]}")
            found[suffix], owners[suffix] = frontend, plugin
    return found


def _passes(plugins: Plugins) -> dict[str, RegisteredPass]:
    found: dict[str, RegisteredPass] = {}
    for plugin, spec in plugins.collect("wasmlathe_passes", PassSpec, active_only=False):
        problems = spec_problems(spec)
        if problems:
            raise plugin_failure(plugin, f"has a pass '{spec.name}' that {problems[0]}")
        if spec.name in found:
            raise plugin_failure(plugin, f"has a pass '{spec.name}', which {found[spec.name].plugin} has too")
        found[spec.name] = RegisteredPass(spec, plugin)
    return found


def spec_problems(spec: PassSpec) -> list[str]:
    """What is wrong with the description of a pass, as ends of the sentence "it ..."."""
    problems = []
    if not _NAME.fullmatch(spec.name):
        problems.append("has a name that is not in kebab-case")
    problems += [f"names a stage '{stage}' that does not exist" for stage in spec.stages if stage not in PASS_STAGES]
    if spec.scope not in _SCOPES:
        problems.append(f"has a scope '{spec.scope}' instead of {' or '.join(_SCOPES)}")
    if "wasm" in spec.stages and spec.scope != "module":
        problems.append("works on WebAssembly but does not have the scope `module`")
    if not callable(spec.run):
        problems.append("has a `run` that cannot be called")
    if not spec.summary.strip().endswith("."):
        problems.append("has no summary that is a sentence")
    if spec.options is not None:
        problems += _options_problems(spec.options)
    return problems


def _options_problems(options: type) -> list[str]:
    if not dataclasses.is_dataclass(options):
        return ["has options that are no dataclass"]
    if not options.__dataclass_params__.frozen:  # type: ignore[attr-defined]  # what makes a dataclass one
        return ["has options that are no frozen dataclass"]
    problems = []
    for name, field in fields_of(options).items():
        if field.default is dataclasses.MISSING:
            problems.append(f"has an option '{name}' without a default")
        if not field.metadata.get("doc"):
            problems.append(f"has an option '{name}' without a sentence; make it with option(default, doc)")
    try:
        kinds_of(options)
    except NameError as error:
        problems.append(f"has options with an annotation that cannot be resolved: {error}")
    return problems


def _reject_cycles(passes: dict[str, RegisteredPass]) -> None:
    """Raise CompileError when the demands of all passes cannot be met at once, with their reasons."""
    reasons: dict[tuple[str, str], str] = {}
    graph: dict[str, set[str]] = {name: set() for name in passes}
    for name, registered in passes.items():
        pairs = [(order.other, name, order) for order in registered.spec.after]
        pairs += [(name, order.other, order) for order in registered.spec.before]
        for first, second, order in pairs:
            if first in passes and second in passes:
                graph[second].add(first)
                reasons[first, second] = f"'{first}' before '{second}', says {name}: {order.reason}"
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        cycle = error.args[1]
        told = [reasons[pair] for pair in itertools.pairwise(cycle) if pair in reasons]
        failure = problem("E0509", f"the orders that passes demand contradict each other: {' -> '.join(cycle)}")
        failure.diagnostics[0].notes = tuple(told)
        raise CompileError(failure.diagnostics) from None
