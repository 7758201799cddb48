"""Places in memory, as far as addresses tell them apart.

    %q = i32.add %p, 8;  mem.store_i64 %q {offset=4, alias="A.1"}        =>        class "A.1", 8 bytes at %p + 12

Two addresses are the same if they are the same value plus the same constants; with the same value and other constants they
are known not to overlap.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...ir.core import Op, Value
from ...ir.ops import Load, Store
from ...ir.ops.numeric import M32
from ..const_fold import constant_of


@dataclass(frozen=True, slots=True)
class Place:
    """A place in memory: `size` bytes at `base` + `offset`, modulo 2^32; a global has no base."""

    base: Value | None
    offset: int
    size: int

    def is_apart_from(self, other: Place) -> bool:
        """True if the two cannot overlap, as far as offsets tell."""
        if self.base is not other.base:
            return False
        return (other.offset - self.offset) & M32 >= self.size and (self.offset - other.offset) & M32 >= other.size

    def covers(self, other: Place) -> bool:
        return self.base is other.base and ((other.offset - self.offset) & M32) + other.size <= self.size


def access(op: Op) -> tuple[str, Place, str] | None:
    """Class, place and kind of a load or store of a scalar; None for other ops."""
    name = op.row.name
    if name.startswith("global."):
        return "@" + op.attrs["name"], Place(None, 0, 1), "global"
    wasm = op.row.wasm
    if not isinstance(wasm, (Load, Store)):
        return None
    base, offset = op.operands[0], op.attrs["offset"]
    while (add := base.op) is not None and add.row.name == "i32.add":
        constant = constant_of(add.operands[1])
        if constant is None:
            break
        base, offset = add.operands[0], offset + constant
    return op.attrs["alias"], Place(base, offset & M32, wasm.bytes), name.removeprefix("mem.").split("_", 1)[-1]
