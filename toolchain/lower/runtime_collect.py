"""One collection: mark from the roots, free the blocks in which nothing is marked, leave the others to be swept lazily.

It happens only where the shadow stack is known (`mem.shadow` is not 0): the pass `gc-roots` passes its address down to
`rt-collect`. A host that allocates passes nothing, so that nothing it holds is ever freed.
"""

from __future__ import annotations

from ..ir import types as t
from ..ir.core import Value
from . import heap_state as state
from . import layout
from .heap_code import EPOCH_MASK
from .runtime_code import Code
from .runtime_mark import MarkCode
from .size_classes import BLOCK_BITS, BLOCK_BYTES, CLASSES

#: Between two collections is taken as much as lives; up to here, twice as much.
GENEROUS_BYTES = 32 << 20
#: While a heap grows, marking it again and again finds little: then this much at least is taken, and up to this much twice
#: as much as lives. A heap grows if more than a quarter of what was taken since the last collection survived this one.
GROWING_LEAST_BYTES, GROWING_MOST_BYTES = 32 << 20, 128 << 20
SURVIVING_SHARE_BITS = 2

LAST_EPOCH, OLD_EPOCH = 6, 7
POISON = 0xD8  # its low three bits are no epoch


def collect(code: Code) -> None:
    """1 after a collection; 0 if the roots are not known, so that there can be none."""
    heap = MarkCode(code)
    stack = code.op("mem.shadow")
    with code.when(heap.equal(stack, 0), cold=True):
        code.ret(code.i32(0))
    started = _clock(code)
    code.do("rt-clear-runs")
    _next_epoch(heap)
    lived = heap.get_wide("live")
    heap.put_wide("live", code.i64(0))
    code.do("rt-each-block", code.i32(FORGET))
    top = code.add(heap.table(state.SHADOW), state.SHADOW_BYTES)
    with code.loop(stack) as roots:
        (at,) = roots.values
        roots.stop_if(code.op("i32.ge_u", at, top))
        code.do("rt-mark-root", code.load_word(at, 0, "gc.roots"))
        roots.next(code.add(at, layout.POINTER_BYTES))
    code.do("rt-mark-globals")
    code.do("rt-follow")
    with code.loop() as again:
        again.stop_if(heap.equal(heap.get("lost"), 0))
        heap.put("lost", 0)
        code.do("rt-each-block", code.i32(RESCAN))
        again.next()
    heap.put("free", 0)
    code.do("rt-each-block", code.i32(FREE))
    heap.put("cursor", 0)
    code.do("rt-reset-classes")
    _account(heap, started, lived)
    code.ret(code.i32(1))


def _next_epoch(heap: MarkCode) -> None:
    """Take the next number. When they begin anew, what an old one says is cleared away first."""
    code = heap.code
    epoch = heap.get("epoch")
    wraps, counts, done = code.label("wraps", cold=True), code.label("counts"), code.label("numbered", t.I32, t.I32)
    code.cond_br(heap.equal(epoch, LAST_EPOCH), wraps, counts)
    code.at_end(wraps)
    code.do("rt-each-block", code.i32(RENUMBER))
    code.br(done, code.i32(OLD_EPOCH), code.i32(1))
    code.at_end(counts)
    code.br(done, epoch, code.add(epoch, 1))
    code.at_end(done)
    heap.put("before", done.params[0])
    heap.put("epoch", done.params[1])


def _clock(code: Code) -> Value | None:
    return code.runtime.call_host(code, "now", ())[0] if code.runtime.options.gc_stats else None


def _account(heap: MarkCode, started: Value | None, lived: Value) -> None:
    """Decide how much is taken before the next collection; `lived` is what was alive after the last one."""
    code = heap.code
    since, live = heap.get_wide("since"), heap.get_wide("live")
    heap.add_wide("allocated", since)
    heap.add_wide("collections", code.i64(1))
    heap.put_wide("since", code.i64(0))
    survived = code.op("i64.shl", code.op("i64.sub", live, lived), code.i64(SURVIVING_SHARE_BITS))
    is_growing = code.op("i64.gt_s", survived, since)
    most = code.op("select", is_growing, code.i64(GROWING_MOST_BYTES), code.i64(GENEROUS_BYTES))
    more = code.op("select", code.op("i64.lt_s", live, most), live, most)
    usual = code.op("i64.add", live, more)
    least = code.op("select", is_growing, code.i64(GROWING_LEAST_BYTES), code.i64(0))
    heap.put_wide("headroom", code.op("select", code.op("i64.lt_s", usual, least), least, usual))
    if started is not None:
        (now,) = code.runtime.call_host(code, "now", ())
        micros = code.op("f64.mul", code.op("f64.sub", now, started), code.const(t.F64, 1000.0))
        pause = code.op("i64.trunc_sat_f64_s", micros)
        heap.add_wide("paused", pause)
        longest = heap.get_wide("longest")
        heap.put_wide("longest", code.op("select", code.op("i64.gt_s", pause, longest), pause, longest))


