"""Reviewed goldens of small programs, in `snapshots/`: what each pass does, the IR, WebAssembly text and sizes.

After a change of a pass: `make snapshots`, and read the diff. See docs/snapshots.md.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

PROGRAMS = Path(__file__).parent / "programs"

#: Program -> the function that is looked at and the types of its parameters.
FUNCTIONS: dict[str, tuple[str, list[str]]] = {
    "sieve": ("sieve", ["Int"]),
    "dot": ("dot", ["[Float]", "[Float]"]),
    "pipeline": ("evenSquares", ["[Int]"]),
    "shapes": ("total", ["Int"]),
    "results": ("eighth", ["Int"]),
    "recursion": ("both", ["Int"]),
    "counter": ("counted", ["Int"]),
    "matrix": ("product", ["[[Float]]", "[[Float]]", "Int"]),
    "choice": ("days", ["Int"]),
}

#: Which pass's work is shown for which program.
AFTER = [
    ("sieve", "typed", "gvn#typed"),
    ("pipeline", "typed", "fuse-loops"),
    ("shapes", "typed", "scalar-replace"),
    ("counter", "typed", "scalar-replace"),
    ("dot", "mem", "index-range"),
    ("matrix", "mem", "licm"),
    ("recursion", "mem", "tail-recursion"),
    ("choice", "mem", "match-table"),
]


def compiled(program: str, **more: Any) -> dict[str, Any]:
    """The arguments of the fixture for a program."""
    function, types = FUNCTIONS[program]
    return {"program": PROGRAMS / f"{program}.tova", "function": function, "exports": {function: types}, **more}


@pytest.mark.parametrize("program", FUNCTIONS)
def test_what_o3_makes(program: str, wasmlathe_snapshot: Any) -> None:
    wasmlathe_snapshot(**compiled(program, pipeline="O3"))


@pytest.mark.parametrize("program", FUNCTIONS)
def test_what_os_makes(program: str, wasmlathe_snapshot: Any) -> None:
    wasmlathe_snapshot(**compiled(program, pipeline="Os", include=("size", "wat")))


@pytest.mark.parametrize(("program", "stage", "step"), AFTER, ids=lambda value: str(value))
def test_what_a_pass_leaves(program: str, stage: str, step: str, wasmlathe_snapshot: Any) -> None:
    wasmlathe_snapshot(**compiled(program, pipeline="O3", stage=stage, after=step, include=("ir",)))
