"""The Python API."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import wasmlathe

FIB = "fn fib(n) { if n < 2 { n } else { fib(n - 1) + fib(n - 2) } }\nfn main() { fib(10) }\n"
DIVIDES = "fn f(n) {\n  10 % n\n}\n"


def test_a_text_is_compiled_and_run() -> None:
    module = wasmlathe.compile(FIB, pipeline="O1")
    assert module.wasm[:4] == b"\0asm"
    assert module.run() == 55
    assert module.report["pipeline"] == "O1"
    assert module.report["wasm_bytes"] == len(module.wasm)
    assert "infer" in module.report["seconds"]


def test_a_file_is_compiled(tmp_path: Path) -> None:
    path = tmp_path / "program.tova"
    path.write_text(FIB)
    assert wasmlathe.compile(path).run() == 55
    assert wasmlathe.compile(str(path)).wasm == wasmlathe.compile(path).wasm


def test_functions_are_called_with_the_types_that_were_asked_for() -> None:
    instance = wasmlathe.compile(FIB, exports={"fib": ["Int"]}).instantiate()
    assert instance.fib(20) == 6765


def test_a_panic_of_a_call_has_its_place() -> None:
    instance = wasmlathe.compile(DIVIDES, exports={"f": ["Int"]}).instantiate()
    with pytest.raises(wasmlathe.Panic, match="division by zero") as caught:
        instance.f(0)
    assert caught.value.location is not None
    assert (caught.value.location.line, caught.value.location.col) == (2, 3)
    assert instance.f(3) == 1


def test_errors_are_collected() -> None:
    with pytest.raises(wasmlathe.CompileError) as caught:
        wasmlathe.compile("fn main() { missing_one + missing_two }")
    assert [d.code for d in caught.value.diagnostics] == ["E0200", "E0200"]
    with pytest.raises(wasmlathe.CompileError, match="unknown pipeline 'O9'"):
        wasmlathe.compile(FIB, pipeline="O9")
    with pytest.raises(wasmlathe.CompileError, match="has no option 'x'"):
        wasmlathe.compile(FIB, settings={"inline": {"x": 1}})
    with pytest.raises(wasmlathe.CompileError, match="cannot read"):
        wasmlathe.compile("no_such_file.tova")


def test_the_names_of_the_package_are_loaded_when_used() -> None:
    code = "import sys, wasmlathe; print('wasmlathe.api' in sys.modules, wasmlathe.compile.__name__)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert ended.stdout == "False compile\n"
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = wasmlathe.nonsense  # type: ignore[attr-defined]  # what is tested
    assert "compile" in dir(wasmlathe)


LEVELS = ("O0", "O2", "Os")


@pytest.mark.parametrize("level", LEVELS)
def test_the_top_level_is_executed_before_the_first_call_but_main_is_not(
    level: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = 'var x = 5\nx += 2\nprint("top")\nfn main() { print("main")\n x = 9 }\npub fn f() { x }'
    module = wasmlathe.compile(text, level)
    assert module.instantiate().f() == 7
    assert capsys.readouterr().out == "top\n"
    assert module.run() == 0
    assert capsys.readouterr().out == "top\nmain\n"


@pytest.mark.parametrize("level", LEVELS)
def test_a_panic_of_the_top_level_is_one_of_instantiate(level: str) -> None:
    module = wasmlathe.compile("xs = [1]\nprint(xs[3])\npub fn f() { 1 }", level)
    with pytest.raises(wasmlathe.Panic, match="index out of range"):
        module.instantiate()


def test_declarations_alone_need_no_start() -> None:
    assert wasmlathe.compile("fn main() { 1 }\npub fn f() { 1 }").manifest["initializer"] is None
