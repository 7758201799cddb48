"""Rows of the scalar families `i32.*`, `i64.*`, `f64.*` and `bool.*`, and `select`."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from . import numeric
from .row import Binary, Effects, OpRow, Special, Unary

if TYPE_CHECKING:
    from ..core import Op

Smt = Callable[..., Any]


def _same(python: Callable[..., Any]) -> Smt:
    """The z3 meaning of an operator that z3 terms overload as Python's integers do."""
    return lambda z, *args: python(*args)


def _unsigned(name: str) -> Smt:
    return lambda z, a, b: getattr(z, name)(a, b)


def _shift(python: Callable[..., Any] | None, name: str | None = None) -> Smt:
    """A shift whose count is taken modulo the width."""

    def smt(z: Any, a: Any, b: Any) -> Any:
        count = b & (a.size() - 1)
        return python(a, count) if python else getattr(z, name or "")(a, count)

    return smt


def _float(name: str) -> Smt:
    return lambda z, *args: getattr(z, name)(z.RNE(), *args)


def _float_compare(name: str) -> Smt:
    return lambda z, a, b: getattr(z, name)(a, b)


def _rounded(mode: str) -> Smt:
    return lambda z, a: z.fpRoundToIntegral(getattr(z, mode)(), a)


def _fits(ty: str) -> Callable[[Op], list[str]]:
    limit = 1 << (int(ty[1:]) - 1)

    def check(op: Op) -> list[str]:
        value = op.attrs["value"]
        return [] if -limit <= value < limit else [f"the constant {value} is no {ty}"]

    return check


