"""`wasmlathe test`: which tests run, how each ends, and what is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from wasmlathe.cli import main

ENGINES = ("wasm", "python")


@pytest.fixture
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder of the test."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def outcome(folder: Path, capfd: pytest.CaptureFixture[str], text: str, *words: str) -> tuple[int, str, str]:
    """Exit status, stdout and stderr of `wasmlathe test` for a program."""
    (folder / "program.tova").write_text(text)
    status = main(["test", "program.tova", "-O1", *words])
    captured = capfd.readouterr()
    return status, captured.out, captured.err


TWO = """\
fn double(n) { n * 2 }
test "doubles" { assertEq(double(4), 8) }
test "doubles nothing" {
  x = double(0)
  assertEq(x, 1)
}
"""


@pytest.mark.parametrize("engine", ENGINES)
def test_a_failure_is_told_with_message_and_place(
    in_folder: Path, capfd: pytest.CaptureFixture[str], engine: str
) -> None:
    status, out, _ = outcome(in_folder, capfd, TWO, "--engine", engine)
    assert status == 1
    assert out.splitlines() == [
        "ok    doubles",
        "FAIL  doubles nothing",
        "      error: Assertion failed: expected 1, got 0",
        "        --> program.tova:5:3",
        "         |",
        "       5 |   assertEq(x, 1)",
        "         |   ^",
        "1 passed, 1 failed",
    ]


def test_only_the_wanted_tests_run(in_folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    status, out, _ = outcome(in_folder, capfd, TWO, "--filter", "nothing")
    assert status == 1
    assert out.startswith("FAIL  doubles nothing")
    assert out.endswith("0 passed, 1 failed, 1 not run\n")


def test_a_filter_that_fits_nothing_is_a_mistake(in_folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    status, _, err = outcome(in_folder, capfd, TWO, "--filter", "double s")
    assert status == 2
    assert "no test has 'double s' in its name" in err
    assert "did you mean 'doubles'?" in err


def test_each_test_has_an_instance_of_its_own(in_folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    text = 'var n = 0\nn += 1\ntest "a" { n += 1\nassertEq(n, 2) }\ntest "b" { n += 1\nassertEq(n, 2) }\n'
    assert outcome(in_folder, capfd, text)[:2] == (0, "ok    a\nok    b\n2 passed\n")


def test_main_does_not_run(in_folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    text = 'print("top")\ntest "a" { print("in it") }\nfn main(word) { print("main") }\n'
    assert outcome(in_folder, capfd, text)[:2] == (0, "top\nin it\nok    a\n1 passed\n")


def test_hooks_run_before_and_after_even_a_failing_test(in_folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    text = (
        'var n = 0\ntest "a" {\n  after_each { print("after {n}") }\n  assertEq(n, 5)\n  n = 6\n  assert(false, "no")\n'
        "  before_each { n = 5 }\n}\n"
    )
    status, out, _ = outcome(in_folder, capfd, text)
    assert status == 1
    assert out.splitlines()[:3] == ["after 6", "FAIL  a", "      error: no"]


def test_a_test_that_takes_too_long_fails_alone(in_folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    text = 'var n = 1\ntest "long" timeout=50 { while n > 0 { n = n % 7 + 1 } }\ntest "short" timeout=5000 { }\n'
    status, out, _ = outcome(in_folder, capfd, text)
    assert status == 1
    assert "error: timed out after 0.05 s" in out
    assert out.endswith("ok    short\n1 passed, 1 failed\n")


def test_exit_in_a_test_fails_it(in_folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    status, out, _ = outcome(in_folder, capfd, 'test "a" { exit(0) }\ntest "b" { }\n')
    assert status == 1
    assert "the test ended the program with exit(0)" in out
    assert "ok    b" in out


def test_tests_without_names_and_with_equal_ones_are_told_apart(
    in_folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    text = 'test { }\ntest "a" { }\ntest "a" { }\nbench "b" { missing() }\n'
    assert outcome(in_folder, capfd, text)[:2] == (0, "ok    test 1\nok    a\nok    a (2)\n3 passed\n")


def test_a_program_without_tests_has_none(in_folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert outcome(in_folder, capfd, "fn main() { 1 }\n")[:2] == (0, "there are no tests\n")


def test_mistakes_in_tests_are_found_when_they_are_compiled(in_folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    text = 'test "a" { missing() }\nfn main() { 0 }\n'
    status, _, err = outcome(in_folder, capfd, text)
    assert status == 2
    assert "'missing' is not defined" in err
    assert main(["run", "program.tova"]) == 0


def test_imported_files_are_tested_on_their_own(in_folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (in_folder / "m.tova").write_text('pub fn f() { 3 }\ntest "of m" { assert(false) }\n')
    text = 'import {f} from "./m"\ntest "of this" { assertEq(f(), 3) }\n'
    assert outcome(in_folder, capfd, text)[:2] == (0, "ok    of this\n1 passed\n")


def test_files_are_granted_to_tests_too(in_folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    text = 'test "reads" { assertEq(readText("data.txt").unwrap(), "hi") }\n'
    (in_folder / "data.txt").write_text("hi")
    assert outcome(in_folder, capfd, text)[0] == 1
    assert outcome(in_folder, capfd, text, "--allow-read", ".")[0] == 0
