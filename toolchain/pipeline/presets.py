"""The pipelines `-O0` to `-O3` and `-Os`, as data.

Each stage lists its passes in the order in which they run; `Repeat` goes round until nothing changes. A pass that occurs
again has a tag behind `#`, by which options and edits of users can mean that place. What the passes demand of the order
is checked when a pipeline is made (`Pipeline.check`), so an edit here that breaks a demand fails at once, with the reason.
"""

from __future__ import annotations

from .plan import Preset, Repeat

DEFAULT = "O2"

#: Presets whose output has no names of functions in it: they are half of a small program.
NAMELESS = frozenset({"Os"})

#: What inference leaves behind is cleared away before data becomes memory, where there would be more of it; equal checks
#: of indexes are merged while they are one op each.
_TYPED = ("simplify-cfg#typed", "gvn#typed", "dce#typed")

#: Objects that need not exist go while they are one op each; in a second round those that were held by the first.
_OBJECTS = ("inline-objects", Repeat(2, ("unwrap", "const-fold#objects", "scalar-replace")))

_CLEAN = Repeat(3, ("const-fold", "rewrite", "simplify-cfg", "dce"))
_CLEAN_LATE = ("const-fold#late", "rewrite#late", "gvn#late", "simplify-cfg#late", "dce#late")

#: What one turn knows of the next, in loops that take several turns at once.
_CLEAN_UNROLLED = ("simplify-cfg#unrolled", "rewrite#unrolled", "fold-offsets", "gvn#unrolled", "dce#unrolled")

# Functions that were inlined wherever they were called are dropped at once: the passes after that have less to do.

#: Binaryen makes good use of locals and of WebAssembly's structured control flow; values are our own passes' work.
_WASM = (
    "binaryen-simplify-locals",
    "binaryen-merge-blocks",
    "binaryen-remove-unused-names",
    "binaryen-coalesce-locals",
    "binaryen-simplify-locals#2",
    "binaryen-optimize-instructions",
    "binaryen-vacuum",
    "binaryen-reorder-locals",
    "binaryen-remove-unused-module-elements",
)

#: 32-bit arithmetic, once masks are where they stay; what was computed in 64 bits is dead then.
_NARROW = ("narrow", "dce#narrow")

_LOOPS = (
    "loop-rotate",
    "licm",
    "simplify-cfg#rotated",
    "index-signs",
    "unsigned",
    "index-range",
    "const-fold#checks",
    "simplify-cfg#checks",
    "dce#checks",
    Repeat(3, ("licm#guards", "hoist-guards")),
    "load-forwarding",
)

#: Lengths that became equal values let more checks be decided: a second round that O3 pays for.
_LENGTHS = ("gvn#lengths", "simplify-cfg#lengths", "index-signs#lengths", "index-range#lengths")

PRESETS: dict[str, Preset] = {
    "O0": {"mem": ("dead-functions",)},
    "O1": {
        "typed": ("inline-objects", "unwrap", "scalar-replace"),
        "mem": ("inline", "dead-functions", _CLEAN, "gvn", "dce#last", "dead-functions#last"),
        "wasm": _WASM,
    },
    "O2": {
        "typed": (*_OBJECTS, *_TYPED, "fuse-loops"),
        "mem": (
            "inline",
            "dead-functions",
            _CLEAN,
            "match-table",
            "tail-recursion",
            "accumulate",
            "gvn",
            *_LOOPS,
            *_CLEAN_LATE,
            "divisibility",
            *_NARROW,
            "strength-reduce",
            "dead-functions#last",
        ),
        "wasm": _WASM,
    },
    "O3": {
        "typed": (*_OBJECTS, *_TYPED, "fuse-loops"),
        "mem": (
            "inline",
            "dead-functions",
            _CLEAN,
            "match-table",
            "pure-calls",
            "tail-recursion",
            "accumulate",
            "inline-recursion",
            "gvn",
            *_LOOPS,
            *_LENGTHS,
            Repeat(2, _CLEAN_LATE),
            "unroll-linear",
            "divisibility",
            *_NARROW,
            "unroll",
            *_CLEAN_UNROLLED,
            "strength-reduce",
            "dead-functions#last",
        ),
        "wasm": _WASM,
    },
    "Os": {
        "typed": (*_OBJECTS, *_TYPED),
        "mem": (
            "inline",
            "dead-functions",
            _CLEAN,
            "tail-recursion",
            "accumulate",
            "gvn",
            "licm",
            *_CLEAN_LATE,
            "strength-reduce",
            "dead-functions#last",
        ),
        "wasm": (
            *_WASM,
            "binaryen-remove-unused-brs",
            "binaryen-code-folding",
            "binaryen-duplicate-function-elimination",
            "binaryen-reorder-functions",
        ),
    },
}
