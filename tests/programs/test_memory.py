"""Garbage is collected: programs that allocate far more than they may have, and structures that live long meanwhile."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
import wasmlathe
from wasmlathe.wasm_runtime.engine import Limits

from programs.running import LEVELS, compiled, everywhere, execute

ROOT = Path(__file__).parents[2]
SMALL = Limits(60.0, 8 << 20)

CHURN = """
fn churn(n) {
  var total = 0
  for i in 0..n { text = "item {i}"; total += len(text) }
  total
}
"""

STRUCTURES = {
    "strings and views": """
fn main() {
  text = "alpha,beta,gamma," + "x" * 3
  parts = text.split(",")
  churn(300)
  print(parts[1] + parts[3])
  churn(300)
  print(parts.join("-"))
}
""",
    "strings that grow in place": """
fn main() {
  var a = ""
  var kept = []
  for i in 0..60 { a += "{i} "; if i % 9 == 0 { kept.push(a) }; churn(20) }
  print(a)
  print(kept.join("|"))
}
""",
    "arrays of arrays": """
fn main() {
  var rows = []
  for i in 0..12 {
    var row = []
    for j in 0..i { row.push("{i}.{j}"); churn(5) }
    rows.push(row)
  }
  churn(200)
  print(rows[11][10] + rows[3][2])
  var n = 0
  for row in rows { for text in row { n += len(text) } }
  print(n)
}
""",
    "closures and cells": """
fn counter(name) {
  var n = 0
  fn() { n += 1; "{name}{n}" }
}
fn main() {
  a = counter("a" + "b")
  b = counter("c")
  all = [a, b]
  for i in 0..5 { all[i % 2](); churn(50) }
  print(a() + b())
  add = fn(x) fn(y) "{x}{y}"
  fs = ["p", "q"].map(add)
  churn(100)
  print(fs[1]("z"))
}
""",
    "records and sums": """
type Tree {
  Leaf
  Node(left: Tree, key: String, right: Tree)
}
fn insert(tree, key) {
  match tree {
    Leaf => Node(Leaf, key, Leaf)
    Node(l, k, r) => if key < k { Node(insert(l, key), k, r) } else { Node(l, k, insert(r, key)) }
  }
}
fn text(tree) {
  match tree {
    Leaf => ""
    Node(l, k, r) => text(l) + k + text(r)
  }
}
fn main() {
  var tree = Leaf
  for i in 0..30 { tree = insert(tree, "{(i * 17) % 31} "); churn(10) }
  churn(100)
  print(text(tree))
}
""",
    "values held by calls that are open": """
fn deep(n, text) {
  if n == 0 { return text }
  mine = "{n}" + text.slice(0, 4)
  below = deep(n - 1, mine)
  "{below}{mine.slice(0, 1)}"
}
fn main() { print(deep(40, "start")) }
""",
    "addresses that were moved out of their object": """