def _integer_rows(ty: str, ints: numeric.Integers) -> list[OpRow]:
    """The rows of one integer width; `suffix` and `lanes` are Binaryen's names of it."""
    suffix, lanes = ("Int32", "VecI32x4") if ty == "i32" else ("Int64", "VecI64x2")
    python_type = {"value": int}

    def binary(name: str, doc: str, meaning: Callable[..., Any], wasm: str, smt: Smt, **more: Any) -> OpRow:
        return OpRow(f"{ty}.{name}", doc, (ty, ty), (ty,), eval=meaning, wasm=Binary(wasm + suffix), smt=smt, **more)

    def compare(name: str, doc: str, meaning: Callable[..., Any], wasm: str, smt: Smt, **more: Any) -> OpRow:
        return OpRow(
            f"{ty}.{name}", doc, (ty, ty), ("bool",), eval=meaning, wasm=Binary(wasm + suffix), smt=smt, **more
        )

    def unary(name: str, doc: str, meaning: Callable[..., Any], wasm: str, smt: Smt | None = None) -> OpRow:
        return OpRow(f"{ty}.{name}", doc, (ty,), (ty,), eval=meaning, wasm=Unary(wasm), smt=smt)

    traps = Effects.TRAPS
    return [
        OpRow(
            f"{ty}.const",
            "The constant `value`.",
            (),
            (ty,),
            python_type,
            cost=0,
            wasm=Special("const"),
            check=_fits(ty),
        ),
        binary(
            "add",
            "a + b, modulo 2^width.",
            ints.add,
            "Add",
            _same(operator.add),
            commutative=True,
            vector="Add" + lanes,
        ),
        binary("sub", "a - b, modulo 2^width.", ints.sub, "Sub", _same(operator.sub), vector="Sub" + lanes),
        binary(
            "mul",
            "a * b, modulo 2^width.",
            ints.mul,
            "Mul",
            _same(operator.mul),
            commutative=True,
            cost=3,
            vector="Mul" + lanes,
        ),
        binary(
            "div_s",
            "a / b toward zero; traps if b is 0, or on MIN / -1.",
            ints.div_s,
            "DivS",
            _same(operator.truediv),
            effects=traps,
            cost=18,
        ),
        binary(
            "div_u", "a / b, unsigned; traps if b is 0.", ints.div_u, "DivU", _unsigned("UDiv"), effects=traps, cost=18
        ),
        binary(
            "rem_s",
            "Remainder of a / b with the sign of a; traps if b is 0.",
            ints.rem_s,
            "RemS",
            lambda z, a, b: z.SRem(a, b),
            effects=traps,
            cost=18,
        ),
        binary(
            "rem_u",
            "Remainder of a / b, unsigned; traps if b is 0.",
            ints.rem_u,
            "RemU",
            _unsigned("URem"),
            effects=traps,
            cost=18,
        ),
        binary("and", "Bitwise and.", operator.and_, "And", _same(operator.and_), commutative=True, vector="AndVec128"),
        binary("or", "Bitwise or.", operator.or_, "Or", _same(operator.or_), commutative=True, vector="OrVec128"),
        binary(
            "xor",
            "Bitwise exclusive or.",
            operator.xor,
            "Xor",
            _same(operator.xor),
            commutative=True,
            vector="XorVec128",
        ),
        binary("shl", "a shifted left by b modulo the width.", ints.shl, "Shl", _shift(operator.lshift)),
        binary(
            "shr_s",
            "a shifted right by b modulo the width, copying the sign.",
            ints.shr_s,
            "ShrS",
            _shift(operator.rshift),
        ),
        binary(
            "shr_u",
            "a shifted right by b modulo the width, filling with zeros.",
            ints.shr_u,
            "ShrU",
            _shift(None, "LShR"),
        ),
        binary("rotl", "a rotated left by b bits.", ints.rotl, "RotL", _shift(None, "RotateLeft")),
        binary("rotr", "a rotated right by b bits.", ints.rotr, "RotR", _shift(None, "RotateRight")),
        compare("eq", "a = b.", operator.eq, "Eq", _same(operator.eq), commutative=True, vector="Eq" + lanes),
        compare("ne", "a is not b.", operator.ne, "Ne", _same(operator.ne), commutative=True, vector="Ne" + lanes),
        compare("lt_s", "a < b, signed.", operator.lt, "LtS", _same(operator.lt), vector="LtS" + lanes),
        compare("le_s", "a <= b, signed.", operator.le, "LeS", _same(operator.le), vector="LeS" + lanes),
        compare("gt_s", "a > b, signed.", operator.gt, "GtS", _same(operator.gt), vector="GtS" + lanes),
        compare("ge_s", "a >= b, signed.", operator.ge, "GeS", _same(operator.ge), vector="GeS" + lanes),
        compare("lt_u", "a < b, unsigned.", ints.lt_u, "LtU", _unsigned("ULT")),
        compare("le_u", "a <= b, unsigned.", ints.le_u, "LeU", _unsigned("ULE")),
        compare("gt_u", "a > b, unsigned.", ints.gt_u, "GtU", _unsigned("UGT")),
        compare("ge_u", "a >= b, unsigned.", ints.ge_u, "GeU", _unsigned("UGE")),
        unary("clz", "Number of leading zero bits.", ints.clz, "Clz" + suffix),
        unary("ctz", "Number of trailing zero bits.", ints.ctz, "Ctz" + suffix),
        unary("popcnt", "Number of one bits.", ints.popcnt, "Popcnt" + suffix),
        OpRow(
            f"{ty}.trunc_f64_s",
            "x rounded toward zero; traps on NaN and when out of range.",
            ("f64",),
            (ty,),
            effects=traps,
            cost=6,
            eval=ints.trunc_f64_s,
            wasm=Unary("TruncSFloat64To" + suffix),
        ),
        OpRow(
            f"{ty}.trunc_sat_f64_s",
            "x rounded toward zero; NaN gives 0, out of range the nearest bound.",
            ("f64",),
            (ty,),
            cost=7,
            eval=ints.trunc_sat_f64_s,
            wasm=Unary("TruncSatSFloat64To" + suffix),
        ),
    ]


