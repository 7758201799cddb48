"""Take apart what was just put together: parts of tuples, sums, optional values, closures and objects that are in sight.

    %t = data.tuple %a, %b; %x = data.tuple_get %t {index=1}        =>        %b for %x
    %s = data.sum %a {case=1}; %n = data.sum_tag %s                 =>        i64.const 1 for %n

Flat values become their parts when they are lowered anyway; here it is done before, so that what is inside them is seen by
the passes over data: `const-fold` decides switches over tags, and `scalar-replace` follows objects through tuples.
"""

from __future__ import annotations

from collections.abc import Callable

from ..ir.core import Function, Op, Value, resolve
from ..pipeline.spec import CFG_ANALYSES, PassContext, PassSpec
from .analysis.cfg import cfg
from .const_fold import make_const

#: A value of the program, or the Python value of a constant.
Part = Value | int | bool | None


def _index(get: Op, made: Op) -> Part:
    index: int = get.attrs["index"]
    return made.operands[index]


def _field_of_case(get: Op, made: Op) -> Part:
    return _index(get, made) if made.attrs["case"] == get.attrs["case"] else None


def _field(get: Op, made: Op) -> Part:
    """A field that cannot have changed since."""
    layout = made.block.function.module.layouts[made.attrs["name"]]
    return _index(get, made) if made.attrs["name"] == get.attrs["name"] and not layout.mutable else None


def _capture(get: Op, made: Op) -> Part:
    return _index(get, made) if made.attrs["name"] == get.attrs["name"] else None


def _case(get: Op, made: Op) -> Part:
    return int(made.attrs["case"])


def _object_tag(get: Op, made: Op) -> Part:
    return made.block.function.module.layouts[made.attrs["name"]].tag


def _closure_tag(get: Op, made: Op) -> Part:
    return made.block.function.module.closures[made.attrs["name"]].tag


#: What the op asks for, by the op that asks and the op that made its operand; None if it is not known.
PARTS: dict[tuple[str, str], Callable[[Op, Op], Part]] = {
    ("data.tuple_get", "data.tuple"): _index,
    ("data.sum_tag", "data.sum"): _case,
    ("data.sum_get", "data.sum"): _field_of_case,
    ("data.opt_has", "data.opt_some"): lambda get, made: True,
    ("data.opt_has", "data.opt_none"): lambda get, made: False,
    ("data.opt_get", "data.opt_some"): lambda get, made: made.operands[0],
    ("data.object_tag", "data.object"): _object_tag,
    ("data.object_get", "data.object"): _field,
    ("data.closure_tag", "data.closure"): _closure_tag,
    ("data.closure_capture", "data.closure"): _capture,
}
_ASKING = frozenset(get for get, _ in PARTS)


def run(fn: Function, ctx: PassContext) -> bool:
    """Replace what is asked of values that were made in sight; True if there was any."""
    replaced: dict[Value, Value] = {}
    for block in ctx.analyses.get(cfg, fn).order:  # definitions before uses
        kept: list[Op] = []
        for op in block.ops:
            part = _part(op, replaced) if op.row.name in _ASKING else None
            if part is None:
                kept.append(op)
                continue
            if not isinstance(part, Value):
                const = make_const(op.result.type, part, op.loc)
                const.block = block
                kept.append(const)
                part = const.result
            replaced[op.result] = part
            part.name = part.name or op.result.name
        block.ops = kept
    fn.replace_uses(replaced)
    return bool(replaced)


def _part(op: Op, replaced: dict[Value, Value]) -> Part:
    made = resolve(replaced, op.operands[0]).op
    find = PARTS.get((op.row.name, made.row.name)) if made is not None else None
    part = find(op, made) if find is not None and made is not None else None
    return resolve(replaced, part) if isinstance(part, Value) else part


SPEC = PassSpec(
    "unwrap",
    "typed",
    run,
    "Use the parts of tuples, sums, optional values, closures and objects directly where it is seen of what they are made.",
    preserves=CFG_ANALYSES | {"effects"},
)
