"""Every program of the examples and benchmarks prints what it should, on both engines and at every level."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from .running import ENGINES, LEVELS, execute

ROOT = Path(__file__).resolve().parents[2]
CASES = tomllib.loads((Path(__file__).parent / "cases.toml").read_text("utf-8"))["case"]


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_program_prints_the_expected_text(case: dict, level: str) -> None:
    text = (ROOT / case["program"]).read_text("utf-8")
    expected = (ROOT / case["expected"]).read_text("utf-8")
    for engine_name in ENGINES:
        outcome = execute(text, level, engine_name, case["args"])
        assert (outcome.panic, outcome.stdout) == (None, expected), f"on {engine_name}"
