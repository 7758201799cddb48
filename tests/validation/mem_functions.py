"""Random mem IR with what the passes look for, made fast: a module has about four functions and is made in a millisecond.

    module = make_module(random.Random(seed))        `@main`, exported, takes numbers; `arguments(rng)` gives some
    make_module(rng, focus=("loop", "access"))       more of these statements

A function is a row of random statements (`STATEMENTS`); which are frequent is drawn once for each function, so that many
functions are of few kinds each ("swarm testing", Groce et al. 2012). Statements read and assign variables, which become
SSA values on the way: where paths meet, blocks get parameters. Nothing is accessed out of bounds, and classes of memory do
not overlap; loops may run for ever.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Sequence
from typing import Any

from branch_statements import Branches
from call_statements import Calls
from loop_statements import Loops
from maker import ARRAYS, CAPACITY, EDGES, LOC_FILE, number
from memory_statements import RAW_BYTES, TEXTS, Memory
from number_statements import Numbers
from recursive_functions import RecursiveMaker
from wasmlathe.ir import types as t
from wasmlathe.ir.build import Builder
from wasmlathe.ir.clone import clone_function
from wasmlathe.ir.core import DataSegment, Function, Global, Module
from wasmlathe.ir.ops import Effects
from wasmlathe.lower.heap_state import SHADOW

__all__ = ["EDGES", "LOC_FILE", "STATEMENTS", "Maker", "add_host", "arguments", "make_module"]


def make_module(rng: random.Random, focus: Sequence[str] = ()) -> Module:
    """A module whose exported `@main` takes numbers only."""
    module = Module("random", "mem")
    module.globals["counter"] = Global("counter", t.I64, rng.choice(EDGES[t.I64]))
    module.globals["scale"] = Global("scale", t.F64, rng.choice(EDGES[t.F64]), mutable=False)
    add_host(module)
    _add_data(module, rng)
    if "collect" in focus or rng.random() < 0.1:
        _add_allocator(module)
    for index in range(rng.randint(1 if "twin-functions" in focus else 0, 2)):
        Maker(rng, module, f"helper{index}", focus, budget=rng.choice((4, 8, 16)), arrays=rng.random() < 0.3).make()
    if "twin-functions" in focus:
        _add_twin(module, rng)
    if "recursion" in focus or rng.random() < 0.15:
        RecursiveMaker(rng, module, "again").make()
    body = Maker(rng, module, "body", focus, budget=rng.choice((15, 30, 50)), arrays=rng.random() < 0.85).make()
    _add_main(module, body, rng)
    return module


def arguments(rng: random.Random, module: Module) -> tuple[Any, ...]:
    """Arguments for `@main`: edges, and small numbers, with which loops end."""
    small = rng.random() < 0.5
    return tuple(
        rng.randint(-3, 14) if small and type_ in (t.I64, t.I32) else number(rng, type_)
        for type_ in module.functions["main"].param_types
    )


def add_host(module: Module) -> None:
    """What the host offers; `ask` gives another number every time, `look` sees memory."""
    for name, params, results, effects in (
        ("log", [t.I64], (), Effects.IO),
        ("ask", [], (t.I64,), Effects.IO),
        ("look", [], (), Effects.IO | Effects.READS),
    ):
        function = module.add(Function(name, list(params), results))
        function.attrs.update({"import": ("env", name), "effects": effects})


def _add_data(module: Module, rng: random.Random) -> None:
    """Arrays of each kind, objects, and bytes without a structure."""
    for index, kind in enumerate((*ARRAYS, *ARRAYS[:2])):
        length = rng.choice((0, 1, 3, 5, 8, CAPACITY))
        elements = ("f" if kind.type is t.F64 else "e") + str(index)
        values = [number(rng, kind.type) for _ in range(CAPACITY)]
        if kind.shift == 0:
            content = bytes(v & 255 for v in values)
        else:
            content = struct.pack(f"<{CAPACITY}{'d' if kind.type is t.F64 else 'q'}", *values)
        module.data[elements] = DataSegment(elements, content)
        header = DataSegment(f"a{index}", struct.pack("<QIIII", 0, length, CAPACITY, 0, 0))
        header.relocations.append((16, elements, 0))
        module.data[header.name] = header
    for name in ("o0", "o1"):
        content = struct.pack("<Qqqq", 7, *(number(rng, t.I64) for _ in range(3)))
        module.data[name] = DataSegment(name, content)
    for name, content in TEXTS.items():
        module.data[name] = DataSegment(name, content, align=1)
    module.data["raw"] = DataSegment("raw", rng.randbytes(RAW_BYTES))


def _add_allocator(module: Module) -> None:
    """`@new(size)`, which collects; see `collector`."""
    module.data[SHADOW] = DataSegment(SHADOW, b"", 8, 0)
    alloc = module.add(Function("alloc", [t.I32, t.I32, t.I32], (t.I32,)))
    alloc.attrs.update({"import": ("env", "alloc"), "effects": Effects.IO | Effects.READS | Effects.WRITES})
    new = module.add(Function("new", [t.I32], (t.I32,)))
    new.attrs["inline"] = "never"
    block = new.add_block("entry")
    size = block.add_param(t.I32, "size")
    at = Builder(block)
    stack = at.op("mem.data_addr", data=SHADOW)  # as a collector mentions it
    at.ret(*at.call("alloc", [at.op("mem.shadow"), size, stack], (t.I32,)).results)


def _add_twin(module: Module, rng: random.Random) -> None:
    """The same code once more, under another name."""
    helpers = [f for f in module.functions.values() if f.name.startswith("helper")]
    if helpers:
        chosen = rng.choice(helpers)
        module.add(clone_function(chosen, f"{chosen.name}_twin")[0])


def _add_main(module: Module, body: Function, rng: random.Random) -> None:
    """`@main` passes its numbers on, and arrays and objects, some of them twice."""
    main = Function("main", [p for p in body.param_types if p is not t.I32], body.results)
    main.exported = "main"
    module.add(main)
    block = main.add_block("entry")
    at = Builder(block)
    given = [block.add_param(type_, f"p{index}") for index, type_ in enumerate(main.param_types)]
    numbers = iter(given)
    operands = []
    for param in body.params:
        if param.type is t.I32:
            name = (param.name or "").split("_")[0]
            if name == "o":
                name = rng.choice(("o0", "o1"))
            elif name in ("a0", "a1"):
                name = rng.choice((name, f"a{int(name[1]) + 3}"))  # the other array of this kind
            operands.append(at.op("mem.data_addr", data=name))
        else:
            operands.append(next(numbers))
    at.ret(*at.call("body", operands, body.results).results)


class Maker(Numbers, Branches, Loops, Memory, Calls):
    """Makes one function of random statements."""

    def statements(self) -> dict[str, Callable[[Any, int], None]]:
        return STATEMENTS


#: What a function consists of.
STATEMENTS: dict[str, Callable[[Maker, int], None]] = {
    "assign": Maker.assign,
    "arithmetic": Maker.arithmetic,
    "pattern": Maker.pattern,
    "again": Maker.again,
    "invariant": Maker.invariant,
    "crossing": Maker.crossing,
    "branch": Maker.branch,
    "guard": Maker.guard,
    "choose": Maker.choose,
    "select": Maker.select,
    "switch": Maker.switch,
    "lookup": Maker.lookup,
    "loop": Maker.loop,
    "while": Maker.while_,
    "twins": Maker.twins,
    "nest": Maker.nest,
    "switching": Maker.switching,
    "alike": Maker.alike,
    "one-of": Maker.one_of,
    "linear": Maker.linear,
    "sum-loop": Maker.sum_loop,
    "rounds": Maker.rounds,
    "tallies": Maker.tallies,
    "rotation": Maker.rotation,
    "divisible": Maker.divisible,
    "divide-counter": Maker.divide_counter,
    "count-off": Maker.count_off,
    "access": Maker.access,
    "neighbour": Maker.neighbour,
    "guarded-loop": Maker.guarded_loop,
    "push": Maker.push,
    "measure": Maker.measure,
    "field": Maker.field,
    "raw": Maker.raw,
    "overwrite": Maker.overwrite,
    "fault": Maker.fault,
    "letter": Maker.letter,
    "word": Maker.word,
    "countdown": Maker.countdown,
    "bulk": Maker.bulk,
    "variable": Maker.variable,
    "host": Maker.host,
    "call": Maker.call,
    "collect": Maker.collect,
}
