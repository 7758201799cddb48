"""Compute in 32 bits what is cut to 32 bits anyway, where that makes rotations.

    ((x >> 7) | (x << 25)) & 0xffffffff        =>        extend(rotl(wrap x, 25)),    x known to fit 32 bits

The low bits of sums, products, logical ops and left shifts depend on the low bits of their operands alone, so a whole tree of
them below the mask is written anew in i32; a right shift fits in if what it shifts has no bits above the 32nd. The i64
ops stay for other users and are dead code without them. Only trees with a rotation are taken: they save instructions, the
others would only trade one kind for another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ..ir import types as t
from ..ir.core import Block, Function, Op, Value
from ..ir.ops import TABLE
from ..pipeline.spec import CFG_ANALYSES, Order, PassContext, PassSpec
from .analysis.cfg import cfg

MASK = 0xFFFFFFFF
#: i64 ops whose low 32 bits are those of the i32 op on the low halves.
_LOW = {f"i64.{name}": f"i32.{name}" for name in ("add", "sub", "mul", "and", "or", "xor")}
_RIGHT = ("i64.shr_u", "i64.shr_s")


def run(fn: Function, ctx: PassContext) -> bool:
    """Narrow the masked trees of `fn`; True if there were any."""
    order = ctx.analyses.get(cfg, fn).order
    narrower = _Narrower(_fitting(order))
    for block in order:
        for op in block.ops:
            if _cuts(op) and narrower.has_rotation(op.operands[0]):
                narrower.replace(op)
    narrower.finish()
    return bool(narrower.replaced)


def _cuts(op: Op) -> bool:
    """True for what keeps the low 32 bits of its operand only: a mask, and what goes before a store of 32 bits."""
    return op.name == "i32.wrap_i64" or (op.name == "i64.and" and _constant(op.operands[1]) == MASK)


def _constant(value: Value) -> int | None:
    op = value.op
    return int(op.attrs["value"]) if op is not None and op.name == "i64.const" else None


# --- values without bits above the 32nd -------------------------------------------------------------------------------


def _fitting(order: Iterable[Block]) -> set[Value]:
    """The i64 values that are known to be in [0, 2^32): the greatest set that is consistent."""
    blocks = list(order)
    incoming: dict[Value, list[Value]] = {}
    for block in blocks:
        for target in block.terminator.targets:
            for param, arg in zip(target.block.params, target.args, strict=True):
                incoming.setdefault(param, []).append(arg)
    fitting = {param for param in incoming if param.type is t.I64}
    fitting |= {op.results[0] for b in blocks for op in b.ops if len(op.results) == 1 and op.name in _FITS}
    while True:
        wrong = [v for v in fitting if not _still_fits(v, fitting, incoming)]
        if not wrong:
            return fitting
        fitting.difference_update(wrong)


def _still_fits(value: Value, fitting: set[Value], incoming: dict[Value, list[Value]]) -> bool:
    if value.op is None:
        return all(arg in fitting for arg in incoming[value])
    return _FITS[value.op.name](value.op, fitting)


def _is_small_constant(op: Op, fitting: set[Value]) -> bool:
    return 0 <= int(op.attrs["value"]) <= MASK


def _all_fit(op: Op, fitting: set[Value]) -> bool:
    return all(operand in fitting for operand in op.operands)


_FITS: dict[str, Callable[[Op, set[Value]], bool]] = {
    "i64.const": _is_small_constant,
    "i64.extend_i32_u": lambda op, fitting: True,
    "i64.and": lambda op, fitting: any(operand in fitting for operand in op.operands),
    "i64.or": _all_fit,
    "i64.xor": _all_fit,
    "i64.shr_u": lambda op, fitting: op.operands[0] in fitting,
    "i64.shr_s": lambda op, fitting: op.operands[0] in fitting,
    "select": lambda op, fitting: op.operands[1] in fitting and op.operands[2] in fitting,
}


# --- trees ------------------------------------------------------------------------------------------------------------


class _Narrower:
    """Writes i32 twins of i64 values, each behind the op it is the twin of."""

    def __init__(self, fitting: set[Value]) -> None:
        self.fitting = fitting
        self.twins: dict[Value, Value] = {}
        self.rotations: dict[Value, bool] = {}
        #: New ops to come behind an op, or at the start of a block.
        self.behind: dict[Op | Block, list[Op]] = {}
        self.replaced: dict[Value, Value] = {}

    def has_rotation(self, value: Value) -> bool:
        """Whether the tree below a mask or a cut has a rotation in it."""
        known = self.rotations.get(value)
        if known is None:
            op = value.op
            self.rotations[value] = False
            known = op is not None and (
                self._rotation(op) is not None
                or (op.name in _LOW and any(self.has_rotation(operand) for operand in op.operands))
            )
            self.rotations[value] = known
        return known

    def _rotation(self, op: Op) -> tuple[Value, int] | None:
        """What `op` rotates left, and by how many bits."""
        if op.name != "i64.or":
            return None
        for right, left in (op.operands, op.operands[::-1]):
            shifted, raised = right.op, left.op
            if shifted is None or raised is None or shifted.name not in _RIGHT or raised.name != "i64.shl":
                continue
            (x, down), (y, up) = shifted.operands, raised.operands
            bits, rest = _constant(up), _constant(down)
            if x is y and x in self.fitting and bits is not None and rest == 32 - bits and 0 < bits < 32:
                return x, bits
        return None

    def replace(self, op: Op) -> None:
        """Have the users of `op`, which cuts, use the twin of what it cuts, extended if it is to have 64 bits."""
        twin = self.narrow(op.operands[0])
        wide = op.name == "i64.and"
        self.replaced[op.results[0]] = self._add(op, "i64.extend_i32_u", [twin], t.I64, op) if wide else twin

    def narrow(self, value: Value) -> Value:
        """The low 32 bits of an i64 value."""
        twin = self.twins.get(value)
        if twin is None:
            twin = self.twins[value] = self._narrow(value)
        return twin

    def _narrow(self, value: Value) -> Value:
        op = value.op
        if op is None:
            return self._add(value.block, "i32.wrap_i64", [value], t.I32, None)
        rotation = self._rotation(op)
        if rotation is not None:
            x, bits = rotation
            return self._add(op, "i32.rotl", [self.narrow(x), self._number(op, bits)], t.I32, op)
        if op.name == "i64.const":
            return self._number(op, int(op.attrs["value"]))
        if op.name == "i64.extend_i32_u":
            return op.operands[0]
        if op.name == "i64.and" and _constant(op.operands[1]) == MASK:
            return self.narrow(op.operands[0])
        if op.name in _LOW:
            return self._add(op, _LOW[op.name], [self.narrow(v) for v in op.operands], t.I32, op)
        count = _constant(op.operands[1]) if len(op.operands) == 2 else None
        if count is not None and 0 <= count < 32:
            if op.name == "i64.shl":
                return self._add(op, "i32.shl", [self.narrow(op.operands[0]), self._number(op, count)], t.I32, op)
            if op.name in _RIGHT and op.operands[0] in self.fitting:
                return self._add(op, "i32.shr_u", [self.narrow(op.operands[0]), self._number(op, count)], t.I32, op)
        return self._add(op, "i32.wrap_i64", [value], t.I32, op)

    def _number(self, at: Op, number: int) -> Value:
        low = number & MASK
        return self._add(at, "i32.const", [], t.I32, at, value=low - (1 << 32) if low >> 31 else low)

    def _add(
        self, behind: Op | Block, name: str, operands: list[Value], result: t.Type, place: Op | None, **attrs: int
    ) -> Value:
        new = Op(TABLE[name], operands, (result,), dict(attrs), place.loc if place is not None else None)
        self.behind.setdefault(behind, []).append(new)
        return new.results[0]

    def finish(self) -> None:
        """Put the new ops in their places and the uses of masks on them."""
        blocks = {behind if isinstance(behind, Block) else behind.block for behind in self.behind}
        for block in blocks:
            ops = list(self.behind.get(block, ()))
            for op in block.ops:
                ops.append(op)
                ops.extend(self.behind.get(op, ()))
            for op in ops:
                op.block = block
            block.ops = ops
        if blocks:
            next(iter(blocks)).function.replace_uses(self.replaced)


SPEC = PassSpec(
    "narrow",
    "mem",
    run,
    "Compute in 32 bits what is masked to 32 bits, where that makes rotations.",
    preserves=CFG_ANALYSES | {"effects"},
    after=(Order("rewrite", "its rules gather the masks of a tree in one"),),
)
