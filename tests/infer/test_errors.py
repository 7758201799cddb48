"""What name resolution, lowering and inference say about wrong programs: code, place and hint."""

from __future__ import annotations

import pytest
from wasmlathe.diagnostics import CompileError, SourceFile, render
from wasmlathe.driver import CompileOptions, compile_source
from wasmlathe.pipeline.preparing import PipelineRequest

#: A sentence, the program, and per error: code, line, column, part of the message.
WRONG = [
    ("an undefined name", "print(x)", [("E0200", 1, 7, "'x' is not defined")]),
    ("several errors at once", "a = 1\na = 2\nprint(b)\nbreak",
     [("E0202", 2, 1, "immutable 'a'"), ("E0200", 3, 7, "'b'"), ("E0203", 4, 1, "break")]),
    ("a name defined twice", "fn f() { 1 }\nfn f() { 2 }", [("E0201", 2, 4, "'f' is already defined")]),
    ("an unknown label", "outer: for i in 0..2 { break otter }", [("E0204", 1, 24, "'otter'")]),
    ("a return outside", "return 1", [("E0301", 1, 1, "`return`")]),
    ("too many arguments", "fn f(a) { a }\nf(1, 2)", [("E0206", 2, 1, "takes 1 argument, not 2")]),
    ("too few arguments for a library function", "print(join())", [("E0206", 1, 7, "'join' takes")]),
    ("too few arguments for a lambda with a name", "f = fn(a, b) a + b\nprint(f(1))", [("E0206", 2, 7, "'f' takes 2 arguments")]),
    ("text and number", 'print("a" + 1)', [("E0102", 1, 7, "`+` is not defined for String and Int")]),
    ("a number as condition", "if 1 { print(2) }", [("E0103", 1, 4, "must be Bool, not Int")]),
    ("a call of a number", "x = 1\nx(2)", [("E0104", 2, 1, "Int is not a function")]),
    ("an unknown method", "xs = [1]\nxs.psh(2)", [("E0105", 2, 1, "no method 'psh'")]),
    ("a declared parameter type", 'fn f(n: Int) { n }\nf("a")', [("E0100", 2, 1, "'n' expects Int, but got String")]),
    ("Float does not fit Int", "fn f(n: Int) { n }\nf(1.5)", [("E0100", 2, 1, "'n' expects Int, but got Float")]),
    ("a declared result type", "fn f() -> Int { return \"a\" }\nf()", [("E0101", 1, 24, "declared as Int")]),
    ("an unknown type", "fn f(n: Itn) { n }\nf(1)", [("E0207", 1, 9, "unknown type 'Itn'")]),
    ("iteration over a number", "for x in 5 { print(x) }", [("E0106", 1, 10, "Int cannot be iterated")]),
    ("one cause is told once", "fn f(x) { x.y }\nprint(f(1))\nprint(f(1))", [("E0105", 1, 11, "Int has no field 'y'")]),
    ("a missing module is told once", 'import { a } from "./x"\nprint(a)', [("E0208", 1, 19, "no module './x'")]),
    ("parts of the library are named as not supported yet", "c = Promise.all([])\nprint(regex_builder())",
     [("E0400", 1, 5, "`Promise`"), ("E0400", 2, 7, "`regex_builder`")]),
    ("yield inside try is named as not supported yet", "fn g() { try { yield 1 } catch e { 2 } }\nprint(g())",
     [("E0400", 1, 16, "`yield`")]),
    ("a guard that does not leave", "fn f(x) { guard x > 0 else { print(1) }\n 2 }\nf(1)", [("E0211", 1, 28, "guard")]),
]  # fmt: skip


def errors_of(program: str) -> list[tuple[str, int, int, str]]:
    with pytest.raises(CompileError) as caught:
        compile_source(SourceFile("wrong.tova", program), CompileOptions(stop_at="typed"))
    found = []
    for diagnostic in caught.value.diagnostics:
        assert diagnostic.span is not None
        found.append((diagnostic.code, *diagnostic.span.file.position(diagnostic.span.start), diagnostic.message))
    return found


@pytest.mark.parametrize(("program", "expected"), [w[1:] for w in WRONG], ids=[w[0] for w in WRONG])
def test_errors(program: str, expected: list[tuple[str, int, int, str]]) -> None:
    found = errors_of(program)
    assert [f[:3] for f in found] == [e[:3] for e in expected]
    for (*_, message), (*_, part) in zip(found, expected, strict=True):
        assert part in message


def test_unreachable_branches_are_not_typed() -> None:
    program = 'fn f(x) { if x is String { x + "!" } else { x + 1 } }\nf(1)\nf("a")'
    compile_source(SourceFile("right.tova", program), CompileOptions(stop_at="typed"))


def test_a_name_of_a_million_characters_is_not_shown_in_full() -> None:
    with pytest.raises(CompileError) as caught:
        compile_source(SourceFile("long.tova", "x" * 1_000_000), CompileOptions(stop_at="typed"))
    (diagnostic,) = caught.value.diagnostics
    assert len(render(diagnostic)) < 5000


def test_a_result_that_nobody_looks_at_is_a_warning() -> None:
    text = 'fn f(x) { if x > 1 { Ok(x) } else { Err("no") } }\nfn g(x) { f(x)\n _ = f(x)\n f(x) }\nprint(g(2))\nf(3)\n'
    compilation = compile_source(SourceFile("a.tova", text), CompileOptions(PipelineRequest("O0"), stop_at="typed"))
    found = [(d.code, d.span.start) for d in compilation.warnings if d.span is not None]
    assert found == [("W0213", text.index("f(x)\n _")), ("W0213", text.index("f(3)"))]
