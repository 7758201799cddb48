"""Passes that only have remarks; `explain` puts them into the pipeline."""

from __future__ import annotations

from wasmlathe.passes import tell_checks, tell_loops, tell_objects
from wasmlathe.pipeline.hookspecs import hookimpl
from wasmlathe.pipeline.spec import PassSpec

MODULES = (tell_objects, tell_loops, tell_checks)


@hookimpl
def wasmlathe_passes() -> list[PassSpec]:
    return [module.SPEC for module in MODULES]
