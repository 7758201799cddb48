"""The VM: one WebAssembly function that runs bytecode.

    vm(pc: i32, fp: i32)        pc: address of the next instruction; fp: address of the frame

    step: pc += 8
    next: br_table (load16_u pc)        ->        handler: write(a, op(read(b), read(c))); br step

What the handlers do is in `handlers`; `threaded` has another shape of the same machine.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..codegen.binaryen import BinaryenModule, Expression
from .counters import Counting
from .handlers import PARAMETERS, VARIABLES, Handlers
from .instructions import table

RUN = "vm-run"

_STEP, _NEXT, _OVERFLOW, _INVALID = "step", "next", "overflow", "invalid"
#: Where conditional jumps of one and of two words go that are taken: as in each handler, but smaller.
_JUMPED = {1: "jumped", 2: "jumped of two"}

#: Stores in front of the loop. They are never executed, but move the dispatch: its 43 bytes of machine code have to lie in one
#: line of 64 bytes. Where they cross into the next one, AMD's Zen 4 predicts the indirect jump worse, and programs take 1.2
#: to 1.8 times as long. So many put it into the middle of what fits, if the VM is the first function of its module, which
#: starts at a line (`bench.vm_shapes` tells where it is).
_DISTANCE = 5
#: In a VM that counts: it does more in front of the loop.
_COUNTING_DISTANCE = 3


def add_machine(
    out: BinaryenModule,
    used: frozenset[str] | None,
    limit: int,
    overflow_site: int,
    counters: int | None = None,
    numbers: Mapping[int, int] | None = None,
) -> None:
    """Add the VM to a module: the handlers of the instructions `used` (None: of all).

    A frame at `limit` or above is a stack overflow, told by the site with this number. With `counters`, the address of the
    counters less that of the code times `counters.SCALE`, the VM counts. `numbers`: what stands for the codes of instructions
    in this module, if not they themselves.
    """
    handlers: Handlers = _InLoop(out, limit, overflow_site)
    distance = _DISTANCE
    if counters is not None:
        handlers, distance = _CountingInLoop(out, limit, overflow_site, counters), _COUNTING_DISTANCE
    instructions = [i for i in table().values() if used is None or i.name in used]
    labels = {numbers[i.code] if numbers is not None else i.code: f"op{i.code}" for i in instructions}
    known = [labels.get(code, _INVALID) for code in range(max(labels, default=-1) + 1)]
    body: list[Expression] = [out.branch_table(known, _INVALID, handlers.opcode())]
    # Blocks inside of each other: a branch to the label of one continues behind it, where its handler is.
    for instruction in instructions:
        body = [out.block(f"op{instruction.code}", body), *handlers.handler(instruction)]
    body = [out.block(_INVALID, body), out.unreachable()]
    body = [out.block(_OVERFLOW, body), *handlers.overflow()]
    for words, label in _JUMPED.items():
        body = [out.block(label, body), *handlers.jumped(words)]
    loop = out.loop(_NEXT, body)
    stepping = out.loop(_STEP, [handlers.step(1), loop])
    whole = out.block(None, [*handlers.entered(), handlers.distance(distance), handlers.step(-1), stepping])
    out.add_function(RUN, PARAMETERS, (), [out.type_of([type_]) for type_ in VARIABLES], whole, [])


class _InLoop(Handlers):
    def dispatch(self) -> Expression:
        return self._out.branch(_NEXT)

    def _go_on(self, words: int = 1) -> list[Expression]:
        # One step for all is smaller than one in each handler, and not slower.
        return [self._out.branch(_STEP)] if words == 1 else super()._go_on(words)

    def overflow_if(self, condition: Expression) -> Expression:
        return self._out.branch(_OVERFLOW, condition)

    def jump_if(self, condition: Expression, words: int) -> Expression:
        return self._out.branch(_JUMPED[words], condition)


class _CountingInLoop(Counting, _InLoop):
    pass
