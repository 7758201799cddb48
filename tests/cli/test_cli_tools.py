"""build, ir, opt, explain, passes, plugins, bisect."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path

import pytest
from cli_programs import RETURNS_55
from wasmlathe.artifact import SourceMap
from wasmlathe.cli import main
from wasmlathe.cli.writing import write_all
from wasmlathe.codegen.sourcemap import decode
from wasmlathe.ir.parse import parse
from wasmlathe.source_map_file import source_map_json

EXAMPLES = Path(__file__).parents[2] / "examples" / "plugins"
ADDITION = """module "t" mem

func @f(%a: i64) -> i64 {
^entry:
  %x: i64 = i64.const 2
  %y: i64 = i64.const 3
  %z: i64 = i64.mul %x, %y
  %b: i64 = i64.add %a, %z
  ret %b
}
"""


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "program.tova").write_text(RETURNS_55)
    return "program.tova"


def test_build_writes_module_map_and_manifest(program: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["build", "-O0", program, "-o", "out"]) == 0
    assert sorted(os.listdir("out")) == ["program.json", "program.wasm", "program.wasm.map"]
    assert Path("out/program.wasm").read_bytes()[:4] == b"\0asm"
    assert json.loads(Path("out/program.json").read_text())["entry"] == "_start"
    assert json.loads(Path("out/program.wasm.map").read_text())["sources"] == ["program.tova"]
    assert "out/program.wasm  " in capsys.readouterr().out


def test_builds_are_deterministic(program: str) -> None:
    for folder in ("one", "two"):
        assert main(["build", "-O1", program, "-o", folder]) == 0
    for name in os.listdir("one"):
        assert (Path("one") / name).read_bytes() == (Path("two") / name).read_bytes()


def test_a_plugin_adds_files_to_the_output(program: str) -> None:
    assert main(["build", "-O1", program, "-o", "out", "--plugin", str(EXAMPLES / "growth.py")]) == 0
    assert "->" in Path("out/program.growth.txt").read_text()


def test_nothing_half_written_stays(tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        write_all(str(tmp_path), {"a": b"1", "b": "text"})  # type: ignore[dict-item]  # what fails
    assert os.listdir(tmp_path) == []


def test_source_maps_are_written_as_they_are_read() -> None:
    places = {0: ("a.tova", 1, 1), 7: ("b.tova", 40, 9), 2000: ("a.tova", 3, 100)}
    text = source_map_json(SourceMap.from_dict(places), "a.wasm").decode()
    # Binaryen writes lines from 1 and columns as they are; a file's are from 0.
    assert {at: (file, line + 1, column + 1) for at, (file, line, column) in _decoded(text).items()} == places


def _decoded(text: str) -> dict[int, tuple[str, int, int]]:
    return {at: (file, line - 1, column) for at, (file, line, column) in decode(text).items()}


@pytest.mark.parametrize("stage", ["hir", "typed", "mem"])
def test_ir_shows_a_stage_that_can_be_read_again(stage: str, program: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ir", "-O0", program, "--stage", stage]) == 0
    assert parse(capsys.readouterr().out).stage == stage


def test_ir_shows_webassembly(program: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ir", "-O0", program, "--stage", "wasm", "--function", "fib"]) == 0
    told = capsys.readouterr().out
    assert told.startswith(" (func $fib")
    assert told.count("(func ") == 1


def test_ir_shows_what_a_pass_changed(program: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ir", "-O1", program, "--diff", "inline"]) == 0
    told = capsys.readouterr().out
    assert "--- main before inline" in told or "--- _start before inline" in told
    assert main(["ir", "-O1", program, "--print-after", "inline", "--function", "fib"]) == 0
    assert "func @fib" in capsys.readouterr().out


def test_opt_reads_and_writes_textual_ir(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "t.ir"
    file.write_text(ADDITION)
    assert main(["opt", str(file), "--passes", ""]) == 0
    assert capsys.readouterr().out == ADDITION
    assert main(["opt", str(file), "--passes", "const-fold,dce"]) == 0
    folded = capsys.readouterr().out
    assert "i64.const 6" in folded
    assert "i64.mul" not in folded


def test_opt_reads_stdin(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(ADDITION.encode())))
    assert main(["opt", "-", "--passes", "dce,dce"]) == 0
    assert capsys.readouterr().out == ADDITION


@pytest.mark.parametrize(
    ("text", "passes", "message"),
    [
        (ADDITION, "dec", "unknown pass 'dec'"),
        (ADDITION, "binaryen-vacuum", "cannot run in stage mem"),
        (ADDITION.replace("ret %b", "ret %q"), "dce", "<stdin>:9:"),
        ("what is this", "dce", "<stdin>:1:1"),
        ("\xff", "dce", "<stdin>:1:1"),
    ],
)
def test_opt_tells_what_is_wrong(
    text: str, passes: str, message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    assert main(["opt", "-", "--passes", passes]) == 2
    told = capsys.readouterr()
    assert message in told.err
    assert told.out == ""


def test_explain_groups_remarks_by_line(program: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "-O3", program]) == 0
    assert "program.tova:1: fn fib(n)" in capsys.readouterr().out


def test_passes_are_listed_with_their_distribution(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["passes"]) == 0
    assert "simplify-cfg" in capsys.readouterr().out
    assert main(["passes", "inline"]) == 0
    told = capsys.readouterr().out
    assert "wasmlathe 0" in told
    assert "inline.budget" in told
    assert main(["passes", "--json"]) == 0
    assert "dce" in {record["name"] for record in json.loads(capsys.readouterr().out)}
    assert main(["passes", "--list", "-O1"]) == 0
    assert "pipeline O1" in capsys.readouterr().out


def test_plugins_are_listed_and_broken_ones_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plugins"]) == 0
    assert "scalar  wasmlathe 0" in capsys.readouterr().out
    broken = tmp_path / "broken.py"
    broken.write_text("1 / 0")
    assert main(["plugins", "--plugin", str(broken)]) == 2
    told = capsys.readouterr()
    assert "scalar" in told.out
    assert "plugin 'broken'" in told.err


BUGGY = """
from wasmlathe.pipeline.hookspecs import hookimpl
from wasmlathe.pipeline.spec import PassSpec

def run(fn, ctx):
    for op in fn.ops():
        if fn.source_name == "main" and op.name == "i64.const":
            op.attrs["value"] += 1
            return True
    return False

@hookimpl
def wasmlathe_passes():
    return [PassSpec("buggy", "mem", run, "Count wrong.")]

@hookimpl
def wasmlathe_pipeline(pipeline):
    pipeline.insert("buggy", stage="mem")
"""


def test_bisect_names_the_application_that_breaks_a_program(
    program: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "buggy.py").write_text(BUGGY)
    words = ["bisect", "-O0", program, "--plugin", "./buggy.py", "--check", "{run}; test $? = 55"]
    assert main(words) == 0
    told = capsys.readouterr().out
    assert "'buggy' (mem) on @main" in told
    assert "+  %0: i64 = i64.const 11" in told


def test_bisect_without_a_fault_says_so(program: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bisect", "-O0", program, "--check", "{run}; test $? = 55"]) == 1
    assert "the check passes after all" in capsys.readouterr().err
