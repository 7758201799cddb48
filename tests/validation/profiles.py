"""What is generated for which passes: statements that are to be frequent, and passes that come before.

Every program is of a profile. A pass runs over the programs of all of them if `ONLY` does not name it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Profile:
    """One kind of program. `before` are passes that run first; what they make is what the passes are given."""

    name: str
    stage: str = "mem"
    focus: tuple[str, ...] = ()
    before: tuple[str, ...] = ()


_ROTATED = ("simplify-cfg", "loop-rotate", "simplify-cfg", "licm")

PROFILES = (
    Profile("anything"),
    Profile("repeats", focus=("again", "field", "call", "crossing", "branch")),
    Profile("invariants", focus=("loop", "invariant", "host"), before=("loop-rotate", "simplify-cfg")),
    Profile("clean", before=("const-fold", "rewrite", "simplify-cfg", "dce", "gvn")),
    Profile("loops", focus=("loop", "access", "sum-loop"), before=_ROTATED),
    Profile("guards", focus=("loop", "guard", "branch"), before=_ROTATED),
    Profile("wide", focus=("neighbour", "sum-loop"), before=("simplify-cfg", "loop-rotate", "unroll")),
    Profile("nests", focus=("nest", "twins", "linear"), before=("simplify-cfg",)),
    Profile("rounds", focus=("rounds", "rotation"), before=("simplify-cfg",)),
    Profile("tallies", focus=("tallies", "push", "field"), before=("simplify-cfg",)),
    Profile("memory", focus=("raw", "field", "overwrite", "letter", "word", "variable")),
    Profile("calls", focus=("call", "twin-functions", "recursion", "arithmetic")),
    Profile("choices", focus=("lookup", "one-of", "switch", "choose", "alike"), before=("simplify-cfg",)),
    Profile("numbers", focus=("pattern", "divisible", "divide-counter", "rotation", "loop")),
    Profile("countdowns", focus=("countdown", "access"), before=("simplify-cfg", "licm", "simplify-cfg")),
    Profile("remainders", focus=("count-off", "divide-counter", "loop"), before=(*_ROTATED, "unsigned")),
    Profile("switching", focus=("switching", "loop")),
    Profile("checked", focus=("guarded-loop", "loop", "access"), before=_ROTATED),
    Profile("collected", focus=("collect", "call")),
    Profile("data", stage="typed"),
    Profile("objects", stage="typed", focus=("objects", "cells", "apply", "call", "make")),
    Profile("escapes", stage="typed", focus=("escape", "objects")),
    Profile("flat", stage="typed", focus=("tuples", "options", "match", "make")),
    Profile("arrays", stage="typed", focus=("array", "loop", "call")),
    Profile("fusion", stage="typed", focus=("library", "fusion", "array")),
    Profile("texts", stage="typed", focus=("text", "call")),
    Profile("library", stage="typed", focus=("filled", "number-text")),
)

#: Passes that look for something special -> where that is made.
ONLY: dict[str, tuple[str, ...]] = {
    "accumulate": ("calls",),
    "dead-stores": ("memory",),
    "count-remainders": ("remainders",),
    "dead-functions": ("calls", "collected", "data"),
    "divisibility": ("numbers", "loops"),
    "fill-arrays": ("library",),
    "fold-offsets": ("wide",),
    "fuse-loops": ("fusion",),
    "gc-roots": ("collected", "calls"),
    "hoist-guards": ("checked", "guards"),
    "index-signs": ("loops", "checked"),
    "inline": ("calls", "guards", "memory", "objects"),
    "inline-objects": ("objects", "arrays", "texts"),
    "inline-recursion": ("calls",),
    "ints-in-texts": ("library",),
    "join-loads": ("memory",),
    "load-forwarding": ("memory", "repeats", "wide"),
    "loop-versioning": ("checked", "loops"),
    "match-table": ("choices",),
    "merge-functions": ("calls",),
    "merge-params": ("nests", "guards"),
    "narrow": ("numbers", "anything"),
    "peel": ("countdowns",),
    "pool-data": ("memory", "tallies"),
    "presize-arrays": ("fusion", "library"),
    "promote-fields": ("tallies", "loops"),
    "pure-calls": ("calls",),
    "scalar-views": ("texts", "data"),
    "sink-allocations": ("escapes",),
    "switch-lowering": ("choices", "calls"),
    "tail-merge": ("choices",),
    "tail-recursion": ("calls",),
    "tell-checks": ("checked",),
    "tell-loops": ("loops",),
    "tell-objects": ("objects",),
    "trim-signatures": ("calls", "collected", "loops"),
    "unroll-jam": ("nests",),
    "unroll-linear": ("nests", "numbers"),
    "unroll-rounds": ("rounds", "wide"),
    "unsigned": ("numbers",),
    "unswitch": ("switching",),
}

#: Options with which a pass is run besides its defaults, so that it acts more often.
OPTIONS: dict[str, tuple[dict[str, Any], ...]] = {
    "inline": ({"threshold": 300},),
    "inline-recursion": ({"levels": 2, "limit": 400},),
    "loop-rotate": ({"limit": 60},),
    "match-table": ({"cases": 2},),
    "pure-calls": ({"levels": 2},),
    "simplify-cfg": ({"select_budget": 40},),
    "tail-merge": ({"hot": True, "least": 2},),
    "unroll": ({"turns": 2},),
    "unroll-linear": ({"turns": 3},),
}
