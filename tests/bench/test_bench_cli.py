"""`wasmlathe bench` as a user meets it, with peers that are lines of Python."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from made_up import fake, measurement, result
from wasmlathe.bench import surroundings
from wasmlathe.bench.catalog import KERNELS
from wasmlathe.bench.results import to_json
from wasmlathe.bench.runners import PEERS, USUAL, lua, ours
from wasmlathe.bench.sampling import Outcome
from wasmlathe.bytecode import base
from wasmlathe.cache import Cache
from wasmlathe.cli import main
from wasmlathe.diagnostics import CompileError, Diagnostic
from wasmlathe.pipeline.broken import PassBrokeFunction

FIB = "fib(5) = 5"
RIGHT = f"print({FIB!r})"
#: From the user's cache, because it takes seconds to build.
BASE = partial(base.obtain, Cache())
STEP: Any = SimpleNamespace(label="gvn", plugin="scalar")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Our side takes a quarter of a second without a compilation."""
    monkeypatch.setattr(ours, "prepare", lambda *_: lambda: Outcome(f"{FIB}\n", 0.25))


def bench(*words: object) -> int:
    return main(["bench", "fib", "--size", "5", "--runs", "2", *map(str, words)])


def test_a_program_is_compiled_and_measured_against_a_peer(
    peers: Callable[..., None], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    peers(fake(fib=RIGHT))
    json_file = tmp_path / "out" / "now.json"
    assert bench("-O0", "--json", json_file) == 0
    written = json.loads(json_file.read_text())
    assert len(written["kernels"]["fib"]["sides"]["fake"]["seconds"]) == 2
    assert written["kernels"]["fib"]["size"] == 5
    assert written["pipeline"] == "O0"
    assert written["versions"]["fake"].startswith("3.")
    told = capsys.readouterr().out
    assert "geometric mean to fake" in told


@pytest.mark.usefixtures("quick")
class TestWithoutCompiling:
    """What the command does around the measurement."""

    def test_a_peer_that_is_not_installed_is_noted_and_that_is_no_failure(
        self, peers: Callable[..., None], capsys: pytest.CaptureFixture[str]
    ) -> None:
        peers(fake("gone", ("no-such-tool",), fib=RIGHT), fake(fib=RIGHT))
        assert bench() == 0
        assert capsys.readouterr().err == "note: Gone is left out: no-such-tool is missing\n"

    def test_a_peer_without_the_kernel_is_passed_over(
        self, peers: Callable[..., None], capsys: pytest.CaptureFixture[str]
    ) -> None:
        peers(fake(tak=RIGHT))
        assert bench() == 0
        assert capsys.readouterr().err == ""

    @pytest.mark.parametrize(
        ("program", "seconds", "reason"),
        [
            ("print('fib(5) = 8')", 20.0, "wasmlathe and fake print different texts"),
            ("sys.exit('it broke')", 20.0, "fake ended with status 1: it broke"),
            ("import time; time.sleep(9)", 0.2, "fake did not end within 0.2 s"),
            ("print('x', file=sys.stderr); sys.exit(0)", 20.0, "fake did not say its nanoseconds"),
        ],
    )
    def test_a_peer_that_fails_is_named_and_fails_the_command_but_not_the_others(
        self,
        peers: Callable[..., None],
        capsys: pytest.CaptureFixture[str],
        program: str,
        seconds: float,
        reason: str,
    ) -> None:
        peers(fake(seconds=seconds, fib=program), fake("good", fib=RIGHT))
        assert bench() == 1
        told = capsys.readouterr()
        assert reason in told.err
        assert told.err.startswith("fib: ")
        assert "geometric mean to good" in told.out

    def test_the_history_grows_and_the_page_shows_it(self, peers: Callable[..., None], tmp_path: Path) -> None:
        peers(fake(fib=RIGHT))
        history, page = tmp_path / "history.jsonl", tmp_path / "bench.html"
        assert bench("--history", history) == 0
        assert bench("--history", history, "--html", page) == 0
        assert len(history.read_text().splitlines()) == 2
        assert "2 measurements" in page.read_text()

    def test_the_gate_fails_for_a_slower_kernel_and_passes_an_equal_one(
        self, peers: Callable[..., None], capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        peers()
        base = tmp_path / "base.json"
        for seconds, limit, status in ((0.25, "5%", 0), (0.1, "5%", 1), (0.1, "200%", 0), (1.0, "0.05", 0)):
            base.write_text(json.dumps(to_json(measurement(result("fib", seconds, size=5)))))
            assert bench("--compare", base, "--fail-over", limit) == status
        assert "1 of 1 kernels became slower by more than 5%" in capsys.readouterr().out

    def test_a_commit_in_the_history_is_a_base(self, peers: Callable[..., None], tmp_path: Path) -> None:
        peers()
        history = tmp_path / "history.jsonl"
        history.write_text(json.dumps(to_json(measurement(result("fib", 0.1, size=5), commit="feed5"))) + "\n")
        assert bench("--history", history, "--compare", "feed") == 1

    def test_a_base_of_another_machine_is_refused_unless_it_is_wanted(
        self,
        peers: Callable[..., None],
        capsys: pytest.CaptureFixture[str],
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        peers()
        base = tmp_path / "base.json"
        base.write_text(json.dumps(to_json(measurement(result("fib", 0.25, size=5)))))
        monkeypatch.setattr(surroundings, "machine", lambda: {"cpu": "another"})
        assert bench("--compare", base) == 2
        assert "measured on another machine (cpu: " in capsys.readouterr().err
        assert bench("--compare", base, "--any-machine") == 0

    def test_a_measurement_tells_which_engine_it_was(
        self, peers: Callable[..., None], capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        peers(fake(fib=RIGHT))
        json_file = tmp_path / "vm.json"
        assert bench("--engine", "vm", "--json", json_file) == 0
        assert capsys.readouterr().out.split()[:3] == ["kernel", "vm", "ms"]
        assert json.loads(json_file.read_text())["engine"] == "vm"
        assert bench("--compare", json_file) == 2
        told = capsys.readouterr().err
        assert "the base was measured with --engine vm" in told
        assert bench("--compare", json_file, "--engine", "vm") == 0

    def test_a_commit_is_compared_with_its_measurement_of_the_same_engine(
        self, peers: Callable[..., None], capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        peers()
        history = tmp_path / "history"
        fast, slow = (measurement(result("fib", seconds, size=5)) for seconds in (0.01, 0.25))
        lines = [to_json(slow), to_json(replace(fast, engine="vm"))]
        history.write_text("".join(json.dumps(line) + "\n" for line in lines))
        assert bench("--history", history, "--compare", "abc1234") == 0
        assert bench("--history", history, "--compare", "abc1234", "--engine", "vm") == 1
        capsys.readouterr()

    def test_a_page_needs_matplotlib_and_says_so_before_it_measures(
        self, peers: Callable[..., None], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        peers(fake(fib="sys.exit('measured')"))
        monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
        assert bench("--html", "page.html") == 2
        told = capsys.readouterr()
        assert "pip install 'wasmlathe[bench]'" in told.err
        assert told.out == ""


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (["fibb"], "there is no benchmark 'fibb'", "did you mean 'fib'?"),
        (["xyzzy"], "there is no benchmark 'xyzzy'", "`wasmlathe bench --list` shows them"),
        (["--peer", "goo"], "there is no peer 'goo'", "did you mean 'go'?"),
        (["--compare", "nowhere"], "there is neither a file nor a measured commit 'nowhere'", "--json"),
        (["--compare", __file__], "cannot be compared with: it is no JSON", "--json"),
        (["--history", __file__], "cannot be used: line 1 is no JSON", "mend or remove"),
        (["--fail-over", "much"], "'much' is no percentage; write 5% or 0.05", ""),
        (["--runs", "0"], "0 is not in the range", ""),
        (["--engine", "python"], "unknown engine 'python'", "there is wasm, vm"),
        (["-O3", "--pipeline", "O2"], "give either -O or --pipeline, not both", ""),
        (["--json", "/dev/null/x"], "cannot use '/dev/null", ""),
        (["--html", "/dev"], "cannot use '/dev': Is a directory", ""),
    ],
)
def test_bad_input_is_refused_with_a_hint_before_anything_is_measured(
    capsys: pytest.CaptureFixture[str], words: list[str], message: str, hint: str
) -> None:
    assert main(["bench", *words]) == 2
    told = capsys.readouterr()
    assert message in told.err
    assert hint in told.err
    assert told.out == ""


def test_the_list_names_all_kernels_and_their_peers(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["kernel", "kind", "work", "peers"]
    assert next(line for line in lines if line.startswith("sieve")).split()[-5:] == [
        "go",
        "clang-wasm",
        "clang",
        "node",
        "luajit",
    ]


def test_engine_vm_runs_bytecode_on_the_base_module(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "obtain", lambda _: BASE())
    monkeypatch.setattr(ours, "artifact_run", lambda _name, artifact, _args: artifact)
    artifact: Any = ours.prepare(KERNELS["tak"].program, [], "O1", "vm")
    assert "tak" in [name for _, name in artifact.manifest["vm"]["functions"]]
    assert artifact.wasm == BASE().wasm


def test_luajit_is_also_asked_to_interpret() -> None:
    command = ["luajit", "-joff", PEERS["luajit-off"].source("fib"), "5"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lua, "timed_process", lambda _name, words: words)
        assert PEERS["luajit-off"].prepare("fib", ["5"]) == command
        assert PEERS["luajit"].prepare("fib", ["5"]) == ["luajit", *command[2:]]
    assert "luajit-off" not in USUAL


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (CompileError([Diagnostic("error", "E0400", "not yet")]), "fib: it does not compile: not yet"),
        (
            PassBrokeFunction(STEP, "main", 1, ["no such value"], None, None),
            "fib: the compiler failed: pass 'gvn' of scalar",
        ),
    ],
)
def test_a_kernel_that_does_not_compile_is_told_and_the_command_goes_on(
    peers: Callable[..., None],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    reason: str,
) -> None:
    def fail(*_: object) -> None:
        raise error

    peers()
    monkeypatch.setattr(ours, "prepare", fail)
    assert bench() == 1
    assert capsys.readouterr().err.startswith(reason)
