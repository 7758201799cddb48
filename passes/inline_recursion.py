"""Replace the calls that a function makes of itself by its own body, a fixed number of levels deep.

    func @fib(%n)                                func @fib(%n)
    ^entry: br ^loop(%n, 0)                      ^entry: br ^loop(%n, 0)
    ^loop(%n.1, %acc):                           ^loop(%n.1, %acc):
      ...                                          ...
      %x = call @fib %a                 =>         br ^loop.1(%a, 0)              ; the body once more, as an inner loop
      %sum = i64.add %acc, %x                    ^loop.1(%n.2, %acc.1):
      br ^loop(%b, %sum)                           ... call @fib %a.1 ...
                                                 ^rest(%x):
                                                   %sum = i64.add %acc, %x ...

What is copied is the function as it was before, so that `levels` is exact: after two levels each remaining call stands
three calls deep in the original. Fewer levels are done when the function would grow beyond `limit`.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..ir.clone import clone_function
from ..ir.core import Function, Op
from ..pipeline.spec import Order, PassContext, PassSpec, option
from .edit import remove_unreachable
from .inline import weight
from .self_calls import self_calls
from .splice import splice_call

#: The attribute of functions whose recursive calls have been inlined, so that no pass does it again.
UNFOLDED = "unfolded"


@dataclass(frozen=True, slots=True)
class Options:
    levels: int = option(4, "How many levels of recursive calls are replaced by the body, at most.")
    limit: int = option(150, "Weight that the function may reach; fewer levels are inlined to stay below.")


def run(fn: Function, ctx: PassContext) -> bool:
    """Inline the hot self calls of `fn`; True if there were any and the function stays small enough."""
    calls = _hot_self_calls(fn)
    if not calls or UNFOLDED in fn.attrs or fn.attrs.get("inline") == "never":
        return False
    levels = _affordable_levels(weight(fn), len(calls), ctx.options)
    if levels == 0:
        text = f"recursive calls of {fn.source_name}: even one level would make it larger than {ctx.options.limit}"
        ctx.remark("not-inlined", fn.loc, text)
        return False
    snapshot, _ = clone_function(fn)
    for _level in range(levels):
        for call in _hot_self_calls(fn):
            splice_call(call, snapshot.blocks)
    fn.attrs[UNFOLDED] = True
    remove_unreachable(fn)
    ctx.remark("inlined", fn.loc, f"recursive calls of {fn.source_name}, {levels} levels deep")
    return True


def _hot_self_calls(fn: Function) -> list[Op]:
    return [call for call in self_calls(fn) if not call.block.cold]


def _affordable_levels(size: int, calls: int, options: Options) -> int:
    """The largest number of levels, each with `calls` times as many copies as the one before, within the limit."""
    total, copies = size, 1
    for level in range(options.levels):
        copies *= calls
        total += copies * size
        if total > options.limit:
            return level
    return options.levels


SPEC = PassSpec(
    "inline-recursion",
    "mem",
    run,
    "Replace calls that a function makes of itself by its body, a few levels deep.",
    options=Options,
    after=(
        Order("tail-recursion", "a tail call is better a jump than a copy"),
        Order("accumulate", "a loop around one call grows by the level, two calls double with each"),
    ),
    also=("typed",),
)
