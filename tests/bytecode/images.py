"""Programs in the language as images, for the tests of the verifier."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from wasmlathe.artifact import Artifact
from wasmlathe.bytecode.base import Facts, obtain
from wasmlathe.bytecode.image import Image
from wasmlathe.bytecode.verify import Surroundings
from wasmlathe.cache import Cache
from wasmlathe.diagnostics import SourceFile
from wasmlathe.driver import CompileOptions, compile_source
from wasmlathe.pipeline.preparing import PipelineRequest


@dataclass(frozen=True)
class Base:
    """The base module, and what the verifier has to know of it."""

    artifact: Artifact
    surroundings: Surroundings


@cache
def base() -> Base:
    """The base module of this toolchain."""
    artifact = obtain(Cache())
    return Base(artifact, Surroundings.of(Facts.of(artifact)))


def image_of(name: str, text: str, level: str = "O2") -> Image:
    """A program as data for the base module."""
    options = CompileOptions(PipelineRequest(level), base=lambda: base().artifact, shares_library=True, cache=Cache())
    image = compile_source(SourceFile(name, text), options).image
    assert image is not None, "the program needs a module of its own"
    return image
