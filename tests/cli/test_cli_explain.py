"""explain: remarks under source lines, as JSON, and as a page with the IR around each pass."""

from __future__ import annotations

import base64
import json
import re
import zlib
from pathlib import Path
from typing import Any

import pytest
from wasmlathe.cli import main
from wasmlathe.cli.explain_lines import lines_of
from wasmlathe.ir.core import Loc
from wasmlathe.pipeline.spec import Remark

PROGRAM = """fn total(xs) {
  var sum = 0
  for i in 0..len(xs) { sum += xs[i] }
  sum
}

fn apply(f, x) { f(x) }

fn main() {
  n = total([1, 2, 3])
  other = if n > 3 { "many" } else { n }
  print(total([n, n]) + apply(fn(x) x + n, 2) + apply(fn(x) x * 2, n))
  print(other)
}
"""


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "program.tova").write_text(PROGRAM)
    return "program.tova"


def said(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["explain", *words]) == 0
    return capsys.readouterr().out


def test_remarks_stand_under_their_lines_without_the_librarys_inside(
    program: str, capsys: pytest.CaptureFixture[str]
) -> None:
    told = said(capsys, "-O2", program)
    lines = told.splitlines()
    at = lines.index("program.tova:3: for i in 0..len(xs) { sum += xs[i] }")
    about = []
    for line in lines[at + 1 :]:
        if not line.startswith("  "):
            break
        about.append(line)
    assert "  unchecked: the index is always in range" in about
    assert any(line.startswith("  vectorizable: ") for line in about)
    assert "  inlined: the call of len" in about
    assert not re.search(r"\b(?:__|rt-)", told)
    assert re.match(r"in all: \d+ typed, (?:\d+ [\w-]+, )*1 unchecked, ", lines[-1])
    assert "rt-" in said(capsys, "-O2", program, "--library")


def test_each_closure_makes_a_version_of_its_own(program: str, capsys: pytest.CaptureFixture[str]) -> None:
    told = said(capsys, "-O0", program, "--kind", "specialized", "--kind", "boxed")
    assert "  specialized: apply(fn in line 12, Int) -> Int (2 places)" not in told
    assert told.count("  specialized: apply(fn in line 12, Int) -> Int") == 1
    assert "  boxed: a value of several kinds: Int | String" in told
    assert "typed" not in told


def test_one_function_can_be_asked_for(program: str, capsys: pytest.CaptureFixture[str]) -> None:
    told = said(capsys, "-O2", program, "--function", "total")
    assert {line.split(":")[1] for line in told.splitlines() if line.startswith("program.tova")} <= set("12345")
    assert main(["explain", program, "--function", "totl"]) == 2
    assert "did you mean 'total'?" in capsys.readouterr().err


def test_functions_of_imported_files_are_found_with_all_of_their_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("sums.tova").write_text("pub fn sum(xs) {\n  var s = 0\n  for x in xs { s += x }\n  s\n}\n")
    Path("main.tova").write_text('import { sum } from "./sums"\n\nprint(sum([1, 2]))\n')
    told = said(capsys, "main.tova", "--function", "sum").splitlines()
    assert "sums.tova:3: for x in xs { s += x }" in told
    assert not [line for line in told if line.startswith("main.tova")]


