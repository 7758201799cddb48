"""The rule of the frame of a generator: a record whose fields are set before they are read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from wasmlathe.ir.core import Op

from .choices import Choice, Typed
from .lattice import Record, Ty
from .rules import Context, rule

if TYPE_CHECKING:
    from wasmlathe.ir.core import Value

    from .emit import Emitter


@rule("frame")
def _frame(op: Op, types: Sequence[Ty], context: Context) -> Choice:
    record = context.record_of(op, op.attrs["keys"])
    fields = context.read_record(record)
    assert fields is not None  # nobody else gets hold of a frame, so it stays a record
    for cell in fields.values():
        context.read(cell)
    result = Record(record)

    def emit(em: Emitter, operands: list[Value]) -> Value:
        return em.record(result, [em.zero(cell) for cell in fields.values()])

    return Typed(result, [], emit)
