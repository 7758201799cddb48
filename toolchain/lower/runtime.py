"""Functions in mem IR that lowered code calls: the allocator, and what would be too long in line.

`Runtime.call` adds a function to the module when it is first wanted, so a program that allocates nothing has no allocator.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..ir import types as t
from ..ir.core import Function, Global, Module, Value
from ..ir.ops import Effects
from . import runtime_arrays, runtime_heap, runtime_strings
from .emit import Emitter
from .runtime_arrays import fill_function
from .runtime_code import ALLOC, Code, RuntimeFunction
from .runtime_heap import HEAP, LIMIT

_ADDRESS = (t.I32,)
_ALWAYS, _NEVER = {"inline": "always"}, {"inline": "never"}

FUNCTIONS: dict[str, RuntimeFunction] = {
    ALLOC: RuntimeFunction(runtime_heap.alloc, {"size": t.I32}, _ADDRESS, _ALWAYS, uses_heap=True),
    "rt-grow-heap": RuntimeFunction(runtime_heap.grow_heap, {"size": t.I32}, _ADDRESS, _NEVER, uses_heap=True),
    "rt-array-new": RuntimeFunction(runtime_arrays.array_new, {"capacity": t.I64, "stride": t.I32}, _ADDRESS),
    "rt-array-reserve": RuntimeFunction(
        runtime_arrays.array_reserve, {"array": t.I32, "wanted": t.I64, "stride": t.I32}, (), _NEVER, uses_heap=True
    ),
    "rt-string-view": RuntimeFunction(
        runtime_strings.string_view, {"source": t.I32, "offset": t.I64, "length": t.I64, "characters": t.I64}, _ADDRESS
    ),
    "rt-string-new": RuntimeFunction(runtime_strings.string_new, {"length": t.I64, "characters": t.I64}, _ADDRESS),
    "rt-string-extend": RuntimeFunction(
        runtime_strings.string_extend, {"source": t.I32, "more_bytes": t.I64, "more_characters": t.I64}, _ADDRESS
    ),
    "rt-copy-bytes": RuntimeFunction(runtime_strings.copy_bytes, {"target": t.I32, "source": t.I32, "size": t.I32}),
}

#: Host functions that lowering itself calls: parameters and effects. Their results are none.
IMPORTS: dict[str, tuple[list[t.Type], Effects]] = {
    "write": ([t.I32, t.I32], Effects.IO | Effects.READS),
}


class Runtime:
    """The runtime functions and imports of one module, added when they are first called."""

    __slots__ = ("module",)

    def __init__(self, module: Module) -> None:
        self.module = module

    def function(self, name: str, making: RuntimeFunction | None = None) -> Function:
        """The runtime function `name`, in the module from now on. `making` is for those that are not in `FUNCTIONS`."""
        found = self.module.functions.get(name)
        if found is not None:
            return found
        what = making or FUNCTIONS[name]
        function = Function(name, list(what.params.values()), what.results)
        function.attrs.update(what.attrs)
        self.module.add(function)
        code = Code(function, self)
        params = [code.block.add_param(type_, param) for param, type_ in what.params.items()]
        if what.uses_heap:
            for variable in (HEAP, LIMIT):
                self.module.globals.setdefault(variable, Global(variable, t.I32, 0))
        what.write(code, *params)
        return function

    def call(self, at: Emitter, name: str, operands: Sequence[Value]) -> list[Value]:
        """Call the runtime function `name` at the position of `at`; its results."""
        return at.call(name, operands, self.function(name).results).results

    def call_fill(self, at: Emitter, element: t.Type, operands: Sequence[Value]) -> None:
        """Call the function that fills arrays of this element type."""
        name, making = fill_function(element)
        at.call(name, operands, self.function(name, making).results)

    def call_host(self, at: Emitter, name: str, operands: Sequence[Value]) -> None:
        """Call the host function `name` of module "env"."""
        callee = f"env.{name}"
        if callee not in self.module.functions:
            params, effects = IMPORTS[name]
            function = Function(callee, list(params), ())
            function.attrs.update({"import": ("env", name), "effects": effects})
            self.module.add(function)
        at.call(callee, operands, ())
