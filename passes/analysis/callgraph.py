"""Who calls whom, and in which order to look at functions so that callees come first.

    f -> g, g -> h, h -> g        =>        components = [[h, g], [f]]

Only direct calls are edges: what a function value may be is decided before, by a branch on its tag.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...ir.core import Function, Module, Op


class CallGraph:
    """Direct calls between the functions of a module: any op whose attribute `callee` names one of them."""

    __slots__ = ("callees", "callers", "component", "components", "sites")

    def __init__(self, module: Module) -> None:
        functions = module.functions
        #: The calling ops in each function, in order.
        self.sites: dict[Function, list[Op]] = {f: list(_calls(f)) for f in functions.values()}
        #: Called functions, each once, in the order of the first call.
        self.callees: dict[Function, list[Function]] = {}
        #: Calling functions, each once, in the order of the module.
        self.callers: dict[Function, list[Function]] = {f: [] for f in functions.values()}
        for function, ops in self.sites.items():
            names = dict.fromkeys(op.attrs["callee"] for op in ops)
            self.callees[function] = [functions[name] for name in names if name in functions]
            for callee in self.callees[function]:
                self.callers[callee].append(function)
        #: Strongly connected components, callees before callers.
        self.components: list[list[Function]] = list(_components(self.callees))
        #: The position in `components` of each function's component.
        self.component: dict[Function, int] = {f: i for i, group in enumerate(self.components) for f in group}

    @property
    def bottom_up(self) -> list[Function]:
        """All functions; each after those it calls, as far as recursion allows."""
        return [function for group in self.components for function in group]

    def is_recursive(self, function: Function) -> bool:
        """True if a call of the function may lead to another call of it."""
        return len(self.components[self.component[function]]) > 1 or function in self.callees[function]


def callgraph(module: Module) -> CallGraph:
    """The call graph of a module."""
    return CallGraph(module)


def _calls(function: Function) -> Iterator[Op]:
    return (op for op in function.ops() if "callee" in op.attrs)


def _components(callees: dict[Function, list[Function]]) -> Iterator[list[Function]]:
    """Strongly connected components in reverse topological order (Tarjan, without recursion)."""
    index: dict[Function, int] = {}
    low: dict[Function, int] = {}
    open_: dict[Function, None] = {}  # visited, component not complete yet; a stack with fast lookup
    for root, called in callees.items():
        if root in index:
            continue
        index[root] = low[root] = len(index)
        open_[root] = None
        work = [(root, iter(called))]
        while work:
            function, rest = work[-1]
            for callee in rest:
                if callee not in index:
                    index[callee] = low[callee] = len(index)
                    open_[callee] = None
                    work.append((callee, iter(callees[callee])))
                    break
                if callee in open_:
                    low[function] = min(low[function], index[callee])
            else:
                work.pop()
                if work:
                    caller = work[-1][0]
                    low[caller] = min(low[caller], low[function])
                if low[function] == index[function]:
                    yield _close(open_, function)


def _close(open_: dict[Function, None], root: Function) -> list[Function]:
    group: list[Function] = []
    while not group or group[-1] is not root:
        group.append(open_.popitem()[0])
    return group
