"""Marking what is reachable.

    shadow stack, globals --(conservative: may point into an object, or be no address)--> objects --(precise)--> objects

An object is marked by the number of the collection, the epoch, in the low bits of its size: 1 to 6; new objects have 0. Marked
objects whose references are to be followed wait on a stack. If that is full, they are looked for in the whole heap later.
References to static data are below the heap's start, and null is too: one comparison sorts them out.
"""

from __future__ import annotations

from ..ir.core import Value
from . import descriptors, layout
from . import heap_state as state
from .descriptors import KIND_BITS, ROW_BYTES
from .heap_code import EPOCH_MASK, HeapCode
from .runtime_code import Code

#: So many elements of an array are followed at once: what waits on the stack is less than this times the depth of nesting.
ELEMENTS_AT_ONCE = 64
ENTRY_BYTES = 8


class MarkCode(HeapCode):
    """What the functions here share."""

    __slots__ = ()

    def descriptor(self, word: Value) -> Value:
        """Address of the row of the table for a type word."""
        code = self.code
        table = code.op("mem.data_addr", data=code.runtime.descriptors.segment())
        return code.add(table, code.scale(code.op("i32.and", word, code.i32(0xFFFF)), ROW_BYTES))

    def bits(self, descriptor: Value) -> Value:
        return self.code.load_word(descriptor, 0, "heap.descriptors", invariant=True)

    def kind_word(self, descriptor: Value) -> Value:
        return self.code.load_word(descriptor, 4, "heap.descriptors", invariant=True)

    def bytes_of(self, size: Value) -> Value:
        """A size word without the epoch."""
        return self.code.op("i32.and", size, self.code.i32(~EPOCH_MASK))

    def set_epoch(self, address: Value, size: Value, epoch: Value) -> None:
        self.code.store_word(address, self.code.op("i32.or", self.bytes_of(size), epoch), 4, "header")

    def mark_whole(self, address: Value, word: Value, size: Value, epoch: Value) -> None:
        """Mark an object with a cell or blocks of its own."""
        code = self.code
        size = self.bytes_of(size)
        code.store_word(address, code.op("i32.or", size, epoch), 4, "header")
        self.add_wide("live", code.wide(size))
        self.note_block(address)
        string, other, done = code.label("string"), code.label("other"), code.label("followed")
        code.cond_br(self.equal(word, layout.TYPE_STRING), string, other)
        code.at_end(string)
        code.do("rt-mark-buffer", address)
        code.br(done)
        code.at_end(other)
        self.push_unless_leaf(address, word)
        code.br(done)
        code.at_end(done)

    def note_block(self, address: Value) -> None:
        """Something in the block of `address` is marked."""
        entry = self.entry(self.block_number(address))
        self.set_state(entry, self.code.op("i32.or", self.state(entry), self.code.i32(state.UNSWEPT)))

    def push_unless_leaf(self, address: Value, word: Value) -> None:
        kind = self.kind_word(self.descriptor(word))
        with self.code.when(self.code.op("i32.ne", kind, self.code.i32(descriptors.LEAF))):
            self.push(address, self.code.i32(0))

    def push(self, address: Value, resume: Value) -> None:
        """Follow the references of an object later; of a Data object, those from the address `resume` on, unless that is 0."""
        code = self.code
        used = self.get("marks")
        is_full = code.op("i32.eq", used, code.i32(code.runtime.options.mark_stack_bytes))
        full, fits, done = code.label("full", cold=True), code.label("fits"), code.label("pushed")
        code.cond_br(is_full, full, fits)
        code.at_end(full)
        self.put("lost", 1)
        code.br(done)
        code.at_end(fits)
        at = code.add(self.table(state.MARKS), used)
        code.store_word(at, address, 0, "heap.marks")
        code.store_word(at, resume, 4, "heap.marks")
        self.put("marks", code.add(used, ENTRY_BYTES))
        code.br(done)
        code.at_end(done)

    def mark_here(self, address: Value) -> None:
        """`rt-mark` in line, as far as it has to do with most objects."""
        code = self.code
        with code.when(code.op("i32.ge_u", address, self.heap_start())):
            word, size = self.header(address)
            epoch = self.get("epoch")
            with code.when(code.op("i32.ne", code.op("i32.and", size, code.i32(EPOCH_MASK)), epoch)):
                own, part, done = code.label("own"), code.label("part", cold=True), code.label("marked")
                code.cond_br(code.op("i32.lt_u", word, code.i32(layout.INNER)), own, part)
                code.at_end(part)
                code.do("rt-mark-part", address)
                code.br(done)
                code.at_end(own)
                self.mark_whole(address, word, size, epoch)
                code.br(done)
                code.at_end(done)

    def each_bit(self, bits: Value, base: Value) -> None:
        """Mark what the references at `base` + 4 * i are, for every bit i."""
        code = self.code
        with code.loop(bits) as slots:
            (left,) = slots.values
            slots.stop_if(self.equal(left, 0))
            at = code.add(base, code.scale(code.op("i32.ctz", left), layout.POINTER_BYTES))
            self.mark_here(code.load_word(at, 0, "any"))
            slots.next(code.op("i32.and", left, code.add(left, -1)))

    def each_listed(self, listed: Value, base: Value) -> None:
        """Mark what the references at the offsets of a list are, counted from `base`."""
        code = self.code
        count = code.load_word(listed, 0, "heap.descriptors", invariant=True)
        end = code.add(listed, code.scale(count, 4))
        with code.loop(listed) as offsets:
            (at,) = offsets.values
            offsets.stop_if(self.equal(at, end))
            offset = code.load_word(at, 4, "heap.descriptors", invariant=True)
            code.do("rt-mark", code.load_word(code.add(base, offset), 0, "any"))
            offsets.next(code.add(at, 4))


