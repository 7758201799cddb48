"""Evaluate what is constant, also through branches and loops, and remove the paths that cannot be taken.

    a = i64.const 2; b = i64.add a, a; c = i64.lt_s b, a; cond_br c, ^x, ^y    =>    br ^y

Sparse conditional constant propagation (Wegman & Zadeck, "Constant Propagation with Conditional Branches", 1991): a
value is believed constant until an executable path says otherwise, so a variable that a loop never changes is found. An
evaluation that would trap is left in the program.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ..ir import types as t
from ..ir.core import Block, Function, Loc, Op, Target, Value
from ..ir.ops import OpRow, Trap, row_named
from ..ir.ops.numeric import bits_of_f64, wrap32, wrap64
from ..pipeline.spec import PassContext, PassSpec
from .analysis.uses import Uses, uses
from .edit import branch, drop_params, replace_terminator

_CONST_OF_TYPE = {type_: row_named(f"{type_}.const") for type_ in (t.I32, t.I64, t.F64, t.BOOL)}
CONST_OPS = frozenset(row.name for row in _CONST_OF_TYPE.values())
_CONVERT: dict[t.Type, Callable[[Any], Any]] = {t.I32: wrap32, t.I64: wrap64, t.F64: float, t.BOOL: bool}

#: Ops whose result shows the bits of a NaN, which differ between engines.
_SHOWS_NAN_BITS = frozenset({"i64.reinterpret_f64", "i32.f32_bits", "f64.copysign"})


def constant_of(value: Value) -> Any:
    """The Python value of a constant; None if `value` is none."""
    op = value.owner
    return op.attrs["value"] if isinstance(op, Op) and op.row.name in CONST_OPS else None


def make_const(type_: t.Type, value: float | bool, loc: Loc | None = None) -> Op:
    """A constant op that is in no block yet; integers are taken modulo the width."""
    return Op(_CONST_OF_TYPE[type_], [], (type_,), {"value": _CONVERT[type_](value)}, loc)


def evaluate(row: OpRow, operands: list[Any]) -> Any:
    """The op's result on constants; None where it has no fixed one or would trap."""
    if row.eval is None:
        return None
    if row.name in _SHOWS_NAN_BITS and any(math.isnan(x) for x in operands):
        return None
    try:
        return row.eval(*operands)
    except Trap:
        return None


def fold(op: Op) -> Any:
    """The constant that `op` computes from constants; None if it is not that simple."""
    if op.row.eval is None or not op.operands:
        return None
    operands = []
    for value in op.operands:
        constant = constant_of(value)
        if constant is None:
            return None
        operands.append(constant)
    return evaluate(op.row, operands)


#: The lattice: a value that is absent from `_Propagation.known` has not been seen to be defined.
_VARIES = object()


def is_same(a: Any, b: Any) -> bool:
    """True for equal elements of the lattice; floats are told apart by their bits."""
    if isinstance(a, float) and isinstance(b, float):
        return bits_of_f64(a) == bits_of_f64(b)
    return a is b or (a is not _VARIES and b is not _VARIES and bool(a == b))


