"""Sums taken side by side (`unroll-jam`) mean the same as one after the other, also where the turns depend on each other."""

from __future__ import annotations

from programs.running import compiled, execute
from wasmlathe.ir.core import Module

PROGRAM = """
fn matrix(rows, columns, start) {
  [[(i * columns + j + start) * 0.5 for j in 0..columns] for i in 0..rows]
}

fn multiply(a, b, c, n, m, p) {
  for i in 0..n {
    for j in 0..m {
      var total = 0.0
      for k in 0..p {
        total += a[i][k] * b[k][j]
      }
      c[i][j] = total
    }
  }
}

fn flat(a, b, c, n) {
  for i in 0..n {
    for j in 0..n {
      var total = 0.0
      for k in 0..n {
        total += a[i * n + k] * b[k * n + j]
      }
      c[i * n + j] = total
    }
  }
}

fn attemptFlat(name, a, b, c, n) {
  try { flat(a, b, c, n) } catch e { print("{name}: {e.message}") }
  print("{name}: {c.join(" ")}")
}

fn numbers(n) { [i * 0.25 for i in 0..n] }

fn show(m) { m.map(fn(row) row.map(fn(x) "{x}").join(" ")).join("; ") }

fn attempt(name, a, b, c, n, m, p) {
  try {
    multiply(a, b, c, n, m, p)
    print("{name}: {show(c)}")
  } catch e {
    print("{name}: {e.message}: {show(c)}")
  }
}

fn main() {
  for n in [1, 7, 8, 9, 15] {
    attempt("square {n}", matrix(n, n, 1), matrix(n, n, 2), matrix(n, n, 0), n, n, n)
  }
  attempt("no sum", matrix(2, 1, 1), matrix(1, 20, 1), matrix(2, 20, 5), 2, 20, 0)
  attempt("one product", matrix(2, 1, 1), matrix(1, 20, 1), matrix(2, 20, 5), 2, 20, 1)
  attempt("short result", matrix(2, 4, 1), matrix(4, 20, 1), matrix(2, 13, 0), 2, 20, 4)
  attempt("no result", matrix(2, 4, 1), matrix(4, 20, 1), matrix(1, 20, 0), 2, 20, 4)
  attempt("short left", matrix(2, 3, 1), matrix(4, 20, 1), matrix(2, 20, 0), 2, 20, 4)
  attempt("few rows", matrix(2, 4, 1), matrix(3, 20, 1), matrix(2, 20, 0), 2, 20, 4)
  ragged = matrix(4, 20, 1)
  ragged[2] = matrix(1, 11, 1)[0]
  attempt("ragged", matrix(2, 4, 1), ragged, matrix(2, 20, 0), 2, 20, 4)
  same = matrix(9, 9, 1)
  attempt("all are one", same, same, same, 9, 9, 9)
  left = matrix(9, 9, 1)
  attempt("the left is the result", left, matrix(9, 9, 2), left, 9, 9, 9)
  right = matrix(9, 9, 1)
  attempt("the right is the result", matrix(9, 9, 3), right, right, 9, 9, 9)
  mixed = matrix(9, 9, 1)
  target = matrix(9, 9, 0)
  target[4] = mixed[7]
  attempt("one row is shared", matrix(9, 9, 3), mixed, target, 9, 9, 9)
  twice = matrix(9, 9, 0)
  twice[3] = twice[5]
  attempt("two rows of the result are one", matrix(9, 9, 3), matrix(9, 9, 2), twice, 9, 9, 9)
  attemptFlat("flat", numbers(81), numbers(81), numbers(81), 9)
  attemptFlat("flat with a short right", numbers(81), numbers(77), numbers(81), 9)
  attemptFlat("flat with a short result", numbers(81), numbers(81), numbers(50), 9)
  one = numbers(81)
  attemptFlat("flat and all are one", one, one, one, 9)
}
"""


def jammed_loops(module: Module) -> int:
    return sum(block.name == "jammed" for function in module.functions.values() for block in function.blocks)


def test_products_of_matrices_that_share_rows_or_are_too_short() -> None:
    outcome = execute(PROGRAM, "O3", verify=False)
    assert outcome == execute(PROGRAM, "O0", verify=False)
    lines = outcome.stdout.splitlines()
    assert len(lines) == 23
    assert lines[1].startswith("square 7: 210 217 224")
    assert [line.partition(":")[0] for line in lines if "index out of range" in line] == [
        "short result",
        "no result",
        "short left",
        "few rows",
        "ragged",
        "flat with a short right",
        "flat with a short result",
    ]
    assert jammed_loops(compiled(PROGRAM, "O3", verify=False).modules["mem"]) == 2
