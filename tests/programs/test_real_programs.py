"""Programs that do real work print what independent programs in Python print for the same task.

`programs/NAME.tova` and the examples are the programs, `oracles/NAME.py` computes what they should print, and
`expected/NAME.txt` is what it printed, so that a reader sees it and a change of it. A new program needs only its files.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from .running import large

HERE = Path(__file__).resolve().parent
EXAMPLES = HERE.parents[1] / "examples"
PROGRAMS = sorted((HERE / "programs").glob("*.tova"))
ORACLES = sorted((HERE / "oracles").glob("*.py"))


def expected(name: str) -> str:
    return (HERE / "expected" / f"{name}.txt").read_text("utf-8")


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_real_program_prints_what_its_oracle_does(program: Path) -> None:
    outcome = large(program.read_text("utf-8"))
    assert (outcome.panic, outcome.stdout) == (None, expected(program.stem))


@pytest.mark.parametrize("oracle", ORACLES, ids=lambda path: path.stem)
def test_the_stored_text_is_what_the_oracle_prints(oracle: Path) -> None:
    ended = subprocess.run([sys.executable, "-X", "utf8", oracle], capture_output=True, check=True)
    assert ended.stdout.decode() == expected(oracle.stem)


def test_every_real_program_has_an_oracle() -> None:
    oracles = {path.stem for path in ORACLES}
    assert {path.stem for path in PROGRAMS} <= oracles
    assert oracles <= {path.stem for path in PROGRAMS} | {path.stem for path in EXAMPLES.glob("*.tova")}
