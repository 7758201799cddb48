"""A plugin in one file: how many ops each pass left, written next to the output of `wasmlathe build`.

wasmlathe build program.tova -o out --plugin examples/plugins/growth.py

It observes passes and adds a file to the output. No installation is needed, and it changes nothing about the program.
"""

from __future__ import annotations

from wasmlathe.artifact import Artifact
from wasmlathe.ir.core import Function, Module
from wasmlathe.pipeline.events import PassEvent
from wasmlathe.pipeline.hookspecs import hookimpl
from wasmlathe.pipeline.plan import BuildOptions

_sizes: dict[str, int] = {}
_lines: list[str] = []


@hookimpl
def wasmlathe_after_pass(event: PassEvent) -> None:
    """Note the new size of every function that the pass changed."""
    if isinstance(event.unit, (Function, Module)) and event.changed:
        functions = [event.unit] if isinstance(event.unit, Function) else event.unit.functions.values()
        for function in functions:
            size = sum(1 for _op in function.ops())
            before = _sizes.get(function.name, 0)
            if size != before:
                _lines.append(f"{event.stage:6} {event.pass_name:20} {function.name:30} {before:6} -> {size}")
                _sizes[function.name] = size


@hookimpl
def wasmlathe_emit(artifact: Artifact, options: BuildOptions) -> dict[str, bytes]:
    """The report as one more file of the output."""
    report = "\n".join([f"pipeline {options.pipeline}", *_lines]) + "\n"
    _sizes.clear()
    _lines.clear()
    return {f"{artifact.name}.growth.txt": report.encode()}
