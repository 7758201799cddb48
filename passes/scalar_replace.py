"""Objects that nobody but the function sees become values: their fields live in locals, and nothing is allocated.

    %p = data.object @P %x, %y                              ^loop(%p.0, %p.1):
    br ^loop(%p)                                    =>        ...
    ^loop(%p): %a = data.object_get @P %p {index=0}           %p.0 for %a

Records, cells, closures, and short arrays of constant length whose every use reads or writes a known field, also after they
were passed on to parameters of blocks that get nothing but such objects. An object that can change must not be known by
two names at once. The reads see the write that reaches them by the construction of SSA form (`ssa_repair`).
"""

from __future__ import annotations

from ..ir.core import Block, Function, Op, Target, Value
from ..ir.ops import row_named
from ..pipeline.spec import Order, PassContext, PassSpec
from .allocations import SHAPES, Known, Part, Read, Shape, Write, part_of
from .analysis.liveness import Liveness, liveness
from .analysis.uses import Uses, uses
from .analysis.words import words_of_object
from .const_fold import make_const
from .edit import remove_unreachable
from .ssa_repair import repair

_ZERO = row_named("data.zero")


def run(fn: Function, ctx: PassContext) -> bool:
    """Replace the objects of `fn` that do not escape by their fields; True if there were any."""
    if not any(op.row.name in SHAPES for op in fn.ops()):
        return False
    changed = remove_unreachable(fn)
    members = _Escapes(fn).members()
    if not members:
        return changed
    for value in members:
        if value.op is not None:
            ctx.remark("scalar-replaced", value.op.loc, words_of_object(value.op))
    _Rewrite(fn, members).run()
    return True


class _Escapes:
    """Finds the objects, and the parameters they are passed to, that can be replaced."""

    def __init__(self, fn: Function) -> None:
        self._uses: Uses = uses(fn)
        self._fn = fn
        self._shapes: dict[Value, Shape] = {}
        #: Objects that are passed on: argument to parameter and back; both stay or none does.
        self._linked: dict[Value, list[Value]] = {}
        self._lost: list[Value] = []

    def members(self) -> dict[Value, Shape]:
        """The shape of each value that can be replaced."""
        pending = []
        for op in self._fn.ops():
            make = SHAPES.get(op.row.name)
            shape = make(op, self._uses) if make is not None else None
            if shape is not None:
                self._shapes[op.result] = shape
                pending.append(op.result)
        while pending:
            pending += self._follow(pending.pop())
        self._check_arguments()
        self._check_names()
        while self._lost:
            value = self._lost.pop()
            if self._shapes.pop(value, None) is not None:
                self._lost += self._linked.get(value, ())
        return self._shapes

    def _follow(self, value: Value) -> list[Value]:
        """Look at the uses of one object; parameters it is passed to that were not known to hold objects."""
        shape, found = self._shapes[value], []
        for use in self._uses.of(value):
            if use.target is None:
                if use.slot != 0 or part_of(use.op, shape) is None:
                    self._lost.append(value)
                continue
            param = use.target.block.params[use.slot]
            self._linked.setdefault(value, []).append(param)
            self._linked.setdefault(param, []).append(value)
            if not shape.flows or self._shapes.get(param, shape) != shape:
                self._lost.append(value)
            elif param not in self._shapes:
                self._shapes[param] = shape
                found.append(param)
        return found

    def _edges(self) -> list[tuple[Target, int, Value]]:
        """The arguments for parameters that may be replaced."""
        return [
            (target, index, arg)
            for block in self._fn.blocks
            for target in block.terminator.targets
            for index, arg in enumerate(target.args)
            if target.block.params[index] in self._shapes
        ]

    def _check_arguments(self) -> None:
        """Parameters must get nothing else."""
        for target, index, arg in self._edges():
            param = target.block.params[index]
            if self._shapes.get(arg) != self._shapes[param]:
                self._lost.append(param)

    def _check_names(self) -> None:
        """What can change must not live on under another name, nor be passed on twice."""
        known: Liveness | None = None
        for target, index, arg in self._edges():
            if not self._shapes[target.block.params[index]].mutable:
                continue
            known = known or liveness(self._fn)
            if arg in known.live_in[target.block] or target.args.count(arg) > 1:
                self._lost.append(arg)


