from __future__ import annotations

from typing import Any

import pytest
from pipelines import TWO_FUNCTIONS, make_pass, make_pipeline, make_plugin, two_functions
from wasmlathe.diagnostics import CompileError, Diagnostic
from wasmlathe.ir.build import Builder
from wasmlathe.ir.core import Function, Module
from wasmlathe.ir.parse import parse
from wasmlathe.passes import dce
from wasmlathe.passes.analysis.effects import effects
from wasmlathe.pipeline.analyses import AnalysisCache
from wasmlathe.pipeline.broken import PassBrokeFunction
from wasmlathe.pipeline.manager import PassManager
from wasmlathe.pipeline.observers import Snapshots, Timing
from wasmlathe.pipeline.plan import Pipeline, Repeat
from wasmlathe.pipeline.plugins import Plugins
from wasmlathe.pipeline.registry import Registry


def run(
    pipeline: Pipeline, observers: list[Any] | None = None, module: Module | None = None, **more: Any
) -> PassManager:
    plugins = pipeline.registry.plugins.with_observers(observers or [])
    manager = PassManager(pipeline, plugins, AnalysisCache(), **more)
    manager.run_stage("mem", module or two_functions())
    return manager


def recorder(log: list[str], name: str, changes: int = 0) -> Any:
    """A pass that logs what it is run over, and says for so many times that it changed something."""
    left = [changes]

    def note(unit: Any, _ctx: Any) -> bool:
        log.append(f"{name} {unit.name}")
        left[0] -= 1
        return left[0] >= 0

    return note


def test_all_passes_run_over_a_function_before_the_next_function() -> None:
    log: list[str] = []
    passes = [make_pass(n, recorder(log, n)) for n in "ab"]
    run(make_pipeline({"mem": ["a", "b"]}, *passes))
    assert log == ["a f", "b f", "a g", "b g"]


def test_a_pass_over_the_module_waits_for_all_functions() -> None:
    log: list[str] = []
    passes = [make_pass("a", recorder(log, "a")), make_pass("b", recorder(log, "b"))]
    run(make_pipeline({"mem": ["a", "m", "b"]}, *passes, make_pass("m", recorder(log, "m"), scope="module")))
    assert log == ["a f", "a g", "m t", "b f", "b g"]


def test_callees_come_before_their_callers() -> None:
    log: list[str] = []
    text = TWO_FUNCTIONS.replace("ret %b", "%c: i64 = call @g %b\n  ret %c")
    run(make_pipeline({"mem": ["a"]}, make_pass("a", recorder(log, "a"))), module=parse(text))
    assert log == ["a g", "a f"]


def test_what_a_function_does_is_known_to_its_callers_as_the_passes_left_it() -> None:
    seen: dict[str, bool] = {}

    def look(fn: Function, ctx: Any) -> bool:
        seen[fn.name] = ctx.analyses.get(effects, fn.module)["g"].is_pure
        return False

    text = """
module "t" mem

func @f(%a: i64) -> i64 {
^entry:
  %b: i64 = call @g %a
  ret %b
}

func @g(%a: i64) -> i64 {
^entry:
  %p: i32 = i32.const 8
  %old: i64 = mem.load_i64 %p {offset=0, alias="x"}
  ret %a
}
"""
    run(make_pipeline({"mem": ["look", "dce"]}, make_pass("look", look), dce.SPEC), module=parse(text))
    assert seen == {"g": False, "f": True}


def test_a_pass_that_found_nothing_is_not_run_again_over_the_same() -> None:
    log: list[str] = []
    passes = [make_pass("a", recorder(log, "a")), make_pass("b", recorder(log, "b", changes=1))]
    manager = run(make_pipeline({"mem": ["a", "a#2", "b", "a#3"]}, *passes))
    assert log == ["a f", "b f", "a f", "a g", "b g"]
    assert manager.applied == 5


def test_a_group_is_repeated_where_something_changed() -> None:
    log: list[str] = []
    passes = [make_pass("a", recorder(log, "a", changes=1)), make_pass("b", recorder(log, "b"))]
    run(make_pipeline({"mem": [Repeat(9, ("a", "b"))]}, *passes))
    assert log == ["a f", "b f", "a f", "a g", "b g"]  # b had nothing to do in f, and a changed nothing since


def test_a_group_ends_at_its_limit() -> None:
    log: list[str] = []
    run(make_pipeline({"mem": [Repeat(3, ("a",))]}, make_pass("a", recorder(log, "a", changes=99))))
    assert len(log) == 6


def test_a_module_pass_that_changes_something_wakes_all_functions() -> None:
    log: list[str] = []
    passes = [make_pass("m", recorder(log, "m", changes=1), scope="module"), make_pass("a", recorder(log, "a"))]
    run(make_pipeline({"mem": [Repeat(9, ("m", "a"))]}, *passes))
    assert log == ["m t", "a f", "a g", "m t"]

    log.clear()
    passes[0] = make_pass("m", recorder(log, "m", changes=1), scope="module")
    run(make_pipeline({"mem": [Repeat(9, ("a", "m"))]}, *passes))
    assert log == ["a f", "a g", "m t", "a f", "a g", "m t"]


