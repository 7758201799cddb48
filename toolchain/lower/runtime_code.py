"""Writing functions of the runtime in mem IR: a builder for their bodies, and what the table of them says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..ir import types as t
from ..ir.core import Block, Function, Value
from . import layout
from .emit import Emitter

if TYPE_CHECKING:
    from .runtime import Runtime

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

    def get(self, name: str) -> Value:
        return self.emit("global.get", (), (t.I32,), None, name=name).results[0]

    def set(self, name: str, value: Value) -> None:
        self.emit("global.set", (value,), (), None, name=name)

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

    def exceeds_object(self, size: Value, beside: int = 0) -> Value:
        """True if an object with `size` bytes of content, unsigned, would be too large with `beside` bytes next to it."""
        return self.op("i64.gt_u", size, self.i64(layout.MAX_OBJECT_BYTES - beside - 2 * layout.ALIGNMENT))


@dataclass(frozen=True, slots=True)
class RuntimeFunction:
    """A function of the runtime: what writes its body, and its signature (names and types of parameters, results)."""

    write: Callable[..., Any]
    params: dict[str, t.Type]
    results: tuple[t.Type, ...] = ()
    attrs: dict[str, Any] = field(default_factory=dict)
    uses_heap: bool = False
