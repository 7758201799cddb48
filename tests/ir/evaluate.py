"""The meaning of mem IR, as plainly as it can be said: for tests, slow, and independent of every engine.

Evaluator(module).call("f", [2])        =>        [3], or Trap
"""

from __future__ import annotations

import struct
from typing import Any

from wasmlathe.ir.core import Block, DataSegment, Module, Op, Value
from wasmlathe.ir.ops import Load, Store, Trap

PAGE_BYTES = 65536
FIRST_ADDRESS = 1024
FORMATS = {"i64": "q", "f64": "d", "i32": "i", "bool": "?"}
SMALL_FORMATS = {(1, False): "B", (1, True): "b", (2, False): "H", (2, True): "h", (4, False): "i"}


class OutOfSteps(Exception):
    """The program ran longer than a test wants to wait."""


class Evaluator:
    """One run of a module: its memory, globals and output."""

    def __init__(self, module: Module, max_pages: int = 100, max_steps: int = 1_000_000) -> None:
        self.module = module
        self.max_pages = max_pages
        self.steps_left = max_steps
        self.output = b""
        self.globals = {g.name: g.init for g in module.globals.values()}
        self.addresses: dict[str, int] = {}
        end = FIRST_ADDRESS
        for segment in module.data.values():
            self.addresses[segment.name] = begin = -(-end // segment.align) * segment.align
            end = begin + len(segment.content) + segment.room
        self.heap_base = -(-end // 8) * 8
        self.memory = bytearray(-(-self.heap_base // PAGE_BYTES) * PAGE_BYTES)
        for segment in module.data.values():
            self.place(segment)

    def place(self, segment: DataSegment) -> None:
        begin = self.addresses[segment.name]
        self.memory[begin : begin + len(segment.content)] = segment.content
        for offset, name, addend in segment.relocations:
            struct.pack_into("<I", self.memory, begin + offset, self.addresses[name] + addend)

    def call(self, name: str, args: list[Any]) -> list[Any]:
        """The results of a function. Raises Trap and OutOfSteps."""
        function = self.module.functions[name]
        if function.is_import:
            return self.call_host(function.attrs["import"], args)
        values = dict(zip(function.params, args, strict=True))
        block = function.entry
        while True:
            for op in block.ops[:-1]:
                given = [values[v] for v in op.operands]
                values.update(zip(op.results, self.evaluate(op, given), strict=True))
            end = block.ops[-1]
            given = [values[v] for v in end.operands]
            if end.name == "ret":
                return given
            block = self.follow(end, given, values)

    def call_host(self, name: tuple[str, str], args: list[Any]) -> list[Any]:
        if name != ("env", "write"):
            raise NotImplementedError(f"host function {name}")
        self.output += self.bytes_at(*args)
        return []

    def follow(self, end: Op, given: list[Any], values: dict[Value, Any]) -> Block:
        """The block where a terminator continues; its parameters are set."""
        self.steps_left -= len(end.block.ops)
        if self.steps_left < 0:
            raise OutOfSteps
        match end.name:
            case "br":
                target = end.targets[0]
            case "cond_br":
                target = end.targets[0 if given[0] else 1]
            case "switch":
                cases = end.attrs["cases"]
                target = end.targets[cases.index(given[0]) if given[0] in cases else -1]
            case "panic":
                raise Trap(end.attrs["message"])
            case "panic_text":
                raise Trap(self.bytes_at(*given).decode())
            case _:
                raise Trap(end.name)
        arguments = [values[v] for v in target.args]
        values.update(zip(target.block.params, arguments, strict=True))
        return target.block

    def evaluate(self, op: Op, given: list[Any]) -> list[Any]:
        """The results of an op that is no terminator."""
        row, attrs = op.row, op.attrs
        if row.eval is not None:
            return [row.eval(*given)]
        if isinstance(row.wasm, (Load, Store)):
            return self.access(op, given)
        match row.name:
            case "i32.const" | "i64.const" | "f64.const" | "bool.const":
                return [attrs["value"]]
            case "global.get":
                return [self.globals[attrs["name"]]]
            case "global.set":
                self.globals[attrs["name"]] = given[0]
            case "call":
                return self.call(attrs["callee"], given)
            case "mem.data_addr":
                return [self.addresses[attrs["data"]]]
            case "mem.heap_base":
                return [self.heap_base]
            case "mem.shadow":
                return [0]
            case "mem.size":
                return [len(self.memory) // PAGE_BYTES]
            case "mem.grow":
                return [self.grow(given[0] & 0xFFFFFFFF)]
            case "mem.bytes_equal" | "mem.bytes_upto":
                content = self.bytes_at(given[0], 16)
                byte = given[1] & 0xFF
                signed = [(b ^ 0x80) - 0x80 for b in (*content, byte)]
                is_met = (lambda b: b == signed[-1]) if row.name == "mem.bytes_equal" else (lambda b: b <= signed[-1])
                return [sum(is_met(b) << i for i, b in enumerate(signed[:-1]))]
            case "mem.copy":
                content = self.bytes_at(given[1], given[2])
                self.memory[self.checked(given[0], given[2])] = content
            case "mem.fill":
                self.memory[self.checked(given[0], given[2])] = bytes([given[1] & 0xFF]) * (given[2] & 0xFFFFFFFF)
            case _:
                raise NotImplementedError(row.name)
        return []

    def access(self, op: Op, given: list[Any]) -> list[Any]:
        """A load or store."""
        wasm = op.row.wasm
        is_load = isinstance(wasm, Load)
        type_ = str(op.result.type if is_load else op.operands[1].type)
        full = {"i64": 8, "f64": 8, "i32": 4, "bool": 1}[type_]
        format_ = "<" + (FORMATS[type_] if wasm.bytes == full else SMALL_FORMATS[wasm.bytes, is_load and wasm.signed])
        place = self.checked((given[0] & 0xFFFFFFFF) + op.attrs["offset"], wasm.bytes)
        if is_load:
            return list(struct.unpack(format_, self.memory[place]))
        value = given[1] if wasm.bytes == full else given[1] & ((1 << 8 * wasm.bytes) - 1)
        self.memory[place] = struct.pack(format_, value)
        return []

    def grow(self, pages: int) -> int:
        old = len(self.memory) // PAGE_BYTES
        if old + pages > self.max_pages:
            return -1
        self.memory += bytes(pages * PAGE_BYTES)
        return old

    def checked(self, address: int, size: int) -> slice:
        """The place of `size` bytes at `address`. Raises Trap outside of memory."""
        begin, size = address if address >= 0 else address & 0xFFFFFFFF, size & 0xFFFFFFFF
        if begin + size > len(self.memory):
            raise Trap("memory access out of bounds")
        return slice(begin, begin + size)

    def bytes_at(self, address: int, size: int) -> bytes:
        return bytes(self.memory[self.checked(address, size)])
