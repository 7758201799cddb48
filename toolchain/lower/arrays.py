"""Arrays: bounds checks, element addresses, growth.

    v = data.array_get a, i       =>       n = length of a;  i <u n, else: i + n <u n, else: panic
                                           v = load elements of a + i * stride

One unsigned comparison admits every index that is in range; the index from the end, which is negative and thus a huge
unsigned number, is put right on a cold path.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..ir import types as t
from ..ir.core import Op, Value
from . import layout
from .body import Body, Lowering, constant_int, edge
from .representation import record, stride

OUT_OF_RANGE = "index out of range"

#: Up to here a new array of constant capacity is laid out in line.
INLINE_ARRAY_BYTES = 1024

#: Up to here fresh memory is cleared by stores.
CLEARED_BY_STORES = 64


def element_type(array: Value) -> t.Type:
    return array.type.args[0]


def _length(body: Body, array: Value) -> Value:
    return body.wide(body.load_word(array, layout.ARRAY_LENGTH, "array.length"))


def _checked_index(body: Body, op: Op, array: Value) -> Value:
    """The index of operand 1 from the start, once it is known to be in range."""
    index, length = body.one(op.operands[1]), _length(body, array)
    constant = constant_int(op.operands[1])
    bad = body.panic_block(OUT_OF_RANGE)
    if constant is not None and constant < 0:
        index = body.op("i64.add", length, index)
    if constant is not None or op.attrs.get("nonneg"):
        good = body.new_block("in_range")
        body.cond_br(body.op("i64.lt_u", index, length), good, bad)
        body.at_end(good)
        return index
    good, from_end = body.new_block("in_range", t.I64), body.new_block("from_end", cold=True)
    body.cond_br(body.op("i64.lt_u", index, length), edge(good, index), from_end)
    body.at_end(from_end)
    wrapped = body.op("i64.add", index, length)
    body.cond_br(body.op("i64.lt_u", wrapped, length), edge(good, wrapped), bad)
    body.at_end(good)
    return good.params[0]


def _elements(body: Body, array: Value) -> Value:
    return body.load_word(array, layout.ARRAY_ELEMENTS, "array.elements")


def _place(body: Body, array: Value, index: Value, element: t.Type, constant: int | None) -> tuple[Value, int]:
    """Address and offset of the element at `index` from the start, which is `constant` if that is known."""
    step = stride(element)
    elements = _elements(body, array)
    if constant is not None and 0 <= constant * step < layout.MAX_OBJECT_BYTES:
        return elements, constant * step
    return body.add(elements, body.scale(body.narrow(index), step)), 0


def _known_index(value: Value) -> int | None:
    """The constant that an index from the start is, also one that has been checked."""
    op = value.op
    return constant_int(op.operands[1] if op is not None and op.name == "data.array_index" else value)


def _load(body: Body, op: Op, array: Value, index: Value) -> Sequence[Value]:
    element = element_type(op.operands[0])
    address, offset = _place(body, array, index, element, _known_index(op.operands[1]))
    return body.load_fields(record((element,)), address, offset, "elem.")


def _store(body: Body, op: Op, array: Value, index: Value) -> Sequence[Value]:
    element = element_type(op.operands[0])
    address, offset = _place(body, array, index, element, _known_index(op.operands[1]))
    body.store_fields(record((element,)), address, body.flat(op.operands[2]), offset, "elem.")
    return ()


def _index(body: Body, op: Op) -> Sequence[Value]:
    return (_checked_index(body, op, body.one(op.operands[0])),)


def _get(body: Body, op: Op) -> Sequence[Value]:
    array = body.one(op.operands[0])
    return _load(body, op, array, _checked_index(body, op, array))


def _set(body: Body, op: Op) -> Sequence[Value]:
    array = body.one(op.operands[0])
    return _store(body, op, array, _checked_index(body, op, array))


def _at(body: Body, op: Op) -> Sequence[Value]:
    array, index = body.operands(op)
    return _load(body, op, array, index)


def _put(body: Body, op: Op) -> Sequence[Value]:
    return _store(body, op, body.one(op.operands[0]), body.one(op.operands[1]))


def _len(body: Body, op: Op) -> Sequence[Value]:
    return (_length(body, body.one(op.operands[0])),)


def _cap(body: Body, op: Op) -> Sequence[Value]:
    return (body.wide(body.load_word(body.one(op.operands[0]), layout.ARRAY_CAPACITY, "array.capacity")),)


def _set_len(body: Body, op: Op) -> Sequence[Value]:
    array, length = body.operands(op)
    body.store_word(array, body.narrow(length), layout.ARRAY_LENGTH, "array.length")
    return ()


def _new(body: Body, op: Op) -> Sequence[Value]:
    step = stride(element_type(op.result))
    capacity = constant_int(op.operands[0])
    if capacity is not None and 0 <= capacity * step <= INLINE_ARRAY_BYTES:
        return (_new_inline(body, capacity, step, body.shared.descriptors.elements_type(element_type(op.result))),)
    return body.call_runtime("rt-array-new", body.one(op.operands[0]), body.i32(step), _data_type(body, op.result))


def _data_type(body: Body, array: Value) -> Value:
    """Type id of the Data objects of an array."""
    return body.i32(body.shared.descriptors.elements_type(element_type(array)))


def _new_inline(body: Body, capacity: int, step: int, data_type: int) -> Value:
    """An empty array and its Data object in one allocation; no Data object if it would be empty."""
    data_bytes = layout.aligned(layout.DATA_ELEMENTS + capacity * step) if capacity else 0
    array = body.allocate(layout.ARRAY_BYTES + data_bytes)
    elements = body.add(array, layout.ARRAY_BYTES + layout.DATA_ELEMENTS) if capacity else body.i32(0)
    body.header(array, layout.TYPE_ARRAY, layout.ARRAY_BYTES)
    body.store_word(array, 0, layout.ARRAY_LENGTH, "array.length")
    body.store_word(array, capacity, layout.ARRAY_CAPACITY, "array.capacity")
    body.store_word(array, elements, layout.ARRAY_ELEMENTS, "array.elements")
    if capacity:
        body.header(array, data_type | layout.INNER, data_bytes, layout.ARRAY_BYTES)
        if data_type != layout.TYPE_DATA:
            _clear(body, body.add(array, layout.ARRAY_BYTES + layout.DATA_ELEMENTS), data_bytes - layout.DATA_ELEMENTS)
    return array


def _clear(body: Body, address: Value, size: int) -> None:
    """Make fresh memory zero, because the collector looks at all elements that there is room for."""
    if size > CLEARED_BY_STORES:
        body.emit("mem.fill", (address, body.i32(0), body.i32(size)), (), None, alias="heap.fresh")
        return
    for offset in range(0, size, 8):
        body.store(address, body.i64(0), offset, "heap.fresh")


def _reserve(body: Body, op: Op) -> Sequence[Value]:
    array, wanted = body.operands(op)
    grow, enough = body.new_block("grow", cold=True), body.new_block("enough")
    capacity = body.wide(body.load_word(array, layout.ARRAY_CAPACITY, "array.capacity"))
    body.cond_br(body.op("i64.gt_s", wanted, capacity), grow, enough)
    body.at_end(grow)
    step = body.i32(stride(element_type(op.operands[0])))
    body.call_runtime("rt-array-reserve", array, wanted, step, _data_type(body, op.operands[0]))
    body.br(enough)
    body.at_end(enough)
    return ()


def _copy(body: Body, op: Op) -> Sequence[Value]:
    target, target_start, source, source_start, count = body.operands(op)
    element = element_type(op.operands[0])
    to, to_offset = _place(body, target, target_start, element, constant_int(op.operands[1]))
    from_, from_offset = _place(body, source, source_start, element, constant_int(op.operands[3]))
    size = body.scale(body.narrow(count), stride(element))
    operands = (body.add(to, to_offset), body.add(from_, from_offset), size)
    body.emit("mem.copy", operands, (), None, **_bulk_class(element))
    return ()


def _bulk_class(element: t.Type) -> dict[str, str]:
    """The alias attribute for a bulk access to elements: without one unless they have just one component."""
    fields = record((element,)).fields
    return {"alias": f"elem.{fields[0].kind}"} if len(fields) == 1 else {}


def _fill(body: Body, op: Op) -> Sequence[Value]:
    array, start, count = (body.one(value) for value in op.operands[:3])
    element, values = element_type(op.operands[0]), body.flat(op.operands[3])
    address, offset = _place(body, array, start, element, constant_int(op.operands[1]))
    address = body.add(address, offset)
    size = body.scale(body.narrow(count), stride(element))
    byte = _fill_byte(body, element, values)
    if byte is not None:
        body.emit("mem.fill", (address, byte, size), (), None, **_bulk_class(element))
    else:
        body.shared.runtime.call_fill(body, element, [address, body.add(address, size), *values])
    return ()


def _fill_byte(body: Body, element: t.Type, values: Sequence[Value]) -> Value | None:
    """The byte of which the components in memory consist, if it is only one."""
    if all(_is_zero(value) for value in values):
        return body.i32(0)
    number = constant_int(values[0]) if len(values) == 1 else None
    if number is not None and number % (1 << 64) == (number & 0xFF) * 0x0101010101010101:
        return body.i32(number & 0xFF)
    if element is t.BOOL:
        return body.op("i32.from_bool", values[0])
    if element.name in ("u8", "s8"):
        return body.narrow(values[0])
    return None


def _is_zero(value: Value) -> bool:
    """True for constants all of whose bits are zero, which -0.0 is not."""
    op = value.op
    return op is not None and op.name in _CONSTANTS and str(op.attrs["value"]) in ("0", "0.0", "False")


_CONSTANTS = frozenset({"i32.const", "i64.const", "f64.const", "bool.const"})

LOWERINGS: dict[str, Lowering] = {
    "data.array_new": _new,
    "data.array_len": _len,
    "data.array_cap": _cap,
    "data.array_index": _index,
    "data.array_get": _get,
    "data.array_set": _set,
    "data.array_at": _at,
    "data.array_put": _put,
    "data.array_set_len": _set_len,
    "data.array_reserve": _reserve,
    "data.array_copy": _copy,
    "data.array_fill": _fill,
}
