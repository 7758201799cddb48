"""Ops of several instructions of WebAssembly, or of one that no name of Binaryen's tells: from the operands alone.

Keys are the names of `Special` in the op table's `wasm` column. Compiled code and the VM's handlers read these tables.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .binaryen import BinaryenModule, Expression

Writer = Callable[[BinaryenModule, Sequence[Expression]], Expression]


def _of(method: Callable[..., Expression]) -> Writer:
    return lambda out, operands: method(out, *operands)


def _unaries(*operations: str) -> Writer:
    """One of Binaryen's unary instructions after the other."""

    def write(out: BinaryenModule, operands: Sequence[Expression]) -> Expression:
        (expression,) = operands
        for operation in operations:
            expression = out.unary(operation, expression)
        return expression

    return write


#: Those that compute.
PURE: dict[str, Writer] = {
    "select": _of(BinaryenModule.select),
    "f32_bits": _unaries("DemoteFloat64", "ReinterpretFloat32"),
    "of_f32_bits": _unaries("ReinterpretInt32", "PromoteFloat32"),
}

#: Those that need a memory in the module.
MEMORY: dict[str, Writer] = {
    "bytes_equal": _of(BinaryenModule.bytes_equal),
    "bytes_upto": _of(BinaryenModule.bytes_upto),
    "memory_copy": _of(BinaryenModule.memory_copy),
    "memory_fill": _of(BinaryenModule.memory_fill),
    "memory_size": _of(BinaryenModule.memory_size),
    "memory_grow": _of(BinaryenModule.memory_grow),
}

SPECIAL = PURE | MEMORY