def clear_runs(code: Code) -> None:
    """Clear the headers of cells that allocation has not come to: they may hold anything, a wrong epoch too."""
    heap = MarkCode(code)
    with code.loop(code.i32(0)) as classes:
        (class_,) = classes.values
        classes.stop_if(heap.equal(class_, CLASSES))
        row, size = heap.row(class_), heap.cell_bytes(class_)
        end = heap.class_get(row, state.END)
        with code.loop(heap.class_get(row, state.NEXT)) as cells:
            (cell,) = cells.values
            cells.stop_if(heap.equal(cell, end))
            code.store(cell, code.i64(0), 0, "header")
            cells.next(code.add(cell, size))
        classes.next(code.add(class_, 1))
    code.ret()


def reset_classes(code: Code) -> None:
    """No class has a run or a block that is being swept. By single stores, whose alias classes callers can see."""
    heap = MarkCode(code)
    with code.loop(code.i32(0)) as classes:
        (class_,) = classes.values
        classes.stop_if(heap.equal(class_, CLASSES))
        row = heap.row(class_)
        for offset in (state.NEXT, state.END, state.SWEEP_AT, state.SWEEP_BLOCK):
            heap.class_put(row, offset, 0)
        classes.next(code.add(class_, 1))
    code.ret()


#: What `rt-each-block` does.
FORGET, RENUMBER, RESCAN, FREE = range(4)


def each_block(code: Code, what: Value) -> None:
    """Go over all blocks. FORGET: before marking. RENUMBER: see `_renumber`. RESCAN: follow all that is marked. FREE: after."""
    heap = MarkCode(code)
    blocks = heap.get("blocks")
    with code.loop(code.i32(0)) as all_:
        (number,) = all_.values
        all_.stop_if(code.op("i32.ge_u", number, blocks))
        entry, following = heap.entry(number), code.add(number, 1)
        kind, bits = heap.kind(entry), heap.state(entry)
        with code.when(heap.equal(what, FREE)):
            code.do("rt-free-unmarked", entry, kind, bits)
            all_.next(following)
        is_used = code.op(
            "bool.and",
            code.op("i32.ne", kind, code.i32(state.FREE)),
            code.op("i32.ne", kind, code.i32(state.LARGE_REST)),
        )
        with code.when(code.op("bool.not", is_used)):
            all_.next(following)
        with code.when(heap.equal(what, FORGET)):
            unswept = code.op("i32.and", bits, code.i32(state.UNSWEPT))
            heap.set_state(entry, code.op("i32.shl", unswept, code.i32(1)))
            all_.next(following)
        block = heap.block_address(number)
        is_large = heap.equal(kind, state.LARGE)
        class_ = code.op("select", is_large, code.i32(0), code.add(kind, -1))
        size = code.op("select", is_large, code.i32(BLOCK_BYTES), heap.cell_bytes(class_))
        end = code.add(block, code.op("select", is_large, code.i32(BLOCK_BYTES), heap.span(class_)))
        with code.loop(block) as cells:
            (cell,) = cells.values
            cells.stop_if(heap.equal(cell, end))
            with code.when(heap.equal(what, RENUMBER)):
                code.do("rt-renumber", cell)
                cells.next(code.add(cell, size))
            with code.when(heap.equal(heap.epoch_of(cell), heap.get("epoch"))):
                code.do("rt-rescan", cell)
            cells.next(code.add(cell, size))
        all_.next(following)
    code.ret()


