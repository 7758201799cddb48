"""Objects with the fields of one of the module's layouts.

    p = data.object @Point x, y        =>        p = an allocation of 24 bytes; header, x and y stored in it
    v = data.object_get @Point p {index=1}        =>        v = load at p + 16, class "Point.1.f64"

Each field of a layout is a class of memory of its own. The fields of layouts that are not mutable are written once, where
the object is made, so their loads are invariant. A layout without fields is one object that exists from the start.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..ir.core import Layout, Op, Value
from . import layout
from .body import Body, Lowering
from .descriptors import references
from .representation import Record, part_of, record


def _object(body: Body, op: Op) -> Sequence[Value]:
    made = body.shared.layouts[op.attrs["name"]]
    fields = record(tuple(made.fields), layout.OBJECT_FIELDS)
    if not fields.fields:
        return (body.op("mem.data_addr", data=body.shared.statics.empty_object(made.tag)),)
    size = layout.aligned(fields.end)
    address = body.allocate(size)
    body.header(address, body.shared.descriptors.object_type(references(fields)) | made.tag << layout.TAG_SHIFT, size)
    for index, value in enumerate(op.operands):
        body.store_fields(_field(made, index), address, body.flat(value), 0, _alias(made, index))
    return (address,)


def _field(made: Layout, index: int) -> Record:
    return part_of(made.fields, layout.OBJECT_FIELDS, index)


def _alias(made: Layout, index: int) -> str:
    return f"{made.name}.{index}."


def _get(body: Body, op: Op) -> Sequence[Value]:
    made, index = body.shared.layouts[op.attrs["name"]], op.attrs["index"]
    address = body.one(op.operands[0])
    return body.load_fields(_field(made, index), address, 0, _alias(made, index), invariant=not made.mutable)


def _set(body: Body, op: Op) -> Sequence[Value]:
    made, index = body.shared.layouts[op.attrs["name"]], op.attrs["index"]
    values = body.flat(op.operands[1])
    body.store_fields(_field(made, index), body.one(op.operands[0]), values, 0, _alias(made, index))
    return ()


def _tag(body: Body, op: Op) -> Sequence[Value]:
    address = body.one(op.operands[0])
    attrs = {"offset": layout.HEADER_TAG, "alias": "header", "invariant": True}
    tag = body.op("i32.and", body.op("mem.load16_u", address, **attrs), body.i32(layout.MAX_TAG))
    return (body.wide(tag),)


LOWERINGS: dict[str, Lowering] = {
    "data.object": _object,
    "data.object_get": _get,
    "data.object_set": _set,
    "data.object_tag": _tag,
}
