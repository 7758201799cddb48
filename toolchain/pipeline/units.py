"""What passes run over, seen from outside: an IR function, an IR module, or the Binaryen module of stage `wasm`."""

from __future__ import annotations

from typing import Any

from ..ir.core import Function, Module


def is_ir(unit: Any) -> bool:
    return isinstance(unit, (Function, Module))


def unit_name(unit: Any) -> str:
    """The unit as an error names it."""
    if isinstance(unit, Function):
        return f"function @{unit.name}"
    return "the module" if isinstance(unit, Module) else "the WebAssembly module"


def text_of(unit: Any) -> str:
    """The unit as text: IR, or WAT."""
    if is_ir(unit):
        from ..ir import print as ir_print

        return ir_print.print(unit)
    return unit.text()


def problems_of(unit: Any) -> list[str]:
    """What the verifier says about the unit."""
    if is_ir(unit):
        from ..ir.verify import verify, verify_function

        found = verify(unit) if isinstance(unit, Module) else verify_function(unit)
        return [str(problem) for problem in found]
    from ..codegen.binaryen import InvalidModule

    try:
        unit.validate()
    except InvalidModule as complaint:
        return [str(complaint)]
    return []