class _Propagation:
    """The optimistic propagation over one function."""

    def __init__(self, fn: Function, uses_: Uses) -> None:
        self.known: dict[Value, Any] = dict.fromkeys(fn.params, _VARIES)
        self.executable: set[Block] = {fn.entry}
        self.taken: set[tuple[Op, int]] = set()
        self._uses = uses_
        self._blocks = [fn.entry]
        self._lowered: list[Value] = []

    def run(self) -> None:
        while self._blocks or self._lowered:
            while self._lowered:
                self._revisit(self._lowered.pop())
            if self._blocks:
                for op in self._blocks.pop().ops:
                    self._visit(op)

    def _revisit(self, value: Value) -> None:
        for use in self._uses.of(value):
            op = use.op
            if op.block not in self.executable:
                continue
            if use.target is None:
                self._visit(op)
            elif (op, op.targets.index(use.target)) in self.taken:
                self._lower(use.target.block.params[use.slot], self.known[value])

    def _visit(self, op: Op) -> None:
        if op.row.terminator:
            for index in self._taken_from(op):
                self._take(op, index)
        elif len(op.results) == 1:
            result = self._result(op)
            if result is not None:
                self._lower(op.results[0], result)
        else:
            for value in op.results:
                self._lower(value, _VARIES)

    def _result(self, op: Op) -> Any:
        """The constant, _VARIES, or None while operands are undefined."""
        name = op.row.name
        if name in CONST_OPS:
            return op.attrs["value"]
        if op.row.eval is None:
            return _VARIES
        operands = [self.known.get(v) for v in op.operands]
        if name == "select" and operands[0] is not None and operands[0] is not _VARIES:
            return operands[1] if operands[0] else operands[2]
        if None in operands:
            return None
        if _VARIES in operands:
            return _VARIES
        result = evaluate(op.row, operands)
        return _VARIES if result is None else result

    def _lower(self, value: Value, to: Any) -> None:
        now = self.known.get(value)
        if now is _VARIES or to is None or (now is not None and is_same(now, to)):
            return
        self.known[value] = to if now is None else _VARIES
        self._lowered.append(value)

    def _taken_from(self, op: Op) -> range | tuple[int, ...]:
        """The targets that execution may continue at, as far as known now."""
        if not op.operands or not op.targets:
            return range(len(op.targets))
        condition = self.known.get(op.operands[0])
        if condition is None:
            return ()
        return range(len(op.targets)) if condition is _VARIES else (target_index(op, condition),)

    def _take(self, op: Op, index: int) -> None:
        target = op.targets[index]
        if (op, index) not in self.taken:
            self.taken.add((op, index))
            if target.block not in self.executable:
                self.executable.add(target.block)
                self._blocks.append(target.block)
        for param, arg in zip(target.block.params, target.args, strict=True):
            self._lower(param, self.known.get(arg))


def target_index(op: Op, condition: Any) -> int:
    """Which target of a `cond_br` or `switch` is taken when its operand is the constant `condition`."""
    if op.row.name == "cond_br":
        return 0 if condition else 1
    cases = op.attrs["cases"]
    return cases.index(condition) if condition in cases else len(cases)


def run(fn: Function, ctx: PassContext) -> bool:
    """Fold constants of `fn` in place; True if anything changed."""
    state = _Propagation(fn, ctx.analyses.get(uses, fn))
    state.run()
    changed = len(state.executable) < len(fn.blocks)
    replaced: dict[Value, Value] = {}
    edges: dict[Block, list[tuple[Block, Target]]] = {}
    fn.blocks = [b for b in fn.blocks if b in state.executable]
    for block in fn.blocks:
        changed |= _fold_ops(block, state.known, replaced)
        changed |= _fold_branch(block, state.known)
        for target in block.terminator.targets:
            edges.setdefault(target.block, []).append((block, target))
    for block in fn.blocks[1:]:
        changed |= _fold_params(block, edges[block], state.known, replaced)
    fn.replace_uses(replaced)
    return changed


def _constant(known: dict[Value, Any], value: Value) -> Any:
    constant = known.get(value)
    return None if constant is _VARIES or value.type not in _CONVERT else constant


def _fold_ops(block: Block, known: dict[Value, Any], replaced: dict[Value, Value]) -> bool:
    changed = False
    for index, op in enumerate(block.ops):
        if len(op.results) != 1 or op.row.name in CONST_OPS:
            continue
        old = op.results[0]
        constant = _constant(known, old)
        if constant is not None:
            const = make_const(old.type, constant, op.loc)
            const.block = block
            const.results[0].name = old.name
            block.ops[index] = const
            replaced[old] = const.results[0]
            changed = True
    return changed


def _fold_branch(block: Block, known: dict[Value, Any]) -> bool:
    op = block.terminator
    if len(op.targets) < 2:
        return False
    condition = _constant(known, op.operands[0])
    if condition is None:
        return False
    replace_terminator(block, branch(op.targets[target_index(op, condition)], op.loc))
    return True


def _fold_params(
    block: Block, edges: list[tuple[Block, Target]], known: dict[Value, Any], replaced: dict[Value, Value]
) -> bool:
    constants = {i: c for i, p in enumerate(block.params) if (c := _constant(known, p)) is not None}
    for index, constant in constants.items():
        param = block.params[index]
        const = block.insert(0, make_const(param.type, constant))
        const.results[0].name = param.name
        replaced[param] = const.results[0]
    drop_params(block, constants, edges)
    return bool(constants)


SPEC = PassSpec(
    "const-fold",
    "mem",
    run,
    "Evaluate constant ops and branches, through joins and loops, and remove the paths never taken.",
    preserves=frozenset({"effects"}),
    also=("typed",),
)
