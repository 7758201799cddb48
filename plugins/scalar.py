"""Passes over values and branches: folding, rewriting, dead code, control flow."""

from __future__ import annotations

from wasmlathe.passes import const_fold, dce, rewrite, simplify_cfg
from wasmlathe.pipeline.hookspecs import hookimpl
from wasmlathe.pipeline.spec import PassSpec


@hookimpl
def wasmlathe_passes() -> list[PassSpec]:
    return [module.SPEC for module in (const_fold, rewrite, dce, simplify_cfg)]
