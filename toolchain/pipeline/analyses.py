"""The cache of analyses: computed on demand, dropped when a pass did not preserve them.

cache.get(dominators, fn)                      # computed
cache.get(dominators, fn)                      # the same object
cache.changed(fn, preserved=CFG_ANALYSES)      # liveness and uses are gone, dominators stay
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ..ir.core import Function, Module
from .spec import ALL_ANALYSES
from .window import Window


class AnalysisCache:
    """Analyses of functions and modules by name; the `Analyses` of a `PassContext`."""

    __slots__ = ("_known", "_pinned")

    def __init__(self) -> None:
        self._known: dict[Function | Module, dict[str, Any]] = {}
        self._pinned: dict[tuple[Function | Module, str], Any] = {}

    def get(self, compute: Callable[[Any], Any], unit: Function | Module) -> Any:
        """`compute(unit)`, from the cache when nothing has changed since."""
        name = analysis_name(compute)
        if isinstance(unit, Window):
            window, unit = unit, unit.real
            if (unit, name) not in self._pinned:
                window.look_away()
        if (unit, name) in self._pinned:
            return self._pinned[unit, name]
        known = self._known.setdefault(unit, {})
        if name not in known:
            known[name] = compute(unit)
        return known[name]

    def changed(self, unit: Function | Module, preserved: frozenset[str] = frozenset()) -> None:
        """Drop what is known of `unit` but the preserved analyses.

        A change of a function also is one of its module, a change of a module one of all its functions.
        """
        if preserved >= ALL_ANALYSES:
            return
        affected = [*unit.functions.values()] if isinstance(unit, Module) else [_module_of(unit)]
        for changed in (unit, *affected):
            if changed is not None and (known := self._known.get(changed)):
                self._known[changed] = {name: result for name, result in known.items() if name in preserved}

    @contextmanager
    def pinned(self, compute: Callable[[Any], Any], unit: Function | Module, result: Any) -> Iterator[None]:
        """For the duration of the block, `result` is the analysis of `unit`, whatever changes: somebody keeps it right."""
        place = unit, analysis_name(compute)
        self._pinned[place] = result
        try:
            yield
        finally:
            del self._pinned[place]

    def forget(self, unit: Function | Module) -> None:
        """Drop everything about a unit that is gone."""
        self._known.pop(unit, None)


def _module_of(function: Function) -> Module | None:
    """The module of a function, also while that looks at it through a window."""
    module = getattr(function, "module", None)
    return module.real if isinstance(module, Window) else module


def analysis_name(compute: Callable[[Any], Any]) -> str:
    """The name by which passes say that they preserve the analysis."""
    return compute.__name__.replace("_", "-")
