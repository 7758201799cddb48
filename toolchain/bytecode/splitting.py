"""A program in two parts: which functions become bytecode because they are cold, and what `explain` tells of it.

main has a loop, parse is called in it, report is called once        =>        cold: report    not-cold: main, parse
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ..ir.core import Function, Loc, Module
from ..pipeline.spec import Remark
from .coldness import estimates
from .savings import choose

STEP = "cold"


def split(module: Module, code_sizes: Mapping[str, int], once: Collection[str]) -> tuple[set[str], list[Remark]]:
    """Names of the functions of a module of stage mem that become bytecode, and a remark for each function.

    `code_sizes`: bytes of the bodies of functions when all are compiled. `once`: exports that hosts call only once.
    """
    found = estimates(module, once)
    choice = choose(module, [name for name, estimate in found.items() if estimate.is_cold], code_sizes)
    remarks = []
    for name, estimate in found.items():
        function = module.functions[name]
        if name in choice.chosen:
            code, packed = choice.chosen[name]
            text = f"{function.source_name} is bytecode: {code} bytes of code became {packed}"
            remarks.append(Remark("cold", _place(function), text, function.source_name, STEP))
        else:
            why = choice.refused[name] if estimate.reason is None else estimate.reason
            text = f"{function.source_name} is compiled: {why}"
            remarks.append(Remark("not-cold", _place(function), text, function.source_name, STEP))
    return set(choice.chosen), remarks


def _place(function: Function) -> Loc | None:
    """Where a function of the program is; None for one of the library."""
    first = next((op.loc for op in function.ops() if op.loc is not None), None)
    return function.loc or first if first is not None else None
