"""Tuples and sums: flat values, whose parts are some of their components.

t = data.tuple a, b; x = data.tuple_get t {index=1}        =>        x is b
s = data.sum a {case=1}: sum<case, case<i64>>              =>        s.0 = i32.const 1; s.1 is a
"""

from __future__ import annotations

from collections.abc import Sequence

from ..ir.core import Op, Value
from .body import Body, Lowering
from .representation import case_slots, flat_all


def _tuple(body: Body, op: Op) -> Sequence[Value]:
    return body.flat_all(op.operands)


def _tuple_get(body: Body, op: Op) -> Sequence[Value]:
    types, index = op.operands[0].type.args, op.attrs["index"]
    first, end = len(flat_all(types[:index])), len(flat_all(types[: index + 1]))
    return body.flat(op.operands[0])[first:end]


def _sum(body: Body, op: Op) -> Sequence[Value]:
    case = op.attrs["case"]
    parts = body.zeros(op.result.type)
    parts[0] = body.i32(case)
    places = (place for field in case_slots(op.result.type, case) for place in field)
    for place, part in zip(places, body.flat_all(op.operands), strict=True):
        parts[place] = part
    return parts


def _sum_tag(body: Body, op: Op) -> Sequence[Value]:
    return (body.wide(body.flat(op.operands[0])[0]),)


def _sum_get(body: Body, op: Op) -> Sequence[Value]:
    parts = body.flat(op.operands[0])
    places = case_slots(op.operands[0].type, op.attrs["case"])[op.attrs["index"]]
    return [parts[place] for place in places]


LOWERINGS: dict[str, Lowering] = {
    "data.tuple": _tuple,
    "data.tuple_get": _tuple_get,
    "data.sum": _sum,
    "data.sum_tag": _sum_tag,
    "data.sum_get": _sum_get,
}