fn work(b, n) {
  if n > 0 { work(b, n - 1) } else {
    b[0] = b[0] + 1
    text = "{b[0]}abc"
    c = [b[0], 2, 3]
    b[1] = len(text) + c[0]
    0
  }
}
fn threes(n) { [k * 3 for k in 0..n] }
fn around(b, n) {
  a = threes(25)
  x = a[n + 20]
  work(b, 2)
  x * 1000 + a[n + 20]
}
fn main() {
  b = [1, 2]
  for n in -20..5 { print(around(b, n)) }
}
""",
}


@pytest.mark.parametrize("name", STRUCTURES)
def test_what_is_in_use_is_kept(name):
    everywhere(CHURN + STRUCTURES[name])


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", STRUCTURES)
def test_what_is_in_use_is_kept_when_every_allocation_collects(name, level):
    text = CHURN + STRUCTURES[name]
    assert execute(text, level, gc_stress=True) == execute(text, level)


def test_the_other_engine_collects_as_well():
    text = CHURN + STRUCTURES["closures and cells"].replace("churn(100)", "churn(3)")
    assert execute(text, "O2", "python", gc_stress=True) == execute(text, "O2")


_ALL = tomllib.loads((ROOT / "tests/programs/cases.toml").read_text())["case"]
#: Examples that hold many kinds of data and allocate little.
_STRESSED = {"closures", "function_list", "tokenizer", "word_wrap", "dijkstra", "bank", "lru_cache", "shapes"}
CASES = [case for case in _ALL if case["name"] in _STRESSED]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_examples_do_the_same_when_every_allocation_collects(case):
    text = (ROOT / case["program"]).read_text()
    args = case.get("args", [])
    for level in ("O0", "O3"):
        plain = execute(text, level, args=args, verify=False)
        assert execute(text, level, args=args, verify=False, gc_stress=True) == plain


LONGER = """
fn main() {
  var numbers = []
  var texts = []
  var rows = []
  for i in 0..20000 { numbers.push(i * 3) }
  for i in 0..4000 {
    texts.push("t{i}")
    if i % 500 == 0 {
      rows.push(texts[:i])
      numbers.push(i)
    }
  }
  var sum = 0
  for n in numbers { sum += n }
  text = jsonStringify(numbers)
  print("{sum} {len(text)} {text[-16:]} {texts[3999]} {len(rows[7])} {rows[7][3499]}")
}
"""


@pytest.mark.parametrize("gc_stress", [False, True])
def test_large_objects_get_longer_where_they_are_or_move(gc_stress):
    numbers = [*range(0, 60000, 3), *range(0, 4000, 500)]
    text = str(numbers).replace(" ", "")
    expected = f"{sum(numbers)} {len(text)} {text[-16:]} t3999 3500 t3499\n"
    assert execute(LONGER, "O2", gc_stress=gc_stress).stdout == expected


GARBAGE = {
    "strings": 'fn main() { var n = 0\n for i in 0..600000 { s = "number {i}"; n += len(s) }\n print(n) }',
    "arrays": "fn f(i) { [i, i + 1] }\nfn main() { var n = 0\n"
    " for i in 0..600000 { a = f(i); a.push(i); n += a[2] }\n print(n) }",
    "large arrays": "fn main() { var n = 0\n for i in 0..300 { var a = []\n"
    " for j in 0..20000 { a.push(j) }\n n += len(a) }\n print(n) }",
    "closures": "fn f(i) { fn(x) x + i }\nfn main() { var fs = [f(1), f(2)]\n var n = 0\n"
    " for i in 0..800000 { fs[i % 2] = f(i); n += fs[0](1) }\n print(n) }",
    "growing strings": 'fn main() { var n = 0\n for k in 0..100 { var s = ""\n'
    ' for i in 0..10000 { s += "ab" }\n n += len(s) }\n print(n) }',
}


@pytest.mark.parametrize("name", GARBAGE)
def test_garbage_makes_room(name):
    """Each allocates 15 MB or more, and may have eight."""
    free = execute(GARBAGE[name])
    assert free.panic is None
    assert execute(GARBAGE[name], limits=SMALL) == free


def test_a_program_of_numbers_has_no_collector():
    compilation = compiled("fn f(n) { n * n }\nfn main() { f(7) }", "O2")
    assert not [name for name in compilation.modules["mem"].functions if name.startswith("rt-")]
    assert not compilation.modules["mem"].data


def test_live_data_beyond_the_limit_ends_the_program():
    text = 'fn main() { var all = []\n for i in 0..10000000 { all.push("number {i}") }\n print(len(all)) }'
    assert execute(text, limits=SMALL).panic == "out of memory"


def test_deep_recursion_with_references_overflows_cleanly():
    text = (
        'fn f(n, s) { if n == 0 { return [s] }\n r = f(n - 1, "{n}")\n r.push(s)\n r }\n'
        'fn main() { print(len(f(100000000, ""))) }'
    )
    assert execute(text).panic == "stack overflow"


HOSTED = """
var kept = [""]
pub fn keep(names: [String]) { for n in names { kept.push(n) } ; len(kept) }
pub fn churn(n: Int) { var t = 0; for i in 0..n { t += len("x{i}") } ; t }
pub fn get(i: Int) -> String { kept[i] }
"""


@pytest.mark.parametrize("gc_stress", [False, True])
def test_what_a_host_passed_stays_while_the_program_has_it(gc_stress):
    rounds, count, churned = (3, 10, 50) if gc_stress else (20, 50, 20_000)
    with wasmlathe.compile(HOSTED, gc_stress=gc_stress).instantiate() as inst:
        for k in range(rounds):
            assert inst.keep([f"n{k}.{j}" for j in range(count)]) == 1 + (k + 1) * count
            inst.churn(churned)
        for k in range(rounds):
            for j in range(count):
                assert inst.get(1 + k * count + j) == f"n{k}.{j}"
