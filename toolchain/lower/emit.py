"""A `Builder` that knows memory: loads, stores and address arithmetic in one line each."""

from __future__ import annotations

from collections.abc import Sequence

from ..ir import types as t
from ..ir.build import Builder
from ..ir.core import Value
from . import layout
from .representation import ACCESS, Access, Record


class Emitter(Builder):
    """Emits mem IR at the end of the current block."""

    __slots__ = ()

    def i32(self, value: int) -> Value:
        return self.const(t.I32, value)

    def i64(self, value: int) -> Value:
        return self.const(t.I64, value)

    def add(self, address: Value, offset: int | Value) -> Value:
        """`address + offset` in 32 bits; nothing is emitted for a zero."""
        if isinstance(offset, int):
            if not offset:
                return address
            offset = self.i32(offset)
        return self.op("i32.add", address, offset)

    def wide(self, word: Value) -> Value:
        """An unsigned 32-bit number as i64."""
        return self.op("i64.extend_i32_u", word)

    def narrow(self, number: Value) -> Value:
        return self.op("i32.wrap_i64", number)

    def scale(self, count: Value, bytes_each: int) -> Value:
        """`count * bytes_each` in 32 bits, by a shift where one will do."""
        if bytes_each == 1:
            return count
        if bytes_each & (bytes_each - 1) == 0:
            return self.op("i32.shl", count, self.i32(bytes_each.bit_length() - 1))
        return self.op("i32.mul", count, self.i32(bytes_each))

    def align(self, size: Value, more: int = 0) -> Value:
        """`size + more` rounded up to what objects are aligned to."""
        padded = self.add(size, more + layout.ALIGNMENT - 1)
        return self.op("i32.and", padded, self.i32(-layout.ALIGNMENT))

    def load(self, type_: t.Type, address: Value, offset: int, alias: str, invariant: bool = False) -> Value:
        """Load a scalar. `invariant` promises that nothing changes that memory once it has been read."""
        return self._load(ACCESS[type_.name], address, offset, alias, invariant)

    def _load(self, access: Access, address: Value, offset: int, alias: str, invariant: bool) -> Value:
        attrs = {"offset": offset, "alias": alias} | ({"invariant": True} if invariant else {})
        held = self.emit(access.load, (address,), (access.held,), None, **attrs).results[0]
        return self.op(access.read, held) if access.read else held

    def store(self, address: Value, value: Value, offset: int, alias: str) -> None:
        self._store(ACCESS[value.type.name], address, value, offset, alias)

    def _store(self, access: Access, address: Value, value: Value, offset: int, alias: str) -> None:
        held = self.op(access.write, value) if access.write else value
        self.emit(access.store, (address, held), (), None, offset=offset, alias=alias)

    def load_word(self, address: Value, offset: int, alias: str, invariant: bool = False) -> Value:
        return self.load(t.I32, address, offset, alias, invariant)

    def store_word(self, address: Value, value: int | Value, offset: int, alias: str) -> None:
        self.store(address, self.i32(value) if isinstance(value, int) else value, offset, alias)

    def load_fields(
        self, fields: Record, address: Value, offset: int, alias: str, invariant: bool = False
    ) -> list[Value]:
        """Load every field of a record that starts at `address + offset`; its class is `alias` plus the field's kind."""
        return [self._load(ACCESS[f.kind], address, offset + f.offset, alias + f.kind, invariant) for f in fields]

    def store_fields(self, fields: Record, address: Value, values: Sequence[Value], offset: int, alias: str) -> None:
        for field, value in zip(fields, values, strict=True):
            self._store(ACCESS[field.kind], address, value, offset + field.offset, alias + field.kind)

    def header(self, address: Value, type_id: int, size: int | Value, offset: int = 0) -> None:
        """Write the header of a new object at `address + offset`, at once if the size is known."""
        if isinstance(size, int):
            self.store(address, self.i64(size << 32 | type_id), offset, "header")
        else:
            self.store_word(address, type_id, offset + layout.HEADER_TYPE, "header")
            self.store_word(address, size, offset + layout.HEADER_SIZE, "header")
