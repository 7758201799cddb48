"""Runs of function passes between two module passes, and the order of functions in them.

    [inline, gvn, Group(3, [rewrite, dce]), dead-functions]        =>        [inline, Segment(gvn, Group), dead-functions]

Functions are taken callees first, and what a function does as a whole (`effects`) is known to its callers as the passes
left it. Within a recursion it is what was known before the segment: passes preserve what a function may do, so that stays
true. So what the passes make of a function depends on it and on what is known of its callees, and on nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..ir.core import Function, Module
from .plan import Group, Step

if TYPE_CHECKING:
    from wasmlathe.passes.analysis.callgraph import CallGraph
    from wasmlathe.passes.analysis.effects import Summary


@dataclass(frozen=True, slots=True)
class Segment:
    """Steps and groups of steps that all are function passes."""

    entries: tuple[Step | Group, ...]


def split(entries: list[Step | Group]) -> list[Step | Group | Segment]:
    """The entries of a stage with function passes that follow each other taken together."""
    parts: list[Step | Group | Segment] = []
    open_: list[Step | Group] = []
    for entry in entries:
        steps = entry.steps if isinstance(entry, Group) else [entry]
        if all(step.spec.scope == "function" for step in steps):
            open_.append(entry)
            continue
        if open_:
            parts.append(Segment(tuple(open_)))
            open_ = []
        parts.append(entry)
    if open_:
        parts.append(Segment(tuple(open_)))
    return parts


def is_open(function: Function) -> bool:
    """True if passes over single functions may change it."""
    return bool(function.blocks) and not function.attrs.get("finished")


def open_functions(module: Module) -> list[Function]:
    return [function for function in module.functions.values() if is_open(function)]


class LiveSummaries(Mapping[str, "Summary"]):
    """What each function may do (`passes.analysis.effects`), kept right while a segment goes from function to function.

    It stands in for the analysis as long as the segment runs: recomputing that for the whole module whenever a pass has
    changed some function would cost more than the passes.
    """

    __slots__ = ("_graph", "_known", "_module")

    def __init__(self, module: Module, graph: CallGraph) -> None:
        self._module = module
        self._graph = graph
        self._known: dict[str, Summary] = {}

    def components(self) -> Iterator[list[Function]]:
        """Functions that call each other, callees first. When the next is asked for, the passes are done with the last."""
        for component in self._graph.components:
            is_recursive = self._graph.is_recursive(component[0])
            if is_recursive:
                self._compute(component, True)
            yield component
            if is_recursive or component[0].name not in self._known:
                self._compute(component, is_recursive)

    def is_recursive(self, function: Function) -> bool:
        """True if a call of the function may lead to another one of it."""
        return self._graph.is_recursive(function)

    def changed(self, function: Function, summary: Summary | None = None) -> None:
        """`function`, with which the passes are not done, was changed; what it does now, if that is known."""
        if self._graph.is_recursive(function):
            return
        if summary is not None:
            self._known[function.name] = summary
        else:
            self._known.pop(function.name, None)

    def __getitem__(self, name: str) -> Summary:
        found = self._known.get(name)
        if found is None:  # a function asks for itself
            function = self._module.functions[name]
            self._compute([function], False)
            found = self._known[name]
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._module.functions)

    def __len__(self) -> int:
        return len(self._module.functions)

    def _compute(self, component: list[Function], is_recursive: bool) -> None:
        from wasmlathe.passes.analysis.effects import summary_of_component

        total = summary_of_component(component, is_recursive, self._known)
        self._known.update((function.name, total) for function in component)
