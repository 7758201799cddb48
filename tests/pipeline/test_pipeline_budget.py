"""Passes that do not end, or make too much: they are interrupted, named and left out."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
from pipelines import make_pass, make_pipeline, two_functions
from wasmlathe.cli import main
from wasmlathe.diagnostics import CompileError, SourceFile
from wasmlathe.driver import CompileOptions, compile_source
from wasmlathe.ir.build import Builder
from wasmlathe.ir.core import Function
from wasmlathe.pipeline.analyses import AnalysisCache
from wasmlathe.pipeline.budget import Budget, Omission, OverBudget
from wasmlathe.pipeline.manager import PassManager
from wasmlathe.pipeline.preparing import PipelineRequest

SHORT = Budget(seconds=0.05, seconds_per_op=0.0)
ENDLESS = """
from wasmlathe.pipeline.hookspecs import hookimpl
from wasmlathe.pipeline.spec import PassSpec

def spin(fn, ctx):
    while fn.source_name == "slow":
        pass
    return False

@hookimpl
def wasmlathe_passes():
    return [PassSpec("spin", "mem", spin, "Does not end.")]

@hookimpl
def wasmlathe_pipeline(pipeline):
    pipeline.insert("spin")
"""
PROGRAM = "fn slow(a) { a + 1 }\nfn fast(a) { slow(a) * 2 }\nprint(fast(20))\n"


def run(run_pass: Any, budget: Budget, **more: Any) -> PassManager:
    pipeline = make_pipeline({"mem": ["wild", "tame"]}, make_pass("wild", run_pass), make_pass("tame"))
    manager = PassManager(pipeline, pipeline.registry.plugins, AnalysisCache(), budget=budget, **more)
    manager.run_stage("mem", two_functions())
    return manager


def spin(fn: Function, _ctx: Any) -> bool:
    for _ in itertools.count():
        if fn.name != "g":
            return False
    return False


def spin_through_everything(_fn: Function, _ctx: Any) -> bool:
    while True:
        try:
            for _ in itertools.count():
                pass
        except Exception:  # noqa: BLE001, S112  # as a careless pass does
            continue


def grow_for_ever(fn: Function, _ctx: Any) -> bool:
    build = Builder(fn.blocks[0], 0)
    while True:
        build.const(fn.results[0], 1)


def grow_at_once(fn: Function, _ctx: Any) -> bool:
    build = Builder(fn.blocks[0], 0)
    for _ in range(1000):
        build.const(fn.results[0], 1)
    return True


@pytest.mark.parametrize(
    ("wild", "budget", "reason"),
    [
        (spin, SHORT, "pass 'wild' .* did not end within 0.05 seconds in function g"),
        (spin_through_everything, SHORT, "did not end within 0.05 seconds in function f"),
        (grow_for_ever, Budget(ops=100_000), "made more than 100024 ops in function f"),
        (grow_at_once, Budget(ops=100), "made more than 124 ops in function f"),
    ],
)
def test_a_pass_over_its_budget_is_interrupted(wild: Any, budget: Budget, reason: str) -> None:
    with pytest.raises(OverBudget, match=reason) as caught:
        run(wild, budget)
    assert caught.value.omission.label == "wild"


def test_what_is_omitted_does_not_run() -> None:
    manager = run(spin, SHORT, omitted=[Omission("wild", "g")])
    assert manager.applied == 3
    assert set(manager.seconds) == {"wild", "tame"}


def test_a_program_is_compiled_without_the_pass_that_diverged(tmp_path: Path) -> None:
    plugin = tmp_path / "endless.py"
    plugin.write_text(ENDLESS)
    request = PipelineRequest("O0", plugins=[str(plugin)])
    made = compile_source(SourceFile("p.tova", PROGRAM), CompileOptions(request, budget=SHORT, stop_at="mem"))
    (warning,) = made.warnings
    assert warning.code == "W0511"
    assert "pass 'spin' of plugin 'endless'" in warning.message
    assert "in function slow" in warning.message
    assert "--without spin" in (warning.hint or "")
    assert not made.is_whole


def test_a_pass_that_diverges_everywhere_is_an_error(tmp_path: Path) -> None:
    plugin = tmp_path / "endless.py"
    plugin.write_text(ENDLESS.replace('fn.source_name == "slow"', "True"))
    options = CompileOptions(PipelineRequest("O0", plugins=[str(plugin)]), budget=SHORT, stop_at="mem")
    program = "".join(f"fn f{i}(a) {{ print(a + {i}) }}\nf{i}({i})\n" for i in range(5))
    with pytest.raises(CompileError, match="pass 'spin' .* did not end"):
        compile_source(SourceFile("p.tova", program), options)


def test_opt_names_the_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Budget, "seconds_for", lambda self, size: 0.05)
    plugin, ir = tmp_path / "endless.py", tmp_path / "a.ir"
    plugin.write_text(ENDLESS)
    ir.write_text('module "t" mem\nfunc @slow() {\n^entry:\n  ret\n}\n')
    assert main(["opt", "--plugin", str(plugin), "--passes", "spin", str(ir)]) == 2
    told = capsys.readouterr().err
    assert "error[E0511]" in told
    assert "function slow" in told
