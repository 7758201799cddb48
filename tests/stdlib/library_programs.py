"""Running small programs in the test process, and writing values as the language does."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Sequence

from wasmlathe.diagnostics import SourceFile
from wasmlathe.driver import CompileOptions, compile_source
from wasmlathe.pipeline.preparing import PipelineRequest
from wasmlathe.wasm_runtime import engine
from wasmlathe.wasm_runtime.panics import ProgramPanic

LIMITS = engine.Limits(60.0, 512 << 20)


def run(text: str, level: str = "O1", args: Sequence[str] = ()) -> str:
    """What a program prints. Raises ProgramPanic, and CompileError if it does not compile."""
    compilation = compile_source(SourceFile("program.tova", text), CompileOptions(PipelineRequest(level)))
    assert compilation.artifact is not None
    output = io.BytesIO()
    engine.run(compilation.artifact, args, LIMITS, output)
    return output.getvalue().decode()


def panic_of(text: str) -> str:
    """The message with which a program panics. Raises AssertionError if it does not."""
    try:
        printed = run(text)
    except ProgramPanic as panic:
        return panic.message
    raise AssertionError(f"no panic, but: {printed}")


def literal(value: object) -> str:
    """A value as source text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "nil"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")
        return "'" + escaped.replace("'", "\\'") + "'"
    if isinstance(value, float):
        return float_literal(value)
    if isinstance(value, int):
        return str(value) if value > -(1 << 63) else "(-9223372036854775807 - 1)"
    assert isinstance(value, list | tuple)
    return "[" + ", ".join(map(literal, value)) + "]"


def float_literal(value: float) -> str:
    if math.isnan(value):
        return "(0.0 / 0.0)"
    if math.isinf(value):
        return "INF" if value > 0 else "(-INF)"
    text = repr(value)
    if "e" not in text:
        return text
    digits, _, exponent = text.partition("e")
    return f"{digits}{'' if '.' in digits else '.0'}e{int(exponent)}"


def float_text(value: float) -> str:
    """A float as the language (and JavaScript) writes it, made from Python's shortest digits."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    mantissa, _, power = repr(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = whole + fraction
    point = len(whole) + int(power or 0) - (len(digits) - len(digits.lstrip("0")))
    digits = digits.strip("0")
    count = len(digits)
    if 0 < point <= 21:
        return sign + (digits + "0" * (point - count) if point >= count else f"{digits[:point]}.{digits[point:]}")
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    tail = f".{digits[1:]}" if count > 1 else ""
    return f"{sign}{digits[0]}{tail}e{'+' if point > 0 else ''}{point - 1}"


_MASK = (1 << 64) - 1


def _rotl(x: int, k: int) -> int:
    return (x << k | x >> (64 - k)) & _MASK


def xoshiro(seed: int) -> Iterator[int]:
    """The random bits that `randomSeed(seed)` begins, by the generator as its authors publish it."""
    state = []
    for _ in range(4):
        seed = (seed + 0x9E3779B97F4A7C15) & _MASK
        z = (seed ^ seed >> 30) * 0xBF58476D1CE4E5B9 & _MASK
        z = (z ^ z >> 27) * 0x94D049BB133111EB & _MASK
        state.append(z ^ z >> 31)
    while True:
        yield _rotl(state[1] * 5 & _MASK, 7) * 9 & _MASK
        t = state[1] << 17 & _MASK
        state[2] ^= state[0]
        state[3] ^= state[1]
        state[1] ^= state[2]
        state[0] ^= state[3]
        state[2] ^= t
        state[3] = _rotl(state[3], 45)
