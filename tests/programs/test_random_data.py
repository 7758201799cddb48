"""Random programs over the data types do the same on both engines and at every level; more of them by `fuzz`."""

from __future__ import annotations

from random import Random

import pytest

from .comparing import REFERENCE, Way, difference, shrink
from .fuzz import chosen_program, ways
from .generate_data import boxed_program, program, unboxed
from .running import LEVELS

#: Few, because each takes about half a second a level; `python -m tests.programs.fuzz` runs thousands.
SEEDS = range(1, 17)


@pytest.mark.parametrize("seed", SEEDS)
def test_engines_and_levels_agree(seed: int) -> None:
    text = chosen_program(seed)
    found = difference(text, ways(seed, 1, seed % 5 == 0))
    assert found is None, f"{found.text}\n{text}"


def test_one_program_agrees_at_every_level() -> None:
    text = program(Random(0))
    tried = [Way(engine, level) for engine in ("python", "wasm") for level in LEVELS]
    found = difference(text, [*tried, Way("wasm", "O2", gc_stress=True)])
    assert found is None, f"{found.text}\n{text}"


def test_a_seed_always_gives_the_same_program() -> None:
    assert [program(Random(seed)) for seed in range(40)] == [program(Random(seed)) for seed in range(40)]


def test_unboxed_gives_the_program_without_boxes() -> None:
    boxed = [boxed_program(Random(seed)) for seed in range(40)]
    assert list(map(unboxed, boxed)) == [program(Random(seed)) for seed in range(40)]
    assert any('"box"' in text for text in boxed)


def test_a_refused_program_is_a_difference() -> None:
    found = difference('x = 1\nprint(x + "a")\n', [])
    assert found is not None
    assert found.key.startswith("refused: ")
    assert found.way == REFERENCE


def test_shrink_leaves_the_statements_that_matter() -> None:
    text = "a = 1\nif a > 0 {\n  b = 2\n  bad(3)\n} else {\n  c = 4\n}\nfor i in 0..9 {\n  print(i)\n}\n"
    assert shrink(text, lambda t: "bad(" in t and t.count("{") == t.count("}")) == "  bad(3)\n"
