"""--time-passes, --trace, --diff and the progress bar."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cli_programs import RETURNS_55
from wasmlathe.cli import main
from wasmlathe.cli.observing import dominating
from wasmlathe.cli.progress import ProgressBar
from wasmlathe.pipeline.observers import Timing


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "program.tova").write_text(RETURNS_55)
    return "program.tova"


def read_trace(path: str) -> list[dict[str, Any]]:
    trace = json.loads(Path(path).read_text())
    events: list[dict[str, Any]] = trace["traceEvents"]
    return [event for event in events if event["ph"] == "X"]


def test_a_trace_has_each_pass_within_its_part(program: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["build", "-O1", program, "-o", "out", "--trace", "out/trace.json"]) == 0
    events = read_trace("out/trace.json")
    parts = {event["name"]: event for event in events if event["cat"] == "part"}
    assert {"front-end", "infer", "mem passes", "codegen", "write"} <= set(parts)
    passes = [event for event in events if event["cat"] == "mem passes"]
    assert {"inline", "gvn"} <= {event["name"] for event in passes}
    stage = parts["mem passes"]
    for event in passes:
        assert stage["ts"] <= event["ts"] and event["ts"] + event["dur"] <= stage["ts"] + stage["dur"] + 1
    assert {"unit": "function @fib", "changed": True}.items() <= next(
        event["args"] for event in passes if event["args"]["unit"] == "function @fib" and event["args"]["changed"]
    ).items()
    assert min(event["ts"] for event in events) == 0


@pytest.mark.parametrize("words", [["run", "-O0"], ["ir", "-O0", "--stage", "typed"]])
def test_other_commands_write_traces_too(words: list[str], program: str, capsys: pytest.CaptureFixture[str]) -> None:
    main([*words, program, "--trace", "trace.json"])
    assert read_trace("trace.json")


def test_opt_writes_a_trace_without_parts(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "t.ir").write_text('module "t" mem\n\nfunc @f() {\n^entry:\n  ret\n}\n')
    assert main(["opt", str(tmp_path / "t.ir"), "--passes", "dce", "--trace", str(tmp_path / "trace.json")]) == 0
    (event,) = read_trace(str(tmp_path / "trace.json"))
    assert (event["name"], event["args"]["unit"]) == ("dce", "function @f")


def test_times_end_with_the_pass_that_dominates(program: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["build", "-O1", program, "-o", "out", "--time-passes"]) == 0
    told = capsys.readouterr().err.splitlines()
    assert re.fullmatch(r"'[\w-]+' (dominates|takes the most time): \d+% of the time of all passes, .* on .*", told[-1])
    assert any(re.search(r" codegen$", line) for line in told)
    assert main(["ir", "-O1", program, "--time-passes", "--function", "fib"]) == 0
    assert "ms in all" in capsys.readouterr().err


def test_all_places_of_a_pass_count_together() -> None:
    timing = Timing()
    for label, unit, seconds in (("gvn", "f", 2.0), ("gvn#late", "g", 3.0), ("dce", "f", 4.0)):
        step = SimpleNamespace(label=label, spec=SimpleNamespace(name=label.partition("#")[0]))
        timing.wasmlathe_after_pass(
            SimpleNamespace(step=step, stage="mem", pass_name=label, unit_name=unit, seconds=seconds, changed=True)
        )
    assert dominating(timing) == "'gvn' dominates: 56% of the time of all passes, 3000.00 ms of 5000.00 on g"


def test_a_bare_name_means_the_pass_wherever_it_runs(program: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ir", "-O2", program, "--diff", "simplify-cfg"]) == 0
    told = capsys.readouterr().out
    assert "before simplify-cfg#typed (application" in told
    assert "before simplify-cfg (application" in told
    assert main(["ir", "-O2", program, "--diff", "simplify-cfg#typed"]) == 0
    assert "before simplify-cfg (" not in capsys.readouterr().out
    assert main(["ir", "-O2", program, "--diff", "simplify-cfg", "--stage", "typed"]) == 0
    assert "before simplify-cfg (" not in capsys.readouterr().out


def test_a_difference_has_the_changed_lines_only(program: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Values keep their names, so that what stands behind a removed line does not differ."""
    assert main(["ir", "-O2", program, "--diff", "dce#typed"]) == 0
    told = capsys.readouterr().out.splitlines()
    changed = [line for line in told if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    assert changed
    assert all(line.startswith("-") for line in changed)


def test_passes_over_webassembly_are_shown_by_function(program: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ir", "-O1", program, "--diff", "binaryen-coalesce-locals"]) == 0
    told = capsys.readouterr().out
    assert "--- fib before binaryen-coalesce-locals" in told
    assert "(type " not in told


class _Manager:
    applied = 0
    current: Any = None


def test_progress_only_grows() -> None:
    bar, manager = ProgressBar(), _Manager()
    bar.watch(manager)  # type: ignore[arg-type]  # as much of a manager as the bar looks at
    shares = [bar.done]
    for part in ("front-end", "hir passes", "infer", "typed passes", "lower-data", "mem passes"):
        bar.part(part)
        for _ in range(3):
            manager.applied += 700
            shares.append(bar.done)
    bar.part("write")
    shares.append(bar.done)
    assert shares == sorted(shares)
    assert 0 <= shares[0] and shares[-1] < 1


def test_progress_says_which_pass_is_at_which_function() -> None:
    bar, manager = ProgressBar(), _Manager()
    bar.watch(manager)  # type: ignore[arg-type]  # as much of a manager as the bar looks at
    bar.part("mem passes")
    manager.current = SimpleNamespace(pass_name="gvn#late", unit_name="function @main")
    assert bar.label == "mem passes: gvn#late, function @main"
    bar.part("write")
    assert bar.label == "write"


def test_a_part_without_a_share_does_not_set_the_bar_back() -> None:
    bar = ProgressBar()
    bar.part("codegen")
    before = bar.done
    bar.part("something new")
    assert bar.done == before


def test_no_bar_where_stderr_is_no_terminal(program: str, capsys: pytest.CaptureFixture[str]) -> None:
    with ProgressBar() as bar:
        assert bar.thread is None
