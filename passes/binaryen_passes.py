"""Binaryen's own passes, each as a pass of stage `wasm`: what is cheaper to do on WebAssembly than on our IR.

    (local.set $b (i64.add ..)) (local.set $a (local.get $b))        =>        (local.set $a (i64.add ..))

Binaryen inlines too, but that is not offered: inlining belongs to our own pass, which knows what a call costs and never
moves a loop into a function that calls something (its values would be spilled inside the loop).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..pipeline.spec import PassContext, PassSpec, option

if TYPE_CHECKING:
    from ..codegen.binaryen import BinaryenModule

PREFIX = "binaryen-"

#: Binaryen's name of the pass -> what it does. Binaryen ends the process at a name it does not know.
PASSES: dict[str, str] = {
    "avoid-reinterprets": "Load with the type that is wanted instead of converting bits.",
    "coalesce-locals": "Let locals that are never alive at once share one local.",
    "code-folding": "Merge equal code at the ends of branches.",
    "code-pushing": "Push code forward past branches that do not need it.",
    "const-hoisting": "Keep constants that are long and often used in locals.",
    "dae": "Remove parameters that no call gives a value of interest, and results that nobody uses.",
    "dce": "Remove code that control never comes to.",
    "duplicate-function-elimination": "Merge functions with equal code.",
    "duplicate-import-elimination": "Merge imports of the same function.",
    "licm": "Move code that does not depend on the loop out of it.",
    "local-cse": "Compute equal expressions once within a basic block.",
    "memory-packing": "Split static data where it is zero.",
    "merge-blocks": "Merge blocks into the blocks around them.",
    "merge-locals": "Use the same local on both sides of a copy.",
    "merge-similar-functions": "Merge functions that differ in constants, which become parameters.",
    "once-reduction": "Remove calls of functions that only do something once.",
    "optimize-instructions": "Replace instructions by cheaper ones with the same meaning.",
    "pick-load-signs": "Choose loads that extend the sign where that saves an instruction.",
    "precompute": "Compute expressions of constants.",
    "precompute-propagate": "Compute expressions of constants, also through locals.",
    "remove-unused-brs": "Remove branches to where control goes anyway, and make conditional ones of ifs.",
    "remove-unused-module-elements": "Remove functions, imports, globals and memory that nothing uses.",
    "remove-unused-names": "Remove labels that no branch uses.",
    "reorder-functions": "Give functions that are called often the short numbers.",
    "reorder-locals": "Give locals that are used often the short numbers.",
    "rse": "Remove writes of a local that has the value already.",
    "simplify-globals": "Replace globals that never change by their values.",
    "simplify-locals": "Move writes of locals into the expressions that read them, also through ifs and blocks.",
    "simplify-locals-notee": "Move writes of locals into the expressions that read them, without `local.tee`.",
    "simplify-locals-nostructure": "Move writes of locals into the expressions that read them.",
    "ssa-nomerge": "Give every write of a local its own local where no two writes meet.",
    "untee": "Make a write and a read of every `local.tee`.",
    "vacuum": "Remove expressions without effect.",
}


#: Not for a module with the VM, which has to be its first function to be fast.
_REORDERING = frozenset({"reorder-functions"})


@dataclass(frozen=True, slots=True)
class Levels:
    """How hard Binaryen tries."""

    optimize: int = option(2, "Binaryen's optimize level, 0 to 4.")
    shrink: int = option(0, "Binaryen's shrink level, 0 to 2.")


def _spec(name: str, summary: str) -> PassSpec:
    def run(module: BinaryenModule, ctx: PassContext) -> bool:
        if name in _REORDERING and module.keeps_order:
            return False
        module.run_passes([name], ctx.options.optimize, ctx.options.shrink)
        return True  # Binaryen does not tell whether it changed anything

    return PassSpec(PREFIX + name, "wasm", run, summary, scope="module", options=Levels)


SPECS = [_spec(name, summary) for name, summary in PASSES.items()]
