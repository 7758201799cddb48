"""Write the digits of a number straight into the text that it becomes part of.

    %t = call @std.__int_text %n                                %size = call @std.__int_size %n
    %k = data.string_bytes %t                            =>     ... (%size for %k)
    data.string_copy %out, %at, %t, %zero, %k                   %end = i64.add %at, %size; call @std.__put_int %out, %end, %n

So `"{a} of {b}"` makes one text instead of three. The text of the number may only be asked for its size and be copied as a
whole; the three functions are the library's (`stdlib/int_text.tova`).
"""

from __future__ import annotations

from collections.abc import Iterable

from ..ir import types as t
from ..ir.core import Function, Module, Op, Value
from ..ir.ops import row_named
from ..pipeline.spec import PassContext, PassSpec
from .analysis.uses import Use, uses
from .const_fold import constant_of

TEXT, SIZE, PUT = "std.__int_text", "std.__int_size", "std.__put_int"
_MEASURES = frozenset({"data.string_bytes", "data.string_len"})


def run(module: Module, ctx: PassContext) -> bool:
    """Put numbers into the texts of `module` in place; True if there were any."""
    if any(name not in module.functions for name in (TEXT, SIZE, PUT)):
        return False
    changed = False
    for function in module.functions.values():
        calls = [op for op in function.ops() if op.row.name == "call" and op.attrs["callee"] == TEXT]
        if calls:
            changed |= _rewrite(function, calls, ctx)
    return changed


def _rewrite(function: Function, calls: list[Op], ctx: PassContext) -> bool:
    known = uses(function)
    before: dict[Op, list[Op]] = {}  # what comes in the place of an op
    replaced: dict[Value, Value] = {}
    for call in calls:
        seen = known.of(call.result)
        if not seen or not all(_is_part(use, call.result) for use in seen):
            continue
        ctx.remark(
            "scalar-replaced", call.loc, "the text of a number: its digits are written where they are wanted", function
        )
        size = _call(SIZE, call.operands, (t.I64,), call)
        before[call] = [size]
        for op in {use.op: None for use in seen}:
            if op.row.name in _MEASURES:
                before[op] = []
                replaced[op.result] = size.result
            else:
                before[op] = _put(op, call.operands[0], size.result)
    for block in function.blocks:
        block.ops = [new for op in block.ops for new in before.get(op, (op,))]
    function.replace_uses(replaced)
    return bool(before)


def _is_part(use: Use, text: Value) -> bool:
    """True if the size of the text is asked for, or all of it is copied into another one."""
    if use.target is not None:
        return False
    if use.op.row.name in _MEASURES:
        return True
    if use.op.row.name != "data.string_copy" or use.slot != 2 or constant_of(use.op.operands[3]) != 0:
        return False
    count = use.op.operands[4].op
    return count is not None and count.row.name in _MEASURES and count.operands[0] is text


def _put(copy: Op, number: Value, size: Value) -> list[Op]:
    target, at = copy.operands[:2]
    end = Op(row_named("i64.add"), [at, size], (t.I64,), None, copy.loc)
    end.block = copy.block
    return [end, _call(PUT, (target, end.result, number), (), copy)]


def _call(name: str, operands: Iterable[Value], results: tuple[t.Type, ...], place: Op) -> Op:
    made = Op(row_named("call"), list(operands), results, {"callee": name}, place.loc)
    made.block = place.block
    return made


SPEC = PassSpec(
    "ints-in-texts",
    "typed",
    run,
    "Write the digits of a number straight into the text that it becomes part of.",
    scope="module",
)
