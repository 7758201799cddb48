"""Loops that fill arrays: the test in the middle, the array itself as the limit, steps of two kinds, an end by a panic."""

from __future__ import annotations

from .running import execute

PROGRAM = """
fn middle(n) {
  var xs = []
  var i = 0
  loop {
    xs.push(0)
    if not (i < n) { break }
    i += 1
  }
  xs
}

fn beyond(n) {
  var xs = []
  var i = 0
  var j = 0
  loop {
    j = i + 1
    if not (i < n) { break }
    xs.push(7)
    i = j
  }
  xs.push(j)
  xs
}

fn itself() {
  var xs = []
  var i = 0
  while i < len(xs) {
    xs.push(i)
    i += 1
  }
  xs
}

fn either(n, slow) {
  var xs = []
  var i = 0
  while i < n {
    xs.push(1)
    if slow { i += 1 } else { i += 2 }
  }
  xs
}

fn shrinking(ys) {
  var xs = []
  var i = 0
  while i < len(ys) {
    xs.push(i * 2)
    ys.pop()
    i += 1
  }
  xs
}

fn growing(ys) {
  var xs = []
  var i = 0
  while i < len(ys) {
    xs.push(i)
    if i < 4 { ys.push(1) }
    i += 1
  }
  xs
}

fn stopped(n) {
  var xs = []
  try {
    for i in 0..n {
      xs.push(i)
      assert(i < 3, "stop")
    }
  } catch e {
    print(e.message)
  }
  xs
}

fn main() {
  for n in [5, 0, -4] { print("{middle(n)} {beyond(n)} {either(n, true)} {either(n, false)}") }
  print("{itself()} {shrinking([1, 2, 3, 4, 5])} {growing([1, 2])} {stopped(9)}")
  most = 9223372036854775807
  print("{[0 for _ in most..3]} {[0 for _ in -most..3 - most]} {[-0.0 for _ in 0..2].map(fn(x) 1 / x)}")
  inner = [9]
  shared = [inner for _ in 0..2]
  inner.push(1)
  print(shared.map(len))
}
"""

EXPECTED = """\
0,0,0,0,0,0 7,7,7,7,7,6 1,1,1,1,1 1,1,1
0 1  
0 1  
stop
 0,2,4 0,1,2,3,4,5 0,1,2,3
 0,0,0 -Infinity,-Infinity
[
  2,
  2
]
"""


def test_loops_that_fill_arrays_add_what_they_say() -> None:
    for level in ("O0", "O2", "O3"):
        assert execute(PROGRAM, level).stdout == EXPECTED, level