def _conversion_rows() -> list[OpRow]:
    def row(
        name: str, doc: str, from_: str, to: str, meaning: Callable[..., Any], wasm: str, smt: Smt | None, cost: int = 1
    ) -> OpRow:
        return OpRow(name, doc, (from_,), (to,), cost=cost, eval=meaning, wasm=Unary(wasm), smt=smt)

    def sign_extend(bits: int) -> tuple[Callable[[int], int], Smt]:
        return (lambda x: numeric.sign_extend(bits, x)), (
            lambda z, a: z.SignExt(a.size() - bits, z.Extract(bits - 1, 0, a))
        )

    ext8, ext16, ext32 = sign_extend(8), sign_extend(16), sign_extend(32)

    return [
        row(
            "i32.wrap_i64",
            "The low 32 bits.",
            "i64",
            "i32",
            numeric.wrap32,
            "WrapInt64",
            lambda z, a: z.Extract(31, 0, a),
        ),
        row(
            "i64.extend_i32_s",
            "The same number in 64 bits, signed.",
            "i32",
            "i64",
            int,
            "ExtendSInt32",
            lambda z, a: z.SignExt(32, a),
        ),
        row(
            "i64.extend_i32_u",
            "The same bits in 64 bits, zero-extended.",
            "i32",
            "i64",
            lambda a: a & numeric.M32,
            "ExtendUInt32",
            lambda z, a: z.ZeroExt(32, a),
        ),
        row("i32.extend8_s", "The low 8 bits, sign-extended.", "i32", "i32", ext8[0], "ExtendS8Int32", ext8[1]),
        row("i32.extend16_s", "The low 16 bits, sign-extended.", "i32", "i32", ext16[0], "ExtendS16Int32", ext16[1]),
        row("i64.extend32_s", "The low 32 bits, sign-extended.", "i64", "i64", ext32[0], "ExtendS32Int64", ext32[1]),
        row(
            "f64.convert_i64_s",
            "The nearest double.",
            "i64",
            "f64",
            float,
            "ConvertSInt64ToFloat64",
            lambda z, a: z.fpSignedToFP(z.RNE(), a, z.Float64()),
            cost=4,
        ),
        row(
            "f64.convert_i64_u",
            "The nearest double of the unsigned number.",
            "i64",
            "f64",
            numeric.f64_of_u64,
            "ConvertUInt64ToFloat64",
            None,
            cost=6,
        ),
        row(
            "f64.convert_i32_s",
            "The same number as a double.",
            "i32",
            "f64",
            float,
            "ConvertSInt32ToFloat64",
            lambda z, a: z.fpSignedToFP(z.RNE(), a, z.Float64()),
            cost=4,
        ),
        row(
            "i64.reinterpret_f64",
            "The bits of a double.",
            "f64",
            "i64",
            numeric.bits_of_f64,
            "ReinterpretFloat64",
            None,
        ),
        row(
            "f64.reinterpret_i64",
            "The double with these bits.",
            "i64",
            "f64",
            numeric.f64_of_bits,
            "ReinterpretInt64",
            lambda z, a: z.fpBVToFP(a, z.Float64()),
        ),
        OpRow(
            "i32.f32_bits",
            "The bits of the nearest number of 32 bits.",
            ("f64",),
            ("i32",),
            eval=numeric.f32_bits,
            wasm=Special("f32_bits"),
            cost=4,
        ),
        OpRow(
            "f64.of_f32_bits",
            "The number of 32 bits with these bits.",
            ("i32",),
            ("f64",),
            eval=numeric.f64_of_f32_bits,
            wasm=Special("of_f32_bits"),
            cost=4,
        ),
    ]


