"""The engine `vm`: programs as bytecode, with the exit status and the messages of compiled ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_programs import DIVIDES_BY_ZERO, RETURNS_55, RUNS_FOREVER
from wasmlathe import quick
from wasmlathe.artifact import Artifact
from wasmlathe.cache import Cache
from wasmlathe.cli import main

pytestmark = pytest.mark.usefixtures("base_in_cache")

PANICS_IN_CALLBACK = """
fn element(a, i) { a[i] }
fn main() {
  numbers = [1, 2, 3]
  print(numbers.map(fn(n) element(numbers, n)))
}
"""
RECURSES = "fn deep(n) { 1 + deep(n + 1) * 2 }\nfn main() { print(deep(1)) }\n"
PANICS_WITH_TEXT = 'fn check(text) { Err("no {text}").unwrap() }\nfn main() { print(check("x".repeat(3))) }\n'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_result_of_main_is_the_exit_status(folder: Path) -> None:
    (folder / "p.tova").write_text(RETURNS_55)
    words = ["run", "-O1", "p.tova", "--engine"]
    # Twice: the second runs come from the cache, and neither engine gets the other's code.
    assert [main([*words, engine]) for engine in ("vm", "wasm", "vm", "wasm")] == [55] * 4


@pytest.mark.parametrize("text", [DIVIDES_BY_ZERO, PANICS_IN_CALLBACK, RECURSES, PANICS_WITH_TEXT])
@pytest.mark.parametrize("level", ["-O0", "-O1"])
def test_a_failure_is_told_like_that_of_compiled_code(
    text: str, level: str, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (folder / "p.tova").write_text(text)
    told = []
    for engine in ("wasm", "vm"):
        assert main(["run", level, "p.tova", "--engine", engine]) == 1
        out, err = capfd.readouterr()
        left_out = ["more", "offset"]
        if level != "-O0":
            left_out.append("  in ")  # which calls are left depends on what was inlined, as among levels
        told.append((out, [line for line in err.splitlines() if not any(text in line for text in left_out)]))
    compiled, bytecode = told
    assert "error: " in compiled[1][0]
    assert bytecode == compiled


def test_a_time_limit_ends_bytecode(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (folder / "p.tova").write_text(RUNS_FOREVER)
    assert main(["run", "-O1", "p.tova", "--engine", "vm", "--timeout", "0.2"]) == 1
    assert "timed out after 0.2 s" in capfd.readouterr().err


IDLES_AFTER_A_CALL = """fn last(n) { xs = [n, n]
  xs.map(fn(x) x + 1)[1] }
fn main() {
  var a = last(3)
  while a > 0 { a = a % 7 + 1 }
}
"""


def test_a_time_limit_tells_where_the_program_is_and_not_where_it_was(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (folder / "p.tova").write_text(IDLES_AFTER_A_CALL)
    assert main(["run", "-O0", "p.tova", "--engine", "vm", "--timeout", "0.2"]) == 1
    err = capfd.readouterr().err
    assert "--> p.tova:5:" in err
    assert "in last" not in err


def test_a_loop_that_does_nothing_is_bytecode(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (folder / "p.tova").write_text("fn main() {\n  print(1)\n  loop {}\n}\n")
    assert main(["run", "-O0", "p.tova", "--engine", "vm", "--timeout", "0.2"]) == 1
    out, err = capfd.readouterr()
    assert out == "1\n"
    assert "timed out after 0.2 s" in err


def test_bytecode_is_shown(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (folder / "p.tova").write_text("fn twice(n) { n * 2 }\nfn main() { print(twice(21)) }\n")
    assert main(["ir", "-O0", "p.tova", "--stage", "bytecode", "--function", "twice"]) == 0
    shown = capfd.readouterr().out
    assert shown.startswith("@twice  (frame ")
    assert "i64.mul.imm" in shown
    assert "; p.tova:1:15" in shown


def test_a_program_kept_for_another_base_module_is_linked_anew(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (folder / "p.tova").write_text('fn main() { print("ab".upper()) }\n')
    words = ["run", "-O1", "p.tova", "--engine", "vm"]
    assert main(words) == 0
    cache = Cache()
    base = quick.load_base(cache)
    assert base is not None
    assert quick.load(cache, "vm", "p.tova", "O1", ()) is not None
    facts = {**base.manifest["base"], "digest": bytes(16)}
    quick.store_base(cache, Artifact(base.wasm, base.source_map, {**base.manifest, "base": facts}))
    try:
        assert quick.load(cache, "vm", "p.tova", "O1", ()) is None
        assert main(words) == 0
    finally:
        quick.store_base(cache, base)
    assert capfd.readouterr().out == "AB\nAB\n"


def test_no_base_is_made_that_cannot_be_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "p.tova").write_text(RETURNS_55)
    shared = folder / "cache"
    shared.mkdir()
    shared.chmod(0o777)  # others can write there, so it is not used
    monkeypatch.setenv("WASMLATHE_CACHE", str(shared))
    monkeypatch.setattr("wasmlathe.bytecode.base.obtain", lambda *_: pytest.fail("it takes seconds, in every run"))
    assert main(["run", "-O1", "p.tova", "--engine", "vm"]) == 55
