"""Large functions: what passes do grows with the size and not with its square, or they say that they do not look at it.

Counted are calls of Python functions, which are the same on every machine, for a program and for one twice as large.
"""

from __future__ import annotations

import cProfile
from collections.abc import Callable

import pytest
from wasmlathe.diagnostics import SourceFile
from wasmlathe.driver import CompileOptions, compile_source, compiler_settings
from wasmlathe.ir.core import Module
from wasmlathe.ir.parse import parse
from wasmlathe.ir.verify import verify
from wasmlathe.pipeline.analyses import AnalysisCache
from wasmlathe.pipeline.events import PassEvent
from wasmlathe.pipeline.hookspecs import hookimpl
from wasmlathe.pipeline.manager import PassManager
from wasmlathe.pipeline.preparing import PipelineRequest, prepare
from wasmlathe.pipeline.spec import Remark

#: Twice the size may take so many times the calls, and a few more.
MOST_GROWTH = 2.9
SOME_CALLS = 4000


def branches(size: int) -> str:
    lines = [f"  if x % {i % 7 + 2} == {i % 3} {{ x = x + b * {i} }}" for i in range(size)]
    return "\n".join(["fn f(a, b) {", "  var x = a", *lines, "  x", "}", "exit(f(len(args()), 7))"])


def straight(size: int) -> str:
    lines = [f"  {'xy'[i % 2]} = x * {i + 3} + y - a * {i + 1}" for i in range(size)]
    return "\n".join(["fn f(a) {", "  var x = a", "  var y = 1", *lines, "  x + y", "}", "exit(f(len(args())))"])


def arms(size: int) -> str:
    lines = [f"    {i * 7} => {i * i % 1001}" for i in range(size)]
    return "\n".join(["fn f(a) {", "  match a {", *lines, "    _ => 7", "  }", "}", "exit(f(len(args())))"])


def calls(size: int) -> str:
    body = "if a <= 0 {{ {i} }} else {{ f{x}(a - 1) + f{y}(a - 2) }}"
    lines = [f"fn f{i}(a) {{ {body.format(i=i, x=(i * 7 + 1) % size, y=(i * 3 + 2) % size)} }}" for i in range(size)]
    return "\n".join([*lines, "exit(f0(len(args())))"])


def statements(size: int) -> str:
    return "\n".join([f"var v{i} = [{i}, len(args())]\nif v{i}[1] > {i} {{ exit({i}) }}" for i in range(size)])


class CallsOfPasses:
    """Counts the calls that each pass makes, all its places and rounds together."""

    def __init__(self) -> None:
        self.calls: dict[str, int] = {}
        self._profile = cProfile.Profile()

    @hookimpl
    def wasmlathe_before_pass(self, event: PassEvent) -> None:
        self._profile = cProfile.Profile()
        self._profile.enable()

    @hookimpl
    def wasmlathe_after_pass(self, event: PassEvent) -> None:
        self._profile.disable()
        made = sum(entry.callcount for entry in self._profile.getstats())
        name = event.step.spec.name
        self.calls[name] = self.calls.get(name, 0) + made


def calls_of_passes(text: str) -> dict[str, int]:
    counted = CallsOfPasses()
    options = CompileOptions(PipelineRequest("O3"), observers=[counted], stop_at="mem")
    compile_source(SourceFile("large.tova", text), options)
    return counted.calls


@pytest.mark.parametrize(
    ("make", "size"), [(branches, 60), (straight, 100), (arms, 100), (calls, 30), (statements, 30)]
)
def test_what_passes_do_grows_with_the_size(make: Callable[[int], str], size: int) -> None:
    small, large = calls_of_passes(make(size)), calls_of_passes(make(2 * size))
    grown = {name: (small[name], made) for name, made in large.items() if made > MOST_GROWTH * small[name] + SOME_CALLS}
    assert not grown, "calls of Python functions by passes, for a program and for one twice as large"


def nested_loops(depth: int) -> Module:
    """Loops in each other, which add up what they count."""
    lines = ['module "t" mem', 'func @f(%n: i64) -> i64 export "f" {', "^entry:", "  %z: i64 = i64.const 0"]
    lines += ["  %one: i64 = i64.const 1", "  br ^h0(%z, %z)"]
    for i in range(depth):
        inner = f"br ^h{i + 1}(%z, %t{i})" if i < depth - 1 else f"br ^l{i}(%u)"
        lines += [f"^h{i}(%i{i}: i64, %t{i}: i64):", f"  %c{i}: bool = i64.lt_s %i{i}, %n"]
        lines += [f"  cond_br %c{i}, ^b{i}, ^x{i}", f"^b{i}:"]
        lines += [f"  %u: i64 = i64.add %t{i}, %i{i}"] if i == depth - 1 else []
        lines += [f"  {inner}"]
    for i in reversed(range(depth)):
        lines += [f"^l{i}(%v{i}: i64):", f"  %k{i}: i64 = i64.add %i{i}, %one", f"  br ^h{i}(%k{i}, %v{i})"]
        lines += [f"^x{i}:", f"  br ^l{i - 1}(%t{i})" if i else "  ret %t0"]
    return parse("\n".join([*lines, "}", ""]))


def optimized(module: Module) -> list[Remark]:
    prepared = prepare(PipelineRequest("O3"))
    manager = PassManager(prepared.pipeline, prepared.registry.plugins, AnalysisCache())
    with compiler_settings():
        manager.run_stage("mem", module)
    assert not verify(module)
    return manager.remarks


@pytest.mark.parametrize("most", [1000, 10_000])
def test_loops_nested_too_deeply_are_left_alone_with_a_remark(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wasmlathe.passes.analysis.loops.MOST_MEMBERS", most)
    told = [(remark.kind, remark.text) for remark in optimized(nested_loops(30))]
    refused = ("not-hoisted", "f is too large: its loops are nested too deeply")
    assert (refused in told) == (most == 1000)
