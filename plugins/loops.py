"""Passes over loops and memory: what need not be done again is not done again."""

from __future__ import annotations

from wasmlathe.passes import (
    dead_stores,
    fill_arrays,
    fold_offsets,
    fuse_loops,
    gvn,
    hoist_guards,
    index_range,
    index_signs,
    join_loads,
    licm,
    load_forwarding,
    loop_rotate,
    loop_versioning,
    merge_params,
    peel,
    presize_arrays,
    promote_fields,
    unroll,
    unroll_jam,
    unroll_linear,
    unroll_rounds,
    unsigned,
    unswitch,
)
from wasmlathe.pipeline.hookspecs import hookimpl
from wasmlathe.pipeline.spec import PassSpec

MODULES = (
    fill_arrays,
    dead_stores,
    fold_offsets,
    fuse_loops,
    gvn,
    index_range,
    index_signs,
    join_loads,
    load_forwarding,
    loop_rotate,
    merge_params,
    peel,
    licm,
    hoist_guards,
    presize_arrays,
    promote_fields,
    loop_versioning,
    unroll,
    unroll_jam,
    unroll_linear,
    unroll_rounds,
    unsigned,
    unswitch,
)


@hookimpl
def wasmlathe_passes() -> list[PassSpec]:
    return [module.SPEC for module in MODULES]
