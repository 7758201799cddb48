"""Make a failing program small: cut, and keep the cut while the same pass still fails on it.

shrink(failure)        =>        a failure with a smaller module and one input
write(failure, folder, name)     =>        folder/name.ir, to be read by `wasmlathe` and by people
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from harness import Failure, Subject, Wrong, all_passes, apply_checked
from wasmlathe.ir.build import Builder
from wasmlathe.ir.clone import clone_module
from wasmlathe.ir.core import Function, Module, Op, Target
from wasmlathe.ir.ops import row_named
from wasmlathe.ir.print import print as ir_text
from wasmlathe.ir.verify import verify

MAX_SECONDS = 40.0

#: An edit of a module in place; False if there is nothing to do.
Cut = Callable[[Module], bool]


def problem_of(failure: Failure) -> str:
    """What is wrong when the failing passes run; empty if nothing is any more."""
    try:
        subject = Subject.of(failure.module, failure.inputs)
        for name in failure.passes:
            module = apply_checked(all_passes()[name], subject, failure.options)
            if module is not None:
                subject = subject.follow(module)
    except Wrong as wrong:
        return str(wrong)
    except Exception:  # noqa: BLE001 the cut made something that cannot be run
        return ""
    return ""


def shrink(failure: Failure) -> Failure:
    """The smallest failure that greedy cutting finds in time."""
    end = time.monotonic() + MAX_SECONDS
    if not problem_of(failure):
        return failure  # it does not show when the pass runs alone on a copy
    for args in failure.inputs:
        single = replace(failure, inputs=(args,))
        if found := problem_of(single):
            failure = replace(single, problem=found)
            break
    failure = _thin_out(failure, end)
    is_smaller = True
    while is_smaller:
        is_smaller = False
        for cut in list(_cuts(failure.module)):
            if time.monotonic() > end:
                return failure
            module = clone_module(failure.module)
            if not cut(module) or _size(module) >= _size(failure.module) or verify(module):
                continue
            smaller = replace(failure, module=module)
            if found := problem_of(smaller):
                failure = replace(smaller, problem=found)
                is_smaller = True
                # What comes after it may have moved; go on with the same places all the same, they are only tried.
    return failure


def _thin_out(failure: Failure, end: float) -> Failure:
    """Erase many ops at once, then fewer and fewer (Zeller's ddmin, without its complements)."""
    share = 2
    while True:
        places = [
            (name, at, index)
            for name, function in failure.module.functions.items()
            for at, block in enumerate(function.blocks)
            for index in range(len(block.ops) - 1)
        ]
        size = len(places) // share
        if size < 2:
            return failure
        for first in range(0, len(places), size):
            module = clone_module(failure.module)
            for name, at, index in reversed(places[first : first + size]):
                _drop(module, name, at, index)
            if time.monotonic() > end:
                return failure
            smaller = replace(failure, module=module)
            if _size(module) < _size(failure.module) and not verify(module) and (found := problem_of(smaller)):
                failure = replace(smaller, problem=found)
                break
        else:
            share *= 2


def _size(module: Module) -> int:
    """What is to become less: parts of the module, constants for half of an op."""
    total = 4 * (len(module.functions) + len(module.data) + len(module.globals))
    for function in module.functions.values():
        for block in function.blocks:
            total += 2 + 3 * len(block.params)
            total += sum(1 if op.row.name.endswith(".const") else 2 + len(op.targets) for op in block.ops)
    return total


def _cuts(module: Module) -> Iterator[Cut]:
    for name in list(module.functions):
        yield lambda m, name=name: m.functions.pop(name, None) is not None
    for name in list(module.data):
        yield lambda m, name=name: m.data.pop(name, None) is not None
    for name in list(module.globals):
        yield lambda m, name=name: m.globals.pop(name, None) is not None
    for name, function in module.functions.items():
        for at in range(len(function.blocks)):
            for keep in (0, 1):
                yield lambda m, name=name, at=at, keep=keep: _go_on(m, name, at, keep)
        for at in reversed(range(len(function.blocks))):
            for index in reversed(range(len(function.blocks[at].ops) - 1)):
                yield lambda m, name=name, at=at, index=index: _drop(m, name, at, index)
            for index in reversed(range(len(function.blocks[at].params))):
                yield lambda m, name=name, at=at, index=index: _drop_param(m, name, at, index)
            yield lambda m, name=name, at=at: _merge(m, name, at)


def _function(module: Module, name: str, at: int) -> Function | None:
    function = module.functions.get(name)
    return function if function is not None and at < len(function.blocks) else None


def _go_on(module: Module, name: str, at: int, keep: int) -> bool:
    """Make a branch unconditional."""
    function = _function(module, name, at)
    if function is None:
        return False
    end = function.blocks[at].terminator
    if end.row.name not in ("cond_br", "switch") or keep >= len(end.targets):
        return False
    target = end.targets[keep]
    function.blocks[at].ops.pop()
    function.blocks[at].append(Op(row_named("br"), [], (), {}, end.loc, [Target(target.block, list(target.args))]))
    _remove_unreachable(function)
    return True


def _remove_unreachable(function: Function) -> None:
    seen = {function.entry}
    todo = [function.entry]
    while todo:
        for block in todo.pop().successors:
            if block not in seen:
                seen.add(block)
                todo.append(block)
    function.blocks = [block for block in function.blocks if block in seen]


def _drop(module: Module, name: str, at: int, index: int) -> bool:
    """Erase an op; its results become another value of the type in sight, or 0."""
    function = _function(module, name, at)
    if function is None or index >= len(function.blocks[at].ops) - 1:
        return False
    block = function.blocks[at]
    op = block.ops[index]
    used = {v for other in function.ops() for v in other.used_values()}
    if op.row.name.endswith(".const") and op.results[0] in used:
        return False
    mapping = {}
    for result in op.results:
        if result not in used:
            continue
        same = next((v for v in op.operands if v.type is result.type), None)
        if same is None:
            if result.type.name not in ("i32", "i64", "f64", "bool"):
                return False
            zero = {"f64": 0.0, "bool": False}.get(result.type.name, 0)
            same = Builder(block, index).const(result.type, zero)
        mapping[result] = same
    block.ops.remove(op)
    function.replace_uses(mapping)
    return True


def _drop_param(module: Module, name: str, at: int, index: int) -> bool:
    """Let a parameter of a block be 0."""
    function = _function(module, name, at)
    if function is None or not at or index >= len(function.blocks[at].params):
        return False
    block = function.blocks[at]
    param = block.params[index]
    if param.type.name not in ("i32", "i64", "f64", "bool"):
        return False
    for other in function.blocks:
        for target in other.terminator.targets:
            if target.block is block:
                del target.args[index]
    del block.params[index]
    zero = {"f64": 0.0, "bool": False}.get(param.type.name, 0)
    function.replace_uses({param: Builder(block, 0).const(param.type, zero)})
    return True


def _merge(module: Module, name: str, at: int) -> bool:
    """Put a block behind the only one that leads to it."""
    function = _function(module, name, at)
    if function is None:
        return False
    block = function.blocks[at]
    end = block.terminator
    if end.row.name != "br":
        return False
    (target,) = end.targets
    into = target.block
    ways = sum(t.block is into for b in function.blocks for t in b.terminator.targets)
    if ways != 1 or into is block or into is function.entry:
        return False
    function.replace_uses(dict(zip(into.params, target.args, strict=True)))
    block.ops.pop()
    for op in into.ops:
        block.append(op)
    function.blocks.remove(into)
    return True


def write(failure: Failure, folder: Path, name: str) -> Path:
    """Write the program, and beside it what is wrong."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.ir"
    path.write_text(ir_text(failure.module))
    inputs = "\n".join(f"@main{args}" for args in failure.inputs)
    path.with_suffix(".txt").write_text(
        f"passes: {' '.join(failure.passes)} {failure.options or ''}\n{inputs}\n{failure.problem}\n"
    )
    return path
