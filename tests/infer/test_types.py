"""The types that inference finds for unannotated programs, and that it always ends."""

from __future__ import annotations

import pytest
from inferred import signatures, typed
from wasmlathe.diagnostics import SourceFile

#: A sentence, the program, a function, its signatures.
TYPES = [
    ("recursion on Int", "fn fib(n) { if n < 2 { n } else { fib(n - 1) + fib(n - 2) } }\nfib(5)", "fib", ["(i64) -> i64"]),
    ("one function for each kind of argument", "fn id(x) { x }\nid(1)\nid(0.5)\nid(\"a\")", "id",
     ["(f64) -> f64", "(i64) -> i64", "(string) -> string"]),
    ("Int and Float join to Float", "fn f(c) { if c { 1 } else { 0.5 } }\nf(true)", "f", ["(bool) -> f64"]),
    ("nil and Int join to an optional", "fn f(c) { if c { return 1 }\n nil }\nf(true)", "f", ["(bool) -> opt<i64>"]),
    ("nested arrays", "fn f(m) { m[0][0] }\nf([[1.5]])", "f", ["(array<array<f64>>) -> f64"]),
    ("an annotation widens", "fn f(x: Float) { x }\nf(1)", "f", ["(i64) -> f64"]),
    ("arrays made by one function stay apart",
     "fn make() { [] }\na = make()\nb = make()\na.push(1)\nb.push(\"x\")\nprint(a[0])\nprint(b[0])", "make",
     ["() -> array<i64>", "() -> array<string>"]),
    ("closures passed to functions are known there", "fn call(f) { f(2) }\ncall(fn(x) x * 2)", "call", ["(fn) -> i64"]),
]  # fmt: skip


@pytest.mark.parametrize(("program", "function", "expected"), [c[1:] for c in TYPES], ids=[c[0] for c in TYPES])
def test_signatures(program: str, function: str, expected: list[str]) -> None:
    assert signatures(typed(program), function) == expected


ENDLESS = [
    ("polymorphic recursion on nested arrays", "fn f(x, n) { if n == 0 { 0 } else { f([x], n - 1) } }\nf(1, 3)"),
    (
        "a closure that wraps itself",
        "fn wrap(f, n) { if n == 0 { f(1) } else { wrap(fn(x) f(x) + 1, n - 1) } }\nwrap(fn(x) x, 5)",
    ),
    ("functions that pass themselves", "fn f(g) { g(g) }\nfn h(x) { 1 }\nf(h)"),
    (
        "quicksort on fresh arrays",
        (
            "fn qs(xs) { if len(xs) < 2 { return xs }\n p = xs[0]\n"
            "[...qs(xs.filter(fn(x) x < p)), ...xs.filter(fn(x) x == p), ...qs(xs.filter(fn(x) x > p))] }\nqs([3, 1, 2])"
        ),
    ),
    ("many kinds of one function", "fn f(x) { x }\n" + "".join(f"f({'[' * d}1{']' * d})\n" for d in range(20))),
]


@pytest.mark.parametrize("program", [e[1] for e in ENDLESS], ids=[e[0] for e in ENDLESS])
def test_inference_ends(program: str) -> None:
    from wasmlathe.diagnostics import CompileError

    try:
        module = typed(program)
    except CompileError as error:
        assert {d.code for d in error.diagnostics} <= {"E0400", "E0401"}
    else:
        assert "_start" in module.functions


def test_annotated_pub_functions_are_exported_with_their_types() -> None:
    module = typed("pub fn dot(a: [Float], b: [Float]) { var s = 0.0\n for i in 0..len(a) { s += a[i] * b[i] }\n s }")
    assert module.exports["dot"] == {
        "symbol": "dot",
        "params": [{"name": "a", "type": "[Float]"}, {"name": "b", "type": "[Float]"}],
        "result": "Float",
    }


def test_unannotated_functions_are_exported_for_the_types_asked_for() -> None:
    module = typed("fn add(a, b) { a + b }", {"add": ["Int", "Float"]})
    assert module.exports["add"]["result"] == "Float"


def test_many_calls_in_one_function_are_analysed_in_linear_time() -> None:
    """Steps of the fixpoint, not seconds: twice the calls may not cost more than a bit over twice the steps."""
    from wasmlathe.diagnostics import Diagnostics
    from wasmlathe.frontend.tova import compile_to_hir, library
    from wasmlathe.infer.flow import Flow

    def steps(calls: int) -> int:
        lines = (f'print(split("a{n},b", ",").map(fn(x) x + "{n}").join("-"))' for n in range(calls))
        hir = compile_to_hir(SourceFile("t.tova", "\n".join(lines)), Diagnostics())
        flow = Flow(hir, library.function)
        flow.add_root(hir.functions["_start"], [])
        flow.run()
        return flow.steps

    assert steps(40) < 2.5 * steps(20)


def test_arrays_that_are_only_read_do_not_become_one() -> None:
    program = (
        "fn total(xs) { var t = 0\n for x in xs { t += x }\n t }\n"
        "a = [1, 2]\nb = [3]\nprint(total(a), total(b))\nb.push(0.5)\nprint(a[0], b[0])"
    )
    module = typed(program)
    assert signatures(module, "total") == ["(array<f64>) -> f64", "(array<i64>) -> i64"]
