"""Generators and lazy sequences: what they give, and that nothing runs before it is asked for."""

from __future__ import annotations

import pytest
from wasmlathe.diagnostics import CompileError

from .running import everywhere, execute

#: A sentence, the program, what it prints.
PROGRAMS = [
    ("a generator gives what it yields", "fn count(n) { var i = 0\n while i < n { yield i\n i += 1 } }\nfor x in count(3) { print(x) }", "0\n1\n2\n"),
    ("`yield from` delegates to anything that can be iterated",
     "fn gen() { yield 1\n yield from [2, 3]\n yield from (4..6)\n yield from inner() }\nfn inner() { yield 6\n yield 7 }\nprint([...gen()].join(\" \"))",
     "1 2 3 4 5 6 7\n"),
    ("`next` gives a value and whether there was none",
     "fn g() { yield \"a\"\n yield \"b\" }\nit2 = g()\nprint(it2.next().value, it2.next(), it2.next().done, it2.next().done)",
     "a {\"value\":\"b\",\"done\":false} true true\n"),
    ("the body runs only as far as it is asked for",
     "fn g() { print(\"start\")\n yield 1\n print(\"middle\")\n yield 2\n print(\"end\") }\nx = g()\nprint(\"made\")\nprint(x.next().value)\nfor y in x { print(y) }",
     "made\nstart\n1\nmiddle\n2\nend\n"),
    ("`break` abandons a generator, which can be gone on with",
     "fn nat() { var n = 0\n loop { yield n\n n += 1 } }\ng = nat()\nfor x in g { if x == 2 { break } }\nprint(g.next().value)", "3\n"),
    ("a final return ends it", "fn g(n) { for i in 0..9 { if i == n { return \"end\" }\n yield i } }\nprint([...g(2)].join(\",\"))", "0,1\n"),
    ("every call makes another one", "fn g() { var n = 0\n loop { n += 1\n yield n } }\na = g()\nb = g()\na.next()\na.next()\nprint(a.next().value, b.next().value)", "3 1\n"),
    ("values of every kind live across a yield",
     ("fn g(a, b = 2.5) { xs = [a]\n text = \"t{a}\"\n f = fn(x) x + a\n for i, c in [\"p\", \"q\"] { xs.push(i)\n yield \"{c}{text}{b}{len(xs)}{f(i)}\" } }\n"
     "for s in g(4) { print(s) }\nfor s in g(1, 0.5) { print(s) }"), "pt42.524\nqt42.535\npt10.521\nqt10.532\n"),
    ("nested loops and branches around yields",
     "fn g(n) { for i in 0..n { if i % 2 == 0 { for j in 0..i { yield (i * 10 + j) } } else { yield -i } } }\nprint([...g(5)].join(\" \"))",
     "-1 20 21 -3 40 41 42 43\n"),
    ("captured variables are shared with a generator",
     "fn f() { var n = 0\n fn g() { loop { n += 1\n yield n } }\n a = g()\n a.next()\n n = 10\n a.next().value }\nprint(f())", "11\n"),
    ("a generator may be recursive",
     ("fn perms(xs) { if len(xs) < 2 { yield xs } else { for i, x in xs { rest = xs[0:i].concat(xs[i + 1:])\n for p in perms(rest) { yield [x].concat(p) } } } }\n"
     "for p in perms([1, 2, 3]) { print(p.join(\"\")) }"), "123\n132\n213\n231\n312\n321\n"),
    ("a generator over a tree",
     ("type Tree { Leaf, Node(left: Tree, value: Int, right: Tree) }\n"
     "fn walk(t) { match t { Leaf => nil, Node(l, v, r) => { yield from walk(l)\n yield v\n yield from walk(r) } } }\n"
     "print([...walk(Node(Node(Leaf, 1, Leaf), 2, Node(Leaf, 3, Leaf)))].join(\" \"))"), "1 2 3\n"),
    ("a lambda that yields", "g = fn(n) { yield n\n yield (n * 2) }\nprint([...g(4)].join(\",\"))", "4,8\n"),
    ("an empty generator", "fn g(n) { if n > 0 { yield n } }\nfor x in g(0) { print(x) }\nprint(len([...g(0)]), g(0).next().done)", "0 true\n"),
    ("generators in comprehensions, sums and arrays of generators",
     "fn g(n) { for i in 0..n { yield i } }\nprint([x * x for x in g(4)].join(\" \"))\nfor h in [g(1), g(2)] { for x in h { print(x) } }", "0 1 4 9\n0\n0\n1\n"),
    ("one of several generators", "fn a() { yield 1 }\nfn b() { yield 2\n yield 3 }\nfn pick(c) { if c { a() } else { b() } }\nfor c in [true, false] { for x in pick(c) { print(x) } }", "1\n2\n3\n"),
    ("index and element", "fn g() { yield \"a\"\n yield \"b\" }\nfor i, x in g() { print(i, x) }", "0 a\n1 b\n"),
    ("a panic ends a generator", "fn g() { yield 1\n assert(false, \"p\")\n yield 2 }\nx = g()\nprint(x.next().value)\ntry { x.next() } catch e { print(e.message) }\nprint(x.next().done)",
     "1\np\ntrue\n"),
    ("lazy sequences over arrays", "print(iter([1, 2, 3, 4]).filter(fn(x) x % 2 == 0).map(fn(x) x * x).collect().join(\" \"))", "4 16\n"),
    ("lazy sequences over generators take what is needed",
     "fn nat() { var n = 0\n loop { print(\"n{n}\")\n yield n\n n += 1 } }\nprint(iter(nat()).filter(fn(v) v % 2 == 1).take(2).collect().join(\" \"))",
     "n0\nn1\nn2\nn3\n1 3\n"),
    ("nothing runs before it is demanded", "s = iter([1, 2]).map(fn(x) { print(\"map {x}\")\n x })\nprint(\"made\")\ns.forEach(fn(x) print(x))", "made\nmap 1\n1\nmap 2\n2\n"),
    ("a sequence over an array can be consumed again, one over a generator once",
     "fn g() { yield 1\n yield 2 }\na = iter([5, 6]).map(fn(x) x + 1)\nb = iter(g())\nprint(a.count(), a.count(), b.count(), b.count())", "2 2 2 0\n"),
    ("the other steps", ("s = iter([1, 2, 3])\nprint(s.drop(1).toArray().join(\",\"), s.flatMap(fn(x) [x, x]).collect().join(\"\"))\n"
     "print(s.flat_map(fn(x) 0..x).collect().join(\"\"))\nfor a, b in s.zip([\"a\", \"b\"]).collect() { print(a, b) }\n"
     "for p in s.enumerate() { print(p.0, p.1) }"), "2,3 112233\n001012\n0 [1,\"a\"]\n1 [2,\"b\"]\n0 1\n1 2\n2 3\n"),
    ("the other ends", ("s = iter([3, 1, 2])\nprint(s.reduce(fn(a, b) a * 10 + b), s.reduce(fn(a, b) a + b, 100), s.any(fn(x) x > 2), s.all(fn(x) x > 2))\n"
     "print(s.first(), s.find(fn(x) x < 3), s.find(fn(x) x > 3))"), "312 106 true false\nSome(3) Some(1) None\n"),
    ("a sequence is iterated and spread", "s = iter(\"abc\").map(fn(c) c + c)\nfor x in s { print(x) }\nprint([...s].join(\"-\"))", "aa\nbb\ncc\naa-bb-cc\n"),
    ("a long chain over many elements", "print(iter(1..100001).map(fn(x) x * 2).filter(fn(x) x % 3 == 0).reduce(fn(a, b) a + b, 0))", "3333366666\n"),
]  # fmt: skip


@pytest.mark.parametrize(("program", "expected"), [p[1:] for p in PROGRAMS], ids=[p[0] for p in PROGRAMS])
def test_program(program: str, expected: str) -> None:
    outcome = everywhere(program)
    assert (outcome.panic, outcome.stdout) == (None, expected)


def test_reducing_nothing_panics() -> None:
    outcome = execute("fn g(n) { if n > 0 { yield n } }\nprint(iter(g(0)).reduce(fn(a, b) a + b))")
    assert outcome.panic == "reduce of an empty sequence without a start value"


@pytest.mark.parametrize(
    "program",
    [
        "fn g() { try { yield 1 } catch { print(2) } }\nfor x in g() { print(x) }",
        "fn g(r) { with r as s { yield s } }\nfor x in g(1) { print(x) }",
        "fn g() { defer print(1)\n yield 2 }\nfor x in g() { print(x) }",
    ],
    ids=["try", "with", "defer"],
)
def test_yield_where_panics_are_seen_is_refused(program: str) -> None:
    with pytest.raises(CompileError) as refused:
        execute(program)
    assert [(d.code, "`yield` inside of `try`" in d.message) for d in refused.value.diagnostics] == [("E0400", True)]
