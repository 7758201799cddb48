"""Typed IR and the mem IR it becomes, as text: `cases/*.txt`. `pytest --bless` accepts what lowering gives now.

A case is `== a sentence that could be false`, typed functions, `-- becomes`, and the lowered text of those functions and of
the data; functions of the runtime are left out.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from lowering_harness import lower
from wasmlathe.ir import print as ir_text
from wasmlathe.ir.core import Module

FILES = sorted((Path(__file__).parent / "cases").glob("*.txt"))


def read_cases(path: Path) -> list[tuple[str, str, str]]:
    cases = []
    for part in path.read_text().split("== ")[1:]:
        title, _, rest = part.partition("\n")
        before, _, after = rest.partition("-- becomes\n")
        cases.append((title, before.strip() + "\n", after.strip() + "\n"))
    return cases


def visible(module: Module) -> str:
    for name in [name for name, function in module.functions.items() if name.startswith("rt-") or function.is_import]:
        del module.functions[name]
    for name in [name for name in module.data if name.startswith("rt-")]:
        del module.data[name]
    return "".join(ir_text.print(module).splitlines(keepends=True)[1:]).strip() + "\n"


CASES = [(path, title) for path in FILES for title, _, _ in read_cases(path)]


@pytest.mark.parametrize(("path", "title"), CASES, ids=[title for _, title in CASES])
def test_lowering_gives_the_text_of_the_case(path, title, request):
    before, after = next(texts for name, *texts in read_cases(path) if name == title)
    result = visible(lower(before))
    if request.config.getoption("--bless", default=False) and result != after:
        cases = [(name, typed, result if name == title else mem) for name, typed, mem in read_cases(path)]
        path.write_text("\n".join(f"== {name}\n{typed}-- becomes\n{mem}" for name, typed, mem in cases))
        return
    assert result == after
