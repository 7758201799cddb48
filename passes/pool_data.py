"""Constant bytes that occur inside of other constant bytes need no room of their own.

    data @a align 1 "usage: "                       data @b align 1 "usage: run FILE"
    data @b align 1 "usage: run FILE"       =>      data @s .. at 16 -> @b
    data @s .. at 16 -> @a

Only texts: segments without alignment, which hold nothing but bytes that nobody writes to. Their addresses stand in other
segments and in `mem.data_addr`; both are led to the place in the longer segment.
"""

from __future__ import annotations

from ..ir import types as t
from ..ir.build import Builder
from ..ir.core import DataSegment, Module, Op
from ..pipeline.spec import CFG_ANALYSES, Order, PassContext, PassSpec

#: Number of texts times their bytes: beyond that, looking for each text in all others takes seconds.
_MOST_WORK = 1_000_000_000


def run(module: Module, ctx: PassContext) -> bool:
    """Drop the texts of `module` that are part of longer ones; True if there were any."""
    texts = sorted(filter(_is_text, module.data.values()), key=lambda segment: -len(segment.content))
    if len(texts) * sum(len(text.content) for text in texts) > _MOST_WORK:
        return False
    found: dict[str, tuple[str, int]] = {}
    kept: list[DataSegment] = []
    pool = b""  # a quick answer for most: all that is kept, one behind the other
    for text in texts:
        place = _find(text.content, kept) if text.content in pool else None
        if place is None:
            kept.append(text)
            pool += text.content
        else:
            found[text.name] = place
    for name in found:
        del module.data[name]
    for segment in module.data.values():
        segment.relocations = [_moved(relocation, found) for relocation in segment.relocations]
    for op in [op for function in module.functions.values() for op in function.ops() if op.attrs.get("data") in found]:
        _move_address(op, *found[op.attrs["data"]])
    return bool(found)


def _is_text(segment: DataSegment) -> bool:
    return segment.align == 1 and bool(segment.content) and not segment.room and not segment.relocations


def _find(content: bytes, kept: list[DataSegment]) -> tuple[str, int] | None:
    """The segment in which these bytes are, and where."""
    for segment in kept:
        at = segment.content.find(content)
        if at >= 0:
            return segment.name, at
    return None


def _moved(relocation: tuple[int, str, int], found: dict[str, tuple[str, int]]) -> tuple[int, str, int]:
    offset, name, addend = relocation
    holder, at = found.get(name, (name, 0))
    return offset, holder, addend + at


def _move_address(op: Op, holder: str, at: int) -> None:
    """Let `op` give the address in the segment that stays."""
    op.attrs["data"] = holder
    if not at:
        return
    block = op.block
    builder = Builder(block, block.ops.index(op) + 1, op.loc)
    address = builder.op("i32.add", op.result, builder.const(t.I32, at))
    for user in block.function.ops():
        if user is not address.op:
            user.replace_uses({op.result: address})


SPEC = PassSpec(
    "pool-data",
    "mem",
    run,
    "Let texts that are part of longer texts share their bytes.",
    scope="module",
    preserves=CFG_ANALYSES,
    after=(Order("dead-functions", "a text that nobody needs would hold the others"),),
)