def _float_rows() -> list[OpRow]:
    def binary(name: str, doc: str, meaning: Callable[..., Any], wasm: str, smt: Smt | None, **more: Any) -> OpRow:
        return OpRow(
            f"f64.{name}",
            doc,
            ("f64", "f64"),
            ("f64",),
            eval=meaning,
            wasm=Binary(wasm + "Float64"),
            smt=smt,
            vector=wasm + "VecF64x2",
            **more,
        )

    def unary(name: str, doc: str, meaning: Callable[..., Any], wasm: str, smt: Smt | None, cost: int = 1) -> OpRow:
        return OpRow(
            f"f64.{name}",
            doc,
            ("f64",),
            ("f64",),
            cost=cost,
            eval=meaning,
            wasm=Unary(wasm + "Float64"),
            smt=smt,
            vector=wasm + "VecF64x2",
        )

    def compare(name: str, doc: str, meaning: Callable[..., Any], wasm: str, smt: str, **more: Any) -> OpRow:
        return OpRow(
            f"f64.{name}",
            doc,
            ("f64", "f64"),
            ("bool",),
            eval=meaning,
            wasm=Binary(wasm + "Float64"),
            smt=_float_compare(smt),
            vector=wasm + "VecF64x2",
            **more,
        )

    return [
        OpRow("f64.const", "The constant `value`.", (), ("f64",), {"value": float}, cost=0, wasm=Special("const")),
        binary("add", "a + b.", operator.add, "Add", _float("fpAdd"), commutative=True, cost=3),
        binary("sub", "a - b.", operator.sub, "Sub", _float("fpSub"), cost=3),
        binary("mul", "a * b.", operator.mul, "Mul", _float("fpMul"), commutative=True, cost=3),
        binary("div", "a / b; no trap: x / 0 is an infinity or NaN.", numeric.f64_div, "Div", _float("fpDiv"), cost=13),
        binary("min", "The smaller; NaN if either is.", numeric.f64_min, "Min", None, commutative=True, cost=4),
        binary("max", "The larger; NaN if either is.", numeric.f64_max, "Max", None, commutative=True, cost=4),
        OpRow(
            "f64.copysign",
            "a with the sign of b.",
            ("f64", "f64"),
            ("f64",),
            eval=math.copysign,
            wasm=Binary("CopySignFloat64"),
        ),
        unary("neg", "a with the other sign.", operator.neg, "Neg", lambda z, a: z.fpNeg(a)),
        unary("abs", "a without its sign.", abs, "Abs", lambda z, a: z.fpAbs(a)),
        unary("sqrt", "Square root; NaN below zero.", numeric.f64_sqrt, "Sqrt", _float("fpSqrt"), cost=20),
        unary("floor", "The largest whole number not above a.", numeric.f64_floor, "Floor", _rounded("RTN"), cost=4),
        unary("ceil", "The smallest whole number not below a.", numeric.f64_ceil, "Ceil", _rounded("RTP"), cost=4),
        unary("trunc", "a rounded toward zero.", numeric.f64_trunc, "Trunc", _rounded("RTZ"), cost=4),
        unary("nearest", "a rounded to whole, ties to even.", numeric.f64_nearest, "Nearest", _rounded("RNE"), cost=4),
        compare("eq", "a = b; false on NaN.", operator.eq, "Eq", "fpEQ", commutative=True),
        compare("ne", "a is not b; true on NaN.", operator.ne, "Ne", "fpNEQ", commutative=True),
        compare("lt", "a < b; false on NaN.", operator.lt, "Lt", "fpLT"),
        compare("le", "a <= b; false on NaN.", operator.le, "Le", "fpLEQ"),
        compare("gt", "a > b; false on NaN.", operator.gt, "Gt", "fpGT"),
        compare("ge", "a >= b; false on NaN.", operator.ge, "Ge", "fpGEQ"),
    ]


def _bool_rows() -> list[OpRow]:
    def binary(name: str, doc: str, meaning: Callable[..., Any], wasm: str, smt: Smt) -> OpRow:
        return OpRow(
            f"bool.{name}", doc, ("bool", "bool"), ("bool",), eval=meaning, wasm=Binary(wasm), smt=smt, commutative=True
        )

    def eq(a: bool, b: bool) -> bool:
        return a == b

    return [
        OpRow("bool.const", "The constant `value`.", (), ("bool",), {"value": bool}, cost=0, wasm=Special("const")),
        binary("and", "Both; both operands are evaluated.", operator.and_, "AndInt32", lambda z, a, b: z.And(a, b)),
        binary("or", "Either; both operands are evaluated.", operator.or_, "OrInt32", lambda z, a, b: z.Or(a, b)),
        binary("xor", "Exactly one.", operator.xor, "XorInt32", lambda z, a, b: z.Xor(a, b)),
        binary("eq", "The same truth value.", eq, "EqInt32", lambda z, a, b: a == b),
        OpRow(
            "bool.not",
            "The other truth value.",
            ("bool",),
            ("bool",),
            eval=operator.not_,
            wasm=Unary("EqZInt32"),
            smt=lambda z, a: z.Not(a),
        ),
        OpRow(
            "i32.from_bool",
            "1 for true, 0 for false.",
            ("bool",),
            ("i32",),
            cost=0,
            eval=int,
            wasm=Special("reuse"),
            smt=lambda z, a: z.If(a, z.BitVecVal(1, 32), z.BitVecVal(0, 32)),
        ),
        OpRow(
            "i64.from_bool",
            "1 for true, 0 for false.",
            ("bool",),
            ("i64",),
            eval=int,
            wasm=Unary("ExtendUInt32"),
            smt=lambda z, a: z.If(a, z.BitVecVal(1, 64), z.BitVecVal(0, 64)),
        ),
        OpRow(
            "select",
            "b if the condition a holds, else c; both are evaluated.",
            ("bool", "T", "T"),
            ("T",),
            eval=lambda a, b, c: b if a else c,
            wasm=Special("select"),
            smt=lambda z, a, b, c: z.If(a, b, c),
        ),
    ]


ROWS: list[OpRow] = [
    *_integer_rows("i32", numeric.i32),
    *_integer_rows("i64", numeric.i64),
    *_conversion_rows(),
    *_float_rows(),
    *_bool_rows(),
]
