"""bench/compile_time.py: the table that it writes, and that it measures at all."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).resolve().parent.parent / "bench/compile_time.py"


@pytest.fixture(scope="module")
def compile_time() -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("bench_compile_time", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "bench_compile_time", module)  # dataclasses look their own module up
        spec.loader.exec_module(module)
        yield module


def test_ratios_are_to_o1(compile_time: ModuleType) -> None:
    rows = [
        compile_time.Row("a", 10, {"O1": 0.1, "O3": 0.2}),
        compile_time.Row("b", 20, {"O1": 0.1, "O3": 0.8}),
    ]
    lines = compile_time.table(rows, ["O1", "O3"], markdown=True)
    assert lines[0] == "| program | lines | O1 | O3 |"
    assert lines[2] == "| a | 10 | 100 | 200 |"
    assert lines[4:] == ["| times O1 |  | 1.00 | 4.00 |", "| at most |  | 1.00 | 8.00 |"]


def test_a_program_is_measured_and_a_wrong_one_is_told(
    compile_time: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    right, wrong = tmp_path / "right.tova", tmp_path / "wrong.tova"
    right.write_text("fn f(a) { a + 1 }\nexit(f(2))\n")
    wrong.write_text("fn f(\n")
    assert compile_time.main([str(right), str(wrong), "--levels", "O0,O1", "--runs", "1"]) == 0
    told = capsys.readouterr()
    assert told.out.split()[:5] == ["program", "lines", "O0", "O1", "warm"]
    assert "right" in told.out
    assert "wrong.tova" in told.err
