"""The analyses against their definitions, computed in the plainest way, on random graphs of blocks."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_ir import modules
from wasmlathe.ir import types as t
from wasmlathe.ir.build import Builder
from wasmlathe.ir.core import Block, Function, Module, Op, Target, Value
from wasmlathe.ir.ops import row_named
from wasmlathe.ir.parse import parse
from wasmlathe.ir.verify import verify
from wasmlathe.passes.analysis.callgraph import callgraph
from wasmlathe.passes.analysis.cfg import cfg
from wasmlathe.passes.analysis.dominators import DominatorTree, dominators, postdominators
from wasmlathe.passes.analysis.liveness import liveness
from wasmlathe.passes.analysis.loops import loops
from wasmlathe.passes.analysis.uses import uses

quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def graph_of(edges: list[list[int]]) -> Function:
    """A function with these successors by block; block 0 is the entry."""
    function = Function("f", [], ())
    blocks = [function.add_block(f"b{i}") for i in range(len(edges))]
    for block, targets in zip(blocks, edges, strict=True):
        name = {0: "ret", 1: "br", 2: "cond_br"}.get(len(targets), "switch")
        block.append(Op(row_named(name), [], (), {}, None, [Target(blocks[i]) for i in targets]))
    return function


@st.composite
def graphs(draw: st.DrawFn) -> Function:
    count = draw(st.integers(2, 9))
    successors = st.lists(st.integers(1, count - 1), max_size=3)
    return graph_of(draw(st.lists(successors, min_size=count, max_size=count)))


def reached(function: Function, without: Block | None = None) -> set[Block]:
    """Blocks reachable from the entry on paths that avoid one block."""
    seen: set[Block] = set()
    pending = [function.entry]
    while pending:
        block = pending.pop()
        if block is not without and block not in seen:
            seen.add(block)
            pending += block.successors
    return seen


@given(graphs())
def test_order_has_each_reachable_block_once_and_dominators_first(function: Function) -> None:
    graph = cfg(function)
    assert set(graph.order) == reached(function) and len(graph.order) == len(set(graph.order))
    assert set(graph.unreachable) == set(function.blocks) - reached(function)
    for block in function.blocks:
        assert graph.preds[block] == [p for p in function.blocks if block in p.successors]
        assert len(graph.edges_into[block]) == sum(p.successors.count(block) for p in function.blocks)


@given(graphs())
def test_a_dominator_is_on_every_path(function: Function) -> None:
    tree = dominators(function)
    reachable = reached(function)
    for a in function.blocks:
        avoiding = reached(function, without=a)
        for b in function.blocks:
            expected = a in reachable and b in reachable and b not in avoiding
            assert tree.dominates(a, b) == expected
            assert tree.strictly_dominates(a, b) == (expected and a is not b)
    check_tree(tree)


def check_tree(tree: DominatorTree) -> None:
    """The parts of the tree agree with `dominates`."""
    for block, above in tree.idom.items():
        strict = [b for b in tree.idom if tree.strictly_dominates(b, block)]
        assert tree.depth(block) == len(strict)
        assert (above is None) == (not strict)
        assert all(tree.dominates(b, above) for b in strict if above)
    for a in tree.idom:
        for b in tree.idom:
            both = [c for c in tree.idom if tree.dominates(c, a) and tree.dominates(c, b)]
            assert tree.common(a, b) == max(both, key=tree.depth, default=None)
    assert sorted(map(id, tree.preorder)) == sorted(map(id, tree.idom))


@given(graphs())
def test_the_frontier_is_where_dominance_ends(function: Function) -> None:
    tree = dominators(function)
    for a in tree.idom:
        expected = {
            b
            for b in tree.idom
            if any(tree.dominates(a, p) for p in tree.cfg.preds[b]) and not tree.strictly_dominates(a, b)
        }
        assert set(tree.frontier[a]) == expected and len(tree.frontier[a]) == len(expected)


@given(graphs())
def test_a_postdominator_is_on_every_path_to_an_end(function: Function) -> None:
    tree = postdominators(function)
    reachable = cfg(function).order
    ends = {b for b in reachable if not b.successors}
    assert set(tree.idom) == set(reachable)
    # In a region that no path leaves it depends on which of its blocks counts as the end.
    all_end = all(leads_to(b, ends) for b in reachable)
    for a in reachable:
        for b in reachable:
            on_every_path = a is b or not leads_to(b, ends, without=a)
            assert on_every_path or not tree.dominates(a, b)
            assert tree.dominates(a, b) or not (on_every_path and all_end)
    check_tree(tree)


def leads_to(start: Block, ends: set[Block], without: Block | None = None) -> bool:
    seen: set[Block] = set()
    pending = [start]
    while pending:
        block = pending.pop()
        if block is not without and block not in seen:
            seen.add(block)
            pending += block.successors
    return not seen.isdisjoint(ends)


@given(graphs())
def test_loops_are_headers_with_what_leads_back_to_them(function: Function) -> None:
    tree, found = dominators(function), loops(function)
    graph = tree.cfg
    by_header = {loop.header: loop for loop in found}
    for header in graph.order:
        latches = [p for p in graph.preds[header] if tree.dominates(header, p)]
        assert (header in by_header) == bool(latches)
        if latches:
            loop = by_header[header]
            assert loop.latches == latches and loop.blocks[0] is header
            assert set(loop.blocks) == natural_loop(header, latches, function)
            assert loop.blocks == sorted(loop.blocks, key=graph.number.__getitem__)
            assert loop.exits == [(b, s) for b in loop.blocks for s in graph.succs[b] if s not in loop.blocks]
            assert all(p not in loop and graph.is_reachable(p) for p in loop.entries)
    for block in graph.order:
        around = [loop for loop in found if block in loop]
        assert found.depth(block) == len(around)
        assert found.of(block) is min(around, key=lambda loop: len(loop.blocks), default=None)
    for loop in found:
        outer = [other for other in found if loop.header in other and other is not loop]
        assert loop.depth == len(outer) + 1
        assert loop.parent is min(outer, key=lambda other: len(other.blocks), default=None)
        assert all(child.parent is loop for child in loop.children)


def natural_loop(header: Block, latches: list[Block], function: Function) -> set[Block]:
    graph = cfg(function)
    members = {header}
    pending = list(latches)
    while pending:
        block = pending.pop()
        if block not in members:
            members.add(block)
            pending += [p for p in graph.preds[block] if graph.is_reachable(p)]
    return members


def test_a_cycle_with_two_entries_is_irreducible_and_no_loop() -> None:
    found = loops(graph_of([[1, 2], [2], [1, 3], []]))
    assert len(found) == 0 and [b.name for b in found.irreducible] in (["b1"], ["b2"])


def test_the_preheader_is_the_only_entry_if_it_leads_nowhere_else() -> None:
    with_one = graph_of([[1], [2, 3], [1], []])
    assert [loop.preheader for loop in loops(with_one)] == [with_one.entry]
    branching = graph_of([[1, 3], [2, 3], [1], []])
    assert [loop.preheader for loop in loops(branching)] == [None]
    with_two = graph_of([[1, 4], [2, 3], [1], [], [1]])
    assert [loop.preheader for loop in loops(with_two)] == [None]


@quick
@given(modules())
def test_uses_are_all_places_and_can_be_replaced(module: Module) -> None:
    function = list(module.functions.values())[-1]
    found = uses(function)
    everywhere = [value for op in function.ops() for value in op.used_values()]
    for value in {*everywhere, *function.params}:
        assert found.count(value) == everywhere.count(value)
        assert all(use.value is value for use in found.of(value))
    new = Value(t.I64, function.entry, "new")
    for value in list(dict.fromkeys(everywhere)):
        found.replace_all(value, new)
        assert not found.is_used(value)
    assert {value for op in function.ops() for value in op.used_values()} <= {new}
    assert found.count(new) == len(everywhere)
    for op in list(function.ops()):
        found.remove(op)
    assert not found.is_used(new)


@quick
@given(modules())
def test_live_in_is_what_some_path_needs(module: Module) -> None:
    function = list(module.functions.values())[-1]
    found = liveness(function)
    live: dict[Block, set[Value]] = {block: set() for block in function.blocks}
    changed = True
    while changed:
        changed = False
        for block in reversed(function.blocks):
            needed = set().union(*(live[succ] for succ in block.successors))
            assert set(found.live_out(block)) >= needed
            for op in reversed(block.ops):
                needed = needed - set(op.results) | set(op.used_values())
            needed -= set(block.params)
            changed |= needed != live[block]
            live[block] = needed
    assert {block: set(values) for block, values in found.live_in.items()} == live


CALLS = """
func @leaf() {
^entry:
  ret
}
func @a() {
^entry:
  call @b
  call @leaf
  call @b
  ret
}
func @b() {
^entry:
  call @a
  ret
}
func @self() {
^entry:
  call @self
  ret
}
func @main() {
^entry:
  call @a
  call @self
  ret
}
"""


def test_the_call_graph_lists_callees_first() -> None:
    module = parse(CALLS, default_stage="mem")
    graph = callgraph(module)
    functions = module.functions
    assert [sorted(f.name for f in group) for group in graph.components] == [["leaf"], ["a", "b"], ["self"], ["main"]]
    assert graph.callees[functions["a"]] == [functions["b"], functions["leaf"]]
    assert graph.callers[functions["a"]] == [functions["b"], functions["main"]]
    assert len(graph.sites[functions["a"]]) == 3
    assert [f.name for f in functions.values() if graph.is_recursive(f)] == ["a", "b", "self"]
    assert [f.name for f in graph.bottom_up][-1] == "main"


def _chain_with_shared_exit(count: int) -> Module:
    """Every block may go on or leave to one block: quadratic for the simple algorithms."""
    module = Module("m", "mem")
    function = module.add(Function("f", [t.BOOL, t.I64], (t.I64,)))
    block = function.add_block("entry")
    condition, number = block.add_param(t.BOOL), block.add_param(t.I64)
    out = function.add_block("out")
    Builder(out).ret(number)
    for _ in range(count):
        following = function.add_block()
        Builder(block).cond_br(condition, following, out)
        block = following
    Builder(block).ret(number)
    return module


def _random_graph(count: int) -> Module:
    chance = random.Random(1)
    function = graph_of([[chance.randrange(1, count) for _ in range(chance.randrange(1, 4))] for _ in range(count)])
    module = Module("m", "mem")
    module.add(function)
    return module


@pytest.mark.parametrize("make", [_chain_with_shared_exit, _random_graph])
def test_analyses_do_not_recurse(make: object) -> None:
    module = make(5000)  # type: ignore[operator]
    function = module.functions["f"]
    tree = dominators(function)
    assert len(tree.preorder) == len(tree.cfg.order)
    assert len(postdominators(function).preorder) == len(tree.cfg.order)
    loops(function)
    liveness(function)
    if make is _chain_with_shared_exit:
        assert verify(module) == []


def test_a_long_chain_of_calls_does_not_recurse() -> None:
    module = Module("m", "mem")
    for index in range(5000):
        builder = Builder(module.add(Function(f"f{index}", [], ())).add_block())
        builder.call(f"f{index + 1}", [], ())
        builder.ret()
    assert callgraph(module).bottom_up[0].name == "f4999"
