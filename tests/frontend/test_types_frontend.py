"""Types in the front-end: what is wrong with their use, what is suspicious, and the HIR of what is right."""

from __future__ import annotations

import pytest
from wasmlathe.diagnostics import CompileError, Diagnostic, SourceFile
from wasmlathe.driver import Compilation, CompileOptions, compile_source
from wasmlathe.ir.print import print as text_of

POINT = "type P { x: Int, y: Int }\n"
SHAPE = "type Shape { Circle(r: Float), Rect(w: Float, h: Float), Unit }\n"


def to_hir(text: str) -> Compilation:
    return compile_source(SourceFile("p.tova", text), CompileOptions(stop_at="hir"))


def hir_of(text: str) -> str:
    return text_of(to_hir(text).modules["hir"])


def shown(diagnostics: list[Diagnostic]) -> list[tuple[str, int, int, str, str | None]]:
    found = []
    for diagnostic in diagnostics:
        assert diagnostic.span is not None
        line, column = diagnostic.span.file.position(diagnostic.span.start)
        found.append((diagnostic.code, line, column, diagnostic.message, diagnostic.hint))
    return found


ERRORS = {
    "a variant nobody declares": (
        SHAPE + "fn f(s) { match s { Circel(r) => r, _ => 0 } }\nf(Unit)",
        ("E0210", 2, 21, "'Circel' is not a variant", "did you mean 'Circle'?"),
    ),
    "a variable as a variant": (
        "MAX = 3\nfn f(x) { match x { MAX => 1, _ => 2 } }\nf(1)",
        ("E0210", 2, 21, "'MAX' is not a variant", "to compare with the variable use a guard: `v if v == MAX`"),
    ),
    "a variant of another type": (
        SHAPE + "fn f(s) { match s { Shape.Circ(r) => 1, _ => 2 } }\nf(Unit)",
        ("E0210", 2, 21, "'Shape' has no variant 'Circ'", "did you mean 'Shape.Circle'?"),
    ),
    "more subpatterns than fields": (
        SHAPE + "fn f(s) { match s { Circle(r, q) => r, _ => 0 } }\nf(Unit)",
        ("E0210", 2, 21, "'Circle' has 1 field, but the pattern names 2", None),
    ),
    "an unknown field": (
        POINT + "P(1, z: 2)",
        ("E0205", 2, 6, "'P' has no field 'z'", "its fields are x, y"),
    ),
    "a field given twice": (POINT + "P(1, x: 2)", ("E0205", 2, 6, "the field 'x' of 'P' is given twice", None)),
    "a missing field": (POINT + "P(y: 1)", ("E0206", 2, 1, "'P' lacks 'x'", "its fields are x, y")),
    "too many arguments of a constructor": (
        POINT + "P(1, 2, 3)",
        ("E0206", 2, 1, "'P' takes 2 arguments, not 3", None),
    ),
    "two types of one name": (
        POINT + "type P { z: Int }",
        ("E0201", 2, 6, "'P' is already defined in this scope (line 1)", None),
    ),
    "two variants of one name": (
        "type A { X, Y }\ntype B { Y, Z }",
        ("E0201", 2, 10, "'Y' is already defined in this scope (line 1)", None),
    ),
    "two fields of one name": (
        "type A { x: Int, x: Int }",
        ("E0201", 1, 18, "the field 'x' is already defined in 'A'", None),
    ),
    "two methods of one name": (
        POINT + "impl P { fn a(self) { 1 } }\nimpl P { fn a(self) { 2 } }",
        ("E0201", 3, 13, "'a' is already defined for 'P'", None),
    ),
    "a type as a value": (
        SHAPE + "x = Shape",
        ("E0210", 2, 5, "'Shape' is a type, not a value", "its constructors are Circle, Rect, Unit"),
    ),
    "a constant called": (
        SHAPE + "x = Unit()",
        ("E0210", 2, 5, "'Unit' is a constant, not a function", "write `Unit`"),
    ),
    "methods of an unknown type": (
        "type Point { x: Int }\nimpl Pont { fn a(self) { 1 } }",
        ("E0207", 2, 6, "unknown type 'Pont'", "did you mean 'Point'?"),
    ),
    "methods of somebody else's type": (
        "impl Option { fn a(self) { 1 } }",
        (
            "E0210",
            1,
            6,
            "methods can be added only to types that the same file declares, not to 'Option'",
            "write a function; `x |> f()` calls it like a method",
        ),
    ),
    "an unknown function of a type": (
        POINT + "impl P { fn of(n) { P(n, n) } }\nP.off(1)",
        ("E0105", 3, 1, "the type 'P' has no 'off'", "did you mean 'P.of'?"),
    ),
    "a method called on the type": (
        POINT + "impl P { fn m(self) { 1 } }\nP.m()",
        ("E0210", 3, 1, "'m' is a method: call it on a value of 'P'", "write `value.m(...)`"),
    ),
    "an unknown type deep in an annotation": (
        "fn g(x) -> Option<[Strng]> { x }\ng(1)",
        ("E0207", 1, 20, "unknown type 'Strng'", "did you mean 'String'?"),
    ),
    "an alias of nothing": ("type A = Foo", ("E0207", 1, 10, "unknown type 'Foo'", None)),
    "too many type arguments": (
        "type B<T> { x: T }\nfn f(p: B<Int, Int>) { p }\nf(1)",
        ("E0206", 2, 9, "'B' has 1 type parameter, not 2", None),
    ),
    "an alternative that binds less": (
        "fn f(x) { match x { (a, 1) | (1, _) => a, _ => 0 } }\nf(1)",
        ("E0018", 1, 21, "'a' is not bound by every alternative of the pattern", None),
    ),
    "a method that captures": (
        "fn f(n) {\n type T { x: Int }\n impl T { fn m(self) { self.x + n } }\n T(1).m()\n}\nf(1)",
        (
            "E0400",
            3,
            14,
            "not supported yet: a method that uses 'n' of the enclosing function",
            "declare the type outside of the function",
        ),
    ),
    "a part of a tuple assigned": (
        "t = (1, 2)\nt.0 = 3",
        ("E0202", 2, 1, "the parts of a tuple cannot be assigned", "make a new tuple"),
    ),
    "a test for nothing known": (
        "x = 1\nprint(x is Strin)",
        ("E0207", 2, 7, "unknown type or variant 'Strin'", "did you mean 'String'?"),
    ),
    "more arguments than parameters before a spread one": (
        "fn f(a) { a }\nf(1, 2, ...[3])",
        ("E0206", 2, 1, "'f' takes 1 argument, not 2", None),
    ),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name: str) -> None:
    text, expected = ERRORS[name]
    with pytest.raises(CompileError) as caught:
        to_hir(text)
    assert shown(caught.value.diagnostics) == [expected]


