"""Whether the turns of an innermost loop could be taken several at once, in the lanes of a vector; if not, why not.

    for i in 0..n { a[i] = a[i] * 2 }         vectorizable
    for x in xs { sum += x }                  of Ints: vectorizable; of Floats: the order of the additions would change the result
    for i in 1..n { a[i] = a[i - 1] + 1 }     a turn uses what another one wrote
    for i in 0..n { c[i] = a[i] }             c may be a

The loop must count up by a constant, end in one place apart from panics, do nothing but arithmetic that exists for lanes and
accesses of consecutive elements, and carry nothing from turn to turn but sums and the like of integers (Allen and Kennedy,
"Optimizing Compilers for Modern Architectures", 2001, chapter 5, for a single loop and dependences by alias class).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ...ir.core import Block, Op, Target, Value
from ...ir.ops import Effects
from ...ir.ops.row import Load, Store
from .effects import Summaries, may_overlap, reads_of, writes_of
from .loops import Loop

#: Ops whose results may be combined in any order.
_REDUCTIONS = frozenset(
    f"{ty}.{name}" for ty in ("i32", "i64") for name in ("add", "mul", "and", "or", "xor", "min_s", "max_s")
)

_ORDERED = frozenset({"f64.add", "f64.mul", "f64.sub"})

#: Address arithmetic, counters and tests, which stay scalar or become masks.
_SCALAR = frozenset({"i32.wrap_i64", "i64.extend_i32_u", "i64.extend_i32_s", "select"})


@dataclass(slots=True)
class Verdict:
    """`reasons` is empty if the loop is vectorizable; `reductions` names what it adds up then."""

    reasons: list[str] = field(default_factory=list)
    reductions: list[str] = field(default_factory=list)


def vectorizable(loop: Loop, summaries: Summaries) -> Verdict:
    """What speaks against taking several turns of an innermost loop at once. The first reason is the most important."""
    verdict = Verdict()
    ops = [op for block in loop.blocks for op in block.ops]
    _judge_calls(ops, summaries, verdict)
    counter = _counter(loop)
    if counter is None:
        verdict.reasons.append("its number of turns is not known when it starts")
    _judge_exits(loop, verdict)
    _judge_carried(loop, counter, verdict)
    _judge_memory(loop, ops, summaries, verdict)
    _judge_arithmetic(loop, ops, verdict)
    return verdict


def _judge_calls(ops: list[Op], summaries: Summaries, verdict: Verdict) -> None:
    for op in ops:
        if Effects.CALLS in op.row.effects and not op.block.cold:
            callee = op.attrs.get("callee")
            function = op.block.function.module.functions.get(str(callee))
            name = function.source_name if function is not None else "a function value"
            verdict.reasons.append(f"it calls {name}")
            return


def _counter(loop: Loop) -> Value | None:
    """The parameter of the header that every turn increases by a constant and whose test ends the loop."""
    if len(loop.latches) != 1:
        return None
    back = _back_edge(loop)
    tests = {v for block, _ in loop.exits if not block.cold for v in _inputs(block.terminator)}
    for param, arrived in zip(loop.header.params, back.args, strict=True):
        if _step(param, arrived) and (param in tests or arrived in tests):
            return param
    return None


def _inputs(end: Op) -> list[Value]:
    """What the comparison in front of a branch compares, through conversions and one level of arithmetic."""
    test = end.operands[0].op if end.operands else None
    found = list(test.operands) if test is not None else []
    return found + [v for value in found if value.op is not None for v in value.op.operands]


def _step(param: Value, arrived: Value) -> int | None:
    """The constant by which a value grows from turn to turn; None if it is no constant."""
    op = arrived.op
    if op is None or op.row.name not in ("i32.add", "i64.add") or op.operands[0] is not param:
        return None
    return _constant(op.operands[1])


def _constant(value: Value) -> int | None:
    op = value.op
    known = op.attrs["value"] if op is not None and op.row.name in ("i32.const", "i64.const") else None
    return known if isinstance(known, int) else None


def _judge_exits(loop: Loop, verdict: Verdict) -> None:
    early = [(block, to) for block, to in loop.exits if not to.cold and block not in (loop.header, *loop.latches)]
    if early:
        verdict.reasons.append("it can be left in the middle of a turn")
    elif any(to.cold for _, to in loop.exits):
        verdict.reasons.append("a check in it may fail in any turn")


def _judge_carried(loop: Loop, counter: Value | None, verdict: Verdict) -> None:
    """What a turn hands to the next, the counter apart."""
    if len(loop.latches) != 1:
        return
    back = _back_edge(loop)
    for param, arrived in zip(loop.header.params, back.args, strict=True):
        if param is counter or arrived is param or _step(param, arrived) is not None:
            continue
        op = arrived.op
        is_folded = op is not None and _is_folded(loop, op, param)
        if op is not None and is_folded and op.row.name in _REDUCTIONS:
            verdict.reductions.append(op.row.name.partition(".")[2])
        elif op is not None and is_folded and op.row.name in _ORDERED:
            verdict.reasons.append("another order of its Float additions or products would change the result")
        else:
            verdict.reasons.append("each turn needs a result of the turn before")


def _is_folded(loop: Loop, op: Op, param: Value) -> bool:
    """True if `op` combines what came from the turn before with something else, and no turn looks at it in between."""
    users = [other for block in loop.blocks for other in block.ops for value in other.operands if value is param]
    return users == [op] and not any(op.results[0] in other.operands for block in loop.blocks for other in block.ops)


def _judge_memory(loop: Loop, ops: list[Op], summaries: Summaries, verdict: Verdict) -> None:
    hot = [op for op in ops if not op.block.cold and Effects.CALLS not in op.row.effects]
    stores = [op for op in hot if writes_of(op, summaries)]
    loads = [op for op in hot if reads_of(op, summaries)]
    for access in (*stores, *loads):
        if access.row.name.startswith("mem.") and not _is_consecutive(access, loop):
            verdict.reasons.append("it accesses elements that do not lie next to each other")
            break
    for store in stores:
        if store.row.name.startswith("mem.") and _stride(store.operands[0], loop) == 0:
            verdict.reasons.append("every turn writes the same place")
            return
        for other in (*loads, *stores):
            reason = _dependence(store, other, loop, summaries) if other is not store else None
            if reason is not None:
                verdict.reasons.append(reason)
                return


def _is_consecutive(access: Op, loop: Loop) -> bool:
    """True if each turn accesses the place behind that of the turn before, or always the same one."""
    stride = _stride(access.operands[0], loop)
    kind = access.row.wasm
    return stride is not None and stride in (0, kind.bytes if isinstance(kind, (Load, Store)) else 0)


def _stride(value: Value, loop: Loop, depth: int = 8) -> int | None:
    """By how much the value grows from turn to turn, 0 if it stays; None if that is no constant."""
    if value.block not in loop:
        return 0
    if value.op is None:
        return _growth(value, loop)
    op, name = value.op, value.op.row.name.rpartition(".")[2]
    if name == "const":
        return 0
    if depth == 0 or name not in ("add", "sub", "shl", "mul", "wrap_i64", "extend_i32_u", "extend_i32_s"):
        return None
    parts = [_stride(operand, loop, depth - 1) for operand in op.operands]
    first, second = parts[0], parts[-1]
    if first is None or second is None:
        return None
    if name in ("add", "sub"):
        return first + second if name == "add" else first - second
    if name in ("shl", "mul"):
        factor = _constant(op.operands[1])
        if first == second == 0:
            return 0
        return None if second or factor is None else first << factor if name == "shl" else first * factor
    return first


def _growth(value: Value, loop: Loop) -> int | None:
    """The step of a parameter of the header, as a counter or a strength-reduced address has one."""
    if value not in loop.header.params or len(loop.latches) != 1:
        return None
    arrived = _back_edge(loop).args[loop.header.params.index(value)]
    return 0 if arrived is value else _step(value, arrived)


def _back_edge(loop: Loop) -> Target:
    return next(target for target in loop.latches[0].terminator.targets if target.block is loop.header)


def _dependence(store: Op, other: Op, loop: Loop, summaries: Summaries) -> str | None:
    """How another turn's `other` may access what `store` writes; None if it cannot, or it is just this turn's element."""
    touched = (*reads_of(other, summaries), *writes_of(other, summaries))
    if not any(may_overlap(a, b) for a in writes_of(store, summaries) for b in touched):
        return None
    if other.operands and store.operands[0] is other.operands[0]:
        is_own = store.attrs.get("offset") == other.attrs.get("offset")
        return None if is_own else "a turn may use what another turn writes"
    bases = [_base(op.operands[0], loop) if op.operands else None for op in (store, other)]
    if None not in bases and bases[0] is not bases[1]:
        return "the array that it writes may be the one that it reads"
    return "a turn may use what another turn writes"


def _base(address: Value, loop: Loop) -> Value | None:
    """What the address begins with, if that is the same in all turns: the place of an array's elements."""
    if address.block not in loop:
        return address
    op = address.op
    return op.operands[0] if op is not None and op.row.name == "i32.add" and op.operands[0].block not in loop else None


