"""Passes over calls: inlining, recursion to loops, merging of equal calls, removal of what is never called or alike."""

from __future__ import annotations

from wasmlathe.passes import (
    accumulate,
    dead_functions,
    gc_roots,
    inline,
    inline_objects,
    inline_recursion,
    merge_functions,
    pool_data,
    pure_calls,
    tail_recursion,
    trim_signatures,
)
from wasmlathe.pipeline.hookspecs import hookimpl
from wasmlathe.pipeline.spec import PassSpec

MODULES = (
    inline,
    inline_objects,
    dead_functions,
    tail_recursion,
    pure_calls,
    accumulate,
    inline_recursion,
    gc_roots,
    trim_signatures,
    merge_functions,
    pool_data,
)


@hookimpl
def wasmlathe_passes() -> list[PassSpec]:
    return [module.SPEC for module in MODULES]
