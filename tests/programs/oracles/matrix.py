"""What programs/matrix.tova prints, with exact fractions."""

from fractions import Fraction
from itertools import permutations
from math import prod


def sign(p):
    return (-1) ** sum(p[i] > p[j] for i in range(len(p)) for j in range(i, len(p)))


def determinant(a):
    return sum(sign(p) * prod(a[i][j] for i, j in enumerate(p)) for p in permutations(range(len(a))))


def solve(a, b):
    """Cramer's rule."""

    def replaced(column):
        return [[b[i] if j == column else x for j, x in enumerate(row)] for i, row in enumerate(a)]

    return [Fraction(determinant(replaced(column)), determinant(a)) for column in range(len(a))]


def show(rows):
    for row in rows:
        print("".join(f"{float(x):10.3f}" for x in row))


a = [[2, 1, -1], [-3, -1, 2], [-2, 1, 2]]
show(a)
print(f"determinant {determinant(a):.6f}")
print("solution", *(f"{float(x):.4f}" for x in solve(a, [8, -11, -3])))
columns = [solve(a, [int(i == k) for i in range(3)]) for k in range(3)]
show(zip(*columns, strict=True))
print("true")
print("0 true false")
fib = [0, 1]
while len(fib) <= 40:
    fib.append(fib[-1] + fib[-2])
print(fib[40], "1,0 | 0,1")
wide = [range(4), range(4, 8)]
show([[sum(x * y for x, y in zip(r, s, strict=True)) for s in wide] for r in wide])
print(*["1.0000"] * 6)
hilbert = [[Fraction(1, i + j + 1) for j in range(6)] for i in range(6)]
print(f"hilbert {float(determinant(hilbert) * 10**18):.2f}")
