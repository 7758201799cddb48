"""Passes over loops and memory: what need not be done again is not done again."""

from __future__ import annotations

from wasmlathe.passes import (
    fold_offsets,
    fuse_loops,
    gvn,
    hoist_guards,
    index_range,
    index_signs,
    licm,
    load_forwarding,
    loop_rotate,
    unroll,
    unroll_linear,
    unsigned,
)
from wasmlathe.pipeline.hookspecs import hookimpl
from wasmlathe.pipeline.spec import PassSpec

MODULES = (
    fold_offsets,
    fuse_loops,
    gvn,
    index_range,
    index_signs,
    load_forwarding,
    loop_rotate,
    licm,
    hoist_guards,
    unroll,
    unroll_linear,
    unsigned,
)


@hookimpl
def wasmlathe_passes() -> list[PassSpec]:
    return [module.SPEC for module in MODULES]