def mark(code: Code, address: Value) -> None:
    """Mark the object at an address, unless it is marked, null or static; its references will be followed."""
    heap = MarkCode(code)
    with code.when(heap.below(address, heap.heap_start())):
        code.ret()
    word, size = heap.header(address)
    epoch = heap.get("epoch")
    with code.when(heap.equal(code.op("i32.and", size, code.i32(EPOCH_MASK)), epoch)):
        code.ret()
    with code.when(code.op("i32.ge_u", word, code.i32(layout.INNER)), cold=True):
        code.do("rt-mark-part", address)
        code.ret()
    heap.mark_whole(address, word, size, epoch)
    code.ret()


def mark_part(code: Code, address: Value) -> None:
    """Mark an object that was allocated with another one: INNER ones with the one before, MEMBERs with their arena."""
    heap = MarkCode(code)
    word, size = heap.header(address)
    with code.when(code.op("i32.lt_s", word, code.i32(0))):
        heap.set_epoch(address, size, heap.get("epoch"))
        heap.push_unless_leaf(address, word)
        code.do("rt-mark", code.use("rt-find", address))
        code.ret()
    code.do("rt-mark", code.op("i32.sub", address, code.i32(layout.OUTER_BYTES)))
    code.ret()


def mark_buffer(code: Code, string: Value) -> None:
    """Mark what owns the bytes of a string: the most frequent objects do not have to wait on the stack."""
    heap = MarkCode(code)
    buffer = code.load_word(string, layout.STRING_BUFFER, "any")
    with code.when(heap.equal(buffer, code.add(string, layout.STRING_OBJECT_BYTES))):
        heap.add_wide("live", code.wide(code.object_bytes(buffer)))
        code.ret()
    with code.when(heap.below(buffer, heap.heap_start())):
        code.ret()
    word, _ = heap.header(buffer)
    with code.when(heap.equal(word, layout.TYPE_BUFFER | layout.INNER)):
        outer = code.op("i32.sub", buffer, code.i32(layout.OUTER_BYTES))
        with code.when(heap.equal(heap.epoch_of(outer), heap.get("epoch"))):
            code.ret()
    code.do("rt-mark", buffer)
    code.ret()


