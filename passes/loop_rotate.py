"""Test loops at their end: a loop that begins with its condition gets a copy of it in front, as a guard.

    ^pre: br ^h(%x)                                   ^pre: cond_br c(%x), ^body, ^out
    ^h(%i): cond_br c(%i), ^body, ^out        =>      ^body: ...; br ^h(%j)
    ^body: ...; br ^h(%j)                             ^h(%i): cond_br c(%i), ^body, ^out

What was the header becomes the last block of the loop. One branch a turn is saved, and the body now runs whenever the loop
is entered, so that loads in it can be hoisted.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..ir.clone import clone_blocks
from ..ir.core import Block, Function, Value
from ..ir.ops import Effects
from ..pipeline.spec import PassContext, PassSpec, option
from .analysis.loops import Loop, loops
from .ssa_repair import repair


@dataclass(frozen=True, slots=True)
class Options:
    """Options of `loop-rotate`."""

    limit: int = option(16, "the greatest cost of a header that is copied")


def run(fn: Function, ctx: PassContext) -> bool:
    """Rotate the loops of `fn` that begin with their test; True if there were any."""
    definitions: dict[Value, dict[Block, Value]] = {}
    entries = [(loop, loop.entries) for loop in ctx.analyses.get(loops, fn) if _is_worth_it(loop, ctx.options)]
    # Inner loops come first: the header of an outer one, if it leads straight into an inner one, is then copied with
    # the edge to the inner guard.
    for loop, sources in entries:
        _copy_header(fn, loop.header, sources, definitions)
    repair(fn, definitions)
    return bool(entries)


def _is_worth_it(loop: Loop, options: Options) -> bool:
    header = loop.header
    ends = [target.block for target in header.terminator.targets]
    if len(ends) != 2 or (ends[0] in loop) == (ends[1] in loop) or header in ends:
        return False
    if any(succ not in loop for latch in loop.latches for succ in latch.successors):
        return False  # it is tested at its end already
    body = header.ops[:-1]
    if any(op.row.effects & (Effects.CALLS | Effects.ALLOCS | Effects.IO) for op in body):
        return False
    return sum(op.row.cost for op in body) <= options.limit


def _copy_header(
    fn: Function, header: Block, sources: list[Block], definitions: dict[Value, dict[Block, Value]]
) -> None:
    """Let the edges from `sources` to the header lead to a copy of it."""
    copy = clone_blocks([header], fn)
    guard = copy.blocks[header]
    fn.blocks.pop()
    fn.blocks.insert(fn.blocks.index(header), guard)
    for source in sources:
        for target in source.terminator.targets:
            if target.block is header:
                target.block = guard
    for value in [*header.params, *(result for op in header.ops for result in op.results)]:
        definitions[value] = {header: value, guard: copy.values[value]}


SPEC = PassSpec(
    "loop-rotate",
    "mem",
    run,
    "Turn loops that begin with their test into guarded loops that end with it.",
    options=Options,
    preserves=frozenset({"effects"}),
    also=("typed",),
)
