"""Random programs that take texts apart do the same at every level, however often garbage is collected."""

from __future__ import annotations

import os
from random import Random

import pytest

from .generate_texts import program
from .running import execute, forget

#: One, because it takes seconds: WASMLATHE_RANDOM_TEXTS=1000 for more.
PROGRAMS = int(os.environ.get("WASMLATHE_RANDOM_TEXTS", "1"))


@pytest.mark.parametrize("seed", range(PROGRAMS))
def test_levels_agree(seed: int) -> None:
    text = program(Random(seed))
    expected = execute(text, "O0", once=True)
    assert expected.panic is None, f"{expected.panic}\n{text}"
    assert execute(text, "O3", once=True) == expected, text
    assert execute(text, "O2", gc_stress=True, once=True) == expected, text
    forget()
