"""`run --engine vm --count` on the command line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from wasmlathe.cli import main

PROGRAM = """fn half(n) {
  n / 2
}
fn main(size = "6") {
  var sum = 0.0
  for i in 0..(toInt(size) ?? 0) {
    sum += half(i)
  }
  print(sum)
}
"""
#: Calls `half` four times before the index is out of range.
FAILS = PROGRAM.replace("sum += half(i)", "sum += half([0, 1, 2][i])")


@pytest.fixture
def program(tmp_path: Path) -> Path:
    file = tmp_path / "program.tova"
    file.write_text(PROGRAM)
    return file


def count(*args: str) -> int:
    return main(["run", "--engine", "vm", "--count", "-O0", *args])


def test_counts_are_told_on_stderr(program: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):  # the second time from the cache
        assert count(str(program)) == 0
        out, err = capfd.readouterr()
        assert out == "7.5\n"
        assert re.search(rf"^ +6 +\d+  half \({program}:1\)$", err, re.MULTILINE)
        assert re.search(r"half \(.*\): 6 calls\ntimes  lines\n    6  2      n / 2\n", err)


def test_arguments_go_to_the_program(program: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert count(str(program), "12") == 0
    assert ": 12 calls" in capfd.readouterr().err


@pytest.mark.usefixtures("base_in_cache")
def test_what_is_not_counted_is_another_program(program: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert count(str(program)) == 0
    capfd.readouterr()
    assert main(["run", "--engine", "vm", "-O0", str(program)]) == 0
    assert capfd.readouterr().err == ""


def test_counts_of_a_program_that_fails(program: Path, capfd: pytest.CaptureFixture[str]) -> None:
    program.write_text(FAILS)
    assert count(str(program)) == 1
    err = capfd.readouterr().err
    assert "half" in err and ": 3 calls" in err
    assert err.index(": 3 calls") < err.index("error: ")


def test_counts_of_a_program_that_leaves(program: Path, capfd: pytest.CaptureFixture[str]) -> None:
    program.write_text(PROGRAM.replace("print(sum)", "exit(3)"))
    assert count(str(program)) == 3
    assert ": 6 calls" in capfd.readouterr().err


def test_counts_of_a_program_whose_time_is_up(program: Path, capfd: pytest.CaptureFixture[str]) -> None:
    program.write_text("fn main() {\n  var n = 0\n  while true {\n    n += 1\n  }\n}\n")
    assert count("--timeout", "0.2", str(program)) == 1
    err = capfd.readouterr().err
    assert re.search(r"^[\d,]{5,}  4 +n \+= 1$", err, re.MULTILINE) and "timed out" in err


def test_a_program_that_cannot_start_has_no_counts(program: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert count("--stats", "--max-memory", "1K", str(program)) == 1
    err = capfd.readouterr().err
    assert err.startswith("error: out of memory") and "calls" not in err


def test_kinds_of_values_are_told(program: Path, capfd: pytest.CaptureFixture[str]) -> None:
    program.write_text('for x in [1.5, "a", 2.5] {\n  print("{x}")\n}\n')
    assert count(str(program)) == 0
    assert re.search(r"program\.tova:2:\d+ +as text +Float 2, String 1$", capfd.readouterr().err, re.MULTILINE)


def test_stats_and_counts(program: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert count("--stats", str(program)) == 0
    err = capfd.readouterr().err
    assert err.index("allocations") < err.index("calls")


def test_other_engines_do_not_count(program: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--count", str(program)]) == 2
    assert "--count needs --engine vm" in capfd.readouterr().err
