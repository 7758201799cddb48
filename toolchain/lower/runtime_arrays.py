"""Functions of the runtime for arrays: making, growing, filling."""

from __future__ import annotations

from ..ir import types as t
from ..ir.core import Target, Value
from . import layout
from .representation import record, stride
from .runtime_code import Code, RuntimeFunction
from .size_classes import MAX_SMALL_BYTES

MIN_GROWN_BYTES = 32  # room for elements of an array that had none

ARRAY_TOO_LARGE = "array is too large"


def array_new(code: Code, capacity: Value, stride: Value, data_type: Value) -> None:
    """An empty array with room for `capacity` elements of `stride` bytes; a small one is one allocation with its Data."""
    size = code.op("i64.mul", capacity, code.wide(stride))
    too_many = code.op("i64.gt_u", capacity, code.i64(layout.MAX_OBJECT_BYTES))
    code.panic_if(code.op("bool.or", too_many, code.exceeds_object(size, layout.ARRAY_BYTES)), ARRAY_TOO_LARGE)
    data_size = code.align(code.narrow(size), layout.DATA_ELEMENTS)
    room = code.narrow(capacity)
    with code.when(code.op("i32.gt_u", data_size, code.i32(MAX_SMALL_BYTES)), cold=True):
        data = _new_data(code, data_size, data_type)
        array = code.alloc(code.i32(layout.ARRAY_BYTES))
        _array_object(code, array, room, code.add(data, layout.DATA_ELEMENTS))
        code.ret(array)
    array = code.alloc(code.add(data_size, layout.ARRAY_BYTES))
    own = code.add(array, layout.ARRAY_BYTES)
    _array_object(code, array, room, code.add(own, layout.DATA_ELEMENTS))
    _data_object(code, own, data_size, code.op("i32.or", data_type, code.i32(layout.INNER)), data_type)
    code.ret(array)


def _array_object(code: Code, array: Value, capacity: Value, elements: Value) -> None:
    code.header(array, layout.TYPE_ARRAY, layout.ARRAY_BYTES)
    code.store_word(array, 0, layout.ARRAY_LENGTH, "array.length")
    code.store_word(array, capacity, layout.ARRAY_CAPACITY, "array.capacity")
    code.store_word(array, elements, layout.ARRAY_ELEMENTS, "array.elements")


def _new_data(code: Code, size: Value, data_type: Value) -> Value:
    data = code.alloc(size)
    _data_object(code, data, size, data_type, data_type)
    return data


def _data_object(code: Code, data: Value, size: Value, word: Value, data_type: Value) -> None:
    """Write the header; make the elements zero if they hold references, because the collector looks at all of them."""
    code.store_word(data, word, layout.HEADER_TYPE, "header")
    code.store_word(data, size, layout.HEADER_SIZE, "header")
    with code.when(code.op("i32.ne", data_type, code.i32(layout.TYPE_DATA))):
        content = code.op("i32.sub", size, code.i32(layout.DATA_ELEMENTS))
        start = code.add(data, layout.DATA_ELEMENTS)
        code.emit("mem.fill", (start, code.i32(0), content), (), None, alias="heap.fresh")


def array_reserve(code: Code, array: Value, wanted: Value, stride: Value, data_type: Value) -> None:
    """Room for `wanted` elements, more than there is room for now: at least twice as many as now.

    A Data object with blocks of its own is the array's alone: it gets longer where it is, if there is room behind it. Else
    the elements move to a new one, and the blocks of the old one are free at once: code that got its elements' address
    before has to get it anew.
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
    old = code.op("i32.sub", elements, code.i32(layout.DATA_ELEMENTS))
    has_blocks = _has_blocks(code, elements, old)
    with code.when(has_blocks):
        before = code.object_bytes(old)
        with code.when(code.op("i32.ne", code.use("rt-stretch", old, before, size), code.i32(0))):
            _lengthen(code, old, before, size, data_type)
            code.store_word(array, code.op("i32.div_u", room, stride), layout.ARRAY_CAPACITY, "array.capacity")
            code.ret()
    moved = code.add(_new_data(code, size, data_type), layout.DATA_ELEMENTS)
    length = code.load_word(array, layout.ARRAY_LENGTH, "array.length")
    code.emit("mem.copy", (moved, elements, code.op("i32.mul", length, stride)), ())
    code.store_word(array, moved, layout.ARRAY_ELEMENTS, "array.elements")
    code.store_word(array, code.op("i32.div_u", room, stride), layout.ARRAY_CAPACITY, "array.capacity")
    with code.when(has_blocks):
        code.do("rt-free-large", old)
    code.ret()


def _has_blocks(code: Code, elements: Value, data: Value) -> Value:
    """True if there are elements, and they are in a Data object with blocks of its own."""
    check, known = code.label("check"), code.label("known", t.BOOL)
    no = code.const(t.BOOL, False)
    code.cond_br(code.op("i32.ne", elements, code.i32(0)), check, Target(known, [no]))
    code.at_end(check)
    is_large = code.op("i32.gt_u", code.object_bytes(data), code.i32(MAX_SMALL_BYTES))
    is_own = code.op("i32.lt_u", code.load_word(data, layout.HEADER_TYPE, "header"), code.i32(layout.INNER))
    code.br(known, code.op("bool.and", is_large, is_own))
    code.at_end(known)
    return known.params[0]


def _lengthen(code: Code, data: Value, before: Value, size: Value, data_type: Value) -> None:
    """Write the new size of a Data object that got longer where it is; see `_data_object`."""
    epoch = code.op("i32.sub", code.load_word(data, layout.HEADER_SIZE, "header"), before)
    code.store_word(data, code.add(size, epoch), layout.HEADER_SIZE, "header")
    with code.when(code.op("i32.ne", data_type, code.i32(layout.TYPE_DATA))):
        more = code.op("i32.sub", size, before)
        code.emit("mem.fill", (code.add(data, before), code.i32(0), more), (), None, alias="heap.fresh")


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
