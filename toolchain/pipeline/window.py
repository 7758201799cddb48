"""A module as the passes over one function see it while what they make is to be kept (`reuse.py`).

fn.module.functions["g"].results        fine if `fn` calls @g: the key of the cache holds the signature
fn.module.functions["g"].blocks         noticed: the result depends on what the key does not hold
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

from ..ir.core import Function, Module


class Sight:
    """What may be seen, and whether somebody looked further."""

    __slots__ = ("function", "has_looked_away", "mentioned")

    def __init__(self, function: Function, mentioned: frozenset[str]) -> None:
        self.function = function
        #: The names of which everything may be seen that a window shows.
        self.mentioned = mentioned
        self.has_looked_away = False


class Window:
    """A module as the passes over one function may see it: `sight` notices when they look further."""

    def __init__(self, module: Module, sight: Sight) -> None:
        self._module = module
        self._sight = sight
        self.functions = _Named(module.functions, sight, lambda f: f if f is sight.function else _Callee(f, sight))
        self.globals = _Named(module.globals, sight)
        self.data = _Named(module.data, sight)
        self.closures = _Named(module.closures, sight)
        self.layouts = _Named(module.layouts, sight)

    @property
    def stage(self) -> str:
        return self._module.stage

    @property
    def real(self) -> Module:
        """The module itself, for analyses that are known to be part of the key."""
        return self._module

    def look_away(self) -> None:
        self._sight.has_looked_away = True

    def __getattr__(self, name: str) -> Any:
        self.look_away()
        return getattr(self._module, name)


@contextmanager
def watched(sight: Sight) -> Iterator[None]:
    """While the block runs, the function of `sight` sees its module through a window."""
    function = sight.function
    module = function.module
    function.module = Window(module, sight)  # type: ignore[assignment]  # it stands in for the module
    try:
        yield
    finally:
        function.module = module


class _Named(MutableMapping[str, Any]):
    """A table of the module; what is not mentioned in the function is noticed, and so are changes."""

    def __init__(self, table: dict[str, Any], sight: Sight, view: Any = lambda item: item) -> None:
        self._table = table
        self._sight = sight
        self._view = view

    def __getitem__(self, name: str) -> Any:
        if name not in self._sight.mentioned:
            self._sight.has_looked_away = True
        return self._view(self._table[name])

    def __iter__(self) -> Iterator[str]:
        self._sight.has_looked_away = True
        return iter(self._table)

    def __len__(self) -> int:
        self._sight.has_looked_away = True
        return len(self._table)

    def __setitem__(self, name: str, item: Any) -> None:
        self._sight.has_looked_away = True
        self._table[name] = item

    def __delitem__(self, name: str) -> None:
        self._sight.has_looked_away = True
        del self._table[name]


class _Callee:
    """A function that is called: its signature and what is declared of it can be seen, but not its body."""

    _SEEN = frozenset({"name", "source_name", "exported", "param_types", "results", "attrs", "is_import"})

    def __init__(self, function: Function, sight: Sight) -> None:
        self._function = function
        self._sight = sight

    def __getattr__(self, name: str) -> Any:
        if name not in self._SEEN:
            self._sight.has_looked_away = True
        return getattr(self._function, name)
