"""Broken textual IR gives diagnostics with place and hint, never a traceback.

`cases/parse_errors.txt` holds texts and what is said about them; `pytest --bless` accepts what is said now.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_ir import Shape, modules
from wasmlathe.diagnostics import CompileError, render_all
from wasmlathe.ir.parse import parse
from wasmlathe.ir.print import print as ir_text

FILE = Path(__file__).parent / "cases" / "parse_errors.txt"


def read_cases() -> list[tuple[str, str, str]]:
    """(title, text, what is said)."""
    cases = []
    for part in re.split(r"^== ", FILE.read_text(), flags=re.MULTILINE)[1:]:
        title, _, body = part.partition("\n")
        text, _, said = body.partition("-- errors\n")
        cases.append((title, text, said.strip("\n")))
    return cases


def errors_of(text: str) -> str:
    with pytest.raises(CompileError) as caught:
        parse(text, "case.ir", default_stage="mem")
    return render_all(caught.value.diagnostics)


@pytest.mark.parametrize("title", [case[0] for case in read_cases()])
def test_broken_text_is_explained(title: str, request: pytest.FixtureRequest) -> None:
    text, expected = next(case[1:] for case in read_cases() if case[0] == title)
    said = errors_of(text)
    if request.config.getoption("--bless"):
        cases = [(t, x, said if t == title else s) for t, x, s in read_cases()]
        FILE.write_text("\n".join(f"== {t}\n{x}-- errors\n{s}\n" for t, x, s in cases))
        return
    assert said == expected


def test_a_text_without_a_stage_is_refused() -> None:
    with pytest.raises(CompileError, match="does not say of which stage"):
        parse("func @f() {\n^entry:\n  ret\n}\n")


def test_an_empty_text_is_refused() -> None:
    with pytest.raises(CompileError, match="does not say of which stage"):
        parse("")


@pytest.mark.parametrize(
    "text",
    [
        "func @f(%a: " + "array<" * 5000 + "i64" + ">" * 5000 + ") {\n^entry:\n  ret\n}\n",
        "func @f() {x=" + "[" * 5000 + "]" * 5000 + "} {\n^entry:\n  ret\n}\n",
        f"global @g: i64 = {'9' * 6000}\n",
        "func @f() {\n^entry:\n  ret !99999999999999999999999:1\n}\n",
        '"' * 20000,
        "@" * 20000,
    ],
    ids=["types", "lists", "digits", "location", "quotes", "sigils"],
)
def test_a_hostile_text_is_refused_without_a_traceback(text: str) -> None:
    assert "error[E09" in errors_of(text)


def test_many_errors_are_cut() -> None:
    with pytest.raises(CompileError) as caught:
        parse("nonsense\n" * 10000, default_stage="mem")
    assert len(caught.value.diagnostics) <= 20


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_damaged_text_parses_or_is_refused(data: st.DataObject) -> None:
    text = ir_text(data.draw(modules(Shape(functions=1, blocks=4, ops_per_block=3))))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text)))
        length = data.draw(st.sampled_from([0, 1, 2, 10]))
        text = text[:at] + data.draw(st.sampled_from(_DEBRIS)) + text[at + length :]
    try:
        module = parse(text, default_stage="mem")
    except CompileError as refused:
        assert refused.diagnostics and "error[" in render_all(refused.diagnostics)
    else:
        assert ir_text(parse(ir_text(module))) == ir_text(module)


_DEBRIS = [
    "",
    "%",
    "^",
    "@",
    '"',
    "{",
    "}",
    "(",
    ")",
    "\n",
    ",",
    ":",
    "!",
    "!1:",
    ";",
    "<",
    "9" * 30,
    "x",
    "\x00",
    "é",
    "->",
    "=",
]
