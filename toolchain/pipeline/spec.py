"""What a plugin says about a pass, and what a pass is given when it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from ..ir.core import Function, Loc, Module

#: Where in the compilation a pass runs. `wasm` passes see the Binaryen module, the others the IR.
PASS_STAGES = ("hir", "typed", "mem", "wasm")

#: Analyses that only look at blocks and edges; a pass that keeps those preserves all of them.
CFG_ANALYSES = frozenset({"cfg", "dominators", "postdominators", "loops"})
ALL_ANALYSES = frozenset({"*"})


@dataclass(frozen=True, slots=True)
class Order:
    """`before` or `after` another pass of the same pipeline, with the reason: checked, never guessed."""

    other: str
    reason: str


@dataclass(frozen=True, slots=True)
class PassSpec:
    """One pass. `run(fn, ctx)` or, with scope "module", `run(module, ctx)`; it returns True if it changed anything."""

    name: str
    stage: str
    run: Callable[[Any, PassContext], bool]
    #: One sentence for `wasmlathe passes` and the reference.
    summary: str
    scope: str = "function"
    #: A frozen dataclass; its fields with defaults are the options, their `doc` metadata the reference's text.
    options: type | None = None
    #: Names of analyses that stay valid even when the pass changed the function ("*": all).
    preserves: frozenset[str] = frozenset()
    after: tuple[Order, ...] = ()
    before: tuple[Order, ...] = ()
    #: What a plugin's function pass makes may be kept and used again: it only depends on the function, on what its context
    #: tells, and on the code of the plugin. Built-in passes are like that.
    is_cacheable: bool = False
    #: Runs in every pipeline, behind all other passes of its stage.
    final: bool = False
    #: Further stages in which the pass may be used.
    also: tuple[str, ...] = ()
    #: Changes nothing and only has remarks: `explain` puts it into every pipeline, in front of what it must come before.
    only_tells: bool = False

    @property
    def stages(self) -> tuple[str, ...]:
        """Every stage in which the pass may be used, the usual one first."""
        return (self.stage, *self.also)


def option(default: Any, doc: str) -> Any:
    """A field of an options dataclass: its default and its sentence in the reference."""
    return field(default=default, metadata={"doc": doc})


class Analyses(Protocol):
    """Cached analyses of functions."""

    def get(self, compute: Callable[[Any], Any], unit: Function | Module) -> Any:
        """`compute(unit)`, from the cache when nothing has changed since."""

    def changed(self, unit: Function | Module, preserved: frozenset[str] = frozenset()) -> None:
        """Drop what is known of `unit` but the preserved analyses (by name: `compute.__name__`, dashes for `_`)."""


class PassContext:
    """What a running pass may use: options, analyses, and a place to say what it did (for `explain`)."""

    __slots__ = ("analyses", "function", "label", "options", "remarks", "rules")

    def __init__(
        self,
        options: Any,
        analyses: Analyses,
        remarks: list[Remark],
        rules: tuple[Any, ...] = (),
        label: str = "",
    ) -> None:
        #: The step that runs, as `gvn#late`, and the function it is looking at; the manager fills them in for `remark`.
        self.label = label
        self.function: Function | None = None
        self.options = options
        self.analyses = analyses
        self.remarks = remarks
        #: The rewrite rules of all active plugins, in a fixed order.
        self.rules = rules

    def remark(self, kind: str, loc: Loc | None, text: str, function: Function | None = None) -> None:
        """Say what was done ("inlined", "hoisted", ...) or why not ("not-inlined"), by source location.

        The kinds are in `remark_kinds`. A pass over the module names the function that it speaks of.
        """
        about = function or self.function
        name = about.source_name if about is not None else ""
        self.remarks.append(Remark(kind, loc, text, name, self.label))


@dataclass(frozen=True, slots=True)
class Remark:
    """One line of `wasmlathe explain`."""

    kind: str
    loc: Loc | None
    text: str
    #: The function that it is about, as the source names it; empty for the whole program.
    function: str = ""
    #: Who says so: the label of a step, or `infer`.
    step: str = ""

    @property
    def said(self) -> tuple[str, Loc | None, str]:
        """What it says, whoever says it."""
        return self.kind, self.loc, self.text
