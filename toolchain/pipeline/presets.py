"""The pipelines `-O0` to `-O3` and `-Os`, as data.

Each stage lists its passes in the order in which they run; `Repeat` goes round until nothing changes. A pass that occurs
again has a tag behind `#`, by which options and edits of users can mean that place. What the passes demand of the order
is checked when a pipeline is made (`Pipeline.check`), so an edit here that breaks a demand fails at once, with the reason.
"""

from __future__ import annotations

from .plan import Preset, Repeat, With

DEFAULT = "O2"

#: Presets whose output has no names of functions in it: they are half of a small program.
NAMELESS = frozenset({"Os"})

#: What inference leaves behind is cleared away before data becomes memory, where there would be more of it; equal checks
#: of indexes are merged while they are one op each.
_TYPED = ("simplify-cfg#typed", "gvn#typed", "dce#typed")

#: Objects that need not exist go while they are one op each; in a second round those that were held by the first.
_OBJECTS = ("inline-objects", Repeat(2, ("unwrap", "const-fold#objects", "scalar-replace")))

#: Texts that need not exist, once objects around them are gone.
_TEXTS = ("scalar-views", "ints-in-texts")

_CLEAN = Repeat(3, ("const-fold", "rewrite", "simplify-cfg", "dce"))
_CLEAN_LATE = ("const-fold#late", "rewrite#late", "gvn#late", "simplify-cfg#late", "dce#late")

#: What one turn knows of the next, in loops that take several turns at once.
_CLEAN_UNROLLED = (
    "simplify-cfg#unrolled",
    "rewrite#unrolled",
    "fold-offsets",
    "gvn#unrolled",
    "load-forwarding#unrolled",
    "dce#unrolled",
)

# Functions that were inlined wherever they were called are dropped at once: the passes after that have less to do.

#: What functions really weigh is known when they are cleaned up, and arguments are constants that were not before.
_INLINE_AGAIN = (
    "inline#cleaned",
    "dead-functions#cleaned",
    "const-fold#inlined",
    "rewrite#inlined",
    "simplify-cfg#inlined",
    "dce#inlined",
)

#: Binaryen makes good use of locals and of WebAssembly's structured control flow; values are our own passes' work. Which of
#: its passes still do something was measured (docs/binaryen.md).
_WASM = (
    "binaryen-simplify-locals",
    "binaryen-merge-blocks",
    "binaryen-coalesce-locals",
    "binaryen-simplify-locals#2",
    "binaryen-optimize-instructions",
    "binaryen-precompute",
    "binaryen-vacuum",
    "binaryen-reorder-locals",
    "binaryen-remove-unused-module-elements",
)

#: 32-bit arithmetic, once masks are where they stay; what was computed in 64 bits is dead then.
_NARROW = ("narrow", "dce#narrow")

#: Which checks of indexes always come out well.
_CHECKS = (
    "index-signs",
    "unsigned",
    "index-range",
    "const-fold#checks",
    "simplify-cfg#checks",
    "dce#checks",
)

_LOOPS = (
    "loop-rotate",
    "licm",
    "simplify-cfg#rotated",
    *_CHECKS,
    Repeat(3, ("licm#guards", "hoist-guards")),
    "load-forwarding",
    "dead-stores",
)

#: Lengths that became equal values let more checks be decided: a second round that O3 pays for.
_LENGTHS = ("gvn#lengths", "simplify-cfg#lengths", "index-signs#lengths", "index-range#lengths")

#: Inlining that makes code smaller: bodies not larger than their call, and those that are called once.
_INLINE_SMALL = {"small": 8, "threshold": 8, "loop_bonus": 0, "constant_bonus": 3, "only_call": 400}

#: What only a look at the whole program tells, once the functions are as they will be.
_LAST = ("trim-signatures#last", "dce#last", "tail-merge", "merge-functions", "dead-functions#last", "pool-data")

PRESETS: dict[str, Preset] = {
    "O0": {"mem": ("dead-functions",)},
    "O1": {
        "typed": ("inline-objects", "unwrap", "scalar-replace"),
        "mem": ("inline", "dead-functions", _CLEAN, "gvn", "dce#last", "dead-functions#last"),
        "wasm": _WASM,
    },
    "O2": {
        "typed": (*_OBJECTS, *_TYPED, "sink-allocations", "fuse-loops", "fill-arrays", "presize-arrays", *_TEXTS),
        "mem": (
            "inline",
            "dead-functions",
            "trim-signatures",
            _CLEAN,
            "match-table",
            "switch-lowering",
            "tail-recursion",
            "accumulate",
            "merge-params",
            "gvn",
            *_LOOPS,
            "promote-fields",
            *_CLEAN_LATE,
            "divisibility",
            *_NARROW,
            "count-remainders",
            "strength-reduce",
            *_LAST,
        ),
        "wasm": _WASM,
    },
    "O3": {
        "typed": (*_OBJECTS, *_TYPED, "sink-allocations", "fuse-loops", "fill-arrays", "presize-arrays", *_TEXTS),
        "mem": (
            "inline",
            "dead-functions",
            "trim-signatures",
            _CLEAN,
            *_INLINE_AGAIN,
            "match-table",
            "switch-lowering",
            "pure-calls",
            "tail-recursion",
            "accumulate",
            "inline-recursion",
            "merge-params",
            "gvn",
            *_LOOPS,
            "peel",
            *_LENGTHS,
            "unswitch",
            "licm#unswitched",
            "promote-fields",
            Repeat(2, _CLEAN_LATE),
            "unroll-linear",
            "divisibility",
            *_NARROW,
            "unroll-rounds",
            "unroll-jam",
            "loop-versioning",
            "hoist-guards#free",
            "unroll",
            *_CLEAN_UNROLLED,
            "join-loads",
            "count-remainders",
            "strength-reduce",
            *_LAST,
        ),
        "wasm": _WASM,
    },
    "Os": {
        "typed": (*_OBJECTS, *_TYPED, "ints-in-texts"),
        "mem": (
            With("inline", _INLINE_SMALL),
            "dead-functions",
            "trim-signatures",
            _CLEAN,
            "tail-recursion",
            "accumulate",
            "merge-params",
            "gvn",
            "licm",
            *_CHECKS,
            "load-forwarding",
            "dead-stores",
            *_CLEAN_LATE,
            *_NARROW,
            "strength-reduce",
            "trim-signatures#last",
            "dce#last",
            With("tail-merge", {"hot": True}),
            "merge-functions",
            "dead-functions#last",
            "pool-data",
        ),
        "wasm": (
            _WASM[0],
            "binaryen-code-folding",
            *_WASM[1:],
            "binaryen-local-cse",
            "binaryen-const-hoisting",
            "binaryen-rse",
            "binaryen-remove-unused-brs",
            "binaryen-reorder-functions",
        ),
    },
}