COVER = "add an arm for it, or `_ => ...`"
NEVER = "this arm is never reached: the arms above cover it"

WARNINGS = {
    "missing variants are named": (
        SHAPE + "fn f(s) { match s { Circle(_) => 1 } }\nf(Unit)",
        [("W0200", 2, 17, "the match does not cover Rect, Unit", COVER)],
    ),
    "a guard covers nothing": (
        "fn f(o) { match o { Some(x) if x > 1 => x, None => 0 } }\nf(None)",
        [("W0200", 1, 17, "the match does not cover Some", COVER)],
    ),
    "what is missing inside of a variant": (
        "fn f(o) { match o { Some(Some(x)) => x, None => 0 } }\nf(None)",
        [("W0200", 1, 17, "the match does not cover Some(None)", COVER)],
    ),
    "what is missing inside of a tuple": (
        "fn f(a, b) { match (a, b) { (Ok(x), _) => x, (_, Ok(y)) => y } }\nf(Ok(1), Ok(2))",
        [("W0200", 1, 20, "the match does not cover (Err, Err)", COVER)],
    ),
    "all variants are there": (
        SHAPE + "fn f(s) { match s { Circle(_) | Unit => 1, Rect(0.0, _) => 2, Rect(_, h) => h } }\nf(Unit)",
        [],
    ),
    "numbers are not expected to be covered": ("fn f(n) { match n { 1 => 1, 2 => 2 } }\nf(1)", []),
    "an arm behind one that fits everything": (
        "fn f(n) { match n { x => x, 1 => 2 } }\nf(1)",
        [("W0207", 1, 29, NEVER, None)],
    ),
    "a variant twice": (
        SHAPE + "fn f(s) { match s { Circle(_) => 1, Circle(2.0) => 2, _ => 3 } }\nf(Unit)",
        [("W0207", 2, 37, NEVER, None)],
    ),
    "the same number twice": (
        "fn f(n) { match n { 1 | 2 => 1, 2 => 2, _ => 3 } }\nf(1)",
        [("W0207", 1, 33, NEVER, None)],
    ),
    "the same type with different guards": (
        "fn f(o) { match o { Some(x) if x > 1 => 2, Some(x) => x, None => 0 } }\nf(None)",
        [],
    ),
    "conformance to a trait": (
        (
            "trait Shape { fn area(self) -> Float\n fn name(self, n) }\ntype C { r: Float }\n"
            "impl Shape for C { fn area(self) -> Int { 1 }\n fn name(self) { 1 } }\n"
            "type D { r: Float }\nimpl Shape for D { fn area(self) { 1 } }\nimpl Shap for D { }\nprint(C(1.0), D(1.0))"
        ),
        [
            ("W0302", 4, 23, "'area' has another result type than in 'Shape'", None),
            ("W0301", 5, 5, "'name' has 1 parameter, in 'Shape' 2", None),
            ("W0300", 7, 6, "'D' lacks the method 'name' of 'Shape'", "add `fn name(self, n) { ... }`"),
            ("W0303", 8, 6, "unknown trait 'Shap'", "did you mean 'Shape'?"),
        ],
    ),
    "deriving what cannot be derived": (
        "type T { x: Int } derive [Eq, Foo]\nprint(T(1))",
        [("W0303", 1, 31, "'Foo' cannot be derived", "what can be: Eq, JSON, Show")],
    ),
    "a local variable without use": (
        "fn f(x) { y = x\n _z = y\n var w = 1\n 2 }\nf(1)",
        [("W0001", 3, 6, "'w' is never used", "`_w` or `_` says that this is meant")],
    ),
    "functions without use": (
        "fn used() { 1 }\nfn again(n) { again(n) }\npub fn open() { 2 }\nfn _quiet() { 3 }\nfn main() { used() }",
        [("W0002", 2, 4, "the function 'again' is never used", None)],
    ),
    "functions of a file that only has functions are for others": ("fn f() { 1 }", []),
    "a binding that hides an outer one": (
        "k = 1\nfn f() { k = 2\n k }\nprint(f(), k)",
        [
            (
                "W0101",
                2,
                10,
                "'k' hides the variable of the same name in line 1",
                "to change that one, declare it with `var`",
            )
        ],
    ),
    "statements behind a jump": (
        "fn f() { return 1\n print(2)\n print(3) }\nf()",
        [("W0201", 2, 2, "this is never reached: the statement before it leaves", None)],
    ),
}


