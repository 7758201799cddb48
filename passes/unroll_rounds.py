"""Take several turns at once of a loop whose number of turns is known, without asking in between, and without checks.

    br ^body(0, %a, %b)                                     cond_br (63 <u %len), ^first(0, %a, %b), ^body(0, %a, %b)
    ^body(%i, %x, %y): cond_br (%i <u %len), ^ok, ^bad      ^first(%i, %x, %y): A(%i, %x, %y)
    ^ok: A(%i, %x, %y); %j = %i + 1                  =>       ...; A(%i + 7, ...); %j = %i + 8
      cond_br (%j < 64), ^body(%j, %z, %x), ^end              cond_br (%j < 64), ^first(%j, ...), ^end

For loops from a constant to a constant, such as the rounds of a checksum: as many turns as divide their number, so no turns are
left over. Variables that hand their values on to each other (%y gets %x) need no moves then. Whether the checks of all turns
come out well is asked in front; if not, the loop is taken as it was, and panics at its moment.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from ..ir import types as t
from ..ir.build import Builder
from ..ir.clone import clone_blocks
from ..ir.core import Block, Function, Target, Value
from ..ir.ops import Effects
from ..pipeline.spec import Order, PassContext, PassSpec, option
from .analysis.loops import Loop, loops
from .const_fold import constant_of
from .edit import branch, remove_unreachable, replace_terminator
from .inline import weight_of_block
from .ssa_repair import repair_copies

#: What is added to indexes is below, so that nothing here wraps around.
_SMALL = 1 << 32
_MAX_STEP = 8
#: How many turns may be taken at once, the best number first.
_TURNS = (8, 6, 5, 4, 3, 2)


@dataclass(frozen=True, slots=True)
class Options:
    """See the fields."""

    weight: int = option(100, "Heavier loops stay as they are.")
    light: int = option(24, "Loops up to this weight are taken several turns at once though no check or move is saved.")
    budget: int = option(800, "Weight that all copies together may add to one function.")
    moves: int = option(3, "So many variables have to hand their values on to each other for the moves to count.")


@dataclass(frozen=True, slots=True)
class _Index:
    """`base` + `scale` * counter + `offset`; without a base 0 stands for it."""

    base: Value | None
    scale: int
    offset: int


@dataclass(slots=True)
class _Rounds:
    """A loop whose header's parameter `counter` starts at `start` and takes `turns` steps of `step`."""

    loop: Loop
    counter: int
    start: int
    step: int
    turns: int

    @property
    def last(self) -> int:
        """The counter in the last turn."""
        return self.start + (self.turns - 1) * self.step


#: A block of the loop that ends in a check, the index and the length.
_Check = tuple[Block, _Index, Value]


def run(fn: Function, ctx: PassContext) -> bool:
    """Take several turns at once in the loops of `fn` whose turns are known; True if there was one."""
    options = ctx.options or Options()
    grown, changed = 0, False
    for loop in list(ctx.analyses.get(loops, fn)):
        rounds = _recognize(loop)
        weight = sum(map(weight_of_block, loop.blocks)) if rounds is not None else 0
        if rounds is None or weight > options.weight:
            continue
        checks = _checks(rounds)
        if not checks and weight > options.light and _moves(loop) < options.moves:
            continue
        turns = next((n for n in _TURNS if rounds.turns % n == 0 and grown + n * weight <= options.budget), None)
        if turns is None:
            continue
        grown += turns * weight
        _unroll(fn, rounds, checks, turns)
        loc = loop.header.ops[0].loc
        ctx.remark("unrolled", loc, f"{turns} turns at once, of {rounds.turns}")
        for block, _, _ in checks:
            ctx.remark("unchecked", block.terminator.loc, "the index is in range in all turns if it is in the last one")
        changed = True
    if changed:
        remove_unreachable(fn)
    return changed


# --- recognizing ------------------------------------------------------------------------------------------------------


