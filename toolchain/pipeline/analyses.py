"""The cache of analyses: computed on demand, dropped when a pass did not preserve them.

cache.get(dominators, fn)                      # computed
cache.get(dominators, fn)                      # the same object
cache.changed(fn, preserved=CFG_ANALYSES)      # liveness and uses are gone, dominators stay
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..ir.core import Function, Module
from .spec import ALL_ANALYSES


class AnalysisCache:
    """Analyses of functions and modules by name; the `Analyses` of a `PassContext`."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[Function | Module, dict[str, Any]] = {}

    def get(self, compute: Callable[[Any], Any], unit: Function | Module) -> Any:
        """`compute(unit)`, from the cache when nothing has changed since."""
        known = self._known.setdefault(unit, {})
        name = analysis_name(compute)
        if name not in known:
            known[name] = compute(unit)
        return known[name]

    def changed(self, unit: Function | Module, preserved: frozenset[str] = frozenset()) -> None:
        """Drop what is known of `unit` but the preserved analyses.

        A change of a function also is one of its module, a change of a module one of all its functions.
        """
        if preserved >= ALL_ANALYSES:
            return
        affected = [*unit.functions.values()] if isinstance(unit, Module) else [getattr(unit, "module", None)]
        for changed in (unit, *affected):
            if changed is not None and (known := self._known.get(changed)):
                self._known[changed] = {name: result for name, result in known.items() if name in preserved}

    def forget(self, unit: Function | Module) -> None:
        """Drop everything about a unit that is gone."""
        self._known.pop(unit, None)


def analysis_name(compute: Callable[[Any], Any]) -> str:
    """The name by which passes say that they preserve the analysis."""
    return compute.__name__.replace("_", "-")
