"""How values of several kinds are represented, and which mistakes are known before the program runs."""

from __future__ import annotations

import pytest
from inferred import signatures, typed
from wasmlathe.diagnostics import CompileError

#: A sentence, the program, the signatures of its function `f`.
UNIONS = [
    ("kinds that meet make a sum of them", 'fn f(x) { x }\nfor v in [1, "a", true] { print(f(v)) }',
     ["(sum<case<bool>, case<i64>, case<string>>) -> sum<case<bool>, case<i64>, case<string>>"]),
    ("branches of an `if` too", 'fn f(c) { if c { 1 } else { "a" } }\nprint(f(true))',
     ["(bool) -> sum<case<i64>, case<string>>"]),
    ("`is` leaves one kind", 'fn f(x) { x + 1 }\nfor v in [1, "a"] { if v is Int { print(f(v)) } }', ["(i64) -> i64"]),
    ("`is not` with a return leaves the others",
     'fn f(x) { x }\nfn g(v) { if v is not Int { return 0 }\n f(v) }\nprint(g(1), [1, "a"].map(g))', ["(i64) -> i64"]),
    ("`guard` leaves one kind",
     'fn f(x) { x }\nfn g(v) { guard v is String else { return "" }\n f(v) }\nprint([1, "a"].map(g))',
     ["(string) -> string"]),
    ("a function of one kind each is no function of several", 'fn f(x) { x }\nprint(f(1), f("a"))',
     ["(i64) -> i64", "(string) -> string"]),
    ("Int and Float are one kind", "fn f(c) { if c { 1 } else { 2.5 } }\nprint(f(true))", ["(bool) -> f64"]),
]  # fmt: skip


@pytest.mark.parametrize(("program", "expected"), [c[1:] for c in UNIONS], ids=[c[0] for c in UNIONS])
def test_signatures(program: str, expected: list[str]) -> None:
    assert signatures(typed(program), "f") == expected


#: What can only go wrong is an error: the program, a part of the message.
CERTAIN = [
    ('x = "a"\nprint(x + 1)', "+"),
    ("x = 1\nprint(x.name)", "name"),
    ("x = 1\nprint(x(2))", "function"),
    ("for i in 1.5 { print(i) }", "Float"),
    ('print(["a"] * 2)', "*"),
]


@pytest.mark.parametrize(("program", "part"), CERTAIN)
def test_what_never_fits_is_an_error(program: str, part: str) -> None:
    with pytest.raises(CompileError) as error:
        typed(program)
    assert part in error.value.diagnostics[0].message
