"""Statements over memory: checked accesses to arrays as lowering writes them, fields, bytes, texts, globals."""

from __future__ import annotations

from maker import CAPACITY, ArrayKind, Base
from wasmlathe.ir import types as t
from wasmlathe.ir.build import Builder
from wasmlathe.ir.core import Target, Value
from wasmlathe.ir.ops import row_named

RAW_BYTES = 64
#: Constant texts, some of which are part of others.
TEXTS = {"t0": b"usage: run FILE", "t1": b"run ", "t2": b"FILE", "t3": b"else"}


class Memory(Base):
    """Statements over memory: checked accesses to arrays as lowering writes them, fields, bytes, texts, globals."""

    def length(self, array: Value) -> Value:
        length = self.at.emit("mem.load_i32", (array,), None, None, offset=8, alias="array.length").result
        return self.op("i64.extend_i32_u", length)

    def place(self, array: Value, kind: ArrayKind, index: Value) -> Value:
        """The address of an element after the check of the index, as lowering writes it."""
        length = self.length(array)
        in_range = self.op("i64.lt_u", index, length)
        inside = self.block("in_range")
        if self.rng.random() < 0.5:
            self.at.cond_br(in_range, inside, self.panic_target())
            self.start(inside)
        else:
            from_end = self.block("from_end", cold=True)
            self.at.cond_br(in_range, Target(inside, [index]), Target(from_end))
            late = Builder(from_end, loc=self.at.loc)
            moved = late.op("i64.add", index, length)
            late.cond_br(late.op("i64.lt_u", moved, length), Target(inside, [moved]), Target(self.panic_target()))
            index = inside.add_param(t.I64)
            self.start(inside)
        elements = self.at.emit("mem.load_i32", (array,), None, None, offset=16, alias="array.elements").result
        at = self.op("i32.wrap_i64", index)
        if kind.shift:
            at = self.op("i32.shl", at, self.const(t.I32, kind.shift))
        return self.op("i32.add", elements, at)

    def element(self, array: tuple[Value, ArrayKind], index: Value) -> Value:
        address, kind = self.place(array[0], array[1], index), array[1]
        found = self.at.emit(kind.load, (address,), None, None, offset=0, alias=kind.alias).result
        return self.op(kind.widen, found) if kind.widen else found

    def access(self, depth: int) -> None:
        """Read or write an element."""
        if not self.arrays:
            return self.arithmetic(depth)
        array, kind = self.rng.choice(self.arrays)
        address = self.place(array, kind, self.index())
        if self.rng.random() < 0.6:
            found = self.at.emit(kind.load, (address,), None, None, offset=0, alias=kind.alias).result
            if kind.widen:
                found = self.op(kind.widen, found)
            if kind.type is t.I64 and self.rng.random() < 0.4:
                found = self.op("i64.add", found, self.value(t.I64))
            self.fresh(found)
        else:
            stored = self.value(kind.type)
            if kind.cut:
                stored = self.op(kind.cut, stored)
            self.at.emit(kind.store, (address, stored), None, None, offset=0, alias=kind.alias)

    def neighbour(self, depth: int) -> None:
        """Read an element whose index is in range without a check, and lies a constant behind another."""
        if not self.arrays:
            return self.arithmetic(depth)
        array, kind = self.rng.choice(self.arrays)
        elements = self.at.emit("mem.load_i32", (array,), None, None, offset=16, alias="array.elements").result
        index = self.op("i64.and", self.index(), self.const(t.I64, 7))
        for _ in range(self.rng.randint(1, 2)):
            moved = self.op("i64.add", index, self.const(t.I64, self.rng.randint(0, CAPACITY - 8)))
            at = self.op("i32.wrap_i64", moved)
            if kind.shift:
                at = self.op("i32.shl", at, self.const(t.I32, kind.shift))
            address = self.op("i32.add", elements, at)
            found = self.at.emit(kind.load, (address,), None, None, offset=0, alias=kind.alias).result
            self.fresh(self.op(kind.widen, found) if kind.widen else found)

    def push(self, depth: int) -> None:
        """Append to an array while there is room."""
        if not self.arrays:
            return self.arithmetic(depth)
        array, kind = self.rng.choice(self.arrays)
        length = self.at.emit("mem.load_i32", (array,), None, None, offset=8, alias="array.length").result
        capacity = self.at.emit("mem.load_i32", (array,), None, None, offset=12, alias="array.capacity").result
        room, on = self.block("room"), self.block("pushed")
        self.at.cond_br(self.op("i32.lt_u", length, capacity), room, on)
        self.start(room)
        elements = self.at.emit("mem.load_i32", (array,), None, None, offset=16, alias="array.elements").result
        at = self.op("i32.shl", length, self.const(t.I32, kind.shift)) if kind.shift else length
        stored = self.value(kind.type)
        if kind.cut:
            stored = self.op(kind.cut, stored)
        self.at.emit(kind.store, (self.op("i32.add", elements, at), stored), None, None, offset=0, alias=kind.alias)
        more = self.op("i32.add", length, self.const(t.I32, 1))
        self.at.emit("mem.store_i32", (array, more), None, None, offset=8, alias="array.length")
        self.at.br(on)
        self.start(on)

    def measure(self, depth: int) -> None:
        if not self.arrays:
            return self.arithmetic(depth)
        self.fresh(self.length(self.rng.choice(self.arrays)[0]))

    def field(self, depth: int) -> None:
        """Read or write a field of an object; field 2 never changes."""
        if not self.objects:
            return self.arithmetic(depth)
        target, index = self.rng.choice(self.objects), self.rng.randrange(3)
        place = {"offset": 8 + 8 * index, "alias": f"O.{index}.i64"}
        if index == 2:
            self.fresh(self.at.emit("mem.load_i64", (target,), None, None, **place, invariant=True).result)
        elif self.rng.random() < 0.5:
            self.fresh(self.at.emit("mem.load_i64", (target,), None, None, **place).result)
        else:
            self.at.emit("mem.store_i64", (target, self.value(t.I64)), None, None, **place)

    def raw(self, depth: int) -> None:
        """Memory without a structure, where accesses overlap in all ways."""
        base = self.op("mem.data_addr", data="raw")
        if self.rng.random() < 0.5:
            masked = self.op("i32.and", self.value(t.I32), self.const(t.I32, RAW_BYTES - 24))
            base = self.op("i32.add", base, masked)
        place = {"offset": self.rng.choice((0, 0, 4, 8, 16, 3)), "alias": self.rng.choice(("raw", "raw", "any"))}
        name = self.rng.choice(_RAW)
        if "load" in name:
            self.fresh(self.at.emit(name, (base,), None, None, **place).result)
        else:
            type_ = t.make(row_named(name).operands[1])
            self.at.emit(name, (base, self.value(type_)), None, None, **place)

    def overwrite(self, depth: int) -> None:
        """Store twice to the same place, with something between."""
        if self.objects and self.rng.random() < 0.7:
            target, index = self.rng.choice(self.objects), self.rng.randrange(2)
            place = {"offset": 8 + 8 * index, "alias": f"O.{index}.i64"}
        else:
            target, place = self.op("mem.data_addr", data="raw"), {"offset": 8, "alias": "raw"}
        self.at.emit("mem.store_i64", (target, self.value(t.I64)), None, None, **place)
        for _ in range(self.rng.choice((0, 1, 1, 2))):
            between = ("arithmetic", "branch", "field", "raw", "variable", "host", "call", "access", "guard", "fault")
            self.statements()[self.rng.choice(between)](self, 0)
        if self.rng.random() < 0.3:  # on one way only
            on, join = self.block("on"), self.block("join")
            self.at.cond_br(self.condition(), on, join)
            self.start(on)
            self.at.emit("mem.store_i64", (target, self.value(t.I64)), None, None, **place)
            self.at.br(join)
            self.start(join)
            if self.rng.random() < 0.5:
                return
        self.at.emit("mem.store_i64", (target, self.value(t.I64)), None, None, **place)

    def word(self, depth: int) -> None:
        """A number put together of bytes that lie side by side."""
        rng = self.rng
        count = rng.choice((2, 4, 4, 8))
        type_ = t.I64 if count == 8 or rng.random() < 0.5 else t.I32
        base, first = self.op("mem.data_addr", data="raw"), rng.choice((0, 1, 8))
        shifts = [8 * index for index in range(count)]
        if rng.random() < 0.4:
            shifts.reverse()
        elif rng.random() < 0.2:
            rng.shuffle(shifts)
        total: Value | None = None
        for index, shift in enumerate(shifts):
            byte = self.at.emit("mem.load8_u", (base,), None, None, offset=first + index, alias="raw").result
            if type_ is t.I64:
                byte = self.op("i64.extend_i32_u", byte)
            if shift:
                byte = self.op(f"{type_}.shl", byte, self.const(type_, shift))
            if rng.random() < 0.03:
                self.raw(0)
            total = byte if total is None else self.op(f"{type_}.or", total, byte)
        assert total is not None
        self.fresh(total)

    def letter(self, depth: int) -> None:
        """A byte of a constant text."""
        name = self.rng.choice(sorted(TEXTS))
        at = self.op("i32.and", self.value(t.I32), self.const(t.I32, 3))
        address = self.op("i32.add", self.op("mem.data_addr", data=name), at)
        byte = self.at.emit("mem.load8_u", (address,), None, None, offset=0, alias="text").result
        self.fresh(self.op("i64.extend_i32_u", byte))

    def bulk(self, depth: int) -> None:
        base = self.op("mem.data_addr", data="raw")
        size = self.const(t.I32, self.rng.choice((0, 1, 8, 13)))
        if self.rng.random() < 0.5:
            self.at.emit("mem.fill", (base, self.value(t.I32), size), (), None)
        else:
            self.at.emit("mem.copy", (base, self.op("i32.add", base, self.const(t.I32, 5)), size), (), None)

    def variable(self, depth: int) -> None:
        """A global."""
        if self.rng.random() < 0.5:
            self.at.emit("global.set", (self.value(t.I64),), (), None, name="counter")
        else:
            name, type_ = self.rng.choice((("counter", t.I64), ("counter", t.I64), ("scale", t.F64)))
            self.fresh(self.at.emit("global.get", (), (type_,), None, name=name).result)


_RAW = (
    "mem.load_i64", "mem.load_i32", "mem.load8_u", "mem.load8_s", "mem.load16_u", "mem.load16_s",
    "mem.store_i64", "mem.store_i32", "mem.store8", "mem.store16",
)  # fmt: skip
