"""The rows of the language's definition as programs: library, deviations, examples, on both engines.

A row of a file is `program ==> output`, where ¶ stands for a line end; instead of output, or after it, `PANIC message`; or
`COMPILE code`. Rows that a function can hold share a program, which is much faster than one for each.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from wasmlathe.diagnostics import CompileError

from .running import execute

_FILES = ("library", "deviations", "examples")
_TOGETHER = 12
#: What a function cannot hold, or what ends the program.
_ALONE = re.compile(
    r"(PANIC|COMPILE)|\b(type|trait|impl|main|yield)\b|^@|^defer|^(map|count|x|var \w+|n) = |^fn (len|g|f)\b",
    re.MULTILINE,
)
_MARK = "== next =="

Row = tuple[str, str]


def _rows(file: str) -> list[Row]:
    text = (Path(__file__).parent / f"definition_{file}.txt").read_text("utf-8")
    rows = [line.partition(" ==> ") for line in text.splitlines() if not line.startswith("#")]
    return [(program.replace("¶", "\n"), output.replace("¶", "\n")) for program, _, output in rows]


def _groups() -> list[list[Row]]:
    """Rows that are executed together."""
    groups = []
    for file in _FILES:
        rows = _rows(file)
        alone = [row for row in rows if _ALONE.search("\n".join(row))]
        others = [row for row in rows if row not in alone]
        groups += [[row] for row in alone]
        groups += [others[at : at + _TOGETHER] for at in range(0, len(others), _TOGETHER)]
    return groups


def _one_program(rows: list[Row]) -> str:
    functions = [f"fn row{number}() {{\n{program}\nnil }}" for number, (program, _) in enumerate(rows)]
    calls = [f"row{number}()\nprint('{_MARK}')" for number in range(len(rows))]
    return "\n".join([*functions, *calls])


def _outcome(program: str, level: str, engine_name: str) -> str:
    """What the program prints, and how it ends if not well."""
    try:
        outcome = execute(program, level, engine_name, verify=False, once=engine_name == "python")
    except CompileError as error:
        return f"COMPILE {error.diagnostics[0].code}"
    return outcome.stdout + ("" if outcome.panic is None else f"PANIC {outcome.panic}")


@pytest.mark.parametrize("rows", _groups(), ids=lambda rows: rows[0][0].splitlines()[0][:60])
def test_rows_of_the_definition(rows: list[Row]) -> None:
    for level, engine_name in (("O0", "python"), ("O2", "wasm")):
        _check(rows, level, engine_name)


def _check(rows: list[Row], level: str, engine_name: str) -> None:
    if len(rows) == 1:
        ((program, expected),) = rows
        assert _outcome(program, level, engine_name).rstrip("\n") == expected.rstrip("\n")
        return
    outputs = _outcome(_one_program(rows), level, engine_name).split(_MARK + "\n")[:-1]
    printed = [(program, output.rstrip()) for (program, _), output in zip(rows, outputs, strict=True)]
    assert printed == [(program, expected.rstrip()) for program, expected in rows]
