"""Python meanings of the scalar ops: two's complement integers in the signed range, IEEE doubles.

The reference interpreter, constant folding and the tests of generated code all use these functions.
"""

from __future__ import annotations

import math
import struct

from .row import Trap

_BITS64 = struct.Struct("<d")
_BITS64I = struct.Struct("<q")
_BITS32 = struct.Struct("<f")
_BITS32I = struct.Struct("<i")

M32, M64 = 0xFFFF_FFFF, 0xFFFF_FFFF_FFFF_FFFF
MIN32, MIN64 = -(1 << 31), -(1 << 63)


def wrap32(x: int) -> int:
    """`x` modulo 2^32, in the signed range."""
    x &= M32
    return x - (1 << 32) if x >> 31 else x


def wrap64(x: int) -> int:
    """`x` modulo 2^64, in the signed range."""
    x &= M64
    return x - (1 << 64) if x >> 63 else x


class Integers:
    """The operations of one integer width; `i32` and `i64` below are its two instances."""

    def __init__(self, bits: int) -> None:
        self.bits = bits
        self.mask = (1 << bits) - 1
        self.minimum = -(1 << (bits - 1))
        self.wrap = wrap32 if bits == 32 else wrap64

    def add(self, a: int, b: int) -> int:
        return self.wrap(a + b)

    def sub(self, a: int, b: int) -> int:
        return self.wrap(a - b)

    def mul(self, a: int, b: int) -> int:
        return self.wrap(a * b)

    def div_s(self, a: int, b: int) -> int:
        """Quotient rounded toward zero (WebAssembly core 2.0, 4.3.2 `idiv_s`)."""
        if b == 0:
            raise Trap("division by zero")
        if b == -1 and a == self.minimum:
            raise Trap("integer overflow")
        quotient = abs(a) // abs(b)
        return -quotient if (a < 0) != (b < 0) else quotient

    def rem_s(self, a: int, b: int) -> int:
        """Remainder with the sign of the dividend (WebAssembly core 2.0, 4.3.2 `irem_s`)."""
        if b == 0:
            raise Trap("division by zero")
        remainder = abs(a) % abs(b)
        return -remainder if a < 0 else remainder

    def div_u(self, a: int, b: int) -> int:
        if b == 0:
            raise Trap("division by zero")
        return self.wrap((a & self.mask) // (b & self.mask))

    def rem_u(self, a: int, b: int) -> int:
        if b == 0:
            raise Trap("division by zero")
        return self.wrap((a & self.mask) % (b & self.mask))

    def shl(self, a: int, b: int) -> int:
        return self.wrap(a << (b & (self.bits - 1)))

    def shr_s(self, a: int, b: int) -> int:
        return a >> (b & (self.bits - 1))

    def shr_u(self, a: int, b: int) -> int:
        return self.wrap((a & self.mask) >> (b & (self.bits - 1)))

    def rotl(self, a: int, b: int) -> int:
        count = b & (self.bits - 1)
        unsigned = a & self.mask
        return self.wrap((unsigned << count) | (unsigned >> (self.bits - count)))

    def rotr(self, a: int, b: int) -> int:
        return self.rotl(a, -b)

    def clz(self, a: int) -> int:
        return self.bits - (a & self.mask).bit_length()

    def ctz(self, a: int) -> int:
        unsigned = a & self.mask
        return (unsigned & -unsigned).bit_length() - 1 if unsigned else self.bits

    def popcnt(self, a: int) -> int:
        return (a & self.mask).bit_count()

    def lt_u(self, a: int, b: int) -> bool:
        return (a & self.mask) < (b & self.mask)

    def le_u(self, a: int, b: int) -> bool:
        return (a & self.mask) <= (b & self.mask)

    def gt_u(self, a: int, b: int) -> bool:
        return (a & self.mask) > (b & self.mask)

    def ge_u(self, a: int, b: int) -> bool:
        return (a & self.mask) >= (b & self.mask)

    def trunc_f64_s(self, x: float) -> int:
        """`x` rounded toward zero; traps on NaN and out of range."""
        if math.isnan(x):
            raise Trap("not a number cannot become an Int")
        if math.isinf(x):
            raise Trap("integer overflow")
        whole = int(x)
        if not -(1 << (self.bits - 1)) <= whole < 1 << (self.bits - 1):
            raise Trap("integer overflow")
        return whole

    def trunc_sat_f64_s(self, x: float) -> int:
        """`x` rounded toward zero; NaN is 0, out of range the nearest bound."""
        if math.isnan(x):
            return 0
        if math.isinf(x):
            return self.minimum if x < 0 else -self.minimum - 1
        return max(self.minimum, min(-self.minimum - 1, int(x)))


i32 = Integers(32)
i64 = Integers(64)


def sign_extend(bits: int, x: int) -> int:
    """The low `bits` bits of `x` as a signed number."""
    x &= (1 << bits) - 1
    return x - (1 << bits) if x >> (bits - 1) else x


def f64_div(a: float, b: float) -> float:
    """Quotient as IEEE 754 defines it, for zero divisors too."""
    if b != 0.0:
        return a / b
    if a == 0.0 or math.isnan(a):
        return math.nan
    return math.copysign(math.inf, math.copysign(1.0, a) * math.copysign(1.0, b))


def f64_sqrt(a: float) -> float:
    return math.sqrt(a) if a >= 0.0 else (a if a == 0.0 else math.nan)


def f64_min(a: float, b: float) -> float:
    """The smaller; NaN if either is; -0.0 below 0.0 (WebAssembly core 2.0, 4.3.3 `fmin`)."""
    if math.isnan(a) or math.isnan(b):
        return math.nan
    if a == b:
        return a if math.copysign(1.0, a) < 0 else b
    return min(a, b)


def f64_max(a: float, b: float) -> float:
    """The larger; NaN if either is; 0.0 above -0.0 (WebAssembly core 2.0, 4.3.3 `fmax`)."""
    if math.isnan(a) or math.isnan(b):
        return math.nan
    if a == b:
        return b if math.copysign(1.0, a) < 0 else a
    return max(a, b)


def _whole(rounded: float, x: float) -> float:
    return math.copysign(rounded, x) if rounded == 0.0 else rounded


def f64_floor(x: float) -> float:
    return _whole(float(math.floor(x)), x) if math.isfinite(x) else x


def f64_ceil(x: float) -> float:
    return _whole(float(math.ceil(x)), x) if math.isfinite(x) else x


def f64_trunc(x: float) -> float:
    return _whole(float(math.trunc(x)), x) if math.isfinite(x) else x


def f64_nearest(x: float) -> float:
    """`x` rounded to whole, ties to even."""
    return _whole(float(round(x)), x) if math.isfinite(x) else x


def bits_of_f64(x: float) -> int:
    return int(_BITS64I.unpack(_BITS64.pack(x))[0])


def f64_of_bits(bits: int) -> float:
    return float(_BITS64.unpack(_BITS64I.pack(bits))[0])


def f32_bits(x: float) -> int:
    """The bits of the float nearest to `x`, signed."""
    try:
        return int(_BITS32I.unpack(_BITS32.pack(x))[0])
    except OverflowError:  # rounds to infinity
        return int(_BITS32I.unpack(_BITS32.pack(math.copysign(math.inf, x)))[0])


def f64_of_f32_bits(bits: int) -> float:
    return float(_BITS32.unpack(_BITS32I.pack(bits))[0])


def f64_of_u64(a: int) -> float:
    return float(a & M64)
