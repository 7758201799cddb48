"""Binaryen's passes over the WebAssembly module."""

from __future__ import annotations

from wasmlathe.passes import binaryen_passes
from wasmlathe.pipeline.hookspecs import hookimpl
from wasmlathe.pipeline.spec import PassSpec


@hookimpl
def wasmlathe_passes() -> list[PassSpec]:
    return binaryen_passes.SPECS
