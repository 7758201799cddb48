"""Fakes for tests of pipelines: passes that record or break, plugins made of them, and a module to run over."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from wasmlathe.ir.core import Module
from wasmlathe.ir.parse import parse
from wasmlathe.pipeline.hookspecs import hookimpl
from wasmlathe.pipeline.plan import Pipeline, Preset
from wasmlathe.pipeline.plugins import Plugin, Plugins
from wasmlathe.pipeline.registry import Registry
from wasmlathe.pipeline.spec import PassSpec

TWO_FUNCTIONS = """
module "t" mem

func @f(%a: i64) -> i64 {
^entry:
  %z: i64 = i64.const 0
  %b: i64 = i64.add %a, %z
  ret %b
}

func @g(%a: i64) -> i64 {
^entry:
  ret %a
}
"""


def two_functions() -> Module:
    return parse(TWO_FUNCTIONS)


def make_pass(name: str, run: Callable[[Any, Any], bool] | None = None, stage: str = "mem", **more: Any) -> PassSpec:
    """A pass that does nothing unless `run` says otherwise."""
    return PassSpec(name, stage, run or (lambda unit, ctx: False), "Does nothing.", **more)


def make_plugin(
    *passes: PassSpec, name: str = "fake", is_builtin: bool = True, is_active: bool = True, **hooks: Callable[..., Any]
) -> Plugin:
    """A plugin with these passes and hooks, as of the distribution `fakes 1.0`."""
    module = SimpleNamespace(wasmlathe_passes=hookimpl(lambda: list(passes)))
    for hook, function in hooks.items():
        setattr(module, hook, hookimpl(function))
    return Plugin(name, "fakes 1.0", is_builtin, is_active, module)


def make_registry(*passes: PassSpec, **more: Any) -> Registry:
    return Registry(Plugins([make_plugin(*passes, **more)]))


def make_pipeline(preset: Preset, *passes: PassSpec, **more: Any) -> Pipeline:
    return Pipeline("test", make_registry(*passes, **more), preset)
