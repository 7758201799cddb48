"""Functions in mem IR that lowered code calls: the allocator, and what would be too long in line.

`Runtime.call` adds a function to the module when it is first wanted, so a program that allocates nothing has no allocator.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..ir import types as t
from ..ir.core import Function, Module, Value
from ..ir.ops import Effects
from . import (
    layout,
    runtime_arrays,
    runtime_blocks,
    runtime_collect,
    runtime_heap,
    runtime_mark,
    runtime_strings,
    runtime_sweep,
)
from .descriptors import Descriptors
from .emit import Emitter
from .options import LowerOptions
from .runtime_arrays import fill_function
from .runtime_code import ALLOC, HOST_ALLOC, Code, RuntimeFunction
from .runtime_heap import allocate_fixed
from .size_classes import MAX_SMALL_BYTES

_ADDRESS = (t.I32,)
_NEVER = {"inline": "never"}
#: Functions of the allocator and the collector are written as they are to be: passes leave them alone.
_FINISHED = {"inline": "never", "finished": True}


def _finished(write: Callable[..., Any], names: str, results: tuple[t.Type, ...] = ()) -> RuntimeFunction:
    """A finished function whose parameters are words."""
    return RuntimeFunction(write, dict.fromkeys(names.split(), t.I32), results, _FINISHED)


#: The allocator and the collector.
HEAP_FUNCTIONS: dict[str, RuntimeFunction] = {
    "rt-refill": _finished(runtime_sweep.refill, "class", _ADDRESS),
    "rt-sweep": _finished(runtime_sweep.sweep, "class", _ADDRESS),
    "rt-next-unswept": _finished(runtime_sweep.next_unswept, "class", _ADDRESS),
    "rt-alloc-large": _finished(runtime_sweep.allocate_large, "size", _ADDRESS),
    "rt-take-blocks": _finished(runtime_blocks.take_blocks, "count", _ADDRESS),
    "rt-find-blocks": _finished(runtime_blocks.find_blocks, "count start", _ADDRESS),
    "rt-reach": _finished(runtime_blocks.reach, "end_block", _ADDRESS),
    "rt-stretch": _finished(runtime_blocks.stretch, "address old new", _ADDRESS),
    "rt-free-large": _finished(runtime_blocks.free_large, "address"),
    "rt-collect": _finished(runtime_collect.collect, "", _ADDRESS),
    "rt-clear-runs": _finished(runtime_collect.clear_runs, ""),
    "rt-reset-classes": _finished(runtime_collect.reset_classes, ""),
    "rt-each-block": _finished(runtime_collect.each_block, "what"),
    "rt-renumber": _finished(runtime_collect.renumber, "cell"),
    "rt-rescan": _finished(runtime_collect.rescan, "cell"),
    "rt-free-unmarked": _finished(runtime_collect.free_unmarked, "entry kind bits"),
    "rt-poison": _finished(runtime_collect.poison, "block class"),
    "rt-mark-globals": _finished(runtime_collect.mark_globals, ""),
    "rt-mark": _finished(runtime_mark.mark, "address"),
    "rt-mark-part": _finished(runtime_mark.mark_part, "address"),
    "rt-mark-buffer": _finished(runtime_mark.mark_buffer, "string"),
    "rt-mark-root": _finished(runtime_mark.mark_root, "address"),
    "rt-mark-array": _finished(runtime_mark.mark_array, "array"),
    "rt-mark-elements": _finished(runtime_mark.mark_elements, "data first end stride"),
    "rt-follow": _finished(runtime_mark.follow, ""),
    "rt-find": _finished(runtime_mark.find, "address", _ADDRESS),
}

FUNCTIONS: dict[str, RuntimeFunction] = {
    **HEAP_FUNCTIONS,
    ALLOC: RuntimeFunction(runtime_heap.allocate, {"size": t.I32}, _ADDRESS),
    HOST_ALLOC: RuntimeFunction(runtime_heap.allocate_for_host, {"size": t.I32}, _ADDRESS, {"collects": False}),
    "rt-array-new": RuntimeFunction(
        runtime_arrays.array_new, {"capacity": t.I64, "stride": t.I32, "data_type": t.I32}, _ADDRESS
    ),
    "rt-array-reserve": RuntimeFunction(
        runtime_arrays.array_reserve,
        {"array": t.I32, "wanted": t.I64, "stride": t.I32, "data_type": t.I32},
        (),
        _NEVER,
    ),
    "rt-string-view": RuntimeFunction(
        runtime_strings.string_view, {"source": t.I32, "offset": t.I64, "length": t.I64, "characters": t.I64}, _ADDRESS
    ),
    "rt-string-new": RuntimeFunction(runtime_strings.string_new, {"length": t.I64, "characters": t.I64}, _ADDRESS),
    "rt-string-extend": RuntimeFunction(
        runtime_strings.string_extend, {"source": t.I32, "more_bytes": t.I64, "more_characters": t.I64}, _ADDRESS
    ),
    "rt-string-own": RuntimeFunction(runtime_strings.string_own, {"source": t.I32}, _ADDRESS, _NEVER),
    "rt-string-grow": RuntimeFunction(
        runtime_strings.string_grow, {"source": t.I32, "length": t.I64}, _ADDRESS, _NEVER
    ),
    "rt-copy-bytes": RuntimeFunction(runtime_strings.copy_bytes, {"target": t.I32, "source": t.I32, "size": t.I32}),
}

#: Host functions that lowering itself calls: parameters, results and effects.
IMPORTS: dict[str, tuple[list[t.Type], tuple[t.Type, ...], Effects]] = {
    "write": ([t.I32, t.I32], (), Effects.IO | Effects.READS),
    "now": ([], (t.F64,), Effects.IO),
}


class Runtime:
    """The runtime functions and imports of one module, added when they are first called."""

    __slots__ = ("descriptors", "module", "options")

    def __init__(self, module: Module, descriptors: Descriptors, options: LowerOptions) -> None:
        self.module = module
        self.descriptors = descriptors
        self.options = options

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
        what.write(code, *params)
        return function

    def call(self, at: Emitter, name: str, operands: Sequence[Value]) -> list[Value]:
        """Call the runtime function `name` at the position of `at`; its results."""
        return at.call(name, operands, self.function(name).results).results

    def call_fill(self, at: Emitter, element: t.Type, operands: Sequence[Value]) -> None:
        """Call the function that fills arrays of this element type."""
        name, making = fill_function(element)
        at.call(name, operands, self.function(name, making).results)

    def allocate(self, at: Emitter, size_bytes: int) -> Value:
        """A new object of a size known now, without its header."""
        if size_bytes > MAX_SMALL_BYTES:
            return self.call(at, ALLOC, [at.i32(layout.aligned(size_bytes))])[0]
        name, making = allocate_fixed(size_bytes)
        return at.call(name, (), self.function(name, making).results).results[0]

    def call_host(self, at: Emitter, name: str, operands: Sequence[Value]) -> list[Value]:
        """Call the host function `name` of module "env"; its results."""
        callee = f"env.{name}"
        params, results, effects = IMPORTS[name]
        if callee not in self.module.functions:
            function = Function(callee, list(params), results)
            function.attrs.update({"import": ("env", name), "effects": effects})
            self.module.add(function)
        return at.call(callee, operands, results).results
