"""The fixture `wasmlathe_snapshot` and its goldens; the example project with them, as its users run it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from wasmlathe.codegen.code_sizes import code_sizes
from wasmlathe.diagnostics import CompileError
from wasmlathe.snapshot import SECTIONS, Compiled, Request, compile_for_review, golden, losses, sections_of
from wasmlathe.snapshot_plugin import difference

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "snapshot-review"
TOTAL = """fn total(xs) {
  var sum = 0
  for i in 0..len(xs) { sum += xs[i] }
  sum
}

fn twice(n) { n + n }
"""
EXPORTS = (("total", ("[Int]",)), ("twice", ("Int",)))


@pytest.fixture(scope="module")
def compiled() -> Compiled:
    return compile_for_review(Request(TOTAL, "O2", exports=EXPORTS))


@pytest.fixture(scope="module")
def unoptimized() -> Compiled:
    return compile_for_review(Request(TOTAL, "O2", exports=EXPORTS, without=("index-range",)))


def run_example(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd=folder)


@pytest.fixture
def example(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EXAMPLE, tmp_path / "example"))


def test_the_example_is_as_it_was_reviewed() -> None:
    ended = run_example(EXAMPLE)
    assert ended.returncode == 0, f"`make snapshots` writes its goldens anew\n{ended.stdout}{ended.stderr}"


def test_the_example_fails_when_a_pass_is_taken_out_and_names_it(example: Path) -> None:
    config = example / "wasmlathe.toml"
    assert "remove = []" in config.read_text()
    config.write_text(config.read_text().replace("remove = []", 'remove = ["index-range"]'))
    ended = run_example(example)
    assert ended.returncode == 1
    assert re.search(r"pass 'index-range' \(mem\) fired .* in the golden and 0 now", ended.stdout)
    assert "no longer unchecked: the index is always in range ('index-range')" in ended.stdout
    assert "FAILED tests/test_kernel.py::test_the_loop_of_total_has_no_checks" in ended.stdout
    assert "Traceback" not in ended.stdout


def test_what_is_wrong_with_a_program_or_a_request_is_told_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "import sys\n\ndef test_modules():\n    assert not [m for m in sys.modules if m.startswith('wasmlathe.') "
        "and m != 'wasmlathe.snapshot_plugin'], 'the compiler is there'\n\n"
        "def test_missing(wasmlathe_snapshot):\n    wasmlathe_snapshot('fn f( {', exports={})\n\n"
        "def test_word(wasmlathe_snapshot):\n    wasmlathe_snapshot('print(1)', include=('irr',))\n\n"
        "def test_new(wasmlathe_snapshot):\n    wasmlathe_snapshot('print(1)', pipeline='O0', include=('size',))\n"
    )
    ended = run_example(tmp_path)
    assert "error[E" in ended.stdout
    assert "unknown part of a snapshot 'irr'" in ended.stdout
    assert "did you mean 'ir'?" in ended.stdout
    assert "there is no golden yet" in ended.stdout
    assert "Traceback" not in ended.stdout + ended.stderr
    assert "3 failed, 1 passed" in ended.stdout  # what is not used is not imported: the compiler was not there


def test_without_syrupy_the_fixture_says_what_to_install(example: Path) -> None:
    ended = run_example(example, "-p", "no:syrupy", "-k", "total")
    assert "wasmlathe_snapshot needs syrupy: pip install syrupy" in ended.stdout


def test_a_golden_has_the_sections_that_were_asked_for(compiled: Compiled) -> None:
    text = golden(compiled, function="total", include=SECTIONS)
    assert list(sections_of(text)) == ["", *SECTIONS]
    assert text.startswith("program program.tova, pipeline O2, stage mem, function total\n")
    assert "mem  index-range  1\n" in text
    assert "3  unchecked  index-range  the index is always in range\n" in text
    assert "func @total(%xs: i32) -> i64 export" in text
    assert "(func $total " in text
    assert "twice" not in text
    assert "!" not in "".join(sections_of(text)["ir"])  # no places, which change with every edit above


def test_without_a_function_all_of_the_programs_own_are_in_it(compiled: Compiled) -> None:
    text = golden(compiled, stage="typed", include=("size", "ir"))
    assert [line.partition("(")[0] for line in text.splitlines() if line.startswith("func ")] == [
        "func @total",
        "func @twice",
    ]
    assert "module-bytes" in text


def test_a_change_in_one_block_renames_nothing_in_the_next(compiled: Compiled, unoptimized: Compiled) -> None:
    before, after = (sections_of(golden(c, function="total", include=("ir",)))["ir"] for c in (unoptimized, compiled))
    body = "^body(%body.0: i64, %sum.1: i64):"
    assert before[: before.index(body)] == after[: after.index(body)]
    end = "^after(%sum.2: i64):"
    assert before[before.index(end) :][:2] == after[after.index(end) :][:2]


def test_what_was_lost_comes_first_and_names_the_pass(compiled: Compiled, unoptimized: Compiled) -> None:
    old, new = (golden(c, function="total") for c in (compiled, unoptimized))
    lost = losses(old, new)
    assert "pass 'index-range' (mem) fired once in the golden and 0 now" in lost
    assert "no longer unchecked: the index is always in range ('index-range')" in lost
    assert any(sentence.startswith("now checked: the index may be negative") for sentence in lost)
    assert any(sentence.startswith("function-bytes: ") for sentence in lost)
    assert difference(old, new).startswith("an optimization was lost\n  - pass '")


def test_a_gain_is_no_loss(compiled: Compiled, unoptimized: Compiled) -> None:
    old, new = (golden(c, function="total") for c in (unoptimized, compiled))
    assert not [sentence for sentence in losses(old, new) if "index-range" in sentence]
    assert losses(new, new) == []
    moved = new.replace("\n3  ", "\n4  ")
    assert losses(new, moved) == []  # a remark on another line is not lost
    assert difference(new, moved).startswith("the golden is out of date; of what it records nothing was lost")


def test_the_ir_can_be_shown_as_a_pass_left_it() -> None:
    request = Request(TOTAL, "O2", after="loop-rotate", exports=EXPORTS)
    rotated = golden(compile_for_review(request), function="total", include=("ir",))
    assert "after loop-rotate" in rotated
    assert "i64.lt_u" in rotated
    absent = golden(compile_for_review(Request(TOTAL, "O0", "loop-rotate", EXPORTS)), include=("ir",))
    assert "(loop-rotate did not run)" in absent


@pytest.mark.parametrize(
    ("stage", "function", "include", "message"),
    [
        ("mmem", None, ("ir",), "unknown stage 'mmem'"),
        ("mem", "totl", ("ir",), "no function 'totl'"),
        ("mem", None, ("wot",), "unknown part of a snapshot 'wot'"),
    ],
)
def test_unknown_words_are_errors(
    stage: str, function: str | None, include: tuple[str, ...], message: str, compiled: Compiled
) -> None:
    with pytest.raises(CompileError, match=message):
        golden(compiled, stage, function, include)


def test_code_sizes_add_up_to_the_code_section(compiled: Compiled) -> None:
    artifact = compiled.compilation.artifact
    assert artifact is not None
    sizes = code_sizes(artifact.wasm)
    assert {"total", "twice"} <= set(sizes)
    assert sizes["twice"] == 7 + 0  # no locals, local.get 0, local.get 0, i64.add, end
    assert sum(sizes.values()) < len(artifact.wasm)


def test_a_module_without_names_tells_no_sizes() -> None:
    assert code_sizes(b"\0asm\1\0\0\0" + b"\x0a\x04\1\2\0\x0b") == {}
