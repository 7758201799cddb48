"""The allocator: memory is one heap that only grows.

`rt-heap` is the next free address, `rt-limit` the end of memory. Both start as 0, which leaves no room, so that the first
allocation takes the slow path and finds out where the heap begins. Objects are never freed; fresh memory is therefore
zero, which nobody relies on: every object writes all that it will read.
"""

from __future__ import annotations

from ..ir.core import Value
from .runtime_code import Code

HEAP, LIMIT = "rt-heap", "rt-limit"

PAGE_BITS = 16
MAX_PAGES = 65535  # the last page stays unused, so that no address behind an object is 2^32
MIN_GROWTH_PAGES = 16  # 1 MiB

OUT_OF_MEMORY = "out of memory"


def alloc(code: Code, size: Value) -> None:
    """The address of `size` fresh bytes, a positive multiple of 8 and at most MAX_OBJECT_BYTES."""
    fast, slow = code.label("fast"), code.label("slow", cold=True)
    start = code.get(HEAP)
    room = code.op("i32.sub", code.get(LIMIT), start)
    code.cond_br(code.op("i32.le_u", size, room), fast, slow)
    code.at_end(fast)
    code.set(HEAP, code.add(start, size))
    code.ret(start)
    code.at_end(slow)
    code.ret(*code.runtime.call(code, "rt-grow-heap", [size]))


def grow_heap(code: Code, size: Value) -> None:
    """Allocate `size` bytes when there may be no room for them; panics when memory cannot grow."""
    begun = code.get(HEAP)
    start = code.op("select", code.op("i32.eq", begun, code.i32(0)), code.op("mem.heap_base"), begun)
    pages = code.op("mem.size")
    end = code.op("i64.add", code.wide(start), code.wide(size))
    end_page = code.narrow(code.op("i64.shr_u", code.op("i64.add", end, code.i64(0xFFFF)), code.i64(PAGE_BITS)))
    code.panic_if(code.op("i32.gt_u", end_page, code.i32(MAX_PAGES)), OUT_OF_MEMORY)
    grow, exactly, failed, done = (
        code.label("grow"),
        code.label("exactly", cold=True),
        code.label("failed", cold=True),
        code.label("done"),
    )
    code.cond_br(code.op("i32.le_u", end_page, pages), done, grow)

    code.at_end(grow)
    missing = code.op("i32.sub", end_page, pages)
    step = code.op("i32.or", code.op("i32.shr_u", pages, code.i32(3)), code.i32(MIN_GROWTH_PAGES))
    wanted = code.op("select", code.op("i32.lt_u", missing, step), step, missing)
    left = code.op("i32.sub", code.i32(MAX_PAGES), pages)
    wanted = code.op("select", code.op("i32.lt_u", wanted, left), wanted, left)
    refused = code.op("i32.eq", code.op("mem.grow", wanted), code.i32(-1))
    code.cond_br(refused, exactly, done)

    code.at_end(exactly)  # a limit of the host may leave room for what is needed, if not for more
    refused = code.op("i32.eq", code.op("mem.grow", missing), code.i32(-1))
    code.cond_br(refused, failed, done)

    code.at_end(failed)
    code.panic(OUT_OF_MEMORY)

    code.at_end(done)
    code.set(LIMIT, code.op("i32.shl", code.op("mem.size"), code.i32(PAGE_BITS)))
    code.set(HEAP, code.add(start, size))
    code.ret(start)