def test_only_so_many_applications_run() -> None:
    log: list[str] = []
    passes = [make_pass(n, recorder(log, n)) for n in "ab"]
    manager = run(make_pipeline({"mem": ["a", "b"]}, *passes), limit=3)
    assert log == ["a f", "b f", "a g"]
    assert manager.applied == 3


def drop_terminator(fn: Function, _ctx: Any) -> bool:
    fn.blocks[0].ops.pop()
    return True


def fail(_fn: Function, _ctx: Any) -> bool:
    raise IndexError("list index out of range")


def test_a_strangers_pass_that_breaks_the_ir_is_named_with_before_and_after() -> None:
    pipeline = make_pipeline({"mem": ["cut"]}, make_pass("cut", drop_terminator), is_builtin=False)
    with pytest.raises(
        PassBrokeFunction, match=r"pass 'cut' of plugin 'fake' \(fakes 1.0\) broke function @f"
    ) as caught:
        run(pipeline)
    text = caught.value.render()
    assert "terminator" in text
    assert text.index("ret %b") > text.index("before:")
    assert "ret %b" not in text[text.index("after:") :]
    assert "--without cut" in text


def test_built_in_passes_are_checked_under_verify_only() -> None:
    pipeline = make_pipeline({"mem": ["cut"]}, make_pass("cut", drop_terminator))
    run(pipeline)
    with pytest.raises(PassBrokeFunction):
        run(pipeline, verify=True)


def test_a_pass_that_raises_is_named() -> None:
    with pytest.raises(PassBrokeFunction, match="pass 'fails'") as caught:
        run(make_pipeline({"mem": ["fails"]}, make_pass("fails", fail)))
    assert caught.value.problems == ["raised IndexError: list index out of range"]
    assert isinstance(caught.value.__cause__, IndexError)


def test_a_pass_that_hides_a_change_is_found() -> None:
    def sneak(fn: Function, _ctx: Any) -> bool:
        Builder(fn.blocks[0], 0).const(fn.results[0], 1)
        return False

    with pytest.raises(PassBrokeFunction) as caught:
        run(make_pipeline({"mem": ["sneak"]}, make_pass("sneak", sneak)), verify=True)
    assert "nothing changed" in caught.value.problems[0]


def test_a_pass_has_to_say_whether_it_changed_anything() -> None:
    with pytest.raises(PassBrokeFunction) as caught:
        run(make_pipeline({"mem": ["mute"]}, make_pass("mute", lambda fn, ctx: None)), verify=True)
    assert caught.value.problems == ["returned None instead of True or False"]


def test_what_a_pass_says_about_the_program_passes_through() -> None:
    def complain(_fn: Function, _ctx: Any) -> bool:
        raise CompileError([Diagnostic("error", "E0400", "no such thing")])

    with pytest.raises(CompileError, match="no such thing"):
        run(make_pipeline({"mem": ["complain"]}, make_pass("complain", complain)))


def test_analyses_live_as_long_as_passes_preserve_them() -> None:
    computed: list[str] = []

    def size(fn: Function) -> int:
        computed.append(fn.name)
        return sum(1 for _ in fn.ops())

    def use(fn: Function, ctx: Any) -> bool:
        ctx.analyses.get(size, fn)
        return fn.name == "f"

    passes = [make_pass("keeps", use, preserves=frozenset({"size"})), make_pass("drops", use)]
    run(make_pipeline({"mem": ["keeps", "drops", "drops#2"]}, *passes))
    assert computed == ["f", "f", "g"]


def test_remarks_are_collected() -> None:
    def tell(fn: Function, ctx: Any) -> bool:
        ctx.remark("seen", None, fn.name)
        return False

    manager = run(make_pipeline({"mem": ["tell"]}, make_pass("tell", tell)))
    assert [(r.kind, r.text) for r in manager.remarks] == [("seen", "f"), ("seen", "g")]


def test_observers_see_times_and_texts() -> None:
    timing, snapshots = Timing(), Snapshots(lambda event: event.pass_name == "cut", function="f")
    passes = [make_pass("cut", drop_terminator), make_pass("idle")]
    run(make_pipeline({"mem": ["idle", "cut"]}, *passes), [timing, snapshots])
    assert {(r.label, r.applications, r.changes) for r in timing.slowest_first()} == {("idle", 2, 0), ("cut", 2, 2)}
    (snapshot,) = snapshots.items
    assert "ret" in snapshot.before
    assert "ret" not in snapshot.after


def test_two_observers_of_one_kind_see_the_same() -> None:
    both = [Timing(), Timing()]
    run(make_pipeline({"mem": ["idle"]}, make_pass("idle")), both)
    assert [timing.slowest_first()[0].applications for timing in both] == [2, 2]


def test_an_observer_that_raises_is_named() -> None:
    def raise_key_error(event: Any) -> None:
        raise KeyError(event.pass_name)

    plugin = make_plugin(make_pass("a"), wasmlathe_after_pass=raise_key_error)
    pipeline = Pipeline("test", Registry(Plugins([plugin])), {"mem": ["a"]})
    with pytest.raises(CompileError, match=r"plugin 'fake' \(fakes 1.0\) failed in wasmlathe_after_pass: KeyError"):
        run(pipeline)
