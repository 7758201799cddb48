"""Functions of the runtime for strings: views, new ones, longer ones, copying bytes."""

from __future__ import annotations

from ..ir import types as t
from ..ir.core import Target, Value
from . import layout
from .runtime_code import Code
from .size_classes import MAX_SMALL_BYTES

STRING_TOO_LARGE = "string is too large"

#: So short a part of a buffer so large is copied for being kept (`string_own`).
OWN_BYTES, LARGE_BYTES = 64, 4096

SMALL_COPY_BYTES = 64  # up to here loads and stores beat memory.copy, whose fixed cost is 4 ns


def string_view(code: Code, source: Value, offset: Value, length: Value, characters: Value) -> None:
    """The `length` bytes of `source` from `offset` on, sharing them."""
    start = code.load_word(source, layout.STRING_START, "string.bytes_ptr", invariant=True)
    buffer = code.load_word(source, layout.STRING_BUFFER, "string.buffer", invariant=True)
    view = code.alloc(code.i32(layout.STRING_OBJECT_BYTES))
    code.string_object(view, code.narrow(length), code.narrow(characters), code.add(start, code.narrow(offset)), buffer)
    code.ret(view)


def string_new(code: Code, length: Value, characters: Value) -> None:
    """A string of `length` bytes that are to be written."""
    code.panic_if(code.exceeds_object(length, layout.STRING_OBJECT_BYTES), STRING_TOO_LARGE)
    string, _ = _string_with_buffer(code, code.narrow(length), code.narrow(length), code.narrow(characters))
    code.ret(string)


def _string_with_buffer(code: Code, capacity: Value, length: Value, characters: Value) -> tuple[Value, Value]:
    """A new string with a buffer of its own for `capacity` bytes, and the address of the first byte."""
    size = code.align(capacity, layout.BUFFER_START)
    string = code.alloc(code.add(size, layout.STRING_OBJECT_BYTES))
    buffer = code.add(string, layout.STRING_OBJECT_BYTES)
    start = code.add(string, layout.STRING_OBJECT_BYTES + layout.BUFFER_START)
    code.string_object(string, length, characters, start, buffer)
    code.header(buffer, layout.TYPE_BUFFER | layout.INNER, size)
    code.store_word(buffer, length, layout.BUFFER_USED, "buffer.used")
    return string, start


