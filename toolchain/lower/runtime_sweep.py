"""Taking cells for small objects: a run of free cells of a class, from which allocation then bumps.

    block of a class:   live  free free  live  free free free  ...
                              ^next ^end       found by the next refill

Sweeping is lazy: a block is looked at when its class wants cells. What the last collection did not mark is free.
"""

from __future__ import annotations

from ..ir.core import Value
from . import heap_state as state
from .heap_code import HeapCode
from .runtime_code import Code
from .size_classes import BLOCK_BYTES

OUT_OF_MEMORY = "out of memory"


def refill(code: Code, class_: Value) -> None:
    """The address of a cell of a class whose run is used up; the rest of a new run is left to the class."""
    heap = HeapCode(code)
    options = code.runtime.options
    if options.gc_stress:
        code.use("rt-collect")
    else:
        with code.when(code.op("i64.gt_s", heap.get_wide("since"), heap.threshold()), cold=True):
            code.use("rt-collect")
    _return_swept(code, class_)
    block = code.use("rt-take-blocks", code.i32(1))
    with code.when(heap.equal(block, 0), cold=True):
        code.use("rt-collect")
        _return_swept(code, class_)
        again = code.use("rt-take-blocks", code.i32(1))
        with code.when(heap.equal(again, 0), cold=True):
            code.panic(OUT_OF_MEMORY)
        _start_block(heap, class_, again)
    _start_block(heap, class_, block)


def _return_swept(code: Code, class_: Value) -> None:
    cell = code.use("rt-sweep", class_)
    with code.when(code.op("i32.ne", cell, code.i32(0))):
        code.ret(cell)


def _start_block(heap: HeapCode, class_: Value, block: Value) -> None:
    """Return the first cell of a block that becomes one of the class."""
    code = heap.code
    heap.set_both(heap.entry(heap.block_number(block)), code.add(class_, 1))
    end = code.add(block, heap.span(class_))
    if code.runtime.options.gc_stress:
        _take_one(heap, class_, block, end)
    else:
        heap.class_put(heap.row(class_), state.SWEEP_AT, 0)
        _take_run(heap, class_, block, end)


def _take_run(heap: HeapCode, class_: Value, start: Value, end: Value) -> None:
    """Return the first cell of the run; the others are next."""
    code = heap.code
    row, cell = heap.row(class_), heap.cell_bytes(class_)
    size = code.op("i32.sub", end, start)
    heap.class_put(row, state.NEXT, code.add(start, cell))
    heap.class_put(row, state.END, end)
    heap.add_wide("since", code.wide(size))
    if code.runtime.options.gc_stats:
        heap.add_wide("objects", code.wide(code.op("i32.div_u", size, cell)))
    code.ret(start)


def _take_one(heap: HeapCode, class_: Value, start: Value, end: Value) -> None:
    """Return one cell, so that every allocation comes here; `end` is that of the block's cells."""
    code = heap.code
    following = code.add(start, heap.cell_bytes(class_))
    is_last = heap.equal(following, end)
    heap.class_put(heap.row(class_), state.SWEEP_AT, code.op("select", is_last, code.i32(0), following))
    _take_run(heap, class_, start, following)


def sweep(code: Code, class_: Value) -> None:
    """The first cell of the next run of free cells in a block of the class, which is taken; 0 if there is none."""
    heap = HeapCode(code)
    row, cell, span = heap.row(class_), heap.cell_bytes(class_), heap.span(class_)
    epoch = heap.get("epoch")
    with code.loop(heap.class_get(row, state.SWEEP_AT)) as blocks:
        (at,) = blocks.values
        with code.when(heap.equal(at, 0)):
            block = code.use("rt-next-unswept", class_)
            with code.when(heap.equal(block, 0)):
                code.ret(code.i32(0))
            blocks.next(block)
        end = code.add(heap.block_start(at), span)
        with code.loop(at) as live:
            (first,) = live.values
            with code.when(heap.equal(first, end)):
                heap.class_put(row, state.SWEEP_AT, 0)
                blocks.next(code.i32(0))
            live.stop_if(code.op("i32.ne", heap.epoch_of(first), epoch))
            live.next(code.add(first, cell))
        if code.runtime.options.gc_stress:
            _take_one(heap, class_, first, end)
            return
        with code.loop(code.add(first, cell)) as free:
            (last,) = free.values
            free.stop_if(heap.equal(last, end))
            free.stop_if(heap.equal(heap.epoch_of(last), epoch))
            free.next(code.add(last, cell))
        heap.class_put(row, state.SWEEP_AT, code.op("select", heap.equal(last, end), code.i32(0), last))
        _take_run(heap, class_, first, last)


def next_unswept(code: Code, class_: Value) -> None:
    """Address of the next block of a class that is UNSWEPT, and is not any more; 0 if there is none."""
    heap = HeapCode(code)
    row, blocks = heap.row(class_), heap.get("blocks")
    wanted = code.add(class_, 1 + (state.UNSWEPT << 8))
    with code.loop(heap.class_get(row, state.SWEEP_BLOCK)) as search:
        (number,) = search.values
        search.stop_if(code.op("i32.ge_u", number, blocks))
        entry, following = heap.entry(number), code.add(number, 1)
        with code.when(heap.equal(heap.both(entry), wanted)):
            heap.set_state(entry, 0)
            heap.class_put(row, state.SWEEP_BLOCK, following)
            code.ret(heap.block_address(number))
        search.next(following)
    heap.class_put(row, state.SWEEP_BLOCK, blocks)
    code.ret(code.i32(0))


def allocate_large(code: Code, size: Value) -> None:
    """The address of an object of more than MAX_SMALL_BYTES, in blocks of its own."""
    heap = HeapCode(code)
    count = code.op("i32.shr_u", code.add(size, BLOCK_BYTES - 1), code.i32(15))
    taken = code.op("i64.shl", code.wide(count), code.i64(15))
    if code.runtime.options.gc_stress:
        code.use("rt-collect")
    else:
        since = code.op("i64.add", heap.get_wide("since"), taken)
        with code.when(code.op("i64.gt_s", since, heap.threshold()), cold=True):
            # An object larger than the threshold is no reason to look for garbage when nothing else was allocated.
            enough = code.op("i64.gt_s", since, code.op("i64.shl", taken, code.i64(1)))
            with code.when(enough):
                code.use("rt-collect")
    heap.add_wide("since", taken)
    if code.runtime.options.gc_stats:
        heap.add_wide("objects", code.i64(1))
    block = code.use("rt-take-blocks", count)
    with code.when(heap.equal(block, 0), cold=True):
        code.use("rt-collect")
        again = code.use("rt-take-blocks", count)
        with code.when(heap.equal(again, 0), cold=True):
            code.panic(OUT_OF_MEMORY)
        _return_large(heap, again, count)
    _return_large(heap, block, count)


def _return_large(heap: HeapCode, block: Value, count: Value) -> None:
    from .runtime_blocks import mark_large

    mark_large(heap, block, count)
    heap.code.ret(block)
