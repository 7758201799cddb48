"""The VM in another shape: a function for each handler, which ends in a tail call of the next instruction's.

    op7(pc, fp): write(a, op(read(b), read(c))); return_call_indirect handlers[load16_u (pc + 8)] (pc + 8, fp)

Every handler has its own indirect jump, which a processor could predict better than the one that all share in `machine`.
Nobody runs programs with it: it is there to be compared (`bench.vm_shapes`), and docs/bytecode.md has what came out. The host
does not tell the open calls of a program that fails in it, because `vm-run` is none of them.
"""

from __future__ import annotations

from ..codegen.binaryen import BinaryenModule, Expression
from .handlers import PARAMETERS, VARIABLES, Handlers
from .instructions import table
from .machine import RUN

_TABLE = "vm-handlers"
_INVALID = "vm-invalid"


def add_machine(
    out: BinaryenModule, used: frozenset[str] | None, limit: int, overflow_site: int, _counters: None = None
) -> None:
    """Add the VM to a module; the parameters are those of `machine.add_machine`. It does not count."""
    handlers = _Threaded(out, limit, overflow_site)
    variables = [out.type_of([type_]) for type_ in VARIABLES]
    names = []
    for instruction in table().values():
        if used is not None and instruction.name not in used:
            names.append(_INVALID)
            continue
        names.append(f"vm-op {instruction.name}")
        out.add_function(names[-1], PARAMETERS, (), variables, out.block(None, handlers.handler(instruction)), [])
    out.add_function(_INVALID, PARAMETERS, (), (), out.unreachable(), [])
    out.add_further_table(_TABLE, names)
    out.add_function(RUN, PARAMETERS, (), variables, handlers.dispatch(), [])


class _Threaded(Handlers):
    def dispatch(self) -> Expression:
        return self._out.return_call_indirect(_TABLE, self.opcode(), self.state(), PARAMETERS)

    def overflow_if(self, condition: Expression) -> Expression:
        return self._out.if_(condition, self.overflow())
