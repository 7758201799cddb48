"""Rows of the `mem.*` family: linear memory. Addresses are `i32`; attribute `offset` is added to them.

`alias` names the class of memory that a load or store touches: accesses of different classes never overlap
(type-based alias analysis), except that the class `any` may overlap with every other. A load that is `invariant` gives
the same value whenever it is executed: what it reads is written once, where the object is made, before the address is
known to any load. So it can be merged with its equals across stores and calls, and moved as far up as its address allows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .row import Effects, Load, OpRow, Special, Store

if TYPE_CHECKING:
    from ..core import Op

#: What a vector holds.
MATCHED_BYTES = 16

_ACCESS = {"offset": int, "alias": str}
#: Bulk operations without a class touch `any`.
_BULK = {"alias?": str}


def _load(name: str, result: str, size_bytes: int, signed: bool, what: str) -> OpRow:
    return OpRow(
        f"mem.{name}",
        f"Load {what} at address a + `offset`.",
        ("i32",),
        (result,),
        {**_ACCESS, "invariant?": bool},
        effects=Effects.READS,
        cost=4,
        wasm=Load(size_bytes, signed),
    )


def _store(name: str, operand: str, size_bytes: int, what: str) -> OpRow:
    return OpRow(
        f"mem.{name}",
        f"Store {what} b at address a + `offset`.",
        ("i32", operand),
        (),
        _ACCESS,
        effects=Effects.WRITES,
        cost=1,
        wasm=Store(size_bytes),
    )


def _match(name: str, what: str) -> OpRow:
    return OpRow(
        f"mem.{name}",
        f"Which of the {MATCHED_BYTES} bytes at address a {what}: bit i is set if byte i does.",
        ("i32", "i32"),
        ("i32",),
        {"alias": str},
        effects=Effects.READS,
        cost=4,
        wasm=Special(name),
    )


def _check_data(op: Op) -> list[str]:
    name = op.attrs["data"]
    return [] if name in op.block.function.module.data else [f"names @{name}, which is no data of the module"]


ROWS: list[OpRow] = [
    _load("load_i64", "i64", 8, False, "an i64"),
    _load("load_i32", "i32", 4, False, "an i32"),
    _load("load_f64", "f64", 8, False, "an f64"),
    _load("load_bool", "bool", 1, False, "a byte that is 0 or 1"),
    _load("load8_u", "i32", 1, False, "a byte, zero-extended,"),
    _load("load8_s", "i32", 1, True, "a byte, sign-extended,"),
    _load("load16_u", "i32", 2, False, "two bytes, zero-extended,"),
    _load("load16_s", "i32", 2, True, "two bytes, sign-extended,"),
    _store("store_i64", "i64", 8, "the i64"),
    _store("store_i32", "i32", 4, "the i32"),
    _store("store_f64", "f64", 8, "the f64"),
    _store("store_bool", "bool", 1, "as a byte the bool"),
    _store("store8", "i32", 1, "the low byte of"),
    _store("store16", "i32", 2, "the low two bytes of"),
    _match("bytes_equal", "equal the low byte of b"),
    _match("bytes_upto", "are at most the low byte of b, both as signed numbers"),
    OpRow(
        "mem.data_addr",
        "The address of the data segment `data`.",
        (),
        ("i32",),
        {"data": str},
        cost=0,
        wasm=Special("data_addr"),
        check=_check_data,
    ),
    OpRow(
        "mem.heap_base",
        "The first address after the static data, a multiple of 8.",
        (),
        ("i32",),
        cost=0,
        wasm=Special("heap_base"),
    ),
    OpRow(
        "mem.shadow",
        "The lowest address in use of the shadow stack, where callers keep their references; 0 if nobody did (`gc-roots`).",
        (),
        ("i32",),
        cost=0,
        wasm=Special("shadow"),
    ),
    OpRow(
        "mem.copy",
        "Copy c bytes from address b to address a; the ranges may overlap.",
        ("i32", "i32", "i32"),
        (),
        _BULK,
        effects=Effects.READS | Effects.WRITES,
        cost=12,
        wasm=Special("memory_copy"),
    ),
    OpRow(
        "mem.fill",
        "Set c bytes from address a to the low byte of b.",
        ("i32", "i32", "i32"),
        (),
        _BULK,
        effects=Effects.WRITES,
        cost=12,
        wasm=Special("memory_fill"),
    ),
    OpRow(
        "mem.size",
        "The size of memory in pages of 64 KiB.",
        (),
        ("i32",),
        effects=Effects.READS,
        wasm=Special("memory_size"),
    ),
    OpRow(
        "mem.grow",
        "Grow memory by a pages; the old size in pages, or -1 when refused.",
        ("i32",),
        ("i32",),
        effects=Effects.WRITES | Effects.READS,
        cost=1000,
        wasm=Special("memory_grow"),
    ),
]
