"""Handlers of a VM that counts: how often each jump was taken, and each function called.

    code      | call 40 | .. | jump.if -2 |         two counters of 64 bits for each word, one for each four bytes of it
    counters  |  7 |  0 | .. |    0 | 993 |         called 7 times; jumped 993 times

The counter of the four code bytes at `at` is at `counters + 2 * (at - code)`: so counting changes neither the code nor the
frames, and all that a VM has to know is one number. Counted is the word with which a function begins (its first half), a
jump that is taken (the second half of its word) and the entry of a `switch` that was chosen. How often everything else was
executed follows from that (`counting`).
"""

from __future__ import annotations

from ..codegen.binaryen import BinaryenModule, Expression
from ..ir import types as t
from .handlers import Handlers

#: The data segment of the counters.
COUNTERS = "vm-counters"
#: Bytes of counters for one byte of code.
SCALE = 2
COUNTER_BYTES = 8


class Counting(Handlers):
    """Handlers that count where control passes to."""

    def __init__(self, out: BinaryenModule, limit: int, overflow_site: int, bias: int) -> None:
        """`bias`: the address of the counters, less that of the code times `SCALE`."""
        super().__init__(out, limit, overflow_site)
        self._bias = bias

    def _note(self, address: int, offset: int) -> list[Expression]:
        out = self._out
        at = SCALE * offset
        count = out.load(COUNTER_BYTES, False, at, t.I64, self._counter(address))
        more = out.binary("AddInt64", count, out.const(t.I64, 1))
        return [out.store(COUNTER_BYTES, at, t.I64, self._counter(address), more)]

    def _counter(self, address: int) -> Expression:
        doubled = self._out.binary("ShlInt32", self._get(address), self._i32_const(1))
        return self._add(doubled, self._i32_const(self._bias))
