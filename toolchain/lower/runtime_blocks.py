"""Blocks of the heap: finding free ones, growing the heap by new ones, large objects that are runs of whole blocks."""

from __future__ import annotations

from ..ir.core import Value
from . import heap_state as state
from .heap_code import HeapCode
from .runtime_code import Code
from .size_classes import BLOCK_BITS, BLOCK_BYTES

PAGE_BITS = 16
MAX_PAGES = 65535  # the last page stays unused, so that no address behind an object is 2^32
#: Memory grows by an eighth, and by this at least: 1 MiB, and above 4 MiB by 16, because what is touched while memory ends
#: close behind it gets no large page from the system (`wasm_runtime/large_pages.py`).
MIN_GROWTH_PAGES, SMALL_PAGES, LARGE_GROWTH_PAGES = 16, 64, 256


def take_blocks(code: Code, count: Value) -> None:
    """Address of `count` blocks in a row that are free, or 0 if memory cannot grow. They are still noted as FREE."""
    heap = HeapCode(code)
    one = code.i32(1)
    with code.when(code.op("i32.le_u", count, heap.get("free"))):
        cursor = heap.get("cursor")
        found = code.use("rt-find-blocks", count, cursor)
        with code.when(code.op("i32.ge_s", found, code.i32(0))):
            _take(heap, found, count)
        with code.when(code.op("i32.ne", cursor, code.i32(0))):
            again = code.use("rt-find-blocks", count, code.i32(0))
            with code.when(code.op("i32.ge_s", again, code.i32(0))):
                _take(heap, again, count)
    blocks = heap.get("blocks")
    end = code.add(blocks, count)
    start = code.op("i32.shr_u", heap.heap_start(), code.i32(BLOCK_BITS))
    failed, good = code.label("failed", cold=True), code.label("good")
    code.cond_br(code.op("i32.eq", code.use("rt-reach", code.add(start, end)), one), good, failed)
    code.at_end(failed)
    code.ret(code.i32(0))
    code.at_end(good)
    heap.put("blocks", end)
    code.ret(heap.block_address(blocks))


def _take(heap: HeapCode, first: Value, count: Value) -> None:
    code = heap.code
    heap.put("cursor", code.add(first, count))
    heap.put("free", code.op("i32.sub", heap.get("free"), count))
    code.ret(heap.block_address(first))


def find_blocks(code: Code, count: Value, start: Value) -> None:
    """Number of the first of `count` FREE blocks in a row, none before `start`; -1 if there are none."""
    heap = HeapCode(code)
    end, entry_bytes = heap.entry(heap.get("blocks")), code.i32(state.ENTRY_BYTES)
    with code.loop(heap.entry(start), code.i32(0)) as search:
        entry, run = search.values
        search.stop_if(code.op("i32.ge_u", entry, end))
        is_free = heap.equal(heap.kind(entry), state.FREE)
        longer = code.op("select", is_free, code.add(run, 1), code.i32(0))
        following = code.op("i32.add", entry, entry_bytes)
        with code.when(heap.equal(longer, count)):
            number = code.op("i32.shr_u", code.op("i32.sub", following, heap.table(state.BLOCKS)), code.i32(1))
            code.ret(code.op("i32.sub", number, count))
        search.next(following, longer)
    code.ret(code.i32(-1))


def reach(code: Code, end_block: Value) -> None:
    """1 if memory reaches up to the block of this number, counted from address 0, after growing it if needed; else 0."""
    bits = PAGE_BITS - BLOCK_BITS
    end_page = code.op("i32.shr_u", code.add(end_block, (1 << bits) - 1), code.i32(bits))
    pages = code.op("mem.size")
    one, zero = code.i32(1), code.i32(0)
    with code.when(code.op("i32.le_u", end_page, pages)):
        code.ret(one)
    with code.when(code.op("i32.gt_u", end_page, code.i32(MAX_PAGES)), cold=True):
        code.ret(zero)
    missing = code.op("i32.sub", end_page, pages)
    is_small = code.op("i32.lt_u", pages, code.i32(SMALL_PAGES))
    least = code.op("select", is_small, code.i32(MIN_GROWTH_PAGES), code.i32(LARGE_GROWTH_PAGES))
    step = code.op("i32.or", code.op("i32.shr_u", pages, code.i32(3)), least)
    wanted = code.op("select", code.op("i32.lt_u", missing, step), step, missing)
    left = code.op("i32.sub", code.i32(MAX_PAGES), pages)
    wanted = code.op("select", code.op("i32.lt_u", wanted, left), wanted, left)
    with code.when(code.op("i32.ne", code.op("mem.grow", wanted), code.i32(-1))):
        code.ret(one)
    # A limit of the host may leave room for what is needed, if not for more.
    refused = code.op("i32.eq", code.op("mem.grow", missing), code.i32(-1))
    code.ret(code.op("select", refused, zero, one))


def blocks_for(code: Code, size: Value) -> Value:
    """How many blocks an object of a size needs."""
    return code.op("i32.shr_u", code.add(size, BLOCK_BYTES - 1), code.i32(BLOCK_BITS))


def mark_large(heap: HeapCode, address: Value, count: Value) -> None:
    """Note `count` blocks from an address on as one large object."""
    entry = heap.entry(heap.block_number(address))
    heap.fill_entries(entry, state.LARGE_REST, count)
    heap.set_both(entry, state.LARGE)


def stretch(code: Code, address: Value, old: Value, new: Value) -> None:
    """Lengthen a large object from `old` to `new` bytes where it is; 1 if the blocks behind it are free, or new ones; else 0.

    Its header is the caller's affair, and so is what the collector would read of the new bytes.
    """
    heap = HeapCode(code)
    zero, blocks = code.i32(0), heap.get("blocks")
    after = code.add(heap.block_number(address), blocks_for(code, old))
    end = code.add(heap.block_number(address), blocks_for(code, new))
    known = code.op("select", heap.below(end, blocks), end, blocks)
    with code.loop(after) as between:
        (number,) = between.values
        between.stop_if(code.op("i32.ge_u", number, known))
        with code.when(code.op("i32.ne", heap.kind(heap.entry(number)), code.i32(state.FREE))):
            code.ret(zero)
        between.next(code.add(number, 1))
    with code.when(heap.below(blocks, end)):
        start = code.op("i32.shr_u", heap.heap_start(), code.i32(BLOCK_BITS))
        with code.when(heap.equal(code.use("rt-reach", code.add(start, end)), 0), cold=True):
            code.ret(zero)
        heap.put("blocks", end)
    heap.put("free", code.op("i32.sub", heap.get("free"), code.op("i32.sub", known, after)))
    count = code.op("i32.sub", end, after)
    heap.fill_entries(heap.entry(after), state.LARGE_REST, count)
    heap.add_wide("since", code.op("i64.shl", code.wide(count), code.i64(BLOCK_BITS)))
    code.ret(code.i32(1))


def free_large(code: Code, address: Value) -> None:
    """Give back the blocks of a large object that nothing refers to any more."""
    heap = HeapCode(code)
    _, size = heap.header(address)
    count = blocks_for(code, code.op("i32.and", size, code.i32(-8)))
    heap.fill_entries(heap.entry(heap.block_number(address)), state.FREE, count)
    heap.put("free", code.add(heap.get("free"), count))
    heap.put("cursor", 0)
    code.ret()
