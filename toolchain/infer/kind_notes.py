"""Notes for `run --count`: which kinds of values come to the operations that take several.

    x + 1, x: Float | String      =>      test x: Float: kind_seen "left of +", "Float"; ..   String: kind_seen ..; ..

Where an operation is a test for each kind with its own code behind (`choices.Split`), the note stands at the start of that
code. A function of the library makes its tests out of sight, so the tag is looked at before its call (`kinds_seen`).
"""

from __future__ import annotations

from collections.abc import Iterable

from wasmlathe.ir.core import Op, Value

from .emit import Emitter
from .lattice import Ty, Union, show
from .rules_operators import SYMBOLS

#: Tests of kinds that leave a smaller union, or one kind.
_NARROWING = ("dyn.narrow", "dyn.exclude")
_USES = {
    "index": "indexed", "index_or_nil": "indexed", "set_index": "indexed", "slice": "sliced", "show": "as text",
    "in": "right of in", "call_value": "called", "iter_start": "iterated", "iter_more": "iterated",
    "iter_value": "iterated", "iter_next": "iterated", "iter_key": "iterated",
}  # fmt: skip


class KindNotes:
    """Writes the notes of a function of the program, or nothing if nobody counts."""

    def __init__(self, is_on: bool) -> None:
        self._is_on = is_on

    def at_member(self, emitter: Emitter, op: Op, operand: int, member: Ty) -> None:
        """At the start of what `op` does with a member of a union."""
        if self._is_on:
            _note(emitter, _use(op, operand), show(member))

    def narrowed(self, emitter: Emitter, op: Op, given: Ty, result: Ty) -> None:
        """Where a test of the kind has left `result` of `given`."""
        if self._is_on and op.name in _NARROWING and isinstance(given, Union) and result is not given:
            _note(emitter, "tested with is", show(result))

    def before_call(self, emitter: Emitter, name: str, args: Iterable[tuple[Value, Ty]]) -> None:
        """Before a call of the library's function `name`."""
        for value, type_ in args if self._is_on else ():
            if isinstance(type_, Union):
                tag = emitter.op("data.sum_tag", value)
                kinds = [show(member) for member in type_.members.values()]
                emitter.builder.emit("kinds_seen", (tag,), (), use=f"passed to {name}", kinds=kinds)


def _note(emitter: Emitter, use: str, kind: str) -> None:
    emitter.builder.emit("kind_seen", (), (), use=use, kind=kind)


def _use(op: Op, operand: int) -> str:
    name = op.name.removeprefix("dyn.")
    if name in SYMBOLS:
        side = ("left", "right")[operand] if len(op.operands) == 2 else "operand"
        return f"{side} of {SYMBOLS[name]}"
    if name in ("method", "getattr", "setattr"):
        return f"receiver of .{op.attrs['name']}"
    return _USES.get(name, name)
