"""Values without an object of their own, and the small objects: nil, optional values, cells, closures, identity."""

from __future__ import annotations

from collections.abc import Sequence

from ..ir import types as t
from ..ir.core import Op, Value
from . import layout
from .body import Body, Lowering
from .descriptors import references
from .representation import Record, part_of, record


def _nil(body: Body, op: Op) -> Sequence[Value]:
    return ()


# An optional reference is its address or 0; any other optional is a tag before the payload.


def _some(body: Body, op: Op) -> Sequence[Value]:
    parts = body.flat(op.operands[0])
    return parts if op.operands[0].type.is_reference else (body.const(t.BOOL, True), *parts)


def _none(body: Body, op: Op) -> Sequence[Value]:
    return body.zeros(op.result.type)


def _has(body: Body, op: Op) -> Sequence[Value]:
    tag = body.flat(op.operands[0])[0]
    return (body.op("i32.ne", tag, body.i32(0)) if op.operands[0].type.args[0].is_reference else tag,)


def _get(body: Body, op: Op) -> Sequence[Value]:
    parts = body.flat(op.operands[0])
    return parts if op.operands[0].type.args[0].is_reference else parts[1:]


# cells


def _cell_new(body: Body, op: Op) -> Sequence[Value]:
    content = op.operands[0]
    fields = record((content.type,), layout.CELL_CONTENT)
    size = layout.aligned(fields.end)
    cell = body.allocate(size)
    body.header(cell, body.shared.descriptors.object_type(references(fields), layout.TYPE_CELL), size)
    body.store_fields(fields, cell, body.flat(content), 0, "cell.")
    return (cell,)


def _cell_fields(op: Op) -> Record:
    return record(op.operands[0].type.args, layout.CELL_CONTENT)


def _cell_get(body: Body, op: Op) -> Sequence[Value]:
    return body.load_fields(_cell_fields(op), body.one(op.operands[0]), 0, "cell.")


def _cell_set(body: Body, op: Op) -> Sequence[Value]:
    body.store_fields(_cell_fields(op), body.one(op.operands[0]), body.flat(op.operands[1]), 0, "cell.")
    return ()


# Closures. All that a function value holds was put there when it was made, so its loads are invariant.


def _closure(body: Body, op: Op) -> Sequence[Value]:
    closure = body.shared.closures[op.attrs["name"]]
    fields = record(tuple(closure.captures), layout.CLOSURE_CAPTURES)
    if not fields.fields:
        return (body.op("mem.data_addr", data=body.shared.statics.closure(closure.tag)),)
    size = layout.aligned(fields.end)
    address = body.allocate(size)
    body.header(address, body.shared.descriptors.object_type(references(fields), layout.TYPE_CLOSURE), size)
    body.store_word(address, closure.tag, layout.CLOSURE_TAG, "closure.tag")
    body.store_fields(fields, address, body.flat_all(op.operands), 0, f"closure.{closure.name}.")
    return (address,)


def _closure_tag(body: Body, op: Op) -> Sequence[Value]:
    kinds = op.operands[0].type.args
    if len(kinds) == 1:
        return (body.i64(body.shared.closures[kinds[0].name].tag),)
    tag = body.load_word(body.one(op.operands[0]), layout.CLOSURE_TAG, "closure.tag", invariant=True)
    return (body.wide(tag),)


def _closure_capture(body: Body, op: Op) -> Sequence[Value]:
    closure, index = body.shared.closures[op.attrs["name"]], op.attrs["index"]
    wanted = part_of(closure.captures, layout.CLOSURE_CAPTURES, index)
    return body.load_fields(wanted, body.one(op.operands[0]), 0, f"closure.{closure.name}.", invariant=True)


def _address(body: Body, op: Op) -> Sequence[Value]:
    (operand,) = op.operands
    return (body.wide(body.one(operand)) if operand.type.is_reference else body.i64(0),)


def _cast(body: Body, op: Op) -> Sequence[Value]:
    return body.flat(op.operands[0])


def _zero(body: Body, op: Op) -> Sequence[Value]:
    return body.zeros(op.result.type)


def _same(body: Body, op: Op) -> Sequence[Value]:
    return (body.op("i32.eq", *body.operands(op)),)


LOWERINGS: dict[str, Lowering] = {
    "data.nil": _nil,
    "data.opt_some": _some,
    "data.opt_none": _none,
    "data.opt_has": _has,
    "data.opt_get": _get,
    "data.cell_new": _cell_new,
    "data.cell_get": _cell_get,
    "data.cell_set": _cell_set,
    "data.closure": _closure,
    "data.closure_tag": _closure_tag,
    "data.closure_capture": _closure_capture,
    "data.zero": _zero,
    "data.address": _address,
    "data.cast": _cast,
    "data.same": _same,
}
