"""Random programs that take texts apart do the same at every level, however often garbage is collected."""

from __future__ import annotations

import os
from random import Random

import pytest

from .generate_texts import program
from .running import execute, forget

#: Few, because each takes half a second a level: WASMLATHE_RANDOM_TEXTS=1000 for more.
PROGRAMS = int(os.environ.get("WASMLATHE_RANDOM_TEXTS", "2"))


@pytest.mark.parametrize("seed", range(PROGRAMS))
def test_levels_agree(seed: int) -> None:
    text = program(Random(seed))
    expected = execute(text, "O0", once=True)
    assert expected.panic is None, f"{expected.panic}\n{text}"
    for level in ("O2", "O3"):
        assert execute(text, level, once=True) == expected, text
    assert execute(text, "O2", gc_stress=True, once=True) == expected, text
    forget()