def follow(code: Code) -> None:
    """Mark what the waiting objects refer to, until none waits."""
    heap = MarkCode(code)
    with code.loop() as all_:
        used = heap.get("marks")
        all_.stop_if(heap.equal(used, 0))
        heap.put("marks", code.add(used, -ENTRY_BYTES))
        at = code.add(heap.table(state.MARKS), used)
        address = code.load_word(code.add(at, -ENTRY_BYTES), 0, "heap.marks")
        resume = code.load_word(code.add(at, -ENTRY_BYTES), 4, "heap.marks")
        word, size = heap.header(address)
        descriptor = heap.descriptor(word)
        kind_word = heap.kind_word(descriptor)
        kind = code.op("i32.and", kind_word, code.i32((1 << KIND_BITS) - 1))
        content = code.add(address, layout.HEADER_BYTES)
        with code.when(heap.equal(kind, descriptors.OBJECT)):
            heap.each_bit(heap.bits(descriptor), content)
            all_.next()
        with code.when(heap.equal(kind, descriptors.ARRAY)):
            code.do("rt-mark-array", address)
            all_.next()
        with code.when(heap.equal(kind, descriptors.LISTED_OBJECT)):
            heap.each_listed(heap.bits(descriptor), content)
            all_.next()
        first = code.op("select", heap.equal(resume, 0), content, resume)
        stride = code.op("i32.shr_u", kind_word, code.i32(KIND_BITS))
        end = code.add(address, heap.bytes_of(size))
        code.do("rt-mark-elements", address, first, end, stride)
        all_.next()
    code.ret()


def mark_array(code: Code, array: Value) -> None:
    """Mark the Data object of an array, or follow it if it is part of the array's own cell."""
    heap = MarkCode(code)
    elements = code.load_word(array, layout.ARRAY_ELEMENTS, "any")
    own = code.add(array, layout.ARRAY_BYTES)
    with code.when(heap.equal(elements, code.add(own, layout.DATA_ELEMENTS))):
        word, size = heap.header(own)
        heap.add_wide("live", code.wide(heap.bytes_of(size)))
        heap.push_unless_leaf(own, word)
        code.ret()
    with code.when(code.op("i32.ne", elements, code.i32(0))):
        code.do("rt-mark", code.op("i32.sub", elements, code.i32(layout.DATA_ELEMENTS)))
    code.ret()


def mark_elements(code: Code, data: Value, first: Value, end: Value, stride: Value) -> None:
    """Mark what elements of a Data object refer to: some from `first` on, and push the rest."""
    heap = MarkCode(code)
    # The last element is whole: what is left behind it is less than a stride.
    last = code.op("i32.sub", end, stride)
    chunk_end = code.add(first, code.op("i32.mul", stride, code.i32(ELEMENTS_AT_ONCE)))
    is_more = code.op("i32.le_u", chunk_end, last)
    with code.when(is_more):
        heap.push(data, chunk_end)
    stop = code.op("select", is_more, code.op("i32.sub", chunk_end, stride), last)
    word, _ = heap.header(data)
    descriptor = heap.descriptor(word)
    bits = heap.bits(descriptor)
    kind = code.op("i32.and", heap.kind_word(descriptor), code.i32((1 << KIND_BITS) - 1))
    is_listed = heap.equal(kind, descriptors.LISTED_ELEMENTS)
    with code.loop(first) as elements:
        (at,) = elements.values
        elements.stop_if(code.op("i32.gt_u", at, stop))
        with code.when(is_listed):
            heap.each_listed(bits, at)
            elements.next(code.add(at, stride))
        heap.each_bit(bits, at)
        elements.next(code.add(at, stride))
    code.ret()


