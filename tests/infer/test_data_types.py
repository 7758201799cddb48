"""How values of the data types are represented: flat, as objects, as dictionaries."""

from __future__ import annotations

import pytest
from inferred import layouts, signatures, typed

SHAPE = "type S { A(x: Int), B(y: Float, s: String), C }\n"
TREE = "type T { Leaf, Node(l: T, v: Int, r: T) }\n"

#: A sentence, the program, the signatures of its function `f`, the layouts of its objects.
REPRESENTATIONS = [
    ("a sum that does not hold itself is flat",
     SHAPE + 'fn f(s) { match s { A(x) => x, B(y, s) => 2, C => 3 } }\nprint(f(A(1)) + f(B(2.5, "a")) + f(C))',
     ["(sum<case<i64>, case<f64, string>, case>) -> i64"], []),
    ("a recursive sum is made of objects, one layout a case",
     TREE + "fn f(t) { match t { Leaf => 0, Node(l, v, r) => f(l) + v + f(r) } }\nprint(f(Node(Leaf, 1, Leaf)))",
     ["(object) -> i64"], ["T.Leaf()", "T.Node(object, i64, object)"]),
    ("a declared record is an object that can be changed",
     "type P { x: Int, y: Float }\nfn f(p) { p.x += 1\n p.y }\nprint(f(P(1, 2.5)))",
     ["(object) -> f64"], ["P(i64, f64) mutable"]),
    ("a record literal with known fields is an object",
     'fn f(r) { r.a + 1 }\nprint(f({a: 1, b: "x"}))', ["(object) -> i64"], ["record a b(i64, string) mutable"]),
    ("a record whose keys are computed is a dictionary of the library",
     'fn f(d, k) { d[k] = 1\n d }\nprint(f({}, "a"))', ["(object, string) -> object"], []),
    ("a record literal that is indexed by a computed key is a dictionary too",
     'fn f(d, k) { d[k] ?? 0 }\nprint(f({a: 1, b: 2}, "b"))', ["(object, string) -> i64"], []),
    ("a tuple is its items", 'fn f(t) { t.0 + len(t.1) }\nprint(f((1, "a")))', ["(tuple<i64, string>) -> i64"], []),
    ("tuples nest in what is flat",
     "fn f(x) { Some((1, x)) }\nprint(f([1.5]))",
     ["(array<f64>) -> sum<case<tuple<i64, array<f64>>>, case>"], []),
    ("Option and Result are flat sums",
     'fn f(n) { if n > 0 { Ok(Some(n)) } else { Err("neg") } }\nprint(f(1))',
     ["(i64) -> sum<case<sum<case<i64>, case>>, case<string>>"], []),
    ("a generic record has a layout for each kind of content",
     'type Box<T> { v: T }\nfn f(b) { b.v }\nprint(f(Box(1)), f(Box("a")))',
     ["(object) -> i64", "(object) -> string"], ["Box(i64) mutable", "Box.2(string) mutable"]),
    ("a generic sum is specialized for what it holds",
     'type M<T> { Full(v: T), E }\nfn f(b) { match b { Full(v) => v, E => nil } }\nprint(f(Full(1)), f(Full("a")))',
     ["(sum<case<i64>, case>) -> opt<i64>", "(sum<case<string>, case>) -> opt<string>"], []),
    ("constants carry nothing but which they are",
     "type E { P, Q }\nfn f(e) { e == P }\nprint(f(Q), f(P))", ["(sum<case, case>) -> bool"], []),
    ("a sum that may be nil stays flat",
     "type S { A(x: Int), B }\nfn f(c) { if c { return A(1) }\n nil }\nprint(f(true))",
     ["(bool) -> opt<sum<case<i64>, case>>"], []),
    ("a spread makes another record, whose fields may be of other types",
     "type P { x: Int, y: Int }\nfn f(p) { {...p, x: 2.5} }\nprint(f(P(1, 2)))",
     ["(object) -> object"], ["P(i64, i64) mutable", "record x y(f64, i64) mutable"]),
    ("a field may hold a function", "type H { f: (Int) -> Int }\nfn f(h) { (h.f)(2) }\nprint(f(H(fn(x) x * 2)))",
     ["(object) -> i64"], ["H(fn) mutable"]),
    ("what a map holds may be missing",
     'fn f(m) { m.get("a") }\nprint(f(Map.new([("a", 1.5)])))', ["(object) -> opt<f64>"], []),
]  # fmt: skip


@pytest.mark.parametrize(
    ("program", "expected", "objects"),
    [case[1:] for case in REPRESENTATIONS],
    ids=[case[0] for case in REPRESENTATIONS],
)
def test_representation(program: str, expected: list[str], objects: list[str]) -> None:
    module = typed(program)
    assert signatures(module, "f") == expected
    assert layouts(module) == objects


def test_instances_of_a_generic_type_do_not_blur_each_other() -> None:
    module = typed(
        'type Box<T> { v: T }\nfn f(b) { b.v }\na = Box(1)\nb = Box("x")\na.v = 2\nprint(f(a) + 1, f(b) + "!")'
    )
    assert signatures(module, "f") == ["(object) -> i64", "(object) -> string"]


def test_a_method_is_analysed_for_the_type_it_is_called_on() -> None:
    module = typed(
        "type Box<T> { v: T }\nimpl Box { fn get(self) { self.v } }\nprint(Box(1).get() + 1, Box(0.5).get() + 0.5)"
    )
    assert signatures(module, "get") == ["(object) -> f64", "(object) -> i64"]


def test_a_trait_method_is_found_by_the_type_of_its_receiver() -> None:
    module = typed(
        "trait Sized { fn size(self) }\ntype A { n: Int }\ntype B { s: String }\n"
        "impl Sized for A { fn size(self) { self.n } }\nimpl Sized for B { fn size(self) { self.s } }\n"
        'fn f(x) { x.size() }\nprint(f(A(1)), f(B("b")))'
    )
    assert signatures(module, "f") == ["(object) -> i64", "(object) -> string"]


def test_what_is_never_made_has_a_place_in_what_is_returned() -> None:
    module = typed('fn f(p) {\n  v = p?\n  if v > 0 { return Err("q") }\n  Ok(2)\n}\nprint(f(Ok(1)))')
    assert signatures(module, "f") == ["(sum<case<i64>, case<nil>>) -> sum<case<i64>, case<string>>"]


def test_printing_many_types_does_not_blur_the_programs_own() -> None:
    shown = "\n".join(
        f"print([({number}, {value})])" for number in range(3) for value in ('"a"', "1.5", "[true]", "[[1]]")
    )
    module = typed(
        "type S { A(f: [Float]), B(g: [String]) }\n" + shown + "\nfn f(s) { match s { A([x]) => x, _ => 0.5 } }\n"
        'print({a: [A([1.5])], b: Some([1])}, [B(["b"])], [Ok([None, Some("a")]), Err(1)], f(A([1.5])))'
    )
    assert signatures(module, "f") == ["(sum<case<array<f64>>, case<array<string>>>) -> f64"]


def test_a_recursive_sum_is_made_of_objects_whatever_its_values_hold() -> None:
    module = typed(
        'type S { A, B(f: String, g: S), D(h: Any) }\nfn f(s) { match s { B(_, g) => f(g), _ => 1 } }\nprint("{[B("b", A)]}", f(A))'
    )
    assert signatures(module, "f") == ["(object) -> i64"]
