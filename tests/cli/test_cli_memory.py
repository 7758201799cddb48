"""`--stats`, `--gc-stress` and `--max-memory` on the command line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from wasmlathe.cli import main

ALLOCATES = 'fn main() { var n = 0\n for i in 0..300000 { s = "number {i}"; n += len(s) }\n print(n) }\n'
NUMBERS = "fn main() { 7 }\n"


@pytest.fixture
def program(tmp_path: Path) -> Path:
    return tmp_path / "program.tova"


@pytest.mark.parametrize("engine", ["wasm", "python"])
def test_stats_are_told_on_stderr(program: Path, capfd: pytest.CaptureFixture[str], engine: str) -> None:
    program.write_text(ALLOCATES.replace("300000", "30000" if engine == "python" else "300000"))
    assert main(["run", "--stats", "--engine", engine, str(program)]) == 0
    out, err = capfd.readouterr()
    assert re.fullmatch(r"\d+\n", out)
    facts = dict(re.findall(r"^(\S.*?)  +(\S.*)$", err, re.MULTILINE))
    assert set(facts) >= {"allocations", "allocated", "peak heap", "collections", "longest pause", "all pauses"}
    assert int(facts["allocations"].replace(",", "")) >= 30_000
    assert int(facts["collections"]) > 0


def test_a_program_that_allocates_nothing_has_no_heap(program: Path, capfd: pytest.CaptureFixture[str]) -> None:
    program.write_text(NUMBERS)
    assert main(["run", "--stats", str(program)]) == 7
    assert "peak heap        0 bytes" in capfd.readouterr().err


def test_stats_are_told_of_a_program_that_failed(program: Path, capfd: pytest.CaptureFixture[str]) -> None:
    program.write_text(ALLOCATES.replace("print(n)", "n % (n - n)"))
    assert main(["run", "--stats", str(program)]) == 1
    err = capfd.readouterr().err
    assert "collections" in err and "division by zero" in err


def test_a_limit_collects_before_it_ends_the_program(program: Path, capfd: pytest.CaptureFixture[str]) -> None:
    program.write_text(ALLOCATES)
    assert main(["run", "--max-memory", "4M", str(program)]) == 0
    assert capfd.readouterr().err == ""


def test_stress_changes_nothing_that_can_be_seen(program: Path, capfd: pytest.CaptureFixture[str]) -> None:
    program.write_text(ALLOCATES.replace("300000", "300"))
    assert main(["run", str(program)]) == 0
    plain = capfd.readouterr().out
    for _ in range(2):  # from the cache, too, it is another program
        assert main(["run", "--gc-stress", "--stats", str(program)]) == 0
        out, err = capfd.readouterr()
        assert out == plain
        assert int(re.findall(r"^collections +(\d+)$", err, re.MULTILINE)[0]) >= 300
