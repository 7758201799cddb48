"""What the functions of the allocator and of the collector are written with: a `Code` that knows the heap."""

from __future__ import annotations

from ..ir import types as t
from ..ir.core import Value
from . import heap_state as state
from .runtime_code import Code
from .size_classes import BLOCK_BITS, BLOCK_BYTES

#: Classes of memory that nothing but the allocator touches.
_STATE, _TABLE = "heap.state", "heap.blocks"


class HeapCode:
    """Reads and writes the heap's state at the current position of `code`."""

    __slots__ = ("code",)

    def __init__(self, code: Code) -> None:
        self.code = code

    # state

    def table(self, name: str) -> Value:
        """Address of one of the heap's tables."""
        return self.code.op("mem.data_addr", data=state.segment(self.code.runtime.module, name))

    def get(self, name: str) -> Value:
        return self.code.load_word(self.table(state.HEAP), state.FIELDS[name], _STATE)

    def put(self, name: str, value: int | Value) -> None:
        self.code.store_word(self.table(state.HEAP), value, state.FIELDS[name], _STATE)

    def get_wide(self, name: str) -> Value:
        return self.code.load(t.I64, self.table(state.HEAP), state.WIDE_FIELDS[name], _STATE)

    def put_wide(self, name: str, value: Value) -> None:
        self.code.store(self.table(state.HEAP), value, state.WIDE_FIELDS[name], _STATE)

    def add_wide(self, name: str, more: Value) -> None:
        self.put_wide(name, self.code.op("i64.add", self.get_wide(name), more))

    def threshold(self) -> Value:
        """Bytes that may be taken between two collections."""
        return self.code.op("i64.add", self.get_wide("headroom"), self.code.i64(MIN_THRESHOLD_BYTES))

    # classes

    def row(self, class_: Value) -> Value:
        """Address of a class's row in "rt-heap"."""
        return self.code.add(self.table(state.HEAP), self.code.scale(class_, 8))

    def cell_bytes(self, class_: Value) -> Value:
        return self._class_fact(class_, 0)

    def span(self, class_: Value) -> Value:
        """Bytes of a block that are cells of the class."""
        return self._class_fact(class_, 4)

    def _class_fact(self, class_: Value, offset: int) -> Value:
        at = self.code.add(self.table(state.CLASS_TABLE), self.code.scale(class_, state.CLASS_ROW_BYTES))
        return self.code.load_word(at, offset, "heap.classes", invariant=True)

    def class_get(self, row: Value, offset: int) -> Value:
        return self.code.load_word(row, offset, f"heap.class.{_CLASS_FIELDS[offset]}")

    def class_put(self, row: Value, offset: int, value: int | Value) -> None:
        self.code.store_word(row, value, offset, f"heap.class.{_CLASS_FIELDS[offset]}")

    # blocks

    def heap_start(self) -> Value:
        return self.code.op(
            "i32.and",
            self.code.add(self.code.op("mem.heap_base"), BLOCK_BYTES - 1),
            self.code.i32(-BLOCK_BYTES),
        )

    def block_address(self, number: Value) -> Value:
        return self.code.add(self.heap_start(), self.code.op("i32.shl", number, self.code.i32(BLOCK_BITS)))

    def block_number(self, address: Value) -> Value:
        """Number of the block in which an address of the heap lies."""
        offset = self.code.op("i32.sub", address, self.heap_start())
        return self.code.op("i32.shr_u", offset, self.code.i32(BLOCK_BITS))

    def block_start(self, address: Value) -> Value:
        """Address of the block in which an address of the heap lies."""
        # The heap starts at a multiple of the block's size, so blocks do.
        return self.code.op("i32.and", address, self.code.i32(-BLOCK_BYTES))

    def entry(self, number: Value) -> Value:
        """Address of a block's entry in "rt-blocks"."""
        return self.code.add(self.table(state.BLOCKS), self.code.scale(number, state.ENTRY_BYTES))

    def kind(self, entry: Value) -> Value:
        return self.code.op("mem.load8_u", entry, offset=0, alias=_TABLE)

    def state(self, entry: Value) -> Value:
        return self.code.op("mem.load8_u", entry, offset=1, alias=_TABLE)

    def both(self, entry: Value) -> Value:
        """kind + 256 * state."""
        return self.code.op("mem.load16_u", entry, offset=0, alias=_TABLE)

    def set_state(self, entry: Value, value: int | Value) -> None:
        value = self.code.i32(value) if isinstance(value, int) else value
        self.code.emit("mem.store8", (entry, value), (), offset=1, alias=_TABLE)

    def set_both(self, entry: Value, value: int | Value) -> None:
        value = self.code.i32(value) if isinstance(value, int) else value
        self.code.emit("mem.store16", (entry, value), (), offset=0, alias=_TABLE)

    def fill_entries(self, entry: Value, byte: int, count: Value) -> None:
        size = self.code.scale(count, state.ENTRY_BYTES)
        self.code.emit("mem.fill", (entry, self.code.i32(byte), size), (), None, alias=_TABLE)

    # objects

    def header(self, address: Value) -> tuple[Value, Value]:
        """Type word and size word of an object."""
        both = self.code.load(t.I64, address, 0, "header")
        return self.code.narrow(both), self.code.narrow(self.code.op("i64.shr_u", both, self.code.i64(32)))

    def epoch_of(self, address: Value) -> Value:
        return self.code.op("i32.and", self.code.load_word(address, 4, "header"), self.code.i32(EPOCH_MASK))

    def below(self, a: Value, b: Value) -> Value:
        return self.code.op("i32.lt_u", a, b)

    def equal(self, a: Value, b: int | Value) -> Value:
        return self.code.op("i32.eq", a, self.code.i32(b) if isinstance(b, int) else b)


EPOCH_MASK = 7

#: The least that is taken between two collections: it fits into a core's cache.
MIN_THRESHOLD_BYTES = 1 << 20

_CLASS_FIELDS = {state.NEXT: "next", state.END: "end", state.SWEEP_AT: "at", state.SWEEP_BLOCK: "block"}
