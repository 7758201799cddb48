"""Variables of a module in memory instead of in globals of WebAssembly: where bytecode and compiled code reach them.

%x = global.get @count        =>        %a = mem.data_addr @vm-variables;  %x = mem.load_i64 %a {offset of count}
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

from ..ir import types as t
from ..ir.build import Builder
from ..ir.core import DataSegment, Global, Module, Op
from ..ir.ops import row_named

SEGMENT = "vm-variables"
_LOAD = {t.I32: "mem.load_i32", t.I64: "mem.load_i64", t.F64: "mem.load_f64", t.BOOL: "mem.load_bool"}
_STORE = {t.I32: "mem.store_i32", t.I64: "mem.store_i64", t.F64: "mem.store_f64", t.BOOL: "mem.store_bool"}

#: Name of a variable -> name of its data segment, and the offset there.
Homes = dict[str, tuple[str, int]]


def move_to_memory(module: Module, others: Mapping[str, tuple[str, int]] | None = None) -> Homes:
    """Move all variables, in place; where they are now. Those in `others` are kept there already."""
    homes: Homes = dict(others or {})
    content = bytearray()
    for variable in module.globals.values():
        if variable.name not in homes:
            homes[variable.name] = (SEGMENT, len(content))
            content += _initial(variable)
    for function in module.functions.values():
        for block in function.blocks:
            _rewrite(block.ops, homes)
    if content:
        module.data[SEGMENT] = DataSegment(SEGMENT, bytes(content))
    module.globals.clear()
    return homes


def _rewrite(ops: list[Op], homes: Homes) -> None:
    for index in range(len(ops) - 1, -1, -1):
        op = ops[index]
        if op.name not in ("global.get", "global.set"):
            continue
        block, name = op.block, op.attrs["name"]
        segment, offset = homes[name]
        attrs = {"offset": offset, "alias": f"variable {name}"}
        build = Builder(block, index, op.loc)
        base = build.op("mem.data_addr", data=segment)
        at = index + 1
        if op.name == "global.set":
            value = op.operands[0]
            ops[at] = Op(row_named(_STORE[value.type]), [base, value], (), attrs, op.loc)
        else:
            new = Op(row_named(_LOAD[op.result.type]), [base], (op.result.type,), attrs, op.loc)
            ops[at] = new
            block.function.replace_uses({op.result: new.result})
        ops[at].block = block


def _initial(variable: Global) -> bytes:
    """The first value, in eight bytes."""
    return struct.pack("<d", variable.init) if variable.type is t.F64 else struct.pack("<q", int(variable.init))
