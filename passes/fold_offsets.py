"""Move constants of an element's address into the offset of the load or store, where they cost nothing.

    %j = i64.add %i, 1; %k = i32.wrap_i64 %j; %s = i32.shl %k, 3; %a = i32.add %base, %s; %x = mem.load_i64 %a {offset=0}
        =>        %k = i32.wrap_i64 %i; %s = i32.shl %k, 3; %a = i32.add %base, %s; %x = mem.load_i64 %a {offset=8}

Address arithmetic is modulo 2^32, the offset is added without wrapping around. The two agree because elements are only accessed
where they are, and they lie in the heap: an address that wrapped around would be less than the constant that was moved,
and so small an address is no element's. Of a negative constant, an offset being none, the next multiple of 128 below it stays:

    %j = i64.add %i, -3; ...; %x = mem.load_i64 %a {offset=0}        =>        %b = i32.add %a', -128; mem.load_i64 %b {offset=104}
"""

from __future__ import annotations

from ..ir import types as t
from ..ir.build import Builder
from ..ir.core import Function, Op, Value
from ..ir.ops.row import Load, Store
from ..pipeline.spec import CFG_ANALYSES, Order, PassContext, PassSpec
from .const_fold import constant_of

#: The heap begins behind the blocks that describe it, far above this.
MAX_MOVED = 255
MAX_DEPTH = 6
#: An offset is not negative: of a negative constant a multiple of this stays in the address, the same for many accesses.
_STEP = 128
MAX_STEPS_BACK = 8


def run(fn: Function, ctx: PassContext) -> bool:
    """Fold the constants in the addresses of elements in `fn`; True if there were any."""
    folder = _Folder()
    changed = False
    for op in [op for op in fn.ops() if _is_element_access(op)]:
        changed |= folder.fold(op)
    return changed


def _is_element_access(op: Op) -> bool:
    return isinstance(op.row.wasm, (Load, Store)) and op.attrs.get("alias", "").startswith("elem.")


class _Folder:
    def __init__(self) -> None:
        #: By value: the constant in it, and what is left without.
        self._amounts: dict[Value, int] = {}
        self._bases: dict[Value, Value] = {}

    def fold(self, op: Op) -> bool:
        """Fold the address of one access."""
        amount = self._amount(op.operands[0], MAX_DEPTH)
        if not amount or not -_STEP * MAX_STEPS_BACK <= amount <= MAX_MOVED:
            return False
        base = self._base(op.operands[0])
        back = amount // _STEP * _STEP if amount < 0 else 0
        if back:
            base = self._moved_back(op, base, back)
        op.operands[0] = base
        op.attrs["offset"] += amount - back
        return True

    def _moved_back(self, access: Op, base: Value, back: int) -> Value:
        """`base` plus a negative number, in front of the access; `gvn` makes those of several accesses one."""
        builder = Builder(access.block, access.block.ops.index(access), access.loc)
        return builder.op("i32.add", base, builder.const(t.I32, back))

    def _amount(self, value: Value, depth: int) -> int:
        found = self._amounts.get(value)
        if found is None:
            found = self._amounts[value] = self._amount_of(value.op, depth - 1) if value.op and depth else 0
        return found

    def _amount_of(self, op: Op, depth: int) -> int:
        match op.row.name:
            case "i32.add" | "i64.add":
                constant = constant_of(op.operands[1])
                more = self._amount(op.operands[1], depth) if constant is None else int(constant)
                return self._amount(op.operands[0], depth) + more
            case "i32.wrap_i64":
                return self._amount(op.operands[0], depth)
            case "i32.shl":
                distance = constant_of(op.operands[1])
                return self._amount(op.operands[0], depth) << distance if distance in range(8) else 0
        return 0

    def _base(self, value: Value) -> Value:
        """`value` without its constant, computed before it."""
        op = value.op
        if op is None or not self._amounts.get(value):
            return value
        found = self._bases.get(value)
        if found is None:
            found = self._bases[value] = self._make_base(op)
        return found

    def _make_base(self, op: Op) -> Value:
        operands = [self._base(v) for v in op.operands]
        if op.row.name.endswith("add") and constant_of(op.operands[1]) is not None:
            return operands[0]
        builder = Builder(op.block, op.block.ops.index(op), op.loc)
        return builder.emit(op.row, operands, (op.result.type,)).result


SPEC = PassSpec(
    "fold-offsets",
    "mem",
    run,
    "Move constants of an element's address into the offset of the access.",
    preserves=CFG_ANALYSES | {"effects"},
    after=(Order("unroll", "the turns of an unrolled loop differ by such constants"),),
)
