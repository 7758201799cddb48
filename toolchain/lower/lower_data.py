"""Typed IR to mem IR: every value becomes scalars, every `data.*` op loads, stores, checks and calls of the runtime.

    func @first(%a: array<i64>) -> i64          func @first(%a: i32) -> i64
      %v = data.array_get %a, %i          =>      ... a bounds check, a load
      ret %v                                      ret %v

The input is left as it is. Blocks that cannot be reached are dropped; cold blocks go behind all others.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..ir.core import Block, Function, Global, Module, Op, Target, Value
from . import aggregates, arrays, objects, strings, unwinding, values
from .body import ZERO, Body, Lowering, Shared, part_names
from .heap_state import shadow_first
from .options import LowerOptions
from .representation import flat, flat_all
from .runtime_code import HOST_ALLOC

#: What hosts know the allocator as.
ALLOC_EXPORT = "__alloc"


class NoLowering(Exception):
    """An op of the typed stage that no table lowers: an error of the compiler or of a plugin."""


def lower_data(module: Module, options: LowerOptions | None = None) -> Module:
    """A new module of stage "mem" that does the same as `module`, which is of stage "typed"."""
    options = options or LowerOptions()
    target = Module(module.name, "mem")
    for variable in module.globals.values():
        _lower_global(variable, target)
    shared = Shared(module, target, options)
    called = {
        op.attrs["callee"] for function in module.functions.values() for op in function.ops() if op.name == "call"
    }
    functions = [f for f in module.functions.values() if not f.is_import or f.name in called]
    declared = [(function, _declare(function, target)) for function in functions]
    for function, lowered in declared:
        if not function.is_import:
            _lower_body(function, lowered, shared)
    unwinding.add_versions(shared)
    if options.host_allocates:
        shared.runtime.function(HOST_ALLOC).exported = ALLOC_EXPORT
    shadow_first(target)
    return target


def _lower_global(variable: Global, target: Module) -> None:
    types = flat(variable.type)
    for type_, name in zip(types, part_names(variable.name, len(types)), strict=True):
        init = variable.init if type_ is variable.type else ZERO[type_]
        target.globals[name] = Global(name, type_, init, variable.mutable)


def _declare(function: Function, target: Module) -> Function:
    lowered = Function(function.name, list(flat_all(function.param_types)), flat_all(function.results), function.loc)
    lowered.source_name = function.source_name
    lowered.exported = function.exported
    lowered.attrs = dict(function.attrs)
    return target.add(lowered)


def _lower_body(function: Function, lowered: Function, shared: Shared) -> None:
    blocks = {block: _lower_block(block, lowered) for block in _reverse_postorder(function)}
    body = Body(lowered, shared, blocks[function.entry])
    pieces: dict[Block, list[Block]] = {}
    for block, start in blocks.items():
        body.at_end(start)
        _bind_params(body, block, start)
    for block, start in blocks.items():
        body.at_end(start)
        for op in block.ops:
            body.loc = op.loc
            _lower_op(body, op, blocks)
        pieces[block] = [start, *body.take_blocks()]
    lowered.blocks = [piece for block in function.blocks for piece in pieces.get(block, ())]
    lowered.blocks += body.take_cold_blocks()


def _reverse_postorder(function: Function) -> list[Block]:
    """The reachable blocks, each before the blocks it dominates, so that definitions come before uses."""
    order: list[Block] = []
    seen = {function.entry}
    stack = [(function.entry, iter(function.entry.successors))]
    while stack:
        block, successors = stack[-1]
        following = next((s for s in successors if s not in seen), None)
        if following is None:
            order.append(block)
            stack.pop()
        else:
            seen.add(following)
            stack.append((following, iter(following.successors)))
    return order[::-1]


def _lower_block(block: Block, lowered: Function) -> Block:
    result = Block(lowered, block.name)
    result.cold = block.cold
    return result


def _bind_params(body: Body, block: Block, start: Block) -> None:
    for param in block.params:
        body.bind(param, [start.add_param(type_) for type_ in flat(param.type)])


def _lower_op(body: Body, op: Op, blocks: dict[Block, Block]) -> None:
    lowering = LOWERINGS.get(op.name)
    if lowering is not None:
        _bind_results(body, op, lowering(body, op))
    elif op.row.family == "data":
        raise NoLowering(f"no lowering for {op.name}")
    else:
        _bind_results(body, op, _copy(body, op, blocks))


def _copy(body: Body, op: Op, blocks: dict[Block, Block]) -> Sequence[Value]:
    """The same op on components: scalars, calls, and control flow, whose operands may be of any type."""
    operands = body.flat_all(op.operands)
    targets = [Target(blocks[target.block], body.flat_all(target.args)) for target in op.targets]
    result_types = flat_all(value.type for value in op.results)
    return body.insert(Op(op.row, operands, result_types, dict(op.attrs), op.loc, targets)).results


def _bind_results(body: Body, op: Op, parts: Sequence[Value]) -> None:
    """Distribute components over the results, of which there are several only after calls."""
    start = 0
    for result in op.results:
        end = start + len(flat(result.type))
        body.bind(result, parts[start:end])
        start = end


def _select(body: Body, op: Op) -> Sequence[Value]:
    condition = body.one(op.operands[0])
    parts = zip(body.flat(op.operands[1]), body.flat(op.operands[2]), strict=True)
    return [body.op("select", condition, then, orelse) for then, orelse in parts]


def _global_get(body: Body, op: Op) -> Sequence[Value]:
    types = flat(op.result.type)
    return [
        body.emit("global.get", (), (type_,), name=name).results[0]
        for type_, name in zip(types, part_names(op.attrs["name"], len(types)), strict=True)
    ]


def _global_set(body: Body, op: Op) -> Sequence[Value]:
    parts = body.flat(op.operands[0])
    for part, name in zip(parts, part_names(op.attrs["name"], len(parts)), strict=True):
        body.emit("global.set", (part,), (), name=name)
    return ()


LOWERINGS: dict[str, Lowering] = {
    "select": _select,
    "global.get": _global_get,
    "global.set": _global_set,
    **arrays.LOWERINGS,
    **strings.LOWERINGS,
    **values.LOWERINGS,
    **aggregates.LOWERINGS,
    **objects.LOWERINGS,
    **unwinding.LOWERINGS,
}