@pytest.mark.parametrize("name", WARNINGS)
def test_warnings(name: str) -> None:
    text, expected = WARNINGS[name]
    assert shown(to_hir(text).warnings) == expected


def test_a_complicated_match_is_looked_at_in_bounded_time() -> None:
    """Nine pigeons do not fit into eight holes: to see that the arms cover everything takes exponential time."""
    pigeons, holes = 9, 8
    clashes = [{(a, h): "Some(_)", (b, h): "Some(_)"} for h in range(holes) for a in range(pigeons) for b in range(a)]
    homeless = [{(p, h): "None" for h in range(holes)} for p in range(pigeons)]
    places = [(p, h) for p in range(pigeons) for h in range(holes)]
    arms = "\n".join(f"({', '.join(row.get(place, '_') for place in places)}) => 1" for row in clashes + homeless)
    assert shown(to_hir(f"fn f(t) {{ match t {{\n{arms}\n}} }}\nf(1)").warnings) == []


def test_declarations_say_what_inference_needs() -> None:
    text = hir_of(
        "type Pair<A> { first: A, second: [A] } derive [Eq, Show]\ntype Tree { Leaf, Node(Tree, value: Id) }\n"
        "type Id = Int | Nil\nimpl Tree { fn size(self) { 1 } fn one() { Leaf } }\nprint(Tree.one())"
    )
    for line in (
        'case @Pair "Pair" ("first": "A", "second": "[A]")',
        'case @Tree "Leaf" ()',
        'case @Tree "Node" ("_0": "Tree", "value": "Int | Nil")',
        'method @Tree "size" -> @Tree.size',
        'static @Tree "one" -> @Tree.one',
    ):
        assert line in text


def test_annotations_name_types_by_their_unique_names() -> None:
    text = hir_of(
        "fn f() { type T { x: Int }\n fn g(t: [T]) { t[0].x }\n g([T(1)]) }\ntype T { y: Int }\nprint(f(), T(2))"
    )
    assert 'type="[f.T]"' in text
    assert 'type="f.T", case="T"' in text
    assert 'type="T", case="T"' in text


def test_type_parameters_of_functions_are_any() -> None:
    assert 'type="[Any]"' in hir_of("fn f<Element>(xs: [Element]) { xs[0] }\nprint(f([1]))")


def test_a_constructor_as_a_value_is_one_function() -> None:
    text = hir_of(POINT + "a = P\nb = P\nprint(a, b)")
    assert text.count("func @P.P") == 1
    assert text.count('dyn.closure {function="P.P"}') == 2


def test_records_keep_the_order_of_their_keys_and_spreads() -> None:
    assert 'keys=["a", none, "b c"]' in hir_of('r = {z: 1}\nprint({a: 1, ...r, "b c": 2})')


def test_computed_keys_make_dictionaries() -> None:
    text = hir_of('k = "a"\nprint({[k]: 1, b: 2, ...{c: 3}})')
    assert text.count("dyn.set_index") == 2
    assert "@std.__dict_new" in text
    assert "@std.__dict_assign" in text


def test_tests_of_types_refine_variables_where_they_hold() -> None:
    text = hir_of("fn f(x) { if x is String and len(x) > 1 { x } else { x } }\nf(1)")
    assert text.count("dyn.narrow") == 2  # beside the test and in the branch
    assert "dyn.exclude" not in text  # either part of the test may have failed
