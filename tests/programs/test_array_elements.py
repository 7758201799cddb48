"""Functions and methods of arrays take elements of every kind: Ints to closures, records to dictionaries."""

from __future__ import annotations

import pytest

from .running import execute

_DECLARATIONS = """
type P { x: Int }
type S { A(x: Int), B }
f = fn(x) x - 1
d = {}
d["k"] = 1
"""

#: Kind -> an array, and one more element.
_KINDS = {
    "Int": ("[3, 1, 2]", "1"),
    "Float": ("[2.5, 1.5]", "1.5"),
    "Bool": ("[true, false]", "true"),
    "String": ('["b", "a"]', '"a"'),
    "nil": ("[nil, nil]", "nil"),
    "array": ("[[1], [2]]", "[1]"),
    "record": ("[{a: 2}, {a: 1}]", "{a: 1}"),
    "tuple": ('[(1, "a"), (2, "b")]', '(1, "a")'),
    "declared record": ("[P(1), P(2)]", "P(1)"),
    "sum": ("[A(1), B]", "B"),
    "Option": ("[Some(1), None]", "None"),
    "Int or nil": ("[1, nil]", "nil"),
    "several kinds": ('[1, "a", nil]', '"a"'),
    "closure": ("[fn(x) x + 1, fn(x) x * 2]", "f"),
    "Map": ('[Map.new([["a", 1]])]', 'Map.new([["b", 2]])'),
    "dictionary": ("[d]", "d"),
}

#: Where the passes are tested as well; what a kind decides, inference and lowering have decided before them.
_OPTIMIZED = ("Int", "String", "several kinds", "Map")

#: What is done with an array `xs` and an element `v`; each prints something whose size does not matter.
_USES = """
xs.push(v)  xs.pop()  xs.shift()  xs.unshift(v)  xs.splice(0, 1).length  xs.at(0)  xs.map(fn(x) [x]).length
xs.filter(fn(x) true).length  xs.forEach(fn(x, i) i)  xs.find(fn(x) true)  xs.some(fn(x) x == v)  xs.every(fn(x) true)
xs.includes(v)  xs.indexOf(v)  xs.slice(1).length  xs.concat([v]).length  xs.concat(v).length  xs.reverse().length
xs.fill(v).length  xs.entries().length  xs.keys().length  [[v]].flat().length  xs.flatMap(fn(x) [x, x]).length
unique(xs).length  take(xs, 1).length  drop(xs, 1).length  first(xs)  last(xs)  reversed(xs).length  enumerate(xs).length
zip(xs, xs).length  chunk(xs, 1).length  partition(xs, fn(x) true).0.length  groupBy(xs, fn(x) "k").k.length
clone(xs).length  shuffle(xs).length  compact(xs).length  rotate(xs, 1).length  insertAt(xs, 0, v).length
removeAt(xs, 0).length  updateAt(xs, 0, v).length  intersperse(xs, v).length  interleave(xs, xs).length
slidingWindow(xs, 1).length  pairwise(xs).length  combinations(xs, 1).length  permutations(xs, 1).length
union(xs, xs).length  difference(xs, xs).length  reduce(xs, fn(a, x) a + 1, 0)  scan(xs, fn(a, x) a + 1, 0).length
count(xs, fn(x) true)  xs[0] == v  [...xs, v].length  xs[::-1].length  sorted(xs, fn(x) 1).length
xs.sort(fn(a, b) 0).length  minBy(xs, fn(x) 1)  sumBy(xs, fn(x) 1)  "{xs}"  to_string(xs)  jsonStringify(xs)
iter(xs).map(fn(x) x).collect().length  Set.new(xs).size  Array.from(xs).length  filled(2, v).length  xs.join(",")
structuredClone(xs).length  typeOf(xs[0])  keys(frequencies(xs)).length  isEmpty(xs)  assertEq(xs, xs)
"""


def _uses() -> list[str]:
    return [use for line in _USES.splitlines() for use in line.split("  ") if use]


def _program(array: str, element: str) -> str:
    parts = [f"fn use{i}(xs, v) {{ {use} }}\nprint({i}, use{i}({array}, {element}))" for i, use in enumerate(_uses())]
    return _DECLARATIONS + "\n".join(parts)


@pytest.mark.parametrize("kind", _KINDS)
def test_functions_of_arrays_take_elements_of_every_kind(kind: str) -> None:
    program = _program(*_KINDS[kind])
    interpreted = execute(program, "O0", "python", verify=False)  # what `wasm` at O0 runs too
    assert interpreted.panic is None
    assert interpreted.stdout.splitlines()[-1] == f"{len(_uses()) - 1} nil"
    assert execute(program, "O2" if kind in _OPTIMIZED else "O0", verify=False) == interpreted
