"""`build --engine vm` and `build --cold vm`: modules with bytecode in them, their sizes, and what is told of them."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from wasmlathe import api
from wasmlathe.artifact import Artifact
from wasmlathe.cli import main
from wasmlathe.codegen.sections import function_names
from wasmlathe.diagnostics import CompileError
from wasmlathe.wasm_runtime import engine
from wasmlathe.wasm_runtime.panics import ProgramPanic

SMALL = "fn twice(n) { n * 2 }\nfn main() { print(twice(21)) }\n"
PARTS = 24
#: A loop, and a lot that is executed once.
LARGE = "\n".join(
    [
        *(
            f'fn part{n}(size) {{\n  text = "part {n} of {{size}}: {{size * {n}}}, {{size % {n + 2}}}"\n'
            f'  print(text, size + {n}, text.toUpperCase(), [size, {n}, {n * n}].join(", "))\n  len(text) + {n}\n}}'
            for n in range(PARTS)
        ),
        "fn main() {\n  var sum = 0\n  for i in 0..100 { sum += i * i }\n  print(sum)",
        *(f"  sum += part{n}(sum)" for n in range(PARTS)),
        "}",
    ]
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.tova").write_text(SMALL)
    (tmp_path / "large.tova").write_text(LARGE)
    return tmp_path


def build(name: str, *words: str) -> tuple[bytes, dict[str, object]]:
    """The module and the manifest."""
    assert main(["build", f"{name}.tova", "-Os", "-o", "out", *words]) == 0
    return Path(f"out/{name}.wasm").read_bytes(), json.loads(Path(f"out/{name}.json").read_text())


def output_of(wasm: bytes, manifest: dict[str, object]) -> str:
    """What a module prints that was built, from nothing but its files."""
    written = io.BytesIO()
    engine.run(Artifact(wasm, {}, manifest), (), engine.NO_LIMITS, written)
    return written.getvalue().decode()


def test_a_module_of_bytecode_is_one_file_and_runs_like_any_other(folder: Path) -> None:
    wasm, manifest = build("small", "--engine", "vm")
    assert sorted(path.name for path in Path("out").iterdir()) == ["small.json", "small.wasm", "small.wasm.map"]
    vm = manifest["vm"]
    assert isinstance(vm, dict)
    assert "_start" in [name for _offset, name in vm["functions"]]
    assert vm["places"]["sources"] == ["small.tova"]
    assert output_of(wasm, manifest) == "42\n"
    # Nobody needs names to find bytecode, so what is to be small has none.
    assert not function_names(wasm)
    assert build("small", "--engine", "vm")[0] == wasm


def test_bytecode_of_a_large_program_is_smaller(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    compiled = build("large")
    bytecode, split = build("large", "--engine", "vm"), build("large", "--cold", "vm")
    assert len(bytecode[0]) < len(split[0]) < len(compiled[0])
    assert output_of(*bytecode) == output_of(*split) == output_of(*compiled)
    assert "W0513" not in capsys.readouterr().err


def test_a_split_that_does_not_pay_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wasm, _manifest = build("small", "--cold", "vm")
    told = capsys.readouterr().err
    assert "warning[W0513]" in told
    assert f"has {len(wasm)} bytes, without " in told or "no function became bytecode" in told


def test_explain_tells_what_is_cold_and_what_is_not(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "large.tova", "-O0", "--cold", "vm", "--kind", "cold", "--kind", "not-cold"]) == 0
    told = capsys.readouterr().out
    assert "not-cold: main is compiled: it has a loop" in told
    assert "cold: part7 is bytecode: " in told


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--engine", "python"], "there is wasm, vm"),
        (["--engine", "vmm"], "did you mean 'vm'?"),
        (["--cold", "wasm"], "unknown cold 'wasm'"),
        (["--engine", "vm", "--cold", "vm"], "give either --engine vm"),
        (["--image", "--cold", "vm"], "give either --image"),
    ],
)
def test_what_cannot_be_combined(
    words: list[str], message: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["build", "small.tova", "-o", "out", *words]) == 2
    assert message in capsys.readouterr().err
    assert not Path("out").exists()


def test_the_calls_of_bytecode_are_told_without_names() -> None:
    text = "pub fn element(xs: [Int], i: Int) {\n  xs[i]\n}\n"
    with api.compile(text, "Os", engine="vm").instantiate() as instance, pytest.raises(ProgramPanic) as panic:
        instance.element([1, 2], 5)
    assert (panic.value.location.line, panic.value.location.col) == (2, 3)
    assert [frame.function for frame in panic.value.frames if frame.location] == ["element"]


@pytest.mark.parametrize("options", [{"engine": "python"}, {"cold": "wasm"}, {"engine": "vm", "cold": "vm"}])
def test_the_python_api_refuses_the_same(options: dict[str, str]) -> None:
    with pytest.raises(CompileError):
        api.compile(SMALL, **options)
