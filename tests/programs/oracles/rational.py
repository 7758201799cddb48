"""What programs/rational.tova prints, by fractions.Fraction."""

from fractions import Fraction
from math import ceil, floor

x, y = Fraction(6, -8), Fraction(5, 12)
print(x, x + y, x - y, x * y, x / y, x**-3)
print(-1, 1, "true false", f"Rational(top: {x.numerator}, bottom: {x.denominator})")


def continued(r):
    terms = []
    while True:
        terms.append(floor(r))
        r -= terms[-1]
        if r == 0:
            return terms
        r = 1 / r


def decimal(r):
    """Multiples of 10 remove the digits before the period; 10^n - 1 divides by what is left."""
    before = next(k for k in range(99) if _odd(r.denominator) == (10**k * r).denominator)
    rest = _odd(r.denominator)
    period = 0 if rest == 1 else next(n for n in range(1, 999) if (10**n - 1) % rest == 0)
    digits = str(floor(r * 10 ** (before + period))).zfill(before + period + 1)
    whole, tail = digits[: len(digits) - before - period], digits[len(digits) - before - period :]
    return whole + ("." if tail else "") + tail[:before] + (f"({tail[before:]})" if period else "")


def _odd(n):
    for p in (2, 5):
        while n % p == 0:
            n //= p
    return n


for text in ("355/113", "7", "3/0", "a/2", "10/4"):
    try:
        r = Fraction(text)
        print(f"{text}: [{'; '.join(map(str, continued(r)))}] = {r} = {decimal(r)}")
    except ZeroDivisionError:
        print(text, "divides by zero")
    except ValueError:
        print(text, "is no fraction")


def egyptian(r):
    while r:
        part = Fraction(1, ceil(1 / r))
        yield str(part)
        r -= part


print(" + ".join(egyptian(Fraction(7, 15))), "|", " + ".join(egyptian(Fraction(4, 13))))
print(*(decimal(Fraction(1, n)) for n in range(2, 14)))


def farey(n):
    return sorted({Fraction(a, b) for b in range(1, n + 1) for a in range(b + 1)})


print(*farey(6), len(farey(30)))
harmonic = sum(Fraction(1, n) for n in range(1, 21))
print(harmonic, f"{float(harmonic):.6f}")
print(" < ".join(map(str, sorted([Fraction(1, 2), Fraction(2, 5), Fraction(3, 7), Fraction(4, 9)]))))
print("caught: the denominator is 0")
