"""Values whose kind is only known when the program runs: told apart, used, and panicking where the kind does not fit."""

from __future__ import annotations

import pytest

from .running import twice

#: A sentence, the program, what it prints.
PROGRAMS = [
    ("typeOf tells the kind", 'for v in [1, "a", nil, true, [1], (1, 2), {a: 1}] { print(typeOf(v), v) }',
     'Int 1\nString a\nNil nil\nBool true\nList [1]\nList [1,2]\nObject {"a":1}\n'),
    ("`is` gives the kind in its branch",
     'for v in [1, "a", nil] { if v is Int { print(v + 1) } elif v is String { print(v + "!") } else { print("nil") } }',
     "2\na!\nnil\n"),
    ("`is not` takes it away", 'v = [1, "a"][1]\nif v is not String { print("no") } else { print(upper(v)) }', "A\n"),
    ("equality compares kinds first",
     'xs = [1, "1", true, nil]\nprint(xs.map(fn(v) v == 1).join(" "), 1 in xs, "1" in xs, nil in xs, 2 in xs)',
     "true false false false true true true false\n"),
    ("patterns of all kinds in one match",
     ('fn f(v) { match v { 0 => "zero", "a" => "A", nil => "nil", true => "yes", [x, y] => x + y, (p, q) => p, _ => "?" } }\n'
     'for v in [0, "a", nil, true, [1, 2], ("t", 2), 7] { print(f(v)) }'), "zero\nA\nnil\nyes\n3\nt\n?\n"),
    ("a method of the receiver's type is called",
     ('type A { n: Int }\ntype B { s: String }\nimpl A { fn show(self) { "A{self.n}" } }\n'
     'impl B { fn show(self) { "B" + self.s } }\nfor x in [A(1), B("b"), A(2)] { print(x.show()) }'), "A1\nBb\nA2\n"),
    ("a field that all types have may be of several kinds",
     'type A { n: Int }\ntype B { n: String }\nfor x in [A(1), B("b")] { print(x.n) }', "1\nb\n"),
    ("records of several kinds of values are iterated by key", 'for k, v in {a: 1, b: "x", c: nil} { print(k, v) }',
     "a 1\nb x\nc nil\n"),
    ("map keys of several kinds stay apart",
     'm = Map.new([(1, "a"), ("1", 2)])\nm.set(nil, 3)\nprint(m.get(1), m.get("1"), m.get(nil), m.size)', "a 2 3 3\n"),
    ("an array takes in another kind later", 'xs = [1]\nys = xs\nxs.push("a")\nys[0] = nil\nprint(xs.join("-"), len(ys))',
     "-a 2\n"),
    ("a result that is an Int or an array", ('fn flat(x) { if x is Array { var s = 0\n for y in x { s += flat(y) }\n s } '
     'else { x } }\nprint(flat([1, [2, [3, [4]]]]))'), "10\n"),
    ("functions and other values in one array", "xs = [1, fn(x) x + 1]\nprint((xs[1])(2))", "3\n"),
    ("a lambda that is called with several kinds", 'print(["a", 2, [3]].map(fn(v) if v is Int { v } else { len(v) }).join(","))',
     "1,2,1\n"),
    ("variants of two types", ("type S { A(x: Int), B }\ntype T { C(y: String) }\n"
     'for v in [A(1), C("c"), B] { print(match v { A(x) => x, B => 0, C(y) => y }) }'), "1\nc\n0\n"),
    ("a variable that changes its kind", 'var x = 1\nfor i in 0..3 { x = if i % 2 == 0 { "s{i}" } else { i } }\nprint(x)', "s2\n"),
]  # fmt: skip


@pytest.mark.parametrize(("program", "printed"), [c[1:] for c in PROGRAMS], ids=[c[0] for c in PROGRAMS])
def test_program(program: str, printed: str) -> None:
    outcome = twice(program)
    assert (outcome.stdout, outcome.panic) == (printed, None)


#: What the program does with a value that may be of the wrong kind, and the panic when it is.
PANICS = [
    ("print(x + 1)", '"a"', "`+` is not defined for String and Int"),
    ("print(x + 1)", "nil", "unexpected nil"),
    ("print(x * 2.5)", '"a"', "`*` is not defined for String and Float"),
    ("print(x < 4)", '"a"', "`<` is not defined for String and Int"),
    ("print(len(x))", '[1], "abc"', "Type mismatch: Array is expected, but got Int"),
    ("print(x.n)", "R(1)", "Int has no field 'n'"),
    ("print(x(2))", "fn(v) v + 1", "Int is not a function"),
    ("for i in x { print(i) }", "[5]", "Int cannot be iterated"),
    ("print(sorted([x, 2]))", '"a"', "`<` is not defined for Int and String"),
]


@pytest.mark.parametrize(("use", "others", "message"), PANICS, ids=[f"{use} of {others}" for use, others, _ in PANICS])
def test_a_kind_that_does_not_fit_panics(use: str, others: str, message: str) -> None:
    program = f"type R {{ n: Int }}\nfor x in [7, {others}].filter(fn(v) true) {{\n  try {{ {use} }} catch e {{ print(e.message) }}\n}}\n"
    outcome = twice(program)
    assert outcome.panic is None
    assert message in outcome.stdout.splitlines()


def test_an_uncaught_one_ends_the_program() -> None:
    outcome = twice('xs = [1, "a"]\nprint(xs[0] + 1)\nprint(xs[1] + 1)\n')
    assert (outcome.stdout, outcome.status, outcome.line) == ("2\n", 1, 3)
