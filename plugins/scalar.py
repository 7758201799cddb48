"""Passes over values, branches and objects, and the rewrite rules: folding, simplifying, dead code, control flow."""

from __future__ import annotations

from wasmlathe.passes import (
    algebra_rules,
    bool_rules,
    const_fold,
    conversion_rules,
    count_remainders,
    dce,
    divisibility,
    float_rules,
    ints_in_texts,
    match_table,
    narrow,
    rewrite,
    scalar_replace,
    scalar_views,
    simplify_cfg,
    sink_allocations,
    strength_reduce,
    switch_lowering,
    tail_merge,
    unwrap,
)
from wasmlathe.passes.rules import Rule
from wasmlathe.pipeline.hookspecs import hookimpl
from wasmlathe.pipeline.spec import PassSpec

MODULES = (
    const_fold,
    rewrite,
    divisibility,
    count_remainders,
    narrow,
    strength_reduce,
    dce,
    simplify_cfg,
    match_table,
    switch_lowering,
    tail_merge,
    unwrap,
    sink_allocations,
    scalar_replace,
    scalar_views,
    ints_in_texts,
)
RULE_MODULES = (algebra_rules, bool_rules, conversion_rules, float_rules)


@hookimpl
def wasmlathe_passes() -> list[PassSpec]:
    return [module.SPEC for module in MODULES]


@hookimpl
def wasmlathe_rewrites() -> list[Rule]:
    return [rule for module in RULE_MODULES for rule in module.RULES]
