"""The harness of pass cases finds what is wrong with a pass, a case or a claim."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pass_harness
import pytest
from pass_harness import bless, check_case, difference, read_cases
from wasmlathe.ir.core import Function
from wasmlathe.ir.ops import row_named
from wasmlathe.pipeline.spec import CFG_ANALYSES, PassContext, PassSpec

CASE = """== a sum becomes a difference
func @f(%a: i64) -> i64 {
^entry:
  %x: i64 = i64.add %a, %a
  ret %x
}
-- becomes
func @f(%a: i64) -> i64 {
^entry:
  %x: i64 = i64.sub %a, %a
  ret %x
}

== a product stays
func @f(%a: i64) -> i64 {
^entry:
  %x: i64 = i64.mul %a, %a
  ret %x
}
-- unchanged
-- run
@f(3) = 9
"""

Run = Callable[[Function, PassContext], bool]


def to_difference(function: Function, ctx: PassContext) -> bool:
    sums = [op for op in function.ops() if op.name == "i64.add"]
    for op in sums:
        op.row = row_named("i64.sub")
        ctx.remark("changed", op.loc, "a sum")
    return bool(sums)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "broken.txt"
    path.write_text(CASE)
    return path


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def install(run: Run, preserves: frozenset[str] = frozenset()) -> None:
        spec = PassSpec("broken", "mem", run, "A pass.", preserves=preserves)
        monkeypatch.setattr(pass_harness, "pass_named", lambda name: spec)

    return install


def test_a_case_that_holds(file: Path, install: Callable[..., None]) -> None:
    install(to_difference)
    assert [difference(case, check_case(case)) for case in read_cases(file)] == ["", ""]


def test_another_text_is_shown_as_a_diff(file: Path, install: Callable[..., None]) -> None:
    install(lambda function, ctx: False)
    case = read_cases(file)[0]
    diff = difference(case, check_case(case))
    assert "-  %x: i64 = i64.sub %a, %a\n+  %x: i64 = i64.add %a, %a" in diff


def test_a_changed_result_is_found(file: Path, install: Callable[..., None]) -> None:
    file.write_text(CASE.replace("}\n\n==", "}\n-- run\n@f(3) = 6\n\n=="))
    install(to_difference)
    with pytest.raises(AssertionError, match="after the pass"):
        check_case(read_cases(file)[0])


def test_a_wrong_expectation_is_found_before_the_pass(file: Path, install: Callable[..., None]) -> None:
    file.write_text(CASE.replace("@f(3) = 9", "@f(3) = 8"))
    install(to_difference)
    with pytest.raises(AssertionError, match="before the pass"):
        check_case(read_cases(file)[1])


@pytest.mark.parametrize("claim", [True, False])
def test_a_false_claim_of_change_is_found(claim: bool, file: Path, install: Callable[..., None]) -> None:
    def lying(function: Function, ctx: PassContext) -> bool:
        return to_difference(function, ctx) and claim or claim

    install(lying)
    with pytest.raises(AssertionError, match="says that it changed"):
        check_case(read_cases(file)[1 if claim else 0])


def test_invalid_ir_is_found(file: Path, install: Callable[..., None]) -> None:
    def breaking(function: Function, ctx: PassContext) -> bool:
        function.entry.terminator.operands.clear()
        return True

    install(breaking)
    with pytest.raises(AssertionError, match="returns \\(\\), but"):
        check_case(read_cases(file)[0])


def test_a_false_claim_of_preservation_is_found(file: Path, install: Callable[..., None]) -> None:
    def adding(function: Function, ctx: PassContext) -> bool:
        block = function.add_block("new")
        block.append(function.entry.ops.pop())
        function.entry.append(type(block.terminator)(row_named("br"), [], (), {}, None, [_target(block)]))
        return True

    install(adding, CFG_ANALYSES)
    with pytest.raises(AssertionError, match="preserves the graph"):
        check_case(read_cases(file)[0])


def _target(block):  # type: ignore[no-untyped-def]
    from wasmlathe.ir.core import Target

    return Target(block)


def test_remarks_are_compared(file: Path, install: Callable[..., None]) -> None:
    install(to_difference)
    file.write_text(CASE.replace("}\n\n==", "}\n-- remarks\nchanged: a sum\n\n=="))
    check_case(read_cases(file)[0])
    file.write_text(CASE.replace("}\n\n==", "}\n-- remarks\nchanged: nothing\n\n=="))
    with pytest.raises(AssertionError):
        check_case(read_cases(file)[0])


def test_blessing_rewrites_one_case(file: Path, install: Callable[..., None]) -> None:
    install(lambda function, ctx: False)
    first, second = read_cases(file)
    bless(first, check_case(first))
    blessed = read_cases(file)
    assert difference(blessed[0], check_case(blessed[0])) == ""
    assert blessed[1] == second


@pytest.mark.parametrize("text", ["func @f() {\n}\n", "== no result\nfunc @f() {\n}\n"])
def test_what_is_no_case_is_refused(text: str, file: Path) -> None:
    file.write_text(text)
    with pytest.raises(ValueError, match="broken.txt"):
        read_cases(file)
