"""The allocator and the collector, driven from outside: objects are made, linked and dropped; a model in Python says which
are alive and what they hold.

Every object is a node with a number and two links. `slots` is an array of nodes in a module variable: the roots.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wasmlathe.ir.core import Module
from wasmlathe.ir.parse import parse
from wasmlathe.ir.verify import verify_or_raise
from wasmlathe.lower import heap_state, layout
from wasmlathe.lower.lower_data import LowerOptions, lower_data
from wasmlathe.lower.size_classes import BLOCK_BYTES, CELL_BYTES, MAX_SMALL_BYTES, class_of
from wasmlathe.passes import gc_roots
from wasmlathe.passes.analysis.effects import effects
from wasmlathe.pipeline.analyses import AnalysisCache
from wasmlathe.pipeline.spec import PassContext
from wasmlathe.wasm_runtime import heap_stats
from wasmlathe.wasm_runtime.engine import Limits
from wasmlathe.wasm_runtime.panics import ProgramPanic
from wasmlathe.wasm_runtime.python_engine import Program

SLOTS = 6

NODES = f"""
layout @Node tag 3 mutable (i64, opt<object>, opt<object>)
global @slots: array<object> = 0
func @start() export "start" {{
^entry:
  %n: i64 = i64.const {SLOTS}
  %zero: i64 = i64.const 0
  %one: i64 = i64.const 1
  %a: array<object> = data.array_new %n
  data.array_set_len %a, %n
  global.set @slots %a
  br ^loop(%zero)
^loop(%i: i64):
  call @make %i, %zero
  %j: i64 = i64.add %i, %one
  %more: bool = i64.lt_s %j, %n
  cond_br %more, ^loop(%j), ^done
^done:
  ret
}}
func @make(%at: i64, %number: i64) export "make" {{
^entry:
  %none: opt<object> = data.opt_none
  %o: object = data.object @Node %number, %none, %none
  %a: array<object> = global.get @slots
  data.array_put %a, %at, %o
  ret
}}
func @left(%at: i64, %to: i64) export "left" {{
^entry:
  %a: array<object> = global.get @slots
  %o: object = data.array_at %a, %at
  %p: object = data.array_at %a, %to
  %s: opt<object> = data.opt_some %p
  data.object_set @Node %o, %s {{index=1}}
  ret
}}
func @right(%at: i64, %to: i64) export "right" {{
^entry:
  %a: array<object> = global.get @slots
  %o: object = data.array_at %a, %at
  %p: object = data.array_at %a, %to
  %s: opt<object> = data.opt_some %p
  data.object_set @Node %o, %s {{index=2}}
  ret
}}
func @slot(%at: i64) -> object export "slot" {{
^entry:
  %a: array<object> = global.get @slots
  %o: object = data.array_at %a, %at
  ret %o
}}
func @array(%n: i64) -> i64 export "array" {{
^entry:
  %a: array<i64> = data.array_new %n
  %c: i64 = data.array_cap %a
  ret %c
}}
"""


def with_roots(text: str, **options: object) -> Module:
    """The mem module of a typed one, as it is before code generation."""
    module = lower_data(parse(text, default_stage="typed"), LowerOptions(**options))  # type: ignore[arg-type]
    gc_roots.run(module, PassContext(None, AnalysisCache(), []))
    verify_or_raise(module)
    return module


@dataclass
class Node:
    """The model of an object."""

    number: int
    links: list[Node | None] = field(default_factory=lambda: [None, None])


class Heap:
    """A running program and the model of what it holds."""

    def __init__(self, module: Module, limits: Limits | None = None) -> None:
        self.program = Program(module, (), limits or Limits())
        self.program.call("start")
        self.slots = [Node(0) for _ in range(SLOTS)]
        self.made = 0

    def make(self, at: int) -> None:
        self.made += 1
        self.program.call("make", at, self.made)
        self.slots[at] = Node(self.made)

    def link(self, side: int, at: int, to: int) -> None:
        self.program.call(("left", "right")[side], at, to)
        self.slots[at].links[side] = self.slots[to]

    def word(self, address: int) -> int:
        return int.from_bytes(self.program.memory[address : address + 4], "little")

    def check(self) -> None:
        """Everything that the model reaches is there, with its number; one object for one node."""
        known: dict[int, Node] = {}
        todo = [(self.program.call("slot", at)[0], node) for at, node in enumerate(self.slots)]
        while todo:
            address, node = todo.pop()
            if known.setdefault(address, node) is not node:
                raise AssertionError(f"two nodes at {address:#x}")
            assert self.word(address) >> layout.TAG_SHIFT == 3
            if len(known) > len({id(n) for n in known.values()}):
                raise AssertionError(f"node {node.number} at two addresses")
            assert self.word(address + 8) == node.number
            for offset, link in zip((16, 20), node.links, strict=True):
                target = self.word(address + offset)
                assert (target == 0) == (link is None)
                if link is not None and target not in known:
                    todo.append((target, link))

    @property
    def stats(self) -> heap_stats.HeapStats:
        return heap_stats.read(memoryview(self.program.memory), self.program.image.addresses[heap_state.HEAP])


STRESSED = with_roots(NODES, gc_stress=True, gc_stats=True)
TIGHT = with_roots(NODES, gc_stress=True, gc_stats=True, mark_stack_bytes=8)
PLAIN = with_roots(NODES, gc_stats=True)

_slot = st.integers(0, SLOTS - 1)
_step = st.one_of(
    st.tuples(st.just("make"), _slot),
    st.tuples(st.just("link"), st.integers(0, 1), _slot, _slot),
    st.tuples(st.just("array"), st.sampled_from([0, 1, 5, 40, 2047, 2048, 5000, 20_000])),
)


@pytest.mark.parametrize("module", [STRESSED, TIGHT, PLAIN], ids=["stressed", "tight", "plain"])
@settings(deadline=None, max_examples=25)
@given(steps=st.lists(_step, max_size=40))
def test_what_can_be_reached_stays_as_it_is(module, steps):
    heap = Heap(module)
    for what, *arguments in steps:
        if what == "array":
            assert heap.program.call("array", *arguments) == tuple(arguments)
        else:
            getattr(heap, what)(*arguments)
        heap.check()


def test_memory_is_used_again():
    """Far more is allocated than there may be memory; what is alive is small."""
    heap = Heap(PLAIN, Limits(max_memory_bytes=6 << 20))
    choose = random.Random(7)
    for _ in range(60):
        heap.program.call("array", 20_000 + choose.randrange(20_000))
        heap.make(choose.randrange(SLOTS))
        heap.link(choose.randrange(2), choose.randrange(SLOTS), choose.randrange(SLOTS))
        heap.check()
    assert heap.stats.allocated_bytes > 2 * (6 << 20)
    assert heap.stats.collections > 0


def test_epochs_come_again_and_nothing_is_lost():
    """Seven numbers are all there are for marking, so after so many collections the first is used again."""
    heap = Heap(STRESSED)
    choose = random.Random(3)
    for _ in range(40):
        heap.make(choose.randrange(SLOTS))
        heap.link(choose.randrange(2), choose.randrange(SLOTS), choose.randrange(SLOTS))
        heap.check()
    assert heap.stats.collections > 40


def test_a_long_list_needs_no_deep_mark_stack():
    heap = Heap(PLAIN)
    for number in range(1, 4000):
        heap.make(number % 2)
        heap.link(0, number % 2, (number + 1) % 2)
    for _ in range(20):
        heap.program.call("array", 20_000)
    heap.check()
    stats = heap.stats
    assert stats.collections > 0 and stats.live_bytes > 3000 * 24


def test_memory_that_is_all_in_use_ends_the_program():
    heap = Heap(PLAIN, Limits(max_memory_bytes=3 << 20))
    with pytest.raises(ProgramPanic, match="out of memory"):
        heap.program.call("array", 1 << 20)


def test_without_the_pass_nothing_is_collected():
    module = lower_data(parse(NODES, default_stage="typed"), LowerOptions(gc_stress=True, gc_stats=True))
    heap = Heap(module)
    for _ in range(10):
        heap.make(0)
    assert heap.stats.collections == 0
    heap.check()


def test_objects_that_allocation_counts():
    heap = Heap(PLAIN)
    before = heap.stats
    for _ in range(10):
        heap.make(1)
    assert heap.stats.objects == before.objects + 10
    assert heap.stats.allocated_bytes == before.allocated_bytes + 10 * 24


@pytest.mark.parametrize("name", ["rt-collect", "rt-alloc-large"])
def test_what_a_collection_writes_can_be_seen(name):
    """Passes rely on it: what a class's run was before a call that may collect, it is not after it."""
    module = with_roots(NODES)
    writes = effects(module)[name].writes
    assert {"heap.class.next", "heap.class.end", "header"} <= writes
    assert not [alias for alias in writes if not alias.startswith(("heap.", "header", "mem."))]


def test_cells_waste_at_most_a_fifth():
    assert list(CELL_BYTES) == sorted(set(CELL_BYTES)) and all(cell % 8 == 0 for cell in CELL_BYTES)
    for size in range(8, MAX_SMALL_BYTES + 1, 8):
        cell = CELL_BYTES[class_of(size)]
        assert size <= cell and (cell - size < 8 or cell <= size * 1.25)
    assert MAX_SMALL_BYTES * 2 == BLOCK_BYTES


@pytest.mark.parametrize("size", [*range(8, 200, 8), 1024, 1032, 16376, 16384, 16392, 40_000])
def test_the_class_is_found_at_run_time_as_it_is_at_compile_time(size):
    module = with_roots(NODES, host_allocates=True, gc_stats=True)
    heap = Heap(module)
    before = heap.stats.allocated_bytes
    first = heap.program.call("rt-host-alloc", size)[0]
    second = heap.program.call("rt-host-alloc", size)[0]
    taken = heap.stats.allocated_bytes - before
    wanted = CELL_BYTES[class_of(size)] if size <= MAX_SMALL_BYTES else -(-size // BLOCK_BYTES) * BLOCK_BYTES
    assert taken == 2 * wanted and abs(second - first) >= size and first % 8 == 0
