"""Load bytes that lie side by side, and are put together to one number, at once.

    %a = mem.load8_u %p {offset=0}; ...; %d = mem.load8_u %p {offset=3}
    %n = %a | %b << 8 | %c << 16 | %d << 24        =>        %n = mem.load_i32 %p {offset=0}

The lowest byte first is how WebAssembly's memory has it. Four bytes in the other order are loaded and turned around, which is
five ops for ten. Only where nobody else needs the bytes, and nothing in between writes memory of their class.
"""

from __future__ import annotations

from typing import NamedTuple

from ..ir import types as t
from ..ir.build import Builder
from ..ir.core import Block, Function, Op, Value
from ..pipeline.spec import CFG_ANALYSES, Order, PassContext, PassSpec
from .analysis.effects import Summaries, clobbers, effects, writes_of
from .analysis.uses import Uses, uses
from .const_fold import constant_of

_OR = {"i32.or": t.I32, "i64.or": t.I64}
#: What loads so many bytes at once, and what that gives.
_WHOLE = {2: ("mem.load16_u", t.I32), 4: ("mem.load_i32", t.I32), 8: ("mem.load_i64", t.I64)}
_EVEN, _ODD = 0x00FF00FF, -0x00FF0100


class _Byte(NamedTuple):
    """A byte of memory, and to which bit of the number its lowest bit goes."""

    load: Op
    shift: int

    @property
    def offset(self) -> int:
        offset: int = self.load.attrs["offset"]
        return offset


def run(fn: Function, ctx: PassContext) -> bool:
    """Join the loads of `fn`; True if there were any."""
    used = ctx.analyses.get(uses, fn)
    summaries = ctx.analyses.get(effects, fn.module)
    replaced: dict[Value, Value] = {}
    for block in fn.blocks:
        for op in list(block.ops):
            if op.row.name in _OR and not _is_part(op, used):
                joined = _join(op, used, summaries)
                if joined is not None:
                    replaced[op.result] = joined
                    ctx.remark("merged", op.loc, "bytes that lie side by side are loaded at once")
    fn.replace_uses(replaced)
    return bool(replaced)


def _is_part(op: Op, used: Uses) -> bool:
    """True for an op whose only user puts it together with more."""
    users = used.of(op.result)
    return len(users) == 1 and users[0].op.row.name == op.row.name and users[0].op.block is op.block


def _join(root: Op, used: Uses, summaries: Summaries) -> Value | None:
    found = _bytes(root.result, root.row.name, used, root.block, 8)
    if found is None or len(found) not in _WHOLE or (len(found) == 8 and _OR[root.row.name] is not t.I64):
        return None
    found.sort(key=lambda byte: byte.offset)
    first = found[0]
    count = len(found)
    if any(
        b.load.operands[0] is not first.load.operands[0] or b.offset != first.offset + i for i, b in enumerate(found)
    ):
        return None
    shifts = [byte.shift for byte in found]
    rising = [8 * i for i in range(count)]
    turned = shifts == rising[::-1]
    if (shifts != rising and not (turned and count == 4)) or not _is_undisturbed(found, summaries):
        return None
    return _load(root, found, turned)


def _bytes(value: Value, joins: str, used: Uses, block: Block, left: int) -> list[_Byte] | None:
    """The bytes of which `value` is made, at most `left`; None if it is made of anything else."""
    op = value.op
    if op is None or op.block is not block or left <= 0:
        return None
    if op.row.name == joins:
        a = _bytes(op.operands[0], joins, used, block, left - 1) if used.count(value) == 1 or left == 8 else None
        b = _bytes(op.operands[1], joins, used, block, left - len(a)) if a is not None else None
        return [*a, *b] if a is not None and b is not None else None
    byte = _byte(op, used)
    return [byte] if byte is not None else None


def _byte(op: Op, used: Uses) -> _Byte | None:
    shift = 0
    if op.row.name in ("i32.shl", "i64.shl"):
        distance, inner = constant_of(op.operands[1]), op.operands[0].op
        if distance is None or inner is None or used.count(op.result) != 1:
            return None
        op, shift = inner, distance
    if op.row.name == "i64.extend_i32_u":
        inner = op.operands[0].op
        if inner is None or used.count(op.result) != 1:
            return None
        op = inner
    if op.row.name != "mem.load8_u" or used.count(op.result) != 1:
        return None
    return _Byte(op, shift)


def _is_undisturbed(found: list[_Byte], summaries: Summaries) -> bool:
    """Whether all loads are of one class in one block, and nothing writes it between the first and the last of them."""
    block, alias = found[0].load.block, found[0].load.attrs["alias"]
    if any(byte.load.block is not block or byte.load.attrs["alias"] != alias for byte in found):
        return False
    places = [block.ops.index(byte.load) for byte in found]
    between = block.ops[min(places) : max(places)]
    return not any(clobbers(writes_of(op, summaries), (alias,)) for op in between)


def _load(root: Op, found: list[_Byte], turned: bool) -> Value:
    """The number, loaded where the last of its bytes was."""
    block = root.block
    last = max(block.ops.index(byte.load) for byte in found)
    first = found[0].load
    builder = Builder(block, last + 1, root.loc)
    name, type_ = _WHOLE[len(found)]
    loaded = builder.emit(
        name, (first.operands[0],), None, None, offset=first.attrs["offset"], alias=first.attrs["alias"]
    )
    value = _turned(builder, loaded.result) if turned else loaded.result
    return builder.op("i64.extend_i32_u", value) if _OR[root.row.name] is not type_ else value


def _turned(builder: Builder, value: Value) -> Value:
    """The four bytes of an i32 in the other order."""

    def picked(distance: int, mask: int) -> Value:
        rotated = builder.op("i32.rotl", value, builder.const(t.I32, distance))
        return builder.op("i32.and", rotated, builder.const(t.I32, mask))

    return builder.op("i32.or", picked(8, _EVEN), picked(24, _ODD))


SPEC = PassSpec(
    "join-loads",
    "mem",
    run,
    "Load bytes that are put together to one number at once.",
    preserves=CFG_ANALYSES | {"effects"},
    after=(
        Order("fold-offsets", "the addresses of neighbours have one base then"),
        Order("index-range", "checks between the loads are in the way"),
    ),
)
