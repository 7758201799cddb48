"""Loop instead of recursion where the result of the last self call only goes into a sum (product, and, or, xor).

    func @fib(%n)                                func @fib(%n)
    ^entry:                                      ^entry:
      ...                                          br ^loop(%n, 0)
      ret %n                                     ^loop(%n.1, %acc):
    ^more:                                         ...
      %x = call @fib %a                            %r = i64.add %acc, %n.1;  ret %r
      %y = call @fib %b                  =>      ^more:
      %s = i64.add %x, %y                          %x = call @fib %a
      ret %s                                       %sum = i64.add %acc, %x
                                                   br ^loop(%b, %sum)

The op must be associative and commutative to the bit, so floats are left alone. What stands between the call and the
return now comes before what the call did, so it must do nothing but compute. One op is chosen per function; returns
that do not fit become `ret (acc op value)`, and calls in them stay calls.
A function that can only go on calling itself is left alone: its end is a stack overflow, not a loop without end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from ..ir.build import Builder
from ..ir.core import Block, Function, Op, Target, Value
from ..ir.ops import Effects
from ..pipeline.spec import PassContext, PassSpec
from .analysis.effects import Summaries, effects, op_effects, summary_of
from .analysis.uses import Uses, uses
from .edit import branch, remove_unreachable
from .self_calls import calls_itself, make_loop, may_return_without_calling_itself, returned_values

#: The ops that may be accumulated, each with its identity element.
IDENTITIES: dict[str, int | bool] = {
    **{f"{ty}.{name}": unit for ty in ("i32", "i64") for name, unit in (("add", 0), ("or", 0), ("xor", 0))},
    **{f"{ty}.{name}": unit for ty in ("i32", "i64") for name, unit in (("mul", 1), ("and", -1))},
    "bool.and": True,
    "bool.or": False,
    "bool.xor": False,
}


@dataclass(frozen=True, slots=True)
class _Site:
    """A place where the function returns `call` combined with `others` by `chain`, the ops from the root inwards."""

    call: Op
    chain: tuple[Op, ...] = ()
    others: tuple[Value, ...] = ()

    @property
    def op_name(self) -> str | None:
        """None for a call that is returned as it is, which fits every op."""
        return self.chain[0].row.name if self.chain else None


def run(fn: Function, ctx: PassContext) -> bool:
    """Turn the last self calls of `fn` into a loop with an accumulator; True if there were any that allow it."""
    if len(fn.results) != 1 or not any(map(calls_itself, fn.ops())):
        return False
    finder = _Finder(ctx.analyses.get(uses, fn), ctx.analyses.get(effects, fn.module))
    sites = [site for block in fn.blocks if (site := finder.site(block)) is not None]
    names = Counter(site.op_name for site in sites if site.chain)
    if not names or not may_return_without_calling_itself(fn):
        return False
    chosen = max(names, key=lambda name: names[name])
    assert chosen is not None
    sites = [site for site in sites if site.op_name in (chosen, None)]
    _introduce_accumulator(fn, chosen, sites)
    for site in sites:
        ctx.remark("accumulated", site.call.loc, f"the call of {fn.source_name} is a loop that accumulates {chosen}")
    return True


class _Finder:
    """Finds the self calls that can become the next turn of the loop."""

    def __init__(self, uses_: Uses, summaries: Summaries) -> None:
        self._uses = uses_
        self._summaries = summaries

    def site(self, block: Block) -> _Site | None:
        """The site of `block`, None if it does not return such a call, or something forbids it."""
        returned = returned_values(block)
        if not returned:
            return None
        sites = [s for s in self._paths(returned[0], block, (), ()) if self._may_come_last(s, block)]
        return max(sites, key=lambda site: block.ops.index(site.call), default=None)

    def _paths(self, value: Value, block: Block, chain: tuple[Op, ...], others: tuple[Value, ...]) -> Iterator[_Site]:
        """All self calls under `value`, each with the ops of one kind that lead to it."""
        op = value.op
        if op is None or op.block is not block or self._uses.count(value) != 1:
            return
        if calls_itself(op):
            yield _Site(op, chain, others)
        elif op.row.name in IDENTITIES and (not chain or op.row is chain[0].row):
            for index in (0, 1):
                rest = (*others, op.operands[1 - index])
                yield from self._paths(op.operands[index], block, (*chain, op), rest)

    def _may_come_last(self, site: _Site, block: Block) -> bool:
        """True if all that comes between the call and the end of the block may as well come before the call."""
        following = block.ops[block.ops.index(site.call) + 1 : -1]
        return all(op in site.chain or self._only_computes(op) for op in following)

    def _only_computes(self, op: Op) -> bool:
        flags = op_effects(op, self._summaries)
        return flags is Effects.NONE and not summary_of(op, self._summaries).may_diverge


def _introduce_accumulator(fn: Function, op_name: str, sites: list[_Site]) -> None:
    header, edge = make_loop(fn)
    type_ = fn.results[0]
    accumulator = header.add_param(type_, "acc")
    edge.args.append(Builder(fn.entry, 0).const(type_, IDENTITIES[op_name]))
    for site in sites:
        _jump_back(site, header, op_name, accumulator)
    remove_unreachable(fn)
    for block in fn.blocks:
        _combine_at_return(block, op_name, accumulator)


def _jump_back(site: _Site, header: Block, op_name: str, accumulator: Value) -> None:
    block, call = site.call.block, site.call
    gone = {call, *site.chain}
    block.ops = [op for op in block.ops[:-1] if op not in gone]
    build = Builder(block, loc=call.loc)
    total = accumulator
    for op, other in zip(site.chain, site.others, strict=True):
        build.loc = op.loc
        total = build.op(op_name, total, other)
    block.append(branch(Target(header, [*call.operands, total]), call.loc))


def _combine_at_return(block: Block, op_name: str, accumulator: Value) -> None:
    ret = block.terminator
    if ret.row.name == "ret":
        build = Builder(block, len(block.ops) - 1, ret.loc)
        ret.operands = [build.op(op_name, accumulator, ret.operands[0])]


SPEC = PassSpec(
    "accumulate",
    "mem",
    run,
    "Turn a recursive call whose result is added (multiplied, ...) to the returned value into a loop.",
    also=("typed",),
)
