"""What the cache keeps and what it drops."""

from __future__ import annotations

import pytest
from wasmlathe.ir.core import Function, Module
from wasmlathe.ir.parse import parse
from wasmlathe.passes.analysis.callgraph import callgraph
from wasmlathe.passes.analysis.dominators import dominators
from wasmlathe.passes.analysis.liveness import liveness
from wasmlathe.pipeline.analyses import AnalysisCache, analysis_name
from wasmlathe.pipeline.spec import ALL_ANALYSES, CFG_ANALYSES
from wasmlathe.pipeline.window import Sight, watched

TEXT = "func @f() {\n^entry:\n  ret\n}\nfunc @g() {\n^entry:\n  ret\n}\n"


@pytest.fixture
def module() -> Module:
    return parse(TEXT, default_stage="mem")


def test_an_analysis_is_computed_once(module: Module) -> None:
    cache, function = AnalysisCache(), module.functions["f"]
    assert cache.get(dominators, function) is cache.get(dominators, function)
    assert cache.get(dominators, function) is not cache.get(dominators, module.functions["g"])


def test_a_change_drops_what_was_not_preserved(module: Module) -> None:
    cache, f, g = AnalysisCache(), module.functions["f"], module.functions["g"]
    tree, live, graph, other = (
        cache.get(dominators, f),
        cache.get(liveness, f),
        cache.get(callgraph, module),
        cache.get(liveness, g),
    )
    cache.changed(f, CFG_ANALYSES)
    assert cache.get(dominators, f) is tree
    assert cache.get(liveness, f) is not live
    assert cache.get(callgraph, module) is not graph
    assert cache.get(liveness, g) is other


def test_a_change_that_preserves_all_drops_nothing(module: Module) -> None:
    cache, function = AnalysisCache(), module.functions["f"]
    live, graph = cache.get(liveness, function), cache.get(callgraph, module)
    cache.changed(function, ALL_ANALYSES)
    assert cache.get(liveness, function) is live and cache.get(callgraph, module) is graph


def test_a_change_of_the_module_is_one_of_its_functions(module: Module) -> None:
    cache, function = AnalysisCache(), module.functions["f"]
    live = cache.get(liveness, function)
    cache.changed(module)
    assert cache.get(liveness, function) is not live


def test_a_function_outside_of_modules_may_change() -> None:
    cache, function = AnalysisCache(), Function("f", [], ())
    cache.changed(function)
    cache.forget(function)


def test_names_of_analyses_have_dashes() -> None:
    def live_ranges(_function: Function) -> int:
        return 1

    assert analysis_name(live_ranges) == "live-ranges"


def test_a_change_of_a_function_that_looks_through_a_window_is_one_of_the_module(module: Module) -> None:
    cache, f = AnalysisCache(), module.functions["f"]
    graph = cache.get(callgraph, module)
    with watched(Sight(f, frozenset())):
        cache.changed(f)
    assert cache.get(callgraph, module) is not graph