def test_an_unknown_kind_is_an_error_with_a_hint(program: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", program, "--kind", "hosted"]) == 2
    assert "did you mean 'hoisted'?" in capsys.readouterr().err


def test_json_has_each_remark_with_its_pass(program: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(said(capsys, "-O2", program, "--json"))
    assert (found["file"], found["pipeline"]) == (program, "O2")
    (unchecked,) = [remark for remark in found["remarks"] if remark["kind"] == "unchecked"]
    assert unchecked == {
        "kind": "unchecked",
        "text": "the index is always in range",
        "pass": "index-range",
        "function": "total",
        "times": 1,
        "file": "program.tova",
        "line": 3,
        "col": 32,
        "length": 5,
    }


def page_data(page: str) -> dict[str, Any]:
    (packed,) = re.findall(r'const packed = "([^"]*)"', page)
    data: dict[str, Any] = json.loads(zlib.decompress(base64.b64decode(packed)))
    return data


def test_the_page_has_the_source_the_remarks_and_the_ir_around_each_pass(
    program: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said(capsys, "-O2", program, "--html", "page.html") == ""
    page = Path("page.html").read_text()
    assert "http" not in re.sub(r'const packed = "[^"]*"', "", page)  # nothing comes from elsewhere
    data = page_data(page)
    assert data["files"][0] == {"name": program, "lines": PROGRAM.split("\n")}
    assert {kind for kind, *_ in data["remarks"]} == set(data["kinds"])
    (total,) = [function for function in data["functions"] if function["source"] == "total"]
    steps = [(stage, step) for stage, step, _ in total["versions"]]
    assert steps[0] == ("typed", "inference")
    assert ("mem", "lowering") in steps
    assert ("mem", "index-range") in steps
    assert ("wasm", "code generation") in steps
    at = steps.index(("mem", "index-range"))
    before, after = ([data["lines"][line] for line in total["versions"][i][2]] for i in (at - 1, at))
    removed, added = set(before) - set(after), set(after) - set(before)
    assert [line for line in removed if "i64.lt_u" in line]  # values keep their names: nothing else differs
    assert 0 < len(removed) == len(added) <= 3
    assert "func @total" in before[0]


def test_a_name_in_the_title_cannot_break_the_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "<b>.tova"
    file.write_text("print(1)\n")
    said(capsys, str(file), "--html", str(tmp_path / "page.html"))
    assert "<b>" not in (tmp_path / "page.html").read_text()


def test_a_page_and_json_are_one_too_many(program: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", program, "--html", "page.html", "--json"]) == 2
    assert "either --html or --json" in capsys.readouterr().err


def test_a_page_that_cannot_be_written_is_an_error(program: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", program, "--html", "program.tova/page.html"]) != 0
    assert "error" in capsys.readouterr().err


def call(name: str, column: int, reason: str = "", kind: str = "inlined") -> Remark:
    return Remark(kind, Loc("a.tova", 1, column), f"the call of {name}{reason}")


def test_a_line_with_many_remarks_stays_readable() -> None:
    remarks = [call(f"f{number}", number) for number in range(1, 51)]
    remarks += [call("f1", 60), call("f1", 60)]  # a second place, and a version that says the same
    remarks += [call(f"g{n}", n, f": it weighs {n}", "not-inlined") for n in range(10)]
    (line,) = lines_of(remarks, "a.tova")
    (inlined,) = line.kinds["inlined"]
    assert inlined == "the calls of f1 (2), f2, f3, f4, f5, f6, f7, f8 and 42 more"
    assert line.kinds["not-inlined"] == [f"the call of g{n}: it weighs {n}" for n in range(4)] + ["and 6 more"]
    (line,) = lines_of(remarks, "a.tova", most=None)
    assert len(line.kinds["not-inlined"]) == 10
    assert "f50" in line.kinds["inlined"][0]


def test_places_of_equal_remarks_are_counted() -> None:
    remarks = [Remark("unchecked", Loc("a.tova", 1, column), "the index fits") for column in (3, 9, 9)]
    (line,) = lines_of(remarks, "a.tova")
    assert line.kinds == {"unchecked": ["the index fits (2 places)"]}


def test_the_main_file_comes_before_the_imported_ones() -> None:
    remarks = [Remark("typed", Loc(file, 1, 1), "x") for file in ("a.tova", "main.tova")]
    assert [line.file for line in lines_of([*remarks, Remark("boxed", None, "x")], "main.tova")] == [
        "",
        "main.tova",
        "a.tova",
    ]
