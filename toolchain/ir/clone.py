"""Copies of IR: of a region of blocks into a function, of a function, of a module.

    copy = clone_blocks(callee.blocks, caller)     # for inlining: copy.blocks[callee.entry], copy.values[v]

Names and locations are copied too; printing makes the names unique.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

from .core import Block, Case, Closure, DataSegment, Declaration, Function, Global, Layout, Module, Op, Target, Value


class Copy:
    """What became of the originals: `values[v]` and `blocks[b]` are their copies."""

    __slots__ = ("blocks", "values")

    def __init__(self) -> None:
        self.values: dict[Value, Value] = {}
        self.blocks: dict[Block, Block] = {}

    def value(self, value: Value) -> Value:
        """The copy of `value`, or `value` itself when it comes from outside of what was copied."""
        return self.values.get(value, value)

    def block(self, block: Block) -> Block:
        return self.blocks.get(block, block)


def clone_op(op: Op, copy: Copy) -> Op:
    """A copy of `op` that uses the copies known to `copy`, to which its results are added. It is in no block yet."""
    twin = _bare_clone(op, copy)
    _connect(twin, op, copy)
    return twin


def clone_blocks(blocks: Sequence[Block], into: Function, values: dict[Value, Value] | None = None) -> Copy:
    """Append copies of `blocks` to `into`.

    Edges and values between the blocks lead to the copies; what comes from outside stays, unless `values` says what to
    use instead (which also holds for values defined in the blocks). Blocks may come in any order.
    """
    copy = Copy()
    for block in blocks:
        twin = copy.blocks[block] = into.add_block(block.name)
        twin.cold = block.cold
        for param in block.params:
            copy.values[param] = twin.add_param(param.type, param.name)
    pairs = [(copy.blocks[block].append(_bare_clone(op, copy)), op) for block in blocks for op in block.ops]
    if values:
        copy.values.update(values)
    # Only now is every copy known: a use may come before its definition in the order of `blocks`.
    for twin_op, op in pairs:
        _connect(twin_op, op, copy)
    return copy


def _bare_clone(op: Op, copy: Copy) -> Op:
    twin = Op(op.row, [], tuple(result.type for result in op.results), _clone_attrs(op.attrs), op.loc)
    for result, original in zip(twin.results, op.results, strict=True):
        result.name = original.name
        copy.values[original] = result
    return twin


def _connect(twin: Op, op: Op, copy: Copy) -> None:
    twin.operands = [copy.value(v) for v in op.operands]
    twin.targets = [Target(copy.block(t.block), [copy.value(v) for v in t.args]) for t in op.targets]


def clone_function(function: Function, name: str | None = None) -> tuple[Function, Copy]:
    """A copy of `function`, under another name if given, that belongs to the same module but is not added to it."""
    twin = Function(name or function.name, list(function.param_types), function.results, function.loc)
    twin.source_name = function.source_name
    twin.exported = function.exported if name is None else None
    twin.attrs = _clone_attrs(function.attrs)
    twin.module = function.module
    return twin, clone_blocks(function.blocks, twin)


def clone_module(module: Module) -> Module:
    """A copy of a module that shares nothing mutable with it."""
    twin = Module(module.name, module.stage)
    for function in module.functions.values():
        twin.add(clone_function(function)[0])
    for g in module.globals.values():
        twin.globals[g.name] = Global(g.name, g.type, g.init, g.mutable)
    for segment in module.data.values():
        copied = twin.data[segment.name] = DataSegment(segment.name, segment.content)
        copied.align, copied.room = segment.align, segment.room
        copied.relocations = list(segment.relocations)
    for closure in module.closures.values():
        twin.closures[closure.name] = Closure(closure.name, closure.tag, list(closure.captures))
    for layout in module.layouts.values():
        twin.layouts[layout.name] = Layout(layout.name, list(layout.fields), layout.tag, layout.mutable)
    for declaration in module.declarations.values():
        twin.declarations[declaration.name] = _clone_declaration(declaration)
    twin.exports = deepcopy(module.exports)
    return twin


def _clone_declaration(original: Declaration) -> Declaration:
    cases = [Case(case.name, list(case.fields)) for case in original.cases]
    twin = Declaration(original.name, original.source_name, list(original.params), cases, original.is_sum)
    twin.derives = original.derives
    twin.methods, twin.statics = dict(original.methods), dict(original.statics)
    return twin


def _clone_attrs(attrs: dict[str, Any]) -> dict[str, Any]:
    return {key: list(value) if isinstance(value, list) else value for key, value in attrs.items()}
