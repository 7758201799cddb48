"""Allocation: the next cell of the class's run, in line; a new run, or a large object, by a call on a cold path.

    cell = next[class]; if cell == end[class]: refill, else next[class] = cell + cell_bytes[class]

Fresh memory is not zero: every object writes all that it will read, and what holds references (Data objects above all)
writes all that the collector will read.
"""

from __future__ import annotations

from ..ir import types as t
from ..ir.core import Value
from . import heap_state as state
from .heap_code import HeapCode
from .runtime_code import Code, RuntimeFunction
from .size_classes import CELL_BYTES, FINE_BITS, FINE_CLASSES, MAX_SMALL_BYTES, STEP_BITS
from .size_classes import class_of as class_of_size

OUT_OF_MEMORY = "out of memory"


def allocate_fixed(size_bytes: int) -> tuple[str, RuntimeFunction]:
    """Name and making of the function that allocates objects of a size known now, which is small."""
    number = class_of_size(size_bytes)

    def write(code: Code) -> None:
        heap = HeapCode(code)
        row = code.add(heap.table(state.HEAP), 0)
        _bump(heap, row, code.i32(number), code.i32(CELL_BYTES[number]), 8 * number)

    name = f"rt-new-{CELL_BYTES[number]}"
    return name, RuntimeFunction(write, {}, (t.I32,), {"inline": "always"})


def allocate(code: Code, size: Value) -> None:
    """The address of `size` bytes, a positive multiple of 8 and at most MAX_OBJECT_BYTES."""
    heap = HeapCode(code)
    with code.when(code.op("i32.gt_u", size, code.i32(MAX_SMALL_BYTES)), cold=True):
        code.ret(code.use("rt-alloc-large", size))
    class_ = _class_of(code, size)
    _bump(heap, heap.row(class_), class_, heap.cell_bytes(class_), 0)


def _bump(heap: HeapCode, row: Value, class_: Value, cell_bytes: Value, offset: int) -> None:
    code = heap.code
    cell = code.load_word(row, offset + state.NEXT, "heap.class.next")
    end = code.load_word(row, offset + state.END, "heap.class.end")
    fast, slow = code.label("fast"), code.label("slow", cold=True)
    code.cond_br(code.op("i32.eq", cell, end), slow, fast)
    code.at_end(fast)
    code.store_word(row, code.op("i32.add", cell, cell_bytes), offset + state.NEXT, "heap.class.next")
    code.ret(cell)
    code.at_end(slow)
    code.ret(code.use("rt-refill", class_))


def _class_of(code: Code, size: Value) -> Value:
    """`size_classes.class_of` of a size that is a multiple of 8."""
    one = code.i32(1)
    last = code.op("i32.sub", size, one)
    exponent = code.op("i32.sub", code.i32(31), code.op("i32.clz", code.op("i32.or", last, one)))
    step = code.op("i32.shr_u", last, code.op("i32.sub", exponent, code.i32(STEP_BITS)))
    coarse = code.op("i32.shl", code.op("i32.sub", exponent, code.i32(FINE_BITS)), code.i32(STEP_BITS))
    coarse = code.op("i32.add", coarse, code.op("i32.and", step, code.i32((1 << STEP_BITS) - 1)))
    fine = code.op("i32.shr_u", last, code.i32(3))
    is_fine = code.op("i32.lt_u", last, code.i32(1 << FINE_BITS))
    return code.op("select", is_fine, fine, code.add(coarse, FINE_CLASSES))


def allocate_for_host(code: Code, size: Value) -> None:
    """`rt-alloc` for callers outside, whose references nobody knows: nothing is collected."""
    code.ret(code.alloc(size))
