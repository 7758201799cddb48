"""Which functions are executed so rarely that it does not matter how fast: an estimate from loops and calls.

    main: loop { parse(..) }  report(..)        =>        main 1, parse 100, report 1: report is cold, unless it has a loop

A program is started once. A block is executed as often as its function, `TURNS` times as often for each loop around it,
and `COLD_SHARE` times if it is marked as cold; what only leads to a panic, never. A function is called as often as the blocks
that call it are executed; calls in a circle count as a loop, and so do functions that hosts call. Cold is a function of
which no block is executed `OFTEN` times. That is the spirit of the heuristics of Ball and Larus (1993) and of Wagner et al.
(1994), with the numbers made coarse: it only has to tell once from often.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from ..ir.core import Block, Function, Module
from ..passes.analysis.callgraph import CallGraph, callgraph
from ..passes.analysis.fixed import FINISHED
from ..passes.analysis.loops import loops

#: The turns of a loop, or of a recursion, and the calls of a function by a host.
TURNS = 100.0
#: Which part of the executions of a function gets to a block that is marked as cold.
COLD_SHARE = 0.01
#: Not rarely any more.
OFTEN = 50.0
#: Where estimates end.
_MOST = 1e12

_LEAVES = frozenset({"panic", "panic_text", "unreachable"})


@dataclass(frozen=True, slots=True)
class Estimate:
    """How often a function is called, how often the block of it that is executed most, and what makes that so much."""

    calls: float
    executions: float
    #: Why it is not cold, for the user; None if it is.
    reason: str | None

    @property
    def is_cold(self) -> bool:
        return self.reason is None


def estimates(module: Module, once: Collection[str]) -> dict[str, Estimate]:
    """Estimates for all functions of a module of stage mem that have a body. Hosts call those that are exported as `once` once."""
    return _Estimation(module, once).all()


class _Estimation:
    def __init__(self, module: Module, once: Collection[str]) -> None:
        self._graph: CallGraph = callgraph(module)
        self._once = once
        self._calls: dict[Function, float] = {}
        self._shares: dict[Function, dict[Block, float]] = {}
        #: How often a function is called from the place that calls it most, and where that is.
        self._most: dict[Function, tuple[float, Function]] = {}
        self._functions = module.functions

    def all(self) -> dict[str, Estimate]:
        for function in self._functions.values():
            self._calls[function] = self._from_outside(function)
        for group in reversed(self._graph.components):  # callers first
            self._count(group)
        return {function.name: self._estimate(function) for function in self._functions.values() if function.blocks}

    def _from_outside(self, function: Function) -> float:
        if function.exported is None:
            return 0.0
        return 1.0 if function.exported in self._once else TURNS

    def _count(self, group: list[Function]) -> None:
        """Spread the calls of functions that call each other: all of them are called as often as any."""
        if self._graph.is_recursive(group[0]):
            calls = min(TURNS * sum(self._calls[function] for function in group), _MOST)
            self._calls.update(dict.fromkeys(group, calls))
        inside = set(group)
        for function in group:
            shares = self._shares[function] = shares_of_blocks(function)
            for op in self._graph.sites[function]:
                callee = self._functions.get(op.attrs["callee"])
                if callee is None or callee in inside:
                    continue
                calls = self._calls[function] * shares.get(op.block, 0.0)
                self._calls[callee] = min(self._calls[callee] + calls, _MOST)
                if calls > self._most.get(callee, (0.0,))[0]:
                    self._most[callee] = (calls, function)

    def _estimate(self, function: Function) -> Estimate:
        calls = self._calls[function]
        most = max(self._shares[function].values(), default=0.0)
        return Estimate(calls, calls * most, self._reason(function, calls, most))

    def _reason(self, function: Function, calls: float, most: float) -> str | None:
        if function.attrs.get(FINISHED):
            return "it is part of the allocator or of the collector"
        if calls * most < OFTEN:
            return None
        if self._from_outside(function) >= OFTEN:
            return "a host may call it often"
        if self._graph.is_recursive(function):
            return "it calls itself"
        if calls < OFTEN:
            return "it has a loop"
        calls, caller = self._most[function]
        if calls < OFTEN:
            return "many places call it"
        if self._calls[caller] >= OFTEN:
            return f"{caller.source_name} calls it, which is called often"
        return f"{caller.source_name} calls it in a loop"


def shares_of_blocks(function: Function) -> dict[Block, float]:
    """How often each reachable block is executed in one call of the function."""
    if not function.blocks:
        return {}
    nest = loops(function)
    # Who cannot tell which blocks an irreducible loop has takes them all.
    around = 1 if nest.irreducible else 0
    shares = {}
    for block in function.blocks:
        share = COLD_SHARE if block.cold else 1.0
        shares[block] = min(share * TURNS ** (around + nest.depth(block)), _MOST)
    return shares | dict.fromkeys(_doomed(function), 0.0)


def _doomed(function: Function) -> set[Block]:
    """Blocks from which nothing but a panic can be reached."""
    doomed: set[Block] = set()
    grows = True
    while grows:
        grows = False
        for block in reversed(function.blocks):
            if block not in doomed and _is_doomed(block, doomed):
                doomed.add(block)
                grows = True
    return doomed


def _is_doomed(block: Block, doomed: set[Block]) -> bool:
    if block.terminator.name in _LEAVES:
        return True
    targets = [target.block for target in block.terminator.targets]
    return bool(targets) and all(target in doomed for target in targets)
