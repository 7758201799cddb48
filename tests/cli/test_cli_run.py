"""Programs run: exit status, messages, the cache, limits."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cli_programs import DIVIDES_BY_ZERO, RETURNS_55, RUNS_FOREVER
from wasmlathe import quick
from wasmlathe.cli import main
from wasmlathe.codegen import binaryen
from wasmlathe.wasm_runtime import wasmtime_c
from wasmlathe.wasm_runtime.panics import EngineMissing

COMMAND = [sys.executable, "-m", "wasmlathe"]


@pytest.fixture
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder of the test."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder: Path, text: str) -> str:
    (folder / "program.tova").write_text(text)
    return "program.tova"


def run(*words: str, **more: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *words], capture_output=True, text=True, timeout=60, check=False, **more)  # type: ignore[call-overload]


def test_the_result_of_main_is_the_exit_status(in_folder: Path) -> None:
    assert main(["run", "-O0", write(in_folder, RETURNS_55)]) == 55


def test_a_second_run_comes_from_the_cache_and_a_changed_program_does_not(in_folder: Path) -> None:
    words = ["run", "-O0", write(in_folder, RETURNS_55)]
    assert quick.run(words) is None
    assert main(words) == 55
    assert quick.run(words) == 55
    write(in_folder, RETURNS_55.replace("10", "9"))
    assert quick.run(words) is None
    assert main(words) == 34


def test_a_changed_import_is_seen(in_folder: Path) -> None:
    (in_folder / "m.tova").write_text("pub n = 3\n")
    words = ["run", "-O0", write(in_folder, 'import {n} from "./m"\nfn main() { n }\n')]
    assert main(words) == 3
    assert quick.run(words) == 3
    (in_folder / "m.tova").write_text("pub n = 4\n")
    assert quick.run(words) is None
    assert main(words) == 4
    (in_folder / "m.tova").unlink()
    assert quick.run(words) is None
    assert main(words) == 2


def test_what_is_granted_is_no_matter_of_the_cache(in_folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (in_folder / "data.txt").write_text("text")
    program = write(in_folder, 'fn main() { if readText("data.txt").isOk() { 1 } else { 0 } }\n')
    assert main(["run", "-O0", program]) == 0
    assert quick.run(["run", "-O0", "--allow-read", "data.txt", program]) == 1
    assert quick.run(["run", "-O0", program]) == 0
    assert main(["run", "-O0", program, "--allow-read", ".", "--engine", "python"]) == 1


def test_no_cache_keeps_nothing(in_folder: Path) -> None:
    words = ["run", "-O0", write(in_folder, RETURNS_55)]
    assert main([*words, "--no-cache"]) == 55
    assert quick.run(words) is None


def test_a_changed_configuration_is_seen(in_folder: Path) -> None:
    write(in_folder, RETURNS_55)
    words = ["run", "--pipeline", "mine", "program.tova"]
    (in_folder / "wasmlathe.toml").write_text('[pipeline.mine]\nextends = "O0"\n')
    assert main(words) == 55
    assert quick.run(words) == 55
    (in_folder / "wasmlathe.toml").write_text('[pipeline.other]\nextends = "O0"\n')
    assert quick.run(words) is None


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["run", "f.tova", "1", "2"], ("wasm", "f.tova", ["1", "2"], "O2", None, None, [[], [], []])),
        (["run", "-O3", "f.tova"], ("wasm", "f.tova", [], "O3", None, None, [[], [], []])),
        (
            ["run", "f.tova", "--timeout", "2", "--max-memory", "1K"],
            ("wasm", "f.tova", [], "O2", 2.0, 1024, [[], [], []]),
        ),
        (["run", "--engine", "vm", "f.tova"], ("vm", "f.tova", [], "O2", None, None, [[], [], []])),
        (["run", "f.tova", "--", "-O3"], ("wasm", "f.tova", ["-O3"], "O2", None, None, [[], [], []])),
        (
            ["run", "--allow-env", "E", "--allow-read", "a", "f.tova", "--allow-write", "c", "--allow-read", "b"],
            ("wasm", "f.tova", [], "O2", None, None, [["a", "b"], ["c"], ["E"]]),
        ),
        (["run", "f.tova", "--allow-read"], None),
        (["run", "f.tova", "--verify"], None),
        (["run", "-O1", "f.tova", "--pipeline", "O2"], None),
        (["run", "f.tova", "--engine", "python"], None),
        (["run", "f.tova", "--timeout", "x"], None),
        (["run"], None),
        (["build", "f.tova"], None),
        ([], None),
    ],
)
def test_only_plain_runs_are_quick(words: list[str], expected: object) -> None:
    assert quick.parse(words) == expected


@pytest.mark.parametrize(("text", "size"), [("65536", 65536), ("64M", 64 << 20), ("1g", 1 << 30), ("2KB", 2048)])
def test_sizes(text: str, size: int) -> None:
    assert quick.parse_size(text) == size


@pytest.mark.parametrize("text", ["", "M", "-1", "0", "1.5M", "1T"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(ValueError):
        quick.parse_size(text)


def test_a_panic_is_told_with_its_place_and_status_1(in_folder: Path) -> None:
    ended = run("run", "-O0", write(in_folder, DIVIDES_BY_ZERO))
    assert ended.returncode == 1
    assert ended.stdout == ""
    place = "  --> program.tova:2:3\n   |\n 2 |   10 % n\n   |   ^\n"
    calls = "  in f (program.tova:2:3)\n  in main (program.tova:4:13)\n  in _start (program.tova:4:1)\n"
    assert ended.stderr == f"error: division by zero\n{place}{calls}"
    assert run("run", "-O0", "program.tova").stderr == ended.stderr  # from the cache


def test_a_time_limit_ends_a_program(in_folder: Path) -> None:
    ended = run("run", "-O0", "--timeout", "0.2", write(in_folder, RUNS_FOREVER))
    assert ended.returncode == 1
    assert "error: timed out after 0.2 s" in ended.stderr


def test_ctrl_c_ends_a_program_quietly(in_folder: Path) -> None:
    words = [*COMMAND, "run", "-O0", write(in_folder, RUNS_FOREVER)]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as process:
        time.sleep(1.5)
        process.send_signal(signal.SIGINT)
        told = process.communicate(timeout=30)[1]
    assert process.returncode in (130, -signal.SIGINT)
    assert "Traceback" not in told


def test_a_reader_who_leaves_is_no_error(in_folder: Path) -> None:
    shell = f"{sys.executable} -m wasmlathe passes --json | head -1"
    ended = subprocess.run(shell, shell=True, capture_output=True, text=True, timeout=60, check=False)
    assert ended.stdout == "[\n"
    assert ended.stderr == ""


def test_importing_the_package_loads_nothing_else() -> None:
    code = "import sys, wasmlathe; print([m for m in sys.modules if m.split('.')[0] in ('click', 'rich', 'pluggy')])"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert ended.stdout == "[]\n"


def test_a_cached_run_loads_no_compiler(in_folder: Path) -> None:
    words = ["run", "-O0", write(in_folder, RETURNS_55)]
    assert main(words) == 55
    code = (
        "import sys; from wasmlathe import quick; status = quick.run(sys.argv[1:]);"
        "print(status, [m for m in sys.modules if m.split('.')[0] in ('click', 'rich', 'pluggy', 'binaryen', 'json')])"
    )
    ended = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, timeout=60, check=True)
    assert ended.stdout == "55 []\n"


def test_the_python_engine_runs_the_same(in_folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    program = write(in_folder, RETURNS_55)
    assert main(["run", "-O1", "--engine", "python", program]) == 55
    write(in_folder, DIVIDES_BY_ZERO)
    assert main(["run", "-O1", "--engine", "python", program]) == 1
    assert "error: division by zero\n  --> program.tova:2:3\n" in capfd.readouterr().err


def test_without_wasmtime_the_python_engine_is_used_with_a_notice(
    in_folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def missing() -> None:
        raise EngineMissing("wasmtime is not installed")

    monkeypatch.setattr(wasmtime_c, "load", missing)
    words = ["run", "-O1", write(in_folder, RETURNS_55)]
    for _run in range(2):  # the second time the compiled program is in the cache, and still there is nothing to run it
        assert quick.run(words) is None
        assert main(words) == 55
        told = capfd.readouterr()
        assert "warning[W0500]: wasmtime is not installed" in told.err
        assert told.out == ""


def test_without_binaryen_the_python_engine_is_used_with_a_notice(
    in_folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def missing() -> None:
        raise binaryen.BinaryenMissing("libbinaryen is not installed", "apt-get install -y binaryen")

    monkeypatch.setattr(binaryen, "library", missing)
    program = write(in_folder, RETURNS_55)
    assert main(["run", "-O1", program]) == 55
    assert "warning[W0500]: libbinaryen is not installed" in capfd.readouterr().err
    assert main(["build", "-O1", program, "-o", "out"]) == 2
    told = capfd.readouterr().err
    assert "error[E0508]: libbinaryen is not installed" in told
    assert "run: apt-get install -y binaryen" in told
    assert not Path("out").exists()
