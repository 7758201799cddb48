"""Lowering of one function: where each typed value went, and what every lowering of an op builds on.

A lowering is a function `(body, op) -> components of the op's result`. The tables of the sibling modules say which op has
which; `lower_data` puts them together. Ops that make a check end the current block and continue in a new one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..ir import types as t
from ..ir.core import Block, Closure, Function, Layout, Loc, Module, Op, Target, Value
from .descriptors import Descriptors
from .emit import Emitter
from .options import LowerOptions
from .representation import flat
from .runtime import Runtime
from .statics import Statics


class Shared:
    """What the functions of one module share while they are lowered."""

    __slots__ = ("attempts", "closures", "descriptors", "layouts", "messages", "runtime", "statics")

    def __init__(self, source: Module, target: Module, options: LowerOptions) -> None:
        self.closures: dict[str, Closure] = source.closures
        self.layouts: dict[str, Layout] = source.layouts
        self.descriptors = Descriptors(target)
        self.runtime = Runtime(target, self.descriptors, options)
        self.statics = Statics(target)
        #: Functions whose panics some `data.try_call` catches (a dict used as an ordered set).
        self.attempts: dict[str, None] = {}
        #: `panic_text` ops -> the string whose bytes they tell.
        self.messages: dict[Op, Value] = {}


class Body(Emitter):
    """The mem IR of one function while it comes into being, and the position in it."""

    __slots__ = ("_cold", "_hot", "_panics", "function", "shared", "values")

    def __init__(self, function: Function, shared: Shared, entry: Block) -> None:
        super().__init__(entry)
        self.function = function
        self.shared = shared
        #: The components of each typed value. Constant strings are not here: they are made anew where they are used.
        self.values: dict[Value, Sequence[Value]] = {}
        self._panics: dict[tuple[str, Loc | None], Block] = {}
        self._hot: list[Block] = []
        self._cold: list[Block] = []

    # values

    def flat(self, value: Value) -> Sequence[Value]:
        """The components of a typed value, at the current position."""
        text = constant_string(value)
        return [self.static_string(text)] if text is not None else self.values[value]

    def flat_all(self, values: Sequence[Value]) -> list[Value]:
        return [part for value in values for part in self.flat(value)]

    def one(self, value: Value) -> Value:
        """The only component of a typed value."""
        (only,) = self.flat(value)
        return only

    def operands(self, op: Op) -> list[Value]:
        """The operands of an op all of whose operands have one component."""
        return [self.one(value) for value in op.operands]

    def bind(self, value: Value, parts: Sequence[Value]) -> None:
        """Remember what `value` became; the components take over its name."""
        self.values[value] = parts
        if value.name is not None:
            for part, name in zip(parts, part_names(value.name, len(parts)), strict=True):
                part.name = part.name or name

    def zeros(self, type_: t.Type) -> list[Value]:
        """Components that are all zero."""
        return [self.const(part, ZERO[part]) for part in flat(type_)]

    def static_string(self, text: str) -> Value:
        return self.op("mem.data_addr", data=self.shared.statics.string(text))

    # blocks

    def new_block(self, name: str, *params: t.Type, cold: bool = False) -> Block:
        """A block that is placed behind the current ones of its kind: cold blocks end up behind all others."""
        block = Block(self.function, name)
        block.cold = cold or self.block.cold
        for type_ in params:
            block.add_param(type_)
        (self._cold if cold else self._hot).append(block)
        return block

    def take_blocks(self) -> list[Block]:
        """The blocks made since the last call, without the cold ones."""
        taken, self._hot = self._hot, []
        return taken

    def take_cold_blocks(self) -> list[Block]:
        return self._cold

    def panic_block(self, message: str) -> Block:
        """A cold block that panics at the current location; one for all who say the same there."""
        key = (message, self.loc)
        block = self._panics.get(key)
        if block is None:
            block = self._panics[key] = self.new_block("panic", cold=True)
            Emitter(block, loc=self.loc).panic(message)
        return block

    # memory

    def call_runtime(self, name: str, *operands: Value) -> list[Value]:
        return self.shared.runtime.call(self, name, operands)

    def allocate(self, size: int) -> Value:
        """A new object of a size known now, without its header."""
        return self.shared.runtime.allocate(self, size)


Lowering = Callable[[Body, Op], Sequence[Value]]

ZERO: dict[t.Type, float | bool] = {t.I32: 0, t.I64: 0, t.F64: 0.0, t.BOOL: False}


def part_names(name: str, count: int) -> list[str]:
    """Names for the components of something called `name`."""
    return [name] if count == 1 else [f"{name}.{number}" for number in range(count)]


def constant_string(value: Value) -> str | None:
    """The text of a constant string, else None."""
    op = value.op
    return str(op.attrs["value"]) if op is not None and op.name == "data.string" else None


def constant_int(value: Value) -> int | None:
    """The value of an Int that is known now, the size of a constant string included; else None."""
    op = value.op
    if op is None:
        return None
    if op.name == "i64.const":
        return int(op.attrs["value"])
    measure = _MEASURES.get(op.name)
    if measure is None:
        return None
    text = constant_string(op.operands[0])
    return None if text is None else measure(text)


_MEASURES: dict[str, Callable[[str], int]] = {
    "data.string_len": len,
    "data.string_bytes": lambda text: len(text.encode()),
}


def edge(block: Block, *args: Value) -> Target:
    return Target(block, list(args))
