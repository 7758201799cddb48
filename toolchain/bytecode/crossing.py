"""Calls across the border between bytecode and compiled code.

    bytecode --native frame, slot, adapter--> "vm-to (i64) -> f64" --call_indirect slot--> compiled function or import
    compiled --call--> @f: call_indirect slot of f --> "vm-from f": arguments into a frame, the VM, results out of it

An adapter takes the arguments of a function from a frame, and leaves the results where they were; there is one for each
signature. What stands in a slot is always called by it, so the slot can change hands: a host that puts another function of
the same signature there has every caller go to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..codegen.binaryen import BinaryenModule, Expression
from ..codegen.emit import PANIC_TEXT
from ..ir import types as t
from ..ir.build import Builder
from ..ir.core import Function, Module, Op, Value
from ..ir.ops import row_named
from .handlers import TOP
from .instructions import HEADER, REGISTER
from .machine import RUN

TABLE = "vm-table"
TO, FROM = "vm-to ", "vm-from "
_BYTES = {t.I32: 4, t.BOOL: 4, t.I64: 8, t.F64: 8}


@dataclass(frozen=True, slots=True)
class Signature:
    """What a function takes and gives."""

    params: tuple[t.Type, ...]
    results: tuple[t.Type, ...]

    @property
    def adapter(self) -> str:
        """Name of the function that calls functions like this with what is in a frame."""
        return f"{TO}({', '.join(map(str, self.params))}) -> ({', '.join(map(str, self.results))})"


#: The import that panics with a text: address, bytes, number of the site.
_PANIC_TEXT = Signature((t.I32, t.I32, t.I32), ())


def signature_of(module: Module, name: str) -> Signature:
    """The signature of a function of the module, or of the import that panics with a text."""
    if name == PANIC_TEXT:
        return _PANIC_TEXT
    function = module.functions[name]
    return Signature(tuple(function.param_types), function.results)


class CallTable:
    """The table of functions: what is called from bytecode, the adapters for it, and bytecode that is called from outside."""

    __slots__ = ("_slots", "adapters", "forwarders")

    def __init__(self) -> None:
        self._slots: dict[str, int] = {}
        #: By name.
        self.adapters: dict[str, Signature] = {}
        #: Functions that call what is in a slot: name -> signature, slot.
        self.forwarders: dict[str, tuple[Signature, int]] = {}

    @property
    def names(self) -> list[str]:
        """The functions in the table, in its order."""
        return list(self._slots)

    def slot(self, name: str) -> int:
        """The slot of a function, which has one from now on."""
        return self._slots.setdefault(name, len(self._slots))

    def native(self, name: str, signature: Signature) -> tuple[int, int]:
        """Slots of a compiled function and of its adapter."""
        self.adapters[signature.adapter] = signature
        return self.slot(name), self.slot(signature.adapter)

    def forward(self, name: str, signature: Signature) -> str:
        """Let the function `name` be what is in a slot; the name of what stands there at first."""
        self.forwarders[name] = (signature, self.slot(FROM + name))
        return FROM + name

    def declare(self, out: BinaryenModule) -> None:
        """Add the table, which is empty so far. It is exported: a host can put other functions into slots."""
        out.add_table(TABLE, len(self.names))
        out.add_table_export(TABLE, TABLE)

    def add_to(self, out: BinaryenModule) -> None:
        """Add the adapters and the functions that forward, and fill the table."""
        for name, signature in self.adapters.items():
            _add_adapter(out, name, signature)
        for name, (signature, slot) in self.forwarders.items():
            args = [out.local_get(i, out.type_of([type_])) for i, type_ in enumerate(signature.params)]
            call = out.call_indirect(out.const(t.I32, slot), args, signature.params, signature.results)
            out.add_function(name, signature.params, signature.results, [], call, [])
        out.fill_table(self.names)


def _add_adapter(out: BinaryenModule, name: str, signature: Signature) -> None:
    """Adapter(frame, slot): call the function in the slot."""
    i32 = out.type_of([t.I32])

    def place(index: int) -> tuple[Expression, int]:
        return out.local_get(0, i32), HEADER + REGISTER * index

    args = []
    for index, type_ in enumerate(signature.params):
        frame, offset = place(index)
        args.append(out.load(_BYTES[type_], False, offset, type_, frame))
    call = out.call_indirect(out.local_get(1, i32), args, signature.params, signature.results)
    results, variables = signature.results, []
    body = [call]
    if results:
        whole = out.type_of(results)
        variables.append(whole)
        body = [out.local_set(2, call)]
        for index, type_ in enumerate(results):
            frame, offset = place(index)
            value = out.local_get(2, whole)
            part = out.tuple_part(value, index) if len(results) > 1 else value
            body.append(out.store(_BYTES[type_], offset, type_, frame, part))
    out.add_function(name, [t.I32, t.I32], (), variables, out.block(None, body), [])


_LOAD = {t.I32: "mem.load_i32", t.I64: "mem.load_i64", t.F64: "mem.load_f64", t.BOOL: "mem.load_i32"}
_STORE = {t.I32: "mem.store_i32", t.I64: "mem.store_i64", t.F64: "mem.store_f64", t.BOOL: "mem.store_i32"}


def add_stub(module: Module, name: str, signature: Signature, code: int | None) -> Function:
    """The function that runs bytecode at an address, or without one at the address that is its first argument."""
    own = [t.I32] if code is None else []
    function = module.add(Function(name, [*own, *signature.params], signature.results))
    block = function.add_block()
    params = [block.add_param(type_) for type_ in function.param_types]
    build = Builder(block)
    target = params.pop(0) if code is None else build.const(t.I32, code)
    top = build.insert(Op(row_named("global.get"), [], (t.I32,), {"name": TOP})).result
    frame = build.op("i32.add", top, build.const(t.I32, HEADER))
    build.emit("mem.store_i32", (frame, build.const(t.I32, 0)), offset=0, alias="any")
    build.emit("mem.store_i32", (frame, top), offset=4, alias="any")
    for index, value in enumerate(params):
        _store(build, frame, index, value)
    build.call(RUN, (target, frame), ())
    build.emit("global.set", (top,), name=TOP)
    build.ret(*_results(build, frame, signature.results))
    return function


def _results(build: Builder, frame: Value, types: Sequence[t.Type]) -> list[Value]:
    return [_load(build, frame, index, type_) for index, type_ in enumerate(types)]


def _load(build: Builder, frame: Value, index: int, type_: t.Type) -> Value:
    value = build.op(_LOAD[type_], frame, offset=HEADER + REGISTER * index, alias="any")
    if type_ is not t.BOOL:
        return value
    return build.op("i32.ne", value, build.const(t.I32, 0))


def _store(build: Builder, frame: Value, index: int, value: Value) -> None:
    if value.type is t.BOOL:
        value = build.op("i32.from_bool", value)
    build.emit(_STORE[value.type], (frame, value), offset=HEADER + REGISTER * index, alias="any")
