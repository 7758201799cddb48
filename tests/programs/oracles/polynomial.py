"""What programs/polynomial.tova prints: a polynomial is a dictionary from exponents to coefficients."""

from collections import Counter
from functools import reduce
from itertools import product
from math import comb, isclose


def poly(*coefficients):
    return {i: c for i, c in enumerate(coefficients) if c}


def times(p, q):
    result = Counter()
    for (i, x), (j, y) in product(p.items(), q.items()):
        result[i + j] += x * y
    return {i: c for i, c in result.items() if c}


def plus(p, q):
    return {i: c for i in p.keys() | q.keys() if (c := p.get(i, 0) + q.get(i, 0))}


def at(p, x):
    return sum(c * x**i for i, c in p.items())


def show(p):
    terms = []
    for i in sorted(p, reverse=True):
        factor = "" if abs(p[i]) == 1 and i else str(abs(p[i]))
        terms.append(("-" if p[i] < 0 else "+") + " " + factor + ("x" if i else "") + (f"^{i}" if i > 1 else ""))
    text = " ".join(terms) or "+ 0"
    return text[2:] if text[0] == "+" else "-" + text[2:]


p, q = poly(-1, 0, 3, 1), poly(2, -1)
print(show(p), "|", show(q), "| 0 | 0")
print(show(plus(p, q)), "| 0 |", show(times(p, q)))
print(show(p), "| 0")
a, b = poly(1, 1, 1), poly(4, 2)
assert plus(times(a, poly(1, 1, 1)), b) == poly(5, 4, 3, 2, 1)
print(show(a), "|", show(b), "|", show(poly(5, 4, 3, 2, 1)))
print(show(poly(0, 6, 3)), "|", 6)
print(show(poly(*(comb(9, i) for i in range(10)))))
print("x^2 |", at(p, at(q, 5)), at(p, at(q, 5)))
made = reduce(times, (poly(-root, 1) for root in (-2, 1, 3, 7)))
print(show(made), "has roots -2 1 3 7")
plastic = 1.3247179572447460260
assert isclose(plastic**3, plastic + 1)
print(f"{2**0.5:.10f} {plastic:.10f}")
print("true", show(poly(-1, 2)), 3 * 16 - 8 + 24 - 7)
print(show({7: 128, 5: -1344, 3: 3360, 1: -1680}))
