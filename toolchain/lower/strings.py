"""Strings: their parts are fields that never change; what makes new ones is in the runtime.

Constant strings are data segments. Where only the text of one matters (printing it, a panic's message, its length, a short
piece appended to another string) no String object is needed, and none is made.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..ir import types as t
from ..ir.core import Op, Value
from . import layout
from .body import Body, Lowering, constant_int, constant_string

#: Constant text up to this length is appended by storing immediates.
IMMEDIATE_BYTES = 16

_PIECES = (
    (8, "mem.store_i64", t.I64),
    (4, "mem.store_i32", t.I32),
    (2, "mem.store16", t.I32),
    (1, "mem.store8", t.I32),
)


def _start(body: Body, string: Value) -> Value:
    return body.load_word(string, layout.STRING_START, "string.bytes_ptr", invariant=True)


def _byte_length(body: Body, string: Value) -> Value:
    return body.load_word(string, layout.STRING_BYTE_LENGTH, "string.length", invariant=True)


def _range(body: Body, string: Value) -> tuple[Value, Value]:
    """Address and number of the bytes of a typed string value."""
    text = constant_string(string)
    if text is None:
        address = body.one(string)
        return _start(body, address), _byte_length(body, address)
    return _static_bytes(body, text), body.i32(len(text.encode()))


def _static_bytes(body: Body, text: str) -> Value:
    return body.op("mem.data_addr", data=body.shared.statics.raw(text.encode()))


def _place(body: Body, string: Value, index: Value) -> tuple[Value, int]:
    """Address and offset of the byte at `index`, both typed values."""
    start, constant = _start(body, body.one(string)), constant_int(index)
    if constant is not None and 0 <= constant < layout.MAX_OBJECT_BYTES:
        return start, constant
    return body.add(start, body.narrow(body.one(index))), 0


def _len(body: Body, op: Op) -> Sequence[Value]:
    known = constant_int(op.result)
    if known is not None:
        return (body.i64(known),)
    characters = body.load_word(body.one(op.operands[0]), layout.STRING_CHARACTERS, "string.characters", invariant=True)
    return (body.wide(characters),)


def _bytes(body: Body, op: Op) -> Sequence[Value]:
    known = constant_int(op.result)
    return (body.i64(known) if known is not None else body.wide(_byte_length(body, body.one(op.operands[0]))),)


def _addr(body: Body, op: Op) -> Sequence[Value]:
    text = constant_string(op.operands[0])
    return (_static_bytes(body, text) if text is not None else _start(body, body.one(op.operands[0])),)


def _byte(body: Body, op: Op) -> Sequence[Value]:
    address, offset = _place(body, *op.operands)
    return (body.wide(body.op("mem.load8_u", address, offset=offset, alias="bytes")),)


def _words(body: Body, op: Op) -> Sequence[Value]:
    address, offset = _place(body, *op.operands)
    return (body.load(t.I64, address, offset, "bytes"),)


def _match(name: str) -> Lowering:
    def lower(body: Body, op: Op) -> Sequence[Value]:
        string, index, byte = op.operands
        address, offset = _place(body, string, index)
        wanted = body.narrow(body.one(byte))
        return (body.wide(body.op(name, body.add(address, offset), wanted, alias="bytes")),)

    return lower


def _ascii(body: Body, op: Op) -> Sequence[Value]:
    table, code = body.op("mem.data_addr", data=body.shared.statics.ascii_strings()), body.one(op.operands[0])
    return (body.op("i32.add", table, body.scale(body.narrow(code), layout.STRING_OBJECT_BYTES)),)


def _view(body: Body, op: Op) -> Sequence[Value]:
    return body.call_runtime("rt-string-view", *body.operands(op))


def _new(body: Body, op: Op) -> Sequence[Value]:
    return body.call_runtime("rt-string-new", *body.operands(op))


def _extend(body: Body, op: Op) -> Sequence[Value]:
    return body.call_runtime("rt-string-extend", *body.operands(op))


def _own(body: Body, op: Op) -> Sequence[Value]:
    return body.call_runtime("rt-string-own", *body.operands(op))


def _grow(body: Body, op: Op) -> Sequence[Value]:
    return body.call_runtime("rt-string-grow", *body.operands(op))


def _set_byte(body: Body, op: Op) -> Sequence[Value]:
    address, offset = _place(body, op.operands[0], op.operands[1])
    body.emit("mem.store8", (address, body.narrow(body.one(op.operands[2]))), (), offset=offset, alias="bytes")
    return ()


def _set_words(body: Body, op: Op) -> Sequence[Value]:
    address, offset = _place(body, op.operands[0], op.operands[1])
    body.emit("mem.store_i64", (address, body.one(op.operands[2])), (), offset=offset, alias="bytes")
    return ()


def _copy(body: Body, op: Op) -> Sequence[Value]:
    target, at, source, start, count = op.operands
    address, offset = _place(body, target, at)
    piece = _constant_piece(source, start, count)
    if piece is not None:
        _store_piece(body, address, offset, piece)
        return ()
    from_, _ = _range(body, source)
    body.call_runtime(
        "rt-copy-bytes",
        body.add(address, offset),
        _advance(body, from_, start),
        body.narrow(body.one(count)),
    )
    return ()


def _advance(body: Body, address: Value, count: Value) -> Value:
    constant = constant_int(count)
    return body.add(address, constant if constant == 0 else body.narrow(body.one(count)))


def _constant_piece(source: Value, start: Value, count: Value) -> bytes | None:
    """The bytes to be copied, if they are known and few."""
    text, first, size = constant_string(source), constant_int(start), constant_int(count)
    if text is None or first is None or size is None or not 0 <= size <= IMMEDIATE_BYTES:
        return None
    return text.encode()[first : first + size]


def _store_piece(body: Body, address: Value, offset: int, piece: bytes) -> None:
    while piece:
        size, store, type_ = next(row for row in _PIECES if row[0] <= len(piece))
        value = int.from_bytes(piece[:size], "little", signed=size >= 4)
        body.emit(store, (address, body.const(type_, value)), (), offset=offset, alias="bytes")
        piece, offset = piece[size:], offset + size


def _write(body: Body, op: Op) -> Sequence[Value]:
    if constant_string(op.operands[0]) != "":
        body.shared.runtime.call_host(body, "write", _range(body, op.operands[0]))
    return ()


def _scratch(body: Body, op: Op) -> Sequence[Value]:
    return (body.op("mem.data_addr", data=body.shared.statics.scratch()),)


def _write_part(body: Body, op: Op) -> Sequence[Value]:
    string, start, size = op.operands
    address, offset = _place(body, string, start)
    body.shared.runtime.call_host(body, "write", (body.add(address, offset), body.narrow(body.one(size))))
    return ()


def _panic(body: Body, op: Op) -> Sequence[Value]:
    text = constant_string(op.operands[0])
    if text is not None:
        body.panic(text)
    else:
        panic = body.emit("panic_text", _range(body, op.operands[0]), ())
        body.shared.messages[panic] = body.one(op.operands[0])
    return ()


def _constant(body: Body, op: Op) -> Sequence[Value]:
    """Nothing: `Body.flat` makes the address where it is used."""
    return ()


LOWERINGS: dict[str, Lowering] = {
    "data.string": _constant,
    "data.string_len": _len,
    "data.string_bytes": _bytes,
    "data.string_addr": _addr,
    "data.string_byte": _byte,
    "data.string_equal_bytes": _match("mem.bytes_equal"),
    "data.string_upto_bytes": _match("mem.bytes_upto"),
    "data.string_ascii": _ascii,
    "data.string_view": _view,
    "data.string_new": _new,
    "data.string_extend": _extend,
    "data.string_own": _own,
    "data.string_grow": _grow,
    "data.string_set_byte": _set_byte,
    "data.string_set_words": _set_words,
    "data.string_copy": _copy,
    "data.string_words": _words,
    "data.write": _write,
    "data.write_part": _write_part,
    "data.string_scratch": _scratch,
    "data.panic": _panic,
}