def _recognize(loop: Loop) -> _Rounds | None:
    if loop.children or len(loop.latches) != 1 or loop.header.cold:
        return None
    if any(Effects.CALLS in op.row.effects for block in loop.blocks for op in block.ops):
        return None
    end = loop.latches[0].terminator
    if end.row.name != "cond_br" or end.targets[0].block is not loop.header or end.targets[1].block in loop:
        return None
    test = end.operands[0].op
    if test is None or test.row.name != "i64.lt_s":
        return None
    stepped, bound = test.operands[0].op, constant_of(test.operands[1])
    if stepped is None or stepped.row.name != "i64.add" or bound is None:
        return None
    base, step = stepped.operands[0], constant_of(stepped.operands[1])
    if base not in loop.header.params or step is None or not 0 < step <= _MAX_STEP:
        return None
    counter = loop.header.params.index(base)
    start = _start(loop, counter)
    if start is None or end.targets[0].args[counter] is not stepped.result or not start < bound < start + _SMALL:
        return None
    return _Rounds(loop, counter, start, step, -((start - bound) // step))


def _start(loop: Loop, counter: int) -> int | None:
    """The constant with which the loop is entered."""
    targets = [x for block in loop.entries for x in block.terminator.targets if x.block is loop.header]
    starts = {constant_of(target.args[counter]) for target in targets}
    start: int | None = starts.pop() if len(starts) == 1 else None
    return start if start is not None and abs(start) < _SMALL else None


def _moves(loop: Loop) -> int:
    """How many variables get the value of another one at the end of a turn."""
    header = loop.header
    (back,) = (target for target in loop.latches[0].terminator.targets if target.block is header)
    return sum(arg in header.params and arg is not param for param, arg in zip(header.params, back.args, strict=True))


def _checks(rounds: _Rounds) -> list[_Check]:
    found = (_check(block, rounds) for block in rounds.loop.blocks if not block.cold)
    return [check for check in found if check is not None]


def _check(block: Block, rounds: _Rounds) -> _Check | None:
    """What `block` checks in the end, if it is one question whether all turns pass it."""
    loop, end = rounds.loop, block.terminator
    test = end.operands[0].op if end.row.name == "cond_br" else None
    if test is None or test.row.name != "i64.lt_u" or end.targets[0].block not in loop or not end.targets[1].block.cold:
        return None
    index, length = _index(test.operands[0], rounds), test.operands[1]
    if index is None or not _is_length(length, loop):
        return None
    least, most = (index.scale * counter + index.offset for counter in (rounds.start, rounds.last))
    return (block, index, length) if 0 <= least <= most < _SMALL else None


def _index(value: Value, rounds: _Rounds) -> _Index | None:
    """`value` in terms of the counter, modulo 2^64."""
    if value is rounds.loop.header.params[rounds.counter]:
        return _Index(None, 1, 0)
    constant = constant_of(value)
    if constant is not None:
        return _Index(None, 0, constant) if abs(constant) < _SMALL else None
    if value.block not in rounds.loop:
        return _Index(value, 0, 0)
    op = value.op
    if op is None or op.row.name not in ("i64.add", "i64.shl", "i64.mul"):
        return None
    a, b = (_index(operand, rounds) for operand in op.operands)
    if a is None or b is None:
        return None
    if op.row.name == "i64.add":
        return _Index(a.base or b.base, a.scale + b.scale, a.offset + b.offset) if not (a.base and b.base) else None
    factor = b.offset if op.row.name == "i64.mul" else 1 << (b.offset & 31)
    if a.base or b.base or b.scale or not 0 <= b.offset < 32:
        return None
    return _Index(None, a.scale * factor, a.offset * factor)


def _is_length(value: Value, loop: Loop) -> bool:
    """Whether the value is the same in all turns, not negative, and small."""
    constant = constant_of(value)
    if constant is not None:
        return bool(0 <= constant < _SMALL)
    return value.block not in loop and value.op is not None and value.op.row.name == "i64.extend_i32_u"


# --- building ---------------------------------------------------------------------------------------------------------


def _unroll(fn: Function, rounds: _Rounds, checks: list[_Check], turns: int) -> None:
    loop = rounds.loop
    header, latch = loop.header, loop.latches[0]
    place = fn.blocks.index(header)
    tail = fn.blocks[place:]
    del fn.blocks[place:]
    copies = [clone_blocks(loop.blocks, fn) for _ in range(turns)]
    fn.blocks += tail
    first = copies[0].blocks[header]
    enter = _choose(fn, rounds, checks, first) if checks else first
    for block in fn.blocks:
        if block not in loop and block is not enter:
            for target in block.terminator.targets:
                if target.block is header:
                    target.block = enter
    for block in loop.blocks:
        block.cold = True  # if anything is left of it: other passes are not to make copies of it
    for copy in copies:
        for block, _, _ in checks:
            twin = copy.blocks[block]
            replace_terminator(twin, branch(twin.terminator.targets[0], twin.terminator.loc))
    for copy, following in pairwise(copies):
        twin = copy.blocks[latch]
        again = Target(following.blocks[header], twin.terminator.targets[0].args)
        replace_terminator(twin, branch(again, twin.terminator.loc))
    end = copies[-1].blocks[latch]
    if turns == rounds.turns:
        replace_terminator(end, branch(end.terminator.targets[1], end.terminator.loc))
    else:
        end.terminator.targets[0].block = first
    repair_copies(fn, loop.blocks, copies)


def _choose(fn: Function, rounds: _Rounds, checks: list[_Check], first: Block) -> Block:
    """A block that leads to `first` if all checks of all turns come out well, and else to the loop."""
    header = rounds.loop.header
    choose = Block(fn, "choose")
    for param in header.params:
        choose.add_param(param.type, param.name)
    fn.blocks.insert(fn.blocks.index(first), choose)
    farthest: dict[tuple[Value | None, Value | int], tuple[int, Value]] = {}
    for _, index, length in checks:
        constant = constant_of(length)
        key = index.base, length if constant is None else constant
        most = index.scale * rounds.last + index.offset
        farthest[key] = max(most, farthest.get(key, (0, length))[0]), length
    builder = Builder(choose, None, header.ops[0].loc)
    free: Value | None = None
    for (base, known), (most, length) in farthest.items():
        end = length if isinstance(known, Value) else builder.const(t.I64, known)
        index_end = builder.const(t.I64, most)
        asked = [builder.op("i64.lt_u", index_end, end)]
        if base is not None:
            asked = [builder.op("i64.lt_u", v, end) for v in (base, builder.op("i64.add", base, index_end))]
        for question in asked:
            free = question if free is None else builder.op("bool.and", free, question)
    assert free is not None, "there are checks"
    builder.cond_br(free, Target(first, list(choose.params)), Target(header, list(choose.params)))
    return choose


SPEC = PassSpec(
    "unroll-rounds",
    "mem",
    run,
    "Take several turns at once of a loop whose number of turns is known.",
    options=Options,
    after=(
        Order("loop-rotate", "the loop must test at its end"),
        Order("hoist-guards", "what can be tested in front of the loop needs no copy"),
        Order("narrow", "it looks at one turn"),
    ),
)