def renumber(code: Code, cell: Value) -> None:
    """Give an object marked by the last collection OLD_EPOCH, and others 0, so that the other numbers can come again.

    Cells that are not in use are no objects, but their first bytes mean nothing to anybody.
    """
    heap = MarkCode(code)
    word, size = heap.header(cell)
    is_marked = heap.equal(code.op("i32.and", size, code.i32(EPOCH_MASK)), LAST_EPOCH)
    heap.set_epoch(cell, size, code.op("select", is_marked, code.i32(OLD_EPOCH), code.i32(0)))
    is_arena = heap.equal(code.op("i32.and", word, code.i32(0xFFFF)), layout.TYPE_ARENA)
    with code.when(code.op("bool.and", is_arena, is_marked), cold=True):
        code.store_word(cell, layout.TYPE_ARENA, 0, "header")
        end = code.add(cell, heap.bytes_of(size))
        with code.loop(code.add(cell, layout.HEADER_BYTES)) as members:
            (at,) = members.values
            members.stop_if(code.op("i32.ge_u", at, end))
            _, its_size = heap.header(at)
            heap.set_epoch(at, its_size, code.i32(0))
            members.next(code.add(at, heap.bytes_of(its_size)))
    code.ret()


def rescan(code: Code, cell: Value) -> None:
    """Follow a marked object again, because what it refers to may have been forgotten."""
    heap = MarkCode(code)
    word, size = heap.header(cell)
    is_arena = heap.equal(code.op("i32.and", word, code.i32(0xFFFF)), layout.TYPE_ARENA)
    with code.when(is_arena, cold=True):
        end = code.add(cell, heap.bytes_of(size))
        with code.loop(code.add(cell, layout.HEADER_BYTES)) as members:
            (at,) = members.values
            members.stop_if(code.op("i32.ge_u", at, end))
            its_word, its_size = heap.header(at)
            with code.when(heap.equal(heap.epoch_of(at), heap.get("epoch"))):
                heap.push_unless_leaf(at, its_word)
                code.do("rt-follow")
            members.next(code.add(at, heap.bytes_of(its_size)))
        code.ret()
    heap.push_unless_leaf(cell, word)
    code.do("rt-follow")
    code.ret()


def free_unmarked(code: Code, entry: Value, kind: Value, bits: Value) -> None:
    """Free a block in which nothing is marked; leave one of small cells UNSWEPT; count those that are free."""
    heap = MarkCode(code)
    table = heap.table(state.BLOCKS)
    with code.when(heap.equal(kind, state.LARGE_REST)):
        before = code.add(entry, -state.ENTRY_BYTES)
        with code.when(heap.equal(heap.kind(before), state.FREE)):
            _free(heap, entry, table)
        code.ret()
    with code.when(heap.equal(code.op("i32.and", bits, code.i32(state.UNSWEPT)), 0)):
        _free(heap, entry, table)
    is_large = heap.equal(kind, state.LARGE)
    heap.set_state(entry, code.op("select", is_large, code.i32(0), code.i32(state.UNSWEPT)))
    if code.runtime.options.gc_stress:
        with code.when(code.op("bool.not", is_large)):
            code.do("rt-poison", _block_of(heap, entry, table), code.add(kind, -1))
    code.ret()


def _block_of(heap: MarkCode, entry: Value, table: Value) -> Value:
    return heap.block_address(heap.code.op("i32.shr_u", heap.code.op("i32.sub", entry, table), heap.code.i32(1)))


def _free(heap: MarkCode, entry: Value, table: Value) -> None:
    code = heap.code
    heap.set_both(entry, state.FREE)
    heap.put("free", code.add(heap.get("free"), 1))
    if code.runtime.options.gc_stress:
        block = _block_of(heap, entry, table)
        code.emit("mem.fill", (block, code.i32(POISON), code.i32(1 << BLOCK_BITS)), (), None, alias="heap.fresh")
    code.ret()


def poison(code: Code, block: Value, class_: Value) -> None:
    """Overwrite the free cells of a block, so that who still uses one notices."""
    heap = MarkCode(code)
    size, epoch = heap.cell_bytes(class_), heap.get("epoch")
    end = code.add(block, heap.span(class_))
    with code.loop(block) as cells:
        (cell,) = cells.values
        cells.stop_if(heap.equal(cell, end))
        with code.when(code.op("i32.ne", heap.epoch_of(cell), epoch)):
            code.emit("mem.fill", (cell, code.i32(POISON), size), (), None, alias="heap.fresh")
        cells.next(code.add(cell, size))
    code.ret()


def mark_globals(code: Code) -> None:
    """Mark what module variables refer to. The pass `gc-roots`, which knows which are left, writes the body."""
    code.ret()