def _judge_arithmetic(loop: Loop, ops: list[Op], verdict: Verdict) -> None:
    """Everything that is computed from elements needs a counterpart over lanes."""
    for op in ops:
        if op.block.cold or op.row.terminator or not op.results or op.row.effects or not op.operands:
            continue
        if op.row.vector is None and not _exists_for_lanes(op, loop) and not _is_address(op, loop):
            verdict.reasons.append(f"there is no {op.row.name} for several values at once")
            return
    if _branches(loop.blocks) > 1 and not verdict.reasons:
        verdict.reasons.append("what it does differs from turn to turn (if, match)")


def _exists_for_lanes(op: Op, loop: Loop) -> bool:
    """True for what needs no row of its own: all lanes are shifted by one distance, tests become masks."""
    if op.row.name.endswith((".shl", ".shr_s", ".shr_u")):
        return _stride(op.operands[1], loop) == 0
    return op.row.name in _SCALAR


def _is_address(op: Op, loop: Loop) -> bool:
    """True for what is computed from counters alone."""
    return all(_stride(operand, loop) is not None for operand in op.operands)


def _branches(blocks: list[Block]) -> int:
    """Branches between hot blocks; the loop's own test is one."""
    return sum(sum(not target.block.cold for target in block.terminator.targets) > 1 for block in blocks)
