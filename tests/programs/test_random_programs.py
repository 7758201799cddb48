"""Random well-typed programs do the same on both engines and at every level.

WASMLATHE_RANDOM_PROGRAMS=500 pytest tests/programs/test_random_programs.py        # more of them
"""

from __future__ import annotations

import os
from dataclasses import replace
from random import Random

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from .generate import program
from .running import Outcome, execute, forget

PROGRAMS = int(os.environ.get("WASMLATHE_RANDOM_PROGRAMS", "8"))
WAYS = (*((level, "wasm") for level in ("O0", "O2", "O3", "Os")), ("O3", "python"), ("O2", "vm"))


def observed(text: str, level: str, engine_name: str) -> Outcome:
    """What the program did, but for the line of a panic: of two equal checks one may have been left out."""
    return replace(execute(text, level, engine_name, verify=False), line=None)


# A seed instead of choices that can be made smaller: programs differ too much from one choice to the next.
@settings(
    max_examples=PROGRAMS,
    deadline=None,
    derandomize="WASMLATHE_RANDOM_PROGRAMS" not in os.environ,
    phases=(Phase.generate,),
    suppress_health_check=[HealthCheck.too_slow],
)
@given(st.integers(0, 1 << 32))
def test_engines_and_levels_agree(seed: int) -> None:
    text = program(Random(seed))
    first = observed(text, "O0", "python")
    for level, engine_name in WAYS:
        outcome = observed(text, level, engine_name)
        assert outcome == first, f"{engine_name} at {level} differs from python at O0:\n{text}"
    forget()
