"""Functions of the runtime for arrays: making, growing, filling."""

from __future__ import annotations

from ..ir import types as t
from ..ir.core import Value
from . import layout
from .representation import record, stride
from .runtime_code import Code, RuntimeFunction
from .runtime_heap import HEAP

MIN_GROWN_BYTES = 32  # room for elements of an array that had none

ARRAY_TOO_LARGE = "array is too large"


def array_new(code: Code, capacity: Value, stride: Value) -> None:
    """An empty array with room for `capacity` elements of `stride` bytes."""
    size = code.op("i64.mul", capacity, code.wide(stride))
    too_many = code.op("i64.gt_u", capacity, code.i64(layout.MAX_OBJECT_BYTES))
    code.panic_if(code.op("bool.or", too_many, code.exceeds_object(size, layout.ARRAY_BYTES)), ARRAY_TOO_LARGE)
    data_size = code.align(code.narrow(size), layout.DATA_ELEMENTS)
    array = code.alloc(code.add(data_size, layout.ARRAY_BYTES))
    code.header(array, layout.TYPE_ARRAY, layout.ARRAY_BYTES)
    code.store_word(array, 0, layout.ARRAY_LENGTH, "array.length")
    code.store_word(array, code.narrow(capacity), layout.ARRAY_CAPACITY, "array.capacity")
    code.header(array, layout.TYPE_DATA, data_size, layout.ARRAY_BYTES)
    code.store_word(
        array, code.add(array, layout.ARRAY_BYTES + layout.DATA_ELEMENTS), layout.ARRAY_ELEMENTS, "array.elements"
    )
    code.ret(array)


def array_reserve(code: Code, array: Value, wanted: Value, stride: Value) -> None:
    """Room for `wanted` elements, more than there is room for now: at least twice as many as now.

    In place if nothing was allocated since: allocations are contiguous, so the next one is what lies behind the Data object.
    """
    width = code.wide(stride)
    needed = code.op("i64.mul", wanted, width)
    too_many = code.op("i64.gt_u", wanted, code.i64(layout.MAX_OBJECT_BYTES))
    code.panic_if(code.op("bool.or", too_many, code.exceeds_object(needed)), ARRAY_TOO_LARGE)
    capacity = code.load_word(array, layout.ARRAY_CAPACITY, "array.capacity")
    doubled = code.op("i64.mul", code.op("i64.shl", code.wide(capacity), code.i64(1)), width)
    enough = code.op("bool.or", code.op("i64.gt_u", needed, doubled), code.exceeds_object(doubled))
    grown = code.narrow(code.op("select", enough, needed, doubled))
    least = code.i32(MIN_GROWN_BYTES)
    room = code.align(code.op("select", code.op("i32.lt_u", grown, least), least, grown))
    size = code.add(room, layout.DATA_ELEMENTS)
    elements = code.load_word(array, layout.ARRAY_ELEMENTS, "array.elements")
    has_data, move = code.label("has_data"), code.label("move")
    in_place, done = code.label("in_place"), code.label("done", t.I32)
    code.cond_br(code.op("i32.eq", elements, code.i32(0)), move, has_data)

    code.at_end(has_data)
    data = code.op("i32.sub", elements, code.i32(layout.DATA_ELEMENTS))
    old_size = code.load_word(data, layout.HEADER_SIZE, "header")
    code.cond_br(code.op("i32.eq", code.add(data, old_size), code.get(HEAP)), in_place, move)

    code.at_end(in_place)
    code.alloc(code.op("i32.sub", size, old_size))
    code.store_word(data, size, layout.HEADER_SIZE, "header")
    code.br(done, elements)

    code.at_end(move)
    fresh = code.alloc(size)
    code.header(fresh, layout.TYPE_DATA, size)
    moved = code.add(fresh, layout.DATA_ELEMENTS)
    length = code.load_word(array, layout.ARRAY_LENGTH, "array.length")
    code.emit("mem.copy", (moved, elements, code.op("i32.mul", length, stride)), ())
    code.br(done, moved)

    code.at_end(done)
    code.store_word(array, done.params[0], layout.ARRAY_ELEMENTS, "array.elements")
    code.store_word(array, code.op("i32.div_u", room, stride), layout.ARRAY_CAPACITY, "array.capacity")
    code.ret()


def fill_function(element: t.Type) -> tuple[str, RuntimeFunction]:
    """Name and making of the function that stores one value into the elements from `address` to before `end`."""
    fields, step = record((element,)), stride(element)

    def write(code: Code, address: Value, end: Value, *values: Value) -> None:
        loop, store, done = code.label("loop", t.I32), code.label("store"), code.label("done")
        code.br(loop, address)
        code.at_end(loop)
        (at,) = loop.params
        code.cond_br(code.op("i32.lt_u", at, end), store, done)
        code.at_end(store)
        code.store_fields(fields, at, values, 0, "elem.")
        code.br(loop, code.add(at, step))
        code.at_end(done)
        code.ret()

    params = {f"value.{number}": f.type for number, f in enumerate(fields)}
    name = "rt-fill-" + "-".join(f.kind for f in fields)
    return name, RuntimeFunction(write, {"address": t.I32, "end": t.I32, **params})
