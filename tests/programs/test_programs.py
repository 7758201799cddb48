"""Every program of the examples and benchmarks prints what it should, compiled and as bytecode (`running.large`)."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from wasmlathe.wasm_runtime.grants import Grants

from .running import large, twice

ROOT = Path(__file__).resolve().parents[2]
INPUTS = Path(__file__).parent / "inputs"
CASES = tomllib.loads((Path(__file__).parent / "cases.toml").read_text("utf-8"))["case"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_program_prints_the_expected_text(case: dict) -> None:
    inputs = [str(INPUTS / case["input"])] if "input" in case else []
    text = (ROOT / case["program"]).read_text("utf-8")
    if case.get("brief"):
        outcome = twice(text, case["args"])
    else:
        outcome = large(text, [*inputs, *case["args"]], Grants(reads=inputs))
    assert (outcome.panic, outcome.stdout) == (None, (ROOT / case["expected"]).read_text("utf-8"))