class _Rewrite:
    """Puts the fields in the place of the objects."""

    def __init__(self, fn: Function, members: dict[Value, Shape]) -> None:
        self._fn = fn
        self._members = members
        #: A value for each field of each object; uses of it in other blocks see what the field holds there.
        self._fields: dict[Value, list[Value]] = {}
        self._at_end: dict[Value, dict[Block, Value]] = {}
        #: What each field changed in the current block holds now.
        self._now: dict[Value, Value] = {}
        #: Reads, kept as ops of one operand until it is known what they see.
        self._reads: list[Op] = []
        self._replaced: dict[Value, Value] = {}

    def run(self) -> None:
        for value in self._members:
            self._make_fields(value)
        for block in self._fn.blocks:
            self._rewrite(block)
        for block in self._fn.blocks:
            block.params = [param for param in block.params if param not in self._members]
        repair(self._fn, self._at_end)
        self._replaced |= {op.result: op.operands[0] for op in self._reads}
        reads = set(self._reads)
        for block in self._fn.blocks:
            block.ops = [op for op in block.ops if op not in reads]
        self._fn.replace_uses(self._replaced)

    def _make_fields(self, value: Value) -> None:
        types, owner = self._members[value].fields, value.owner
        names = [f"{value.name}.{index}" if value.name else None for index in range(len(types))]
        if isinstance(owner, Block):
            fields = [owner.add_param(type_, name) for type_, name in zip(types, names, strict=True)]
        else:
            fields = [Value(type_, owner, name) for type_, name in zip(types, names, strict=True)]
        self._fields[value] = fields
        self._at_end |= {field: {} for field in fields}

    def _rewrite(self, block: Block) -> None:
        self._now = {f: f for param in block.params for f in self._fields.get(param, ())}
        kept: list[Op] = []
        for op in block.ops:
            if op.results and op.results[0] in self._members:
                kept += self._make(op)
            elif op.operands and op.operands[0] in self._members:
                kept += self._use(op)
            else:
                kept.append(op)
        block.ops = kept
        for target in block.terminator.targets:
            self._pass_on(target)
        for field, value in self._now.items():
            self._at_end[field][block] = value

    def _make(self, op: Op) -> list[Op]:
        """The ops that stay of one that makes an object: none, or zeros for what is filled in later."""
        fields, zeros = self._fields[op.result], list[Op]()
        first = list(op.operands)
        if self._members[op.result].kind == "array":
            zeros = [Op(_ZERO, [], (field.type,), None, op.loc) for field in fields]
            for zero in zeros:
                zero.block = op.block
            first = [zero.result for zero in zeros]
        self._now.update(zip(fields, first, strict=True))
        return zeros

    def _use(self, op: Op) -> list[Op]:
        fields = self._fields[op.operands[0]]
        match self._part(op):
            case Read(index):
                op.operands = [self._now.get(fields[index], fields[index])]
                self._reads.append(op)
                return [op]
            case Write(index, value):
                self._now[fields[index]] = value
            case Known(value) if value is not None:
                const = make_const(op.result.type, value, op.loc)
                const.block = op.block
                self._replaced[op.result] = const.result
                return [const]
        return []

    def _part(self, op: Op) -> Part:
        part = part_of(op, self._members[op.operands[0]])
        assert part is not None, "an object that escapes is none of the members"
        return part

    def _pass_on(self, target: Target) -> None:
        """Pass the fields of objects behind the other arguments, in the order in which `_make_fields` added them."""
        params = target.block.params
        objects = {params[i]: arg for i, arg in enumerate(target.args) if params[i] in self._members}
        if not objects:
            return
        target.args = [arg for arg in target.args if arg not in objects.values()]
        for param in self._members:
            if param in objects:
                target.args += [self._now.get(f, f) for f in self._fields[objects[param]]]


SPEC = PassSpec(
    "scalar-replace",
    "typed",
    run,
    "Keep the fields of objects, cells, closures and short arrays that do not escape in locals, and allocate nothing.",
    after=(Order("unwrap", "an object in a tuple is not followed"),),
)