def string_extend(code: Code, source: Value, more_bytes: Value, more_characters: Value) -> None:
    """A string that starts with `source` and has more bytes, which are to be written.

    If `source` ends where its buffer's bytes in use end and there is room behind, the new string shares the buffer. If
    there is no room, the buffer gets longer where it is, or the copy gets twice what it needs, so that a string grown piece
    by piece is copied seldom.
    """
    source_length = code.load_word(source, layout.STRING_BYTE_LENGTH, "string.length", invariant=True)
    start = code.load_word(source, layout.STRING_START, "string.bytes_ptr", invariant=True)
    buffer = code.load_word(source, layout.STRING_BUFFER, "string.buffer", invariant=True)
    old_characters = code.load_word(source, layout.STRING_CHARACTERS, "string.characters", invariant=True)
    total = code.op("i64.add", code.wide(source_length), more_bytes)
    code.panic_if(code.exceeds_object(total, layout.STRING_OBJECT_BYTES), STRING_TOO_LARGE)
    length = code.narrow(total)
    characters = code.add(old_characters, code.narrow(more_characters))
    owned, last = code.label("owned"), code.label("last")
    in_place, copy = code.label("in_place"), code.label("copy", t.I32)
    code.cond_br(code.op("i32.eq", buffer, code.i32(0)), Target(copy, [length]), owned)

    code.at_end(owned)
    used = code.load_word(buffer, layout.BUFFER_USED, "buffer.used")
    used_end = code.add(code.add(buffer, layout.BUFFER_START), used)
    is_last = code.op("i32.eq", code.add(start, source_length), used_end)
    code.cond_br(is_last, last, Target(copy, [length]))

    code.at_end(last)
    end = code.add(buffer, code.object_bytes(buffer))
    fits = code.op("i32.le_u", code.add(start, length), end)
    is_huge = code.op("i32.gt_u", length, code.i32(layout.MAX_OBJECT_BYTES // 4))
    doubled = code.op("i32.shl", length, code.i32(1))
    stretch, capacity = code.label("stretch"), code.op("select", is_huge, length, doubled)
    code.cond_br(fits, in_place, stretch)
    code.at_end(stretch)
    code.cond_br(_stretched(code, buffer, capacity), in_place, Target(copy, [capacity]))

    code.at_end(in_place)
    code.store_word(buffer, code.add(used, code.narrow(more_bytes)), layout.BUFFER_USED, "buffer.used")
    view = code.alloc(code.i32(layout.STRING_OBJECT_BYTES))
    code.string_object(view, length, characters, start, buffer)
    code.ret(view)

    code.at_end(copy)
    string, target = _string_with_buffer(code, copy.params[0], length, characters)
    code.emit("mem.copy", (target, start, source_length), (), alias="bytes")
    code.ret(string)


def string_own(code: Code, source: Value) -> None:
    """`source`, or a copy of it if it has few bytes of a large buffer: what is kept in a table is looked at again and again,
    and lies close together then."""
    length = code.load_word(source, layout.STRING_BYTE_LENGTH, "string.length", invariant=True)
    buffer = code.load_word(source, layout.STRING_BUFFER, "string.buffer", invariant=True)
    with code.when(code.op("i32.eq", buffer, code.i32(0))):
        code.ret(source)
    is_short = code.op("i32.le_u", length, code.i32(OWN_BYTES))
    is_large = code.op("i32.gt_u", code.object_bytes(buffer), code.i32(LARGE_BYTES))
    with code.when(code.op("bool.not", code.op("bool.and", is_short, is_large))):
        code.ret(source)
    characters = code.load_word(source, layout.STRING_CHARACTERS, "string.characters", invariant=True)
    start = code.load_word(source, layout.STRING_START, "string.bytes_ptr", invariant=True)
    own, target = _string_with_buffer(code, length, length, characters)
    code.do("rt-copy-bytes", target, start, length)
    code.ret(own)


def _stretched(code: Code, buffer: Value, capacity: Value) -> Value:
    """True if a buffer has blocks of its own and could be made longer where it is, for `capacity` bytes."""
    check, fits, no, known = code.label("check"), code.label("fits"), code.label("no"), code.label("known", t.BOOL)
    before, size = code.object_bytes(buffer), code.align(capacity, layout.BUFFER_START)
    is_inner = code.op(
        "i32.eq", code.load_word(buffer, layout.HEADER_TYPE, "header"), code.i32(layout.TYPE_BUFFER | layout.INNER)
    )
    has_blocks = code.op("i32.gt_u", before, code.i32(MAX_SMALL_BYTES))
    code.cond_br(code.op("bool.and", is_inner, has_blocks), check, no)
    code.at_end(check)
    cell = code.op("i32.sub", buffer, code.i32(layout.OUTER_BYTES))
    old, new = code.add(before, layout.OUTER_BYTES), code.add(size, layout.OUTER_BYTES)
    code.cond_br(code.op("i32.ne", code.use("rt-stretch", cell, old, new), code.i32(0)), fits, no)
    code.at_end(fits)
    code.store_word(buffer, size, layout.HEADER_SIZE, "header")
    code.br(known, code.const(t.BOOL, True))
    code.at_end(no)
    code.br(known, code.const(t.BOOL, False))
    code.at_end(known)
    return known.params[0]


def string_grow(code: Code, source: Value, length: Value) -> None:
    """A string of `length` bytes that starts with the bytes of `source`, which was made by `string_new` or by this.

    Its buffer gets longer where it is if it has blocks of its own and there is room behind it. Else the bytes are copied.
    """
    code.panic_if(code.exceeds_object(length, layout.STRING_OBJECT_BYTES), STRING_TOO_LARGE)
    wanted = code.narrow(length)
    start = code.load_word(source, layout.STRING_START, "string.bytes_ptr", invariant=True)
    buffer = code.load_word(source, layout.STRING_BUFFER, "string.buffer", invariant=True)
    with code.when(_stretched(code, buffer, wanted)):
        code.store_word(buffer, wanted, layout.BUFFER_USED, "buffer.used")
        longer = code.alloc(code.i32(layout.STRING_OBJECT_BYTES))
        code.string_object(longer, wanted, wanted, start, buffer)
        code.ret(longer)
    string, target = _string_with_buffer(code, wanted, wanted, wanted)
    count = code.load_word(source, layout.STRING_BYTE_LENGTH, "string.length", invariant=True)
    code.emit("mem.copy", (target, start, count), (), alias="bytes")
    code.ret(string)


def copy_bytes(code: Code, target: Value, source: Value, size: Value) -> None:
    """Copy `size` bytes between ranges that do not overlap, short ones without a call of memory.copy."""
    big, small = code.label("big"), code.label("small")
    words, loop, tail = code.label("words"), code.label("loop", t.I32), code.label("tail")
    few, four, three, one, done = (code.label(name) for name in ("few", "four", "three", "one", "done"))

    def move(load: str, store: str, *offsets: Value | None) -> None:
        """Load all of the pieces, then store them: they may overlap each other."""
        at = [(target, source) if o is None else (code.add(target, o), code.add(source, o)) for o in offsets]
        pieces = [code.op(load, source, offset=0, alias="bytes") for _, source in at]
        for (address, _), piece in zip(at, pieces, strict=True):
            code.emit(store, (address, piece), (), None, offset=0, alias="bytes")

    code.cond_br(code.op("i32.gt_u", size, code.i32(SMALL_COPY_BYTES)), big, small)
    code.at_end(big)
    code.emit("mem.copy", (target, source, size), (), alias="bytes")
    code.ret()

    code.at_end(small)
    code.cond_br(code.op("i32.ge_u", size, code.i32(8)), words, few)
    code.at_end(words)
    last = code.op("i32.sub", size, code.i32(8))
    code.br(loop, code.i32(0))
    code.at_end(loop)
    (offset,) = loop.params
    move("mem.load_i64", "mem.store_i64", offset)
    following = code.add(offset, 8)
    code.cond_br(code.op("i32.lt_u", following, last), Target(loop, [following]), tail)
    code.at_end(tail)
    move("mem.load_i64", "mem.store_i64", last)
    code.ret()

    code.at_end(few)
    code.cond_br(code.op("i32.ge_u", size, code.i32(4)), four, three)
    code.at_end(four)
    move("mem.load_i32", "mem.store_i32", None, code.op("i32.sub", size, code.i32(4)))
    code.ret()
    code.at_end(three)
    code.cond_br(code.op("i32.eq", size, code.i32(0)), done, one)
    code.at_end(one)  # one, two or three bytes: the first, the middle and the last
    half = code.op("i32.shr_u", size, code.i32(1))
    move("mem.load8_u", "mem.store8", None, half, code.op("i32.sub", size, code.i32(1)))
    code.ret()
    code.at_end(done)
    code.ret()
