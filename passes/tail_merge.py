"""Blocks that end alike share their end.

    ^a: A;  %x = i64.mul %p, %q;  global.set @g %x;  br ^end            ^a: A;  br ^tail(%p)
    ^b: B;  %y = i64.mul %r, %q;  global.set @g %y;  br ^end     =>     ^b: B;  br ^tail(%r)
                                                                        ^tail(%v): %x = i64.mul %v, %q; ..;  br ^end

What differs between the ends becomes a parameter of the common block. A jump and the moves for its parameters are paid
with what is saved, so an end must weigh enough. Ops that may trap, panics and calls are alike only if they stand for the
same place of the source. Hot blocks pay for the jump in time: they are merged only if the option says so.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

from ..ir.core import Block, Function, Op, Target, Value
from ..ir.ops import Effects
from ..ir.ops.numeric import bits_of_f64
from ..pipeline.spec import Order, PassContext, PassSpec, option
from .analysis.uses import Uses, uses
from .const_fold import constant_of, is_same, make_const
from .edit import branch

_VISIBLE = Effects.TRAPS | Effects.CALLS | Effects.IO
#: Longer ends are not looked for: it keeps the pass linear.
_LONGEST = 64
#: So many blocks are compared with each other.
_MOST = 32


@dataclass(frozen=True, slots=True)
class Options:
    """See the fields."""

    least: int = option(4, "How many ops an end must have, those left out that make its parameters.")
    params: int = option(3, "How many values of an end may differ.")
    hot: bool = option(False, "Merge ends of blocks that are not cold, too.")


@dataclass(slots=True)
class _End:
    """The last `length` ops of a block, compared with those of another one."""

    length: int
    #: What comes from outside of the ends: value of the one -> value of the other.
    outside: dict[Value, Value]

    @property
    def differing(self) -> dict[Value, Value]:
        return {v: w for v, w in self.outside.items() if not _is_same_value(v, w)}


def run(fn: Function, ctx: PassContext) -> bool:
    """Merge ends of blocks of `fn`; True if there were any alike."""
    options: Options = ctx.options
    changed = False
    groups = list(_groups(fn, options))
    if not groups:
        return False
    known = uses(fn)
    for group in groups:
        while len(group) > 1:
            first, *rest = group
            end, other = max(((_common(first, b, known), b) for b in rest), key=lambda found: found[0].length)
            if not _pays(end, options):
                group = rest
                continue
            merged = _merge(first, other, end, known)
            ctx.remark("folded", merged.terminator.loc, "code that ends like other code")
            changed = True
            group = [merged, *(block for block in rest if block is not other)]
    return changed


def _groups(fn: Function, options: Options) -> Iterator[list[Block]]:
    """Blocks whose last ops may be alike."""
    found: dict[Hashable, list[Block]] = {}
    for block in fn.blocks:
        if (options.hot or block.cold) and len(block.ops) > options.least:
            last = block.terminator
            ops = tuple(map(_same_op, block.ops[-1 - options.least :]))
            found.setdefault((ops, tuple(target.block for target in last.targets), block.cold), []).append(block)
    for group in found.values():
        yield from (group[at : at + _MOST] for at in range(0, len(group) - 1, _MOST))


def _same_op(op: Op) -> Hashable:
    """What two ops must have in common, their operands aside."""
    attrs = tuple((k, bits_of_f64(v) if isinstance(v, float) else repr(v)) for k, v in sorted(op.attrs.items()))
    place = op.loc if op.row.effects & _VISIBLE else None
    return op.row.name, attrs, tuple(v.type for v in op.results), place


# Finding.


def _common(a: Block, b: Block, known: Uses) -> _End:
    """The longest common end."""
    length = 0
    limit = min(len(a.ops), len(b.ops), _LONGEST)
    while length < limit and _same_op(a.ops[-1 - length]) == _same_op(b.ops[-1 - length]):
        length += 1
    while length:
        outside = _match(a.ops[-length:], b.ops[-length:], known)
        if outside is not None:
            return _End(length, outside)
        length -= 1
    return _End(0, {})


def _match(mine: Sequence[Op], theirs: Sequence[Op], known: Uses) -> dict[Value, Value] | None:
    """How the values of two ends correspond; None if they do not, or if somebody else uses what the ends compute."""
    inside = {v: w for x, y in zip(mine, theirs, strict=True) for v, w in zip(x.results, y.results, strict=True)}
    within = {*inside.values()}
    ops = {*mine, *theirs}
    if any(use.op not in ops for value in (*inside, *within) for use in known.of(value)):
        return None
    outside: dict[Value, Value] = {}
    for x, y in zip(mine, theirs, strict=True):
        for v, w in zip(x.used_values(), y.used_values(), strict=True):
            if v in inside or w in within:
                if inside.get(v) is not w:
                    return None
            elif v.type is not w.type or outside.setdefault(v, w) is not w:
                return None
    return outside


def _pays(end: _End, options: Options) -> bool:
    differing = len(end.differing)
    return differing <= options.params and end.length - 1 - differing >= options.least


def _is_same_value(v: Value, w: Value) -> bool:
    if v is w:
        return True
    x, y = constant_of(v), constant_of(w)
    return x is not None and y is not None and is_same(x, y)


# Merging.


def _merge(a: Block, b: Block, end: _End, known: Uses) -> Block:
    """The block with the common end, to which both lead then; it is `a` if nothing else is in `a`."""
    differing = end.differing
    is_all = end.length == len(a.ops) and {*a.params} == {*differing} and a is not a.function.entry
    is_all = is_all and all(v is w or v in differing for v, w in end.outside.items())
    tail = a if is_all else _split(a, end, differing, known)
    args = [differing[param] for param in tail.params] if is_all else list(differing.values())
    place = b.terminator.loc
    for op in b.ops[-end.length :]:
        known.remove(op)
    del b.ops[-end.length :]
    known.add(b.append(branch(Target(tail, args), place)))
    return tail


def _split(a: Block, end: _End, differing: dict[Value, Value], known: Uses) -> Block:
    """Move the end of `a` to a new block, whose parameters are what differs, and let `a` lead to it."""
    fn = a.function
    tail = Block(fn)
    tail.cold = a.cold
    moved = a.ops[-end.length :]
    del a.ops[-end.length :]
    instead = {v: tail.add_param(v.type, v.name) for v in differing}
    for v, w in end.outside.items():
        if v is not w and v not in instead:  # equal constants, of which only one may be defined where the tail is
            instead[v] = tail.append(make_const(v.type, constant_of(v), moved[0].loc)).result
    for op in moved:
        known.remove(op)
        op.replace_uses(instead)
        known.add(tail.append(op))
    known.add(a.append(branch(Target(tail, list(differing)), moved[-1].loc)))
    fn.blocks.insert(fn.blocks.index(a) + 1, tail)
    return tail


SPEC = PassSpec(
    "tail-merge",
    "mem",
    run,
    "Let blocks that end alike share their end.",
    options=Options,
    after=(Order("simplify-cfg", "it copies short blocks to where they are jumped to"),),
)
