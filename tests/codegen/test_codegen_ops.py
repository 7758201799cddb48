"""Every row of the op table: generated code and the reference interpreter do what its `eval` says."""

from __future__ import annotations

import itertools
import math
import struct
from typing import Any

import pytest
from compiled import Compiled
from wasmlathe.ir import types as t
from wasmlathe.ir.build import Builder
from wasmlathe.ir.core import Function, Module
from wasmlathe.ir.ops import STAGE_FAMILIES, TABLE, OpRow, Trap
from wasmlathe.ir.signature import result_types
from wasmlathe.wasm_runtime.panics import ProgramPanic
from wasmlathe.wasm_runtime.python_engine import TEMPLATES, Program

_INF, _NAN = math.inf, math.nan
SAMPLES: dict[str, list[Any]] = {
    "i32": [0, 1, -1, 2, 7, 31, 32, 33, 127, 128, 255, 256, -128, 32768, 2**31 - 1, -(2**31), -(2**31) + 1, 0x12345678],
    "i64": [0, 1, -1, 2, 10, 63, 64, 65, 255, -256, 2**31, 2**32, -(2**31), 2**53 + 1, 2**62, 2**63 - 1, -(2**63)],
    "f64": [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, 2.5, 2.0**31, -(2.0**31) - 1, 2.0**63, -(2.0**63), 2.0**53, 1e308]
    + [5e-324, -1e-310, _INF, -_INF, _NAN],
    "bool": [False, True],
}
TYPES = {"i32": t.I32, "i64": t.I64, "f64": t.F64, "bool": t.BOOL}

MEANT = [row for row in TABLE.values() if row.eval is not None]


def is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)


def same(a: Any, b: Any) -> bool:
    """Equal in type and bits, but one NaN is as good as another."""
    if isinstance(a, float) and isinstance(b, float):
        return (math.isnan(a) and math.isnan(b)) or struct.pack("<d", a) == struct.pack("<d", b)
    return type(a) is type(b) and a == b


def variants(row: OpRow) -> list[tuple[str, ...]]:
    """The operand types of the row; a variable stands for each scalar type."""
    if "T" in row.operands:
        return [tuple(kind if p == "T" else p for p in row.operands) for kind in SAMPLES]
    return [row.operands]


def one_op_function(row: OpRow, kinds: tuple[str, ...]) -> Module:
    types = [TYPES[kind] for kind in kinds]
    results = result_types(row, types)
    assert results is not None
    module = Module("op", "mem")
    function = module.add(Function("f", types, results))
    builder = Builder(function.add_block())
    params = [builder.block.add_param(type_) for type_ in types]
    builder.ret(builder.op(row.name, *params))
    return module


def outcome(call: Any, *args: Any) -> Any:
    try:
        return call(*args)
    except (Trap, ProgramPanic) as end:
        return end.message


@pytest.mark.parametrize("row", MEANT, ids=lambda row: row.name)
def test_an_op_means_its_eval_on_both_engines(row: OpRow) -> None:
    for kinds in variants(row):
        module = one_op_function(row, kinds)
        wasm, interpreted = Compiled(module), Program(module)
        for args in itertools.product(*(SAMPLES[kind] for kind in kinds)):
            meant = outcome(row.eval, *args)
            for engine in (wasm, interpreted):
                found = outcome(engine.call, "f", *args)
                if isinstance(found, tuple):
                    (found,) = found
                if any(map(is_nan, args)) and row.name in ("f64.copysign", "i64.reinterpret_f64", "i32.f32_bits"):
                    continue  # of a NaN no more than that it is one is promised
                assert same(found, meant), f"{row.name}{args}: {found!r} in {engine}, not {meant!r}"


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_text_of_an_op_in_the_interpreter_means_its_eval(name: str) -> None:
    row = TABLE[name]
    text = TEMPLATES[name].format(*("a", "b")[: len(row.operands)])
    source = f"def f({', '.join('ab'[: len(row.operands)])}):\n return {text}"
    names = Program(one_op_function(row, row.operands)).namespace
    exec(source, names)  # noqa: S102 text of our own
    for args in itertools.product(*(SAMPLES[kind] for kind in row.operands)):
        assert same(names["f"](*args), row.eval(*args)), f"{text} with {args}"


def test_what_has_no_webassembly_does_not_come_to_code_generation() -> None:
    for row in TABLE.values():
        if row.wasm is None:
            assert row.family not in STAGE_FAMILIES["mem"], row.name


def test_constants_keep_their_bits() -> None:
    module = Module("constants", "mem")
    values: list[tuple[t.Type, Any]] = [(TYPES[kind], value) for kind, found in SAMPLES.items() for value in found]
    values.append((t.F64, struct.unpack("<d", struct.pack("<Q", 0xFFF8_0000_0000_0001))[0]))
    for index, (type_, value) in enumerate(values):
        function = module.add(Function(f"c{index}", [], (t.I64 if type_ is t.F64 else type_,)))
        builder = Builder(function.add_block())
        constant = builder.const(type_, value)
        builder.ret(builder.op("i64.reinterpret_f64", constant) if type_ is t.F64 else constant)
    wasm, interpreted = Compiled(module), Program(module)
    for index, (type_, value) in enumerate(values):
        meant = struct.unpack("<q", struct.pack("<d", value))[0] if type_ is t.F64 else value
        assert wasm.call(f"c{index}") == (meant,)
        assert interpreted.call(f"c{index}") == (meant,)
