"""Writing functions of the runtime in mem IR: a builder for their bodies, and what the table of them says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..ir import types as t
from ..ir.core import Block, Function, Value
from . import layout
from .emit import Emitter

if TYPE_CHECKING:
    from .runtime import Runtime

HOST_ALLOC = "rt-host-alloc"
ALLOC = "rt-alloc"  # with a hyphen, like all names of the runtime: no program can have a function of the name


class Code(Emitter):
    """The body of one runtime function while it is written."""

    __slots__ = ("function", "runtime")

    def __init__(self, function: Function, runtime: Runtime) -> None:
        super().__init__(function.add_block("entry"))
        self.function = function
        self.runtime = runtime

    def label(self, name: str, *params: t.Type, cold: bool = False) -> Block:
        """A new block behind the others."""
        block = self.function.add_block(name)
        block.cold = cold
        for number, type_ in enumerate(params):
            block.add_param(type_, f"{name}.{number}")
        return block

    @contextmanager
    def when(self, condition: Value, cold: bool = False) -> Iterator[None]:
        """What is emitted meanwhile happens if the condition holds."""
        then, done = self.label("then", cold=cold), self.label("done")
        self.cond_br(condition, then, done)
        self.at_end(then)
        yield
        if not (self.block.ops and self.block.terminator.row.terminator):
            self.br(done)
        self._continue_in(done)

    @contextmanager
    def loop(self, *starts: Value) -> Iterator[Loop]:
        """What is emitted meanwhile is repeated; see `Loop`. Its variables keep their values behind it."""
        head, done = self.label("loop", *(value.type for value in starts)), self.label("done")
        self.br(head, *starts)
        self.at_end(head)
        loop = Loop(self, head, done)
        yield loop
        if loop.stops:
            self._continue_in(done)
        else:
            self.function.blocks.remove(done)

    def _continue_in(self, block: Block) -> None:
        """Continue in a block that was made earlier; it is placed here."""
        self.function.blocks.remove(block)
        self.function.blocks.append(block)
        self.at_end(block)

    def use(self, name: str, *operands: Value) -> Value:
        """The result of a function of the runtime that has one."""
        return self.runtime.call(self, name, operands)[0]

    def do(self, name: str, *operands: Value) -> None:
        """Call a function of the runtime that has no result."""
        self.runtime.call(self, name, operands)

    def alloc(self, size: Value) -> Value:
        return self.runtime.call(self, ALLOC, [size])[0]

    def panic_if(self, condition: Value, message: str) -> None:
        """Continue in a new block unless the condition holds."""
        bad, good = self.label("bad", cold=True), self.label("good")
        self.cond_br(condition, bad, good)
        self.at_end(bad)
        self.panic(message)
        self.at_end(good)

    def string_object(self, address: Value, length: Value, characters: Value, start: Value, buffer: Value) -> None:
        self.header(address, layout.TYPE_STRING, layout.STRING_OBJECT_BYTES)
        self.store_word(address, length, layout.STRING_BYTE_LENGTH, "string.length")
        self.store_word(address, characters, layout.STRING_CHARACTERS, "string.characters")
        self.store_word(address, start, layout.STRING_START, "string.bytes_ptr")
        self.store_word(address, buffer, layout.STRING_BUFFER, "string.buffer")

    def object_bytes(self, address: Value) -> Value:
        """The size of an object, without the collector's bits."""
        size = self.load_word(address, layout.HEADER_SIZE, "header")
        return self.op("i32.and", size, self.i32(-layout.ALIGNMENT))

    def exceeds_object(self, size: Value, beside: int = 0) -> Value:
        """True if an object with `size` bytes of content, unsigned, would be too large with `beside` bytes next to it."""
        return self.op("i64.gt_u", size, self.i64(layout.MAX_OBJECT_BYTES - beside - 2 * layout.ALIGNMENT))


class Loop:
    """A loop that is being written: `values` are its variables; it goes on with `next` and ends with `stop_if`."""

    __slots__ = ("_code", "_done", "_head", "stops", "values")

    def __init__(self, code: Code, head: Block, done: Block) -> None:
        self._code, self._head, self._done = code, head, done
        self.values = head.params
        self.stops = False

    def stop_if(self, condition: Value) -> None:
        self.stops = True
        more = self._code.label("more")
        self._code.cond_br(condition, self._done, more)
        self._code.at_end(more)

    def next(self, *values: Value) -> None:
        self._code.br(self._head, *values)


@dataclass(frozen=True, slots=True)
class RuntimeFunction:
    """A function of the runtime: what writes its body, and its signature (names and types of parameters, results)."""

    write: Callable[..., Any]
    params: dict[str, t.Type]
    results: tuple[t.Type, ...] = ()
    attrs: dict[str, Any] = field(default_factory=dict)
