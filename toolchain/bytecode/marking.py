"""Which functions are the library's alone: a base module may have their code, so passes must not fit them to a program.

@std.repeat calls @rt-alloc            library
@std.map.3 calls @main.lambda0         not: it was made for a function of the program
"""

from __future__ import annotations

from ..ir.core import Function, Module
from ..passes.analysis.callgraph import callgraph
from ..passes.analysis.fixed import SHARED


def is_users(function: Function) -> bool:
    """True for functions of the program: the library has no places."""
    return any(op.loc is not None for op in function.ops())


def library_of(module: Module) -> list[Function]:
    """The functions with a body from which none of the program is called, callees first."""
    graph = callgraph(module)
    others: set[Function] = set()
    found: list[Function] = []
    for group in graph.components:
        if any(is_users(f) or any(callee in others for callee in graph.callees[f]) for f in group):
            others.update(group)
        else:
            found += (function for function in group if function.blocks)
    return found


def mark_library(module: Module) -> None:
    """Give the attribute `shared` to the functions from which none of the program is called."""
    for function in library_of(module):
        function.attrs[SHARED] = True
