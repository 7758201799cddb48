"""Remarks: their kinds are a table, and the manager says which step and function they are from."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import wasmlathe.bytecode
import wasmlathe.infer
import wasmlathe.passes
from wasmlathe.diagnostics import SourceFile
from wasmlathe.driver import CompileOptions, compile_source
from wasmlathe.ir.core import Loc
from wasmlathe.pipeline.preparing import PipelineRequest, prepare
from wasmlathe.pipeline.remark_kinds import DONE, KINDS, REFUSED, TABLE, is_internal, kind_of
from wasmlathe.pipeline.spec import Remark

#: The folders whose code has remarks.
FOLDERS = [Path(str(package.__file__)).parent for package in (wasmlathe.passes, wasmlathe.infer, wasmlathe.bytecode)]

PROGRAM = """fn twice(x) { x + x }

fn main() {
  var sum = 0
  for i in 0..10 { sum += twice(i) }
  p = {x: sum, y: 1}
  print(p.x + p.y)
}
"""


@cache
def nodes() -> list[ast.AST]:
    """The syntax of all that may have remarks."""
    texts = [path.read_text() for folder in FOLDERS for path in folder.rglob("*.py")]
    return [node for text in texts for node in ast.walk(ast.parse(text))]


def told_kinds() -> Iterator[str]:
    """The first argument of each `ctx.remark(...)` that is a text."""
    for node in nodes():
        is_remark = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name)
        name = getattr(node.func, "attr", getattr(node.func, "id", "")) if is_remark else ""
        if name in ("remark", "Remark") and isinstance(node.args[0], ast.Constant):
            yield node.args[0].value


def texts_in_code() -> set[str]:
    return {node.value for node in nodes() if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def test_every_kind_that_is_told_is_in_the_table() -> None:
    assert {kind for kind in told_kinds() if kind not in KINDS} == set()


def test_every_kind_of_the_table_is_told() -> None:
    assert set(KINDS) - texts_in_code() == set()


def test_every_kind_is_in_the_table_once() -> None:
    assert len(KINDS) == len(TABLE)


def test_every_kind_has_a_sentence_and_refusals_look_like_it() -> None:
    for kind in KINDS.values():
        assert kind.sentence.endswith("."), kind.name
        assert (kind.color == REFUSED) or not kind.name.startswith("not-"), kind.name


def test_the_kinds_of_a_strangers_pass_have_an_entry_too() -> None:
    assert kind_of("reciprocal").color == DONE
    assert kind_of("not-reciprocal").color == REFUSED


@pytest.mark.parametrize(
    ("text", "is_inside"),
    [("the call of len", False), ("the call of std.__print", True), ("the call of rt-new-24", True), ("start", False)],
)
def test_what_names_the_librarys_inside_is_internal(text: str, is_inside: bool) -> None:
    assert is_internal(Remark("inlined", Loc("a.tova", 1, 1), text)) is is_inside


def test_a_remark_without_a_place_about_a_function_is_internal() -> None:
    assert is_internal(Remark("hoisted", None, "x", "len"))
    assert not is_internal(Remark("boxed", None, "x holds Int | String"))


def test_remarks_name_the_step_and_the_function() -> None:
    options = CompileOptions(PipelineRequest("O2"), stop_at="mem")
    remarks = compile_source(SourceFile("a.tova", PROGRAM), options).remarks
    told = {(remark.kind, remark.text, remark.function, remark.step) for remark in remarks}
    assert ("inlined", "the call of twice", "main", "inline") in told
    assert ("scalar-replaced", "an object", "main", "scalar-replace") in told
    assert ("typed", "twice(Int) -> Int", "twice", "infer") in told
    assert {remark.step for remark in remarks} <= {"infer", *prepare(options.pipeline).pipeline.labels()}