def find(code: Code, address: Value) -> None:
    """Address of the cell or large object in which an address lies; 0 if that is outside of the heap or not in use.

    In use is what was allocated since the last collection or marked by it. In the blocks that are UNSWEPT, and behind the
    place where sweeping goes on, that is what has the epoch of that collection; elsewhere it is everything but the runs
    from which allocation bumps.
    """
    heap = MarkCode(code)
    zero = code.i32(0)
    with code.when(heap.below(address, heap.heap_start())):
        code.ret(zero)
    number = heap.block_number(address)
    with code.when(code.op("i32.ge_u", number, heap.get("blocks"))):
        code.ret(zero)
    with code.loop(heap.entry(number)) as back:
        (entry,) = back.values
        back.stop_if(code.op("i32.ne", heap.kind(entry), code.i32(state.LARGE_REST)))
        back.next(code.add(entry, -state.ENTRY_BYTES))
    kind = heap.kind(entry)
    with code.when(heap.equal(kind, state.FREE)):
        code.ret(zero)
    with code.when(heap.equal(kind, state.LARGE)):
        offset = code.op("i32.sub", entry, heap.table(state.BLOCKS))
        code.ret(heap.block_address(code.op("i32.shr_u", offset, code.i32(1))))
    class_ = code.add(kind, -1)
    row, size, block = heap.row(class_), heap.cell_bytes(class_), heap.block_start(address)
    offset = code.op("i32.sub", address, block)
    with code.when(code.op("i32.ge_u", offset, heap.span(class_))):
        code.ret(zero)
    cell = code.op("i32.sub", address, code.op("i32.rem_u", offset, size))
    epoch = heap.epoch_of(cell)
    with code.when(heap.equal(epoch, heap.get("epoch"))):
        code.ret(cell)
    is_old = heap.equal(epoch, heap.get("before"))
    only_old = code.op("select", is_old, cell, zero)
    was_unswept = code.op("i32.and", heap.state(entry), code.i32(state.WAS_UNSWEPT))
    with code.when(code.op("i32.ne", was_unswept, zero)):
        code.ret(only_old)
    following = heap.class_get(row, state.NEXT)
    is_free = code.op(
        "bool.and", code.op("i32.ge_u", cell, following), heap.below(cell, heap.class_get(row, state.END))
    )
    with code.when(is_free):
        code.ret(zero)
    sweep_at = heap.class_get(row, state.SWEEP_AT)
    is_behind = code.op("bool.and", code.op("i32.ge_u", cell, sweep_at), heap.equal(heap.block_start(sweep_at), block))
    with code.when(is_behind):
        code.ret(only_old)
    code.ret(cell)


def mark_root(code: Code, address: Value) -> None:
    """Mark the object into which an address points, if it points into one."""
    heap = MarkCode(code)
    found = code.use("rt-find", address)
    with code.when(heap.equal(found, 0)):
        code.ret()
    code.do("rt-mark", found)
    word, size = heap.header(found)
    with code.when(code.op("i32.ne", code.op("i32.and", word, code.i32(0xFFFF)), code.i32(layout.TYPE_ARENA))):
        code.ret()
    # Which member of an arena is meant is not known without looking at all; so all are kept, once in a collection.
    tagged = code.op(
        "i32.or", code.i32(layout.TYPE_ARENA), code.op("i32.shl", heap.get("epoch"), code.i32(layout.TAG_SHIFT))
    )
    with code.when(heap.equal(word, tagged)):
        code.ret()
    code.store_word(found, tagged, 0, "header")
    end = code.add(found, heap.bytes_of(size))
    with code.loop(code.add(found, layout.HEADER_BYTES)) as members:
        (at,) = members.values
        members.stop_if(code.op("i32.ge_u", at, end))
        code.do("rt-mark", at)
        _, its_size = heap.header(at)
        members.next(code.add(at, heap.bytes_of(its_size)))
    code.ret()
