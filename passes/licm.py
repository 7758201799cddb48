"""Move what a loop computes again and again in front of it.

    ^h(%i): %n = mem.load_i32 %a; %m = i64.mul %x, %y; ...; br ^h        =>        %n, %m before the loop

Pure ops always move. A load moves if nothing in the loop may write its class of memory and either it is executed whenever
the loop is entered, or it reads a field of an object, whose address is good wherever it is known. What may trap, and
calls, move only if each entry of the loop executes them before anything else can be noticed. Loops are visited from
the inside out, so an op can leave several. Rotated loops (`loop-rotate`) let more of this happen.
"""

from __future__ import annotations

from ..ir.core import Block, Function, Op, Target, Value
from ..ir.ops import Effects
from ..pipeline.spec import Order, PassContext, PassSpec
from .analysis.dominators import DominatorTree, dominators
from .analysis.effects import Summaries, clobbers, effects, op_effects, reads_of, summary_of, writes_of
from .analysis.loops import Loop, loops
from .analysis.words import words_of
from .edit import branch

_NEVER = Effects.WRITES | Effects.IO | Effects.ALLOCS
_NOTICEABLE = Effects.WRITES | Effects.IO | Effects.TRAPS

#: Classes of fields of objects: their addresses are references, good wherever they are known. Elements are not:
#: their addresses are computed from an index that the loop may have to check first. Nor are captures: which ones a closure
#: has depends on its tag.
_FIELDS = ("header", "array.", "string.", "closure.tag")


def run(fn: Function, ctx: PassContext) -> bool:
    """Hoist loop-invariant ops of `fn`; True if there were any."""
    nest = ctx.analyses.get(loops, fn)
    if not nest.loops:
        if nest.is_too_deep:
            ctx.remark("not-hoisted", fn.loc, f"{fn.source_name} is too large: its loops are nested too deeply")
        return False
    mover = _Mover(fn, ctx, ctx.analyses.get(effects, fn.module), ctx.analyses.get(dominators, fn))
    changed = False
    for loop in nest:  # inner loops come first
        changed |= mover.hoist(loop)
    return changed


class _Mover:
    """Hoists loop by loop. `_stands_for` maps preheaders made here to the header whose place they take among dominators."""

    def __init__(self, fn: Function, ctx: PassContext, summaries: Summaries, tree: DominatorTree) -> None:
        self._fn = fn
        self._ctx = ctx
        self._summaries = summaries
        self._tree = tree
        self._stands_for: dict[Block, Block] = {}
        self._written: dict[Loop, frozenset[str]] = {}

    def hoist(self, loop: Loop) -> bool:
        chosen = self._choose(loop)
        if not chosen:
            return False
        preheader = self._preheader(loop)
        for block in {op.block: None for op in chosen}:
            block.ops = [op for op in block.ops if op not in chosen]
        for op in chosen:
            preheader.insert(len(preheader.ops) - 1, op)
            if op.row.effects & (Effects.READS | Effects.CALLS):
                self._ctx.remark("hoisted", op.loc, f"{words_of(op)} out of the loop")
        return True

    def _choose(self, loop: Loop) -> dict[Op, None]:
        """What can be moved, in an order that has operands first."""
        written = self._written[loop] = self._writes(loop)
        inner = {block for child in loop.children for block in child.blocks}
        ends = [*loop.latches, *(block for block, _ in loop.exits)]
        chosen: dict[Op, None] = {}
        is_first = True  # nothing noticeable has happened since the loop was entered
        for block in loop.blocks:
            if block in inner:
                is_first = False  # an inner loop may not come back
                continue
            is_certain = all(self._tree.dominates(self._stands_for.get(block, block), end) for end in ends)
            if block.cold and not is_certain:
                continue
            for op in block.ops:
                if self._is_invariant(op, loop, chosen) and self._may_move(op, written, is_certain, is_first):
                    for value in op.operands:
                        if value.op is not None and value.block in loop:
                            chosen[value.op] = None  # a constant goes along
                    chosen[op] = None
                elif is_first and self._is_noticeable(op):
                    is_first = False
        return chosen

    def _writes(self, loop: Loop) -> frozenset[str]:
        inner = {block for child in loop.children for block in child.blocks}
        own = (writes_of(op, self._summaries) for block in loop.blocks if block not in inner for op in block.ops)
        return frozenset().union(*own, *(self._written[child] for child in loop.children))

    def _is_invariant(self, op: Op, loop: Loop, chosen: dict[Op, None]) -> bool:
        if op.row.terminator or not op.results or _is_free(op):
            return False
        return all(self._is_outside(value, loop, chosen) for value in op.operands)

    def _is_outside(self, value: Value, loop: Loop, chosen: dict[Op, None]) -> bool:
        op = value.op
        return value.block not in loop or (op is not None and (op in chosen or _is_free(op)))

    def _may_move(self, op: Op, written: frozenset[str], is_certain: bool, is_first: bool) -> bool:
        flags = op_effects(op, self._summaries)
        if flags & _NEVER or clobbers(written, reads_of(op, self._summaries)):
            return False
        if Effects.CALLS in op.row.effects:
            harmless = Effects.TRAPS not in flags and not summary_of(op, self._summaries).may_diverge
            return is_certain and (is_first or harmless)
        if Effects.TRAPS in flags:
            return is_certain and is_first
        return Effects.READS not in flags or is_certain or _is_field(op)

    def _is_noticeable(self, op: Op) -> bool:
        return bool(op_effects(op, self._summaries) & _NOTICEABLE) or summary_of(op, self._summaries).may_diverge

    def _preheader(self, loop: Loop) -> Block:
        """The block that leads to nothing but the loop's header; it is made if there is none."""
        header = loop.header
        edges = self._tree.cfg.edges_into[header]
        entries = [(b, x) for b, x in edges if b not in loop and x.block is header and self._tree.cfg.is_reachable(b)]
        if len(entries) == 1 and len(entries[0][0].terminator.targets) == 1:
            return entries[0][0]
        block = Block(self._fn)
        block.cold = header.cold
        params = [block.add_param(p.type, p.name) for p in header.params]
        block.append(branch(Target(header, list(params)), header.ops[0].loc))
        for _, target in entries:
            target.block = block
        blocks = self._fn.blocks
        blocks.insert(blocks.index(header), block)
        self._stands_for[block] = header
        around = loop.parent
        while around is not None:
            around.add(block)
            around.blocks.insert(around.blocks.index(header), around.blocks.pop())
            around = around.parent
        return block


def _is_free(op: Op) -> bool:
    """True for constants: code generation repeats them where they are used."""
    return not op.operands and not op.row.cost and not op.row.effects


def _is_field(op: Op) -> bool:
    return op.row.name == "global.get" or bool(op.attrs.get("alias", "").startswith(_FIELDS))


SPEC = PassSpec(
    "licm",
    "mem",
    run,
    "Hoist loop-invariant ops and loads out of loops.",
    preserves=frozenset({"effects"}),
    after=(Order("loop-rotate", "a rotated loop has a place that runs only if the loop does"),),
    also=("typed",),
)
