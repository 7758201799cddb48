"""Random mem IR with what the passes look for, made fast: a module has about four functions and is made in a millisecond.

    module = make_module(random.Random(seed))        `@main`, exported, takes numbers; `arguments(rng)` gives some
    make_module(rng, focus=("loop", "access"))       more of these statements

A function is a row of random statements (`STATEMENTS`); which are frequent is drawn once for each function, so that many
functions are of few kinds each ("swarm testing", Groce et al. 2012). Statements read and assign variables, which become
SSA values on the way: where paths meet, blocks get parameters. Nothing is accessed out of bounds, and classes of memory do
not overlap; loops may run for ever.
"""

from __future__ import annotations

import itertools
import random
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import rule_prover as prover
from random_ir import scalar_rows
from wasmlathe.ir import types as t
from wasmlathe.ir.build import Builder
from wasmlathe.ir.clone import clone_function
from wasmlathe.ir.core import Block, DataSegment, Function, Global, Loc, Module, Op, Target, Value
from wasmlathe.ir.ops import Effects, OpRow, row_named
from wasmlathe.lower.heap_state import SHADOW
from wasmlathe.passes import algebra_rules, bool_rules, conversion_rules, float_rules, strength_rules
from wasmlathe.passes.rules import Const, Lit, Rule, Var

SCALARS = (t.I64, t.I64, t.I64, t.F64, t.I32, t.BOOL)
EDGES: dict[t.Type, tuple[Any, ...]] = {
    t.I64: (
        0,
        1,
        -1,
        2,
        3,
        5,
        7,
        8,
        10,
        63,
        64,
        100,
        -(2**63),
        2**63 - 1,
        2**32,
        2**31,
        2**31 - 1,
        -(2**31),
        2**32 - 1,
    ),
    t.I32: (0, 1, -1, 2, 3, 7, 8, 31, 32, -(2**31), 2**31 - 1, 255, 65535),
    t.F64: (0.0, -0.0, 1.0, -1.0, 0.5, 2.0, 3.0, 1e300, 5e-324, float("inf"), float("-inf"), float("nan"), 2.0**53),
    t.BOOL: (False, True),
}
RULES = [
    rule for group in (algebra_rules, bool_rules, conversion_rules, float_rules, strength_rules) for rule in group.RULES
]
COMPARISONS = ("lt_s", "le_s", "gt_s", "ge_s", "lt_u", "le_u", "gt_u", "ge_u", "eq", "ne")
LOC_FILE = "random.tova"
RAW_BYTES = 64
#: Constant texts, some of which are part of others.
TEXTS = {"t0": b"usage: run FILE", "t1": b"run ", "t2": b"FILE", "t3": b"else"}

Env = dict[str, Value]


@dataclass(frozen=True)
class ArrayKind:
    """How elements of one type lie in memory."""

    alias: str
    load: str
    store: str
    shift: int
    type: t.Type
    widen: str = ""
    cut: str = ""


ARRAYS = (
    ArrayKind("elem.i64", "mem.load_i64", "mem.store_i64", 3, t.I64),
    ArrayKind("elem.f64", "mem.load_f64", "mem.store_f64", 3, t.F64),
    ArrayKind("elem.u8", "mem.load8_u", "mem.store8", 0, t.I64, "i64.extend_i32_u", "i32.wrap_i64"),
)
CAPACITY = 12


def number(rng: random.Random, type_: t.Type) -> Any:
    """A random number, at the edges more often than not."""
    edges = EDGES[type_]
    if type_ is t.BOOL or rng.random() < 0.6:
        return rng.choice(edges)
    if rng.random() < 0.7:
        return float(rng.randint(-9, 30)) / 2 if type_ is t.F64 else rng.randint(-9, 40)
    if type_ is t.F64:
        return rng.uniform(-1e6, 1e6)
    bits = 64 if type_ is t.I64 else 32
    return rng.getrandbits(bits) - (1 << bits - 1)


@cache
def _constants_of(index: int) -> list[Any]:
    return list(itertools.islice(prover.constant_choices(RULES[index]), 40))


@cache
def _sorts_of(index: int) -> dict[str, str]:
    return prover.sorts(RULES[index])


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
    for index, kind in enumerate((*ARRAYS, ARRAYS[0])):
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
            elif name == "a0":
                name = rng.choice(("a0", "a3"))
            operands.append(at.op("mem.data_addr", data=name))
        else:
            operands.append(next(numbers))
    at.ret(*at.call("body", operands, body.results).results)


class Maker:
    """Makes one function of random statements."""

    def __init__(
        self, rng: random.Random, module: Module, name: str, focus: Sequence[str], budget: int, arrays: bool
    ) -> None:
        self.rng = rng
        self.module = module
        self.budget = budget
        self.name = name
        self.takes_arrays = arrays
        self.vars: Env = {}
        #: Addresses of arrays with their kinds, and of objects.
        self.arrays: list[tuple[Value, ArrayKind]] = []
        self.objects: list[Value] = []
        #: For each loop around, from the outside: its counter's name, and where `break` goes with which variables.
        self.loops: list[tuple[str, Block, list[str]]] = []
        self.names = 0
        self.lines = 0
        self.panic_block: Block | None = None
        self.callees = [f for f in module.functions.values() if f.blocks and f.name != "new"]
        #: How often each of them is given one of two constants.
        self.usual = {f: rng.choice((0.2, 1.0)) for f in self.callees}
        self.collects = "collect" in focus
        self.weights = self.draw_weights(focus)
        self.at: Builder

    def draw_weights(self, focus: Sequence[str]) -> list[float]:
        rng = self.rng
        weights = [rng.choice((0, 0, 0, 0.3, 1) if focus else (0, 0, 0.3, 1, 1, 3)) for _ in self.statements()]
        for index, name in enumerate(self.statements()):
            if name in focus:
                weights[index] = 6.0
        return weights if any(weights) else [1.0 for _ in weights]

    def statements(self) -> dict[str, Callable[[Any, int], None]]:
        return STATEMENTS

    # --- the function -------------------------------------------------------------------------------------------------

    def make(self) -> Function:
        rng, module = self.rng, self.module
        params = [rng.choice(SCALARS) for _ in range(rng.randint(1, 4))]
        params = [t.I64 if type_ is t.I32 else type_ for type_ in params]
        addresses = []
        if self.takes_arrays:
            addresses = [f"a{index}" for index in sorted(rng.sample(range(3), rng.randint(1, 3)))]
            addresses += ["o"] * rng.choice((0, 1, 2, 2))
            if rng.random() < 0.3:
                addresses.append("a0_again")
        types = params + [t.I32] * len(addresses)
        results = tuple(rng.choice((t.I64, t.I64, t.F64, t.BOOL)) for _ in range(rng.choice((1, 1, 2))))
        self.function = function = module.add(Function(self.name, types, results, self.loc()))
        entry = function.add_block("entry")
        self.at = Builder(entry)
        for index, type_ in enumerate(params):
            self.vars[f"v{index}"] = entry.add_param(type_, f"v{index}")
        for name in addresses:
            value = entry.add_param(t.I32, name)
            if name == "o":
                self.objects.append(value)
            else:
                self.arrays.append((value, ARRAYS[int(name[1])]))
        for index in range(rng.randint(0, 2)):
            type_ = rng.choice((t.I64, t.I64, t.F64, t.I32))
            self.vars[f"c{index}"] = self.const(type_)
        if self.collects:
            self.collect(0)
        self.body(3)
        self.at.loc = self.loc()
        self.at.ret(*map(self.returned, results))
        self.finish_panic()
        return function

    def finish_panic(self) -> None:
        if self.panic_block is not None:
            self.function.blocks.append(self.panic_block)

    def body(self, depth: int) -> None:
        """Some statements."""
        table = self.statements()
        for _ in range(self.rng.randint(1, 5)):
            if self.budget <= 0:
                return
            (name,) = self.rng.choices(list(table), self.weights)
            self.at.loc = self.loc()
            table[name](self, depth)

    # --- values -------------------------------------------------------------------------------------------------------

    def loc(self) -> Loc:
        self.lines += 1
        return Loc(LOC_FILE, self.lines, 1)

    def op(self, name: str, *operands: Value, **attrs: Any) -> Value:
        self.budget -= 1
        return self.at.op(name, *operands, **attrs)

    def const(self, type_: t.Type, value: Any = None) -> Value:
        value = number(self.rng, type_) if value is None else value
        return self.at.const(type_, float(value) if type_ is t.F64 else bool(value) if type_ is t.BOOL else value)

    def value(self, type_: t.Type) -> Value:
        """A variable of the type, or a constant."""
        fitting = [v for v in self.vars.values() if v.type is type_]
        if fitting and self.rng.random() < 0.85:
            return self.rng.choice(fitting)
        return self.const(type_)

    def returned(self, type_: t.Type) -> Value:
        """What is returned: now and then always the same."""
        kind = self.rng.random()
        params = [p for p in self.function.params if p.type is type_]
        if kind < 0.15 and params:
            return params[0]
        return self.const(type_, EDGES[type_][kind < 0.25]) if kind < 0.35 else self.value(type_)

    def fresh(self, value: Value) -> None:
        """Make `value` a new variable, or assign it to one."""
        same = [name for name, v in self.vars.items() if v.type is value.type and name[0] not in "ir"]
        if same and (len(same) > 3 or self.rng.random() < 0.6):
            self.vars[self.rng.choice(same)] = value
        else:
            self.names += 1
            self.vars[f"w{self.names}"] = value

    def condition(self) -> Value:
        type_ = self.rng.choice((t.I64, t.I64, t.I64, t.F64, t.I32, t.BOOL))
        if type_ is t.BOOL:
            return self.value(t.BOOL)
        if type_ is t.F64:
            name = self.rng.choice(("lt", "le", "gt", "ge", "eq", "ne"))
            return self.op(f"f64.{name}", self.value(t.F64), self.value(t.F64))
        return self.op(f"{type_}.{self.rng.choice(COMPARISONS)}", self.value(type_), self.value(type_))

    def index(self) -> Value:
        """An index: mostly a counter, perhaps moved."""
        counters = [self.vars[name] for name, _, _ in self.loops if name in self.vars]
        counters = [v for v in counters if v.type is t.I64]
        if not counters or self.rng.random() < 0.2:
            return self.value(t.I64) if self.rng.random() < 0.5 else self.const(t.I64, self.rng.randint(-3, 12))
        counter = self.rng.choice(counters)
        if self.rng.random() < 0.3:
            return self.op("i64.add", counter, self.const(t.I64, self.rng.choice((1, -1, 2, 3))))
        if self.rng.random() < 0.15:
            return self.op("i64.add", counter, self.value(t.I64))
        return counter

    # --- blocks -------------------------------------------------------------------------------------------------------

    def block(self, name: str | None = None, cold: bool = False) -> Block:
        block = self.function.add_block(name)
        block.cold = cold
        return block

    def start(self, block: Block) -> None:
        self.at.at_end(block)

    def panic_target(self) -> Block:
        """A block that panics: the same for all, or one for this place."""
        if self.rng.random() < 0.4:
            block = self.block("panic", cold=True)
        elif self.panic_block is None:
            block = self.panic_block = Block(self.function, "panic")
            block.cold = True
        else:
            return self.panic_block
        Builder(block, loc=self.loc()).panic(self.rng.choice(("index out of range", "bad")))
        return block

    def join(self, ends: list[tuple[Block, Env]], before: Env) -> None:
        """Continue in a new block, where the ways from `ends` meet; variables that differ become parameters."""
        names = [
            name
            for name in before
            if any(env[name] is not ends[0][1][name] for _, env in ends) or self.rng.random() < 0.05
        ]
        join = self.block("join")
        after = {name: ends[0][1][name] for name in before}
        for name in names:
            after[name] = join.add_param(before[name].type, name)
        for block, env in ends:
            Builder(block, loc=self.at.loc).br(join, *(env[name] for name in names))
        self.vars = after
        self.start(join)

    # --- statements ---------------------------------------------------------------------------------------------------

    def assign(self, depth: int) -> None:
        row: OpRow = self.rng.choice(_rows())
        free = self.rng.choice(SCALARS)
        operands = [self.value(free if p == "T" else _TYPES[p]) for p in row.operands]
        self.fresh(self.op(row.name, *operands))

    def arithmetic(self, depth: int) -> None:
        """Plain integer arithmetic, of which most programs consist."""
        name = self.rng.choice(("add", "sub", "mul", "and", "or", "xor", "add", "sub"))
        self.fresh(self.op(f"i64.{name}", self.value(t.I64), self.value(t.I64)))

    def pattern(self, depth: int) -> None:
        """What the left side of a rewrite rule looks like."""
        index = self.rng.randrange(len(RULES))
        rule: Rule = RULES[index]
        sorts = _sorts_of(index)
        chosen = self.rng.choice(_constants_of(index))
        known = {name: self.const(t.make(sorts[name]), value) for name, value in vars(chosen).items()}
        for name, sort in sorts.items():
            if name not in known:
                known[name] = self.value(t.make(sort))
        self.fresh(self.build(rule.pattern, known))

    def build(self, pattern: Any, known: dict[str, Value]) -> Value:
        if isinstance(pattern, (Var, Const)):
            return known[pattern.name]
        if isinstance(pattern, Lit):
            return self.const(pattern.type, pattern.value)
        return self.op(pattern.name, *[self.build(a, known) for a in pattern.args])

    def again(self, depth: int) -> None:
        """An op that was there before, or nearly: what value numbering looks for."""
        ops = [*self.function.entry.ops[-20:], *self.at.block.ops[-12:]]
        fitting = [op for op in ops if _may_come_again(op)]
        if not fitting:
            return self.arithmetic(depth)
        lively = [op for op in fitting if op.row.effects]
        op = self.rng.choice(lively if lively and self.rng.random() < 0.5 else fitting)
        operands = list(op.operands)
        if self.rng.random() < 0.3 and op.row.commutative:
            operands.reverse()
        self.budget -= 1
        for result in self.at.emit(op.row, operands, tuple(r.type for r in op.results), None, **op.attrs).results:
            self.fresh(result)

    def invariant(self, depth: int) -> None:
        """Something about the parameters alone, which does not change in a loop."""
        inside = dict(self.vars)
        self.vars = {p.name or "": p for p in self.function.params if p.type in EDGES and p.type is not t.I32}
        before = dict(self.vars)
        names = (
            "assign",
            "arithmetic",
            "divisible",
            "field",
            "measure",
            "call",
            "variable",
            "pattern",
            "host",
            "access",
        )
        name = self.rng.choice(names)
        self.statements().get(name, Maker.arithmetic)(self, 0)
        made = [v for n, v in self.vars.items() if before.get(n) is not v]
        self.vars = inside
        for value in made:
            if value.type in EDGES:
                self.fresh(value)

    def crossing(self, depth: int) -> None:
        """A loop with two ways in, which ends when the fuel is used up."""
        rng = self.rng
        fuel = self.const(t.I64, rng.randint(1, 9))
        names = [name for name, v in self.vars.items() if v.type is t.I64 and name[0] not in "ir"][:2]
        left, right, out = self.block("left"), self.block("right"), self.block("out")
        entering = [fuel, *(self.vars[name] for name in names)]
        self.at.cond_br(self.condition(), Target(left, entering), Target(right, list(entering)))
        before = dict(self.vars)
        for block, other in ((left, right), (right, left)):
            self.vars = dict(before)
            burning = block.add_param(t.I64, "fuel")
            for name in names:
                self.vars[name] = block.add_param(t.I64, name)
            self.start(block)
            for _ in range(rng.randint(1, 3)):
                rng.choice((self.again, self.arithmetic, self.invariant, self.field))(0)
            rest = self.op("i64.sub", burning, self.const(t.I64, 1))
            goes_on = self.op("i64.gt_s", rest, self.const(t.I64, 0))
            values = [self.vars[name] for name in names]
            self.at.cond_br(goes_on, Target(other, [rest, *values]), Target(out, list(values)))
        self.vars = before
        self.start(out)
        for name in names:
            self.vars[name] = out.add_param(t.I64, name)

    def branch(self, depth: int) -> None:
        condition = self.condition()
        then, orelse = self.block("then", cold=self.rng.random() < 0.15), self.block("else")
        self.at.cond_br(condition, then, orelse)
        before, ends = dict(self.vars), []
        for block in (then, orelse):
            self.vars = dict(before)
            self.start(block)
            if depth and self.rng.random() < 0.7:
                self.body(depth - 1)
            if self.rng.random() < 0.12 and len(ends) == (block is orelse):
                self.leave()
            else:
                ends.append((self.at.block, self.vars))
        if not ends:  # both left: what follows is never reached, so there is none
            block = self.block("never")
            ends.append((block, dict(before)))
        self.join(ends, before)

    def leave(self) -> None:
        """Leave the function or the loop."""
        kind = self.rng.random()
        if self.loops and kind < 0.5:
            _, out, carried = self.loops[-1]
            self.at.br(out, *(self.vars[name] for name in carried))
        elif kind < 0.8:
            self.at.ret(*map(self.returned, self.function.results))
        else:
            self.at.br(self.panic_target())

    def guard(self, depth: int) -> None:
        """A check that panics."""
        condition = self.condition()
        on = self.block("checked")
        targets = [Target(on), Target(self.panic_target())]
        if self.rng.random() < 0.3:
            targets.reverse()
        self.at.cond_br(condition, *targets)
        self.start(on)

    def choose(self, depth: int) -> None:
        """A small diamond, or a triangle, of cheap values."""
        type_ = self.rng.choice((t.I64, t.I64, t.F64, t.BOOL))
        condition = self.condition()
        then, orelse = self.block("then"), self.block("else")
        join = self.block("join")
        self.at.cond_br(condition, then, orelse if self.rng.random() < 0.5 else Target(join, [self.value(type_)]))
        goes_through = any(target.block is orelse for target in self.at.block.terminator.targets)
        for block in (then, orelse):
            if block is orelse and not goes_through:
                self.function.blocks.remove(orelse)
                continue
            self.start(block)
            chosen = self.value(type_)
            if type_ is t.I64 and self.rng.random() < 0.5:
                chosen = self.op(f"i64.{self.rng.choice(('add', 'sub', 'xor', 'and'))}", chosen, self.value(t.I64))
            self.at.br(join, chosen)
        self.start(join)
        self.fresh(join.add_param(type_))

    def select(self, depth: int) -> None:
        type_ = self.rng.choice(SCALARS)
        self.fresh(self.op("select", self.condition(), self.value(type_), self.value(type_)))

    def switch(self, depth: int) -> None:
        number_, rng = self.value(t.I64), self.rng
        if rng.random() < 0.6:
            number_ = self.op("i64.and", number_, self.const(t.I64, rng.choice((3, 7, 15))))
        if rng.random() < 0.7:
            low = rng.choice((0, 0, 1, -2))
            cases = list(range(low, low + rng.randint(1, 8)))
        else:
            cases = rng.sample((0, 1, 5, 9, 63, -1, 1000, 2**63 - 1, -(2**63), 2**32), rng.randint(1, 6))
        arms = [self.block("arm") for _ in range(min(len(cases) + 1, rng.randint(1, 5)))]
        targets = [Target(rng.choice(arms)) for _ in range(len(cases) + 1)]
        self.at.emit("switch", (number_,), (), targets, cases=cases)
        used = {target.block for target in targets}
        before, ends = dict(self.vars), []
        for arm in arms:
            if arm not in used:
                self.function.blocks.remove(arm)
                continue
            self.vars = dict(before)
            self.start(arm)
            if depth and rng.random() < 0.5:
                self.body(0)
            else:
                self.fresh(self.const(t.I64, rng.randint(0, 40)))
            ends.append((self.at.block, self.vars))
        self.join(ends, before)

    def alike(self, depth: int) -> None:
        """Two ways that end alike."""
        rng = self.rng
        names = [rng.choice(("add", "sub", "mul", "xor", "mul", "div_u", "shl")) for _ in range(rng.randint(3, 6))]
        rights = [self.value(t.I64) for _ in names]
        condition = self.condition()
        then, orelse = self.block("then"), self.block("else")
        self.at.cond_br(condition, then, orelse)
        before, ends = dict(self.vars), []
        for block in (then, orelse):
            self.vars = dict(before)
            self.start(block)
            number_ = self.value(t.I64)
            if rng.random() < 0.3:
                self.at.call("log", [number_], ())
            for name, right in zip(names, rights, strict=True):
                number_ = self.op(f"i64.{name}", number_, right)
            self.at.emit("global.set", (number_,), (), None, name="counter")
            ends.append((self.at.block, self.vars))
        self.join(ends, before)

    def one_of(self, depth: int) -> None:
        """Whether a number is one of several: a chain of tests that lead to the same place."""
        rng = self.rng
        number_ = self.value(t.I64)
        if rng.random() < 0.5:
            number_ = self.op("i64.and", number_, self.const(t.I64, 127))
        if rng.random() < 0.4:
            low = rng.choice((0, 3, -2, 97))
            numbers = list(range(low, low + rng.randint(2, 6)))
        else:
            numbers = rng.sample((0, 1, 3, 9, 32, 63, 64, 97, 101, 105, -5), rng.randint(2, 7))
        others = [self.block("yes") for _ in range(rng.choice((1, 1, 2)))]
        join = self.block("join")
        for n in numbers:
            following = self.block("test")
            self.at.cond_br(self.op("i64.eq", number_, self.const(t.I64, n)), rng.choice(others), following)
            self.start(following)
        self.at.br(join, self.const(t.I64, 0))
        reached = {target.block for block in self.function.blocks if block.ops for target in block.terminator.targets}
        for block in others:
            if block not in reached:
                self.function.blocks.remove(block)
                continue
            self.start(block)
            if rng.random() < 0.3:
                self.at.call("log", [self.const(t.I64, 1)], ())
            self.at.br(join, self.const(t.I64))
        self.start(join)
        self.fresh(join.add_param(t.I64))

    def lookup(self, depth: int) -> None:
        """A chain of comparisons that all lead to constants."""
        rng = self.rng
        number_ = self.value(t.I64)
        if rng.random() < 0.5:
            number_ = self.op("i64.rem_u", number_, self.const(t.I64, rng.randint(4, 12)))
        count, low, slope = rng.randint(3, 8), rng.choice((0, 0, 1, -3, 100)), rng.choice((1, 2, -5, 10**18))
        numbers = list(range(low, low + count))
        if rng.random() < 0.3:
            numbers.remove(rng.choice(numbers[1:-1]))
        if rng.random() < 0.3:
            rng.shuffle(numbers)
        is_linear = rng.random() < 0.4
        join = self.block("join")
        for n in numbers:
            is_it = self.op("i64.eq", number_, self.const(t.I64, n))
            result = n * slope if is_linear else rng.choice((rng.randint(0, 15), rng.randint(0, 200)))
            result = (result + (1 << 63)) % (1 << 64) - (1 << 63)
            following = self.block("test")
            if rng.random() < 0.5:
                self.at.cond_br(is_it, Target(join, [self.const(t.I64, result)]), following)
            else:
                arm = self.block("arm")
                self.at.cond_br(is_it, arm, following)
                Builder(arm, loc=self.at.loc).br(join, Builder(arm).const(t.I64, result))
            self.start(following)
        self.at.br(join, self.const(t.I64, rng.choice((0, 9, -1))))
        self.start(join)
        self.fresh(join.add_param(t.I64))

    def loop(self, depth: int) -> None:
        """A counted loop, of one of several forms."""
        rng = self.rng
        if not depth:
            return self.arithmetic(depth)
        type_ = t.I32 if rng.random() < 0.1 else t.I64
        step: Value = self.const(type_, rng.choice((1, 1, 1, 1, 2, 3, -1, -1, 5)))
        falls = step.op is not None and step.op.attrs["value"] < 0
        if rng.random() < 0.15:
            low = self.op(f"{type_}.and", self.value(type_), self.const(type_, rng.choice((3, 7))))
            step, falls = self.op(f"{type_}.add", low, self.const(type_, 1)), False
        start = self.const(type_, rng.choice((0, 0, 0, 1, 2, -3))) if rng.random() < 0.7 else self.value(type_)
        limit = self.limit(type_)
        if falls:
            start, limit = limit, start
        test = rng.choice(("gt_s", "ge_s", "gt_s", "ne") if falls else ("lt_s", "lt_s", "lt_s", "le_s", "ne", "lt_u"))
        carried = [name for name, v in self.vars.items() if name[0] != "i" and rng.random() < 0.5]
        self.names += 1
        counter = f"i{self.names}"
        self.run_loop(counter, (start, limit, step), f"{type_}.{test}", carried, depth, rng.random() < 0.4)

    def limit(self, type_: t.Type) -> Value:
        """What a counter runs up to: a small number, a length, anything."""
        kind = self.rng.random()
        if type_ is t.I64 and self.arrays and kind < 0.4:
            return self.length(self.rng.choice(self.arrays)[0])
        if kind < 0.6:
            return self.const(type_, self.rng.randint(0, 12))
        if kind < 0.8:
            return self.op(f"{type_}.and", self.value(type_), self.const(type_, self.rng.choice((7, 15, 31))))
        return self.value(type_)

    def run_loop(
        self, counter: str, bounds: tuple[Value, Value, Value], test: str, carried: list[str], depth: int, rotated: bool
    ) -> None:
        start, limit, step = bounds
        before = dict(self.vars)
        header, out = self.block("loop"), self.block("out")
        if rotated:
            enters = self.op(test, start, limit)
            self.at.cond_br(
                enters,
                Target(header, [start, *(before[n] for n in carried)]),
                Target(out, [before[n] for n in carried]),
            )
        else:
            self.go(header, [start, *(before[name] for name in carried)])
        self.vars[counter] = header.add_param(start.type, counter)
        for name in carried:
            self.vars[name] = header.add_param(before[name].type, name)
        self.start(header)
        if not rotated:
            body = self.block("body")
            if self.rng.random() < 0.2:
                self.budget -= 1
                self.again(0)
            self.at.cond_br(
                self.op(test, self.vars[counter], limit), body, Target(out, [self.vars[name] for name in carried])
            )
            self.start(body)
        at_header = self.vars[counter]
        self.loops.append((counter, out, carried))
        self.body(depth - 1)
        self.loops.pop()
        following = self.op(f"{start.type}.add", at_header, step)
        ends = [self.vars[name] for name in carried]
        if rotated:
            self.at.cond_br(
                self.op(test, following, limit), Target(header, [following, *ends]), Target(out, list(ends))
            )
        else:
            self.go(header, [following, *ends])
        self.vars = before
        self.start(out)
        for name in carried:
            self.vars[name] = out.add_param(before[name].type, name)

    def twins(self, depth: int) -> None:
        """A loop with two variables that go on alike, or nearly."""
        rng = self.rng
        header, body, out = self.block("loop"), self.block("body"), self.block("out")
        limit, start = self.limit(t.I64), self.const(t.I64, rng.choice((0, 0, 1)))
        other = start if rng.random() < 0.5 else self.const(t.I64, rng.choice((0, 0, 0, 1)))
        steps = [1, 1 if rng.random() < 0.8 else 2]
        self.at.br(header, start, other, self.value(t.I64))
        params = [header.add_param(t.I64) for _ in range(3)]
        self.start(header)
        self.at.cond_br(self.op("i64.lt_s", params[rng.randrange(2)], limit), body, Target(out, params[1:]))
        self.start(body)
        total = self.op(f"i64.{rng.choice(('add', 'xor', 'mul'))}", params[2], params[rng.randrange(2)])
        following = [self.op("i64.add", p, self.const(t.I64, c)) for p, c in zip(params[:2], steps, strict=True)]
        self.at.br(header, *following, total)
        self.start(out)
        for _ in range(2):
            self.fresh(out.add_param(t.I64))

    def nest(self, depth: int) -> None:
        """Sums in an inner loop that are stored by an outer one, as a row of a product of matrices."""
        if len(self.arrays) < 2:
            return self.arithmetic(depth)
        rng = self.rng
        kinds = [kind for _, kind in self.arrays]
        kind = next((k for k in kinds if k.type is t.F64), kinds[0]) if rng.random() < 0.7 else rng.choice(kinds)
        sources = [entry for entry in self.arrays if entry[1].type is kind.type]
        self.names += 2
        outer, inner = f"i{self.names - 1}", f"i{self.names}"
        zero, one = self.const(t.I64, 0), self.const(t.I64, 1)
        limit = self.op("i64.and", self.value(t.I64), self.const(t.I64, 15))
        inner_limit = self.length(rng.choice(sources)[0]) if rng.random() < 0.6 else limit
        empty = self.const(kind.type, 0)
        family = kind.type

        def turn_inner(maker: Maker) -> None:
            j, k = maker.vars[outer], maker.vars[inner]
            mixed = maker.op("i64.add", j, k)
            x = maker.element(rng.choice(sources), rng.choice((k, mixed, j)))
            y = maker.element(rng.choice(sources), rng.choice((k, mixed, j))) if rng.random() < 0.6 else x
            maker.vars["sum"] = maker.op(f"{family}.add", maker.vars["sum"], maker.op(f"{family}.mul", x, y))

        def turn_outer(maker: Maker) -> None:
            maker.vars["sum"] = empty
            maker.custom_loop(inner, (zero, inner_limit, one), ["sum"], turn_inner)
            array, to = rng.choice(sources)
            stored = maker.vars.pop("sum")
            address = maker.place(array, to, maker.vars[outer])
            if to.cut:
                stored = maker.op(to.cut, stored)
            maker.at.emit(to.store, (address, stored), None, None, offset=0, alias=to.alias)

        self.custom_loop(outer, (zero, limit, one), [], turn_outer)

    def element(self, array: tuple[Value, ArrayKind], index: Value) -> Value:
        address, kind = self.place(array[0], array[1], index), array[1]
        found = self.at.emit(kind.load, (address,), None, None, offset=0, alias=kind.alias).result
        return self.op(kind.widen, found) if kind.widen else found

    def countdown(self, depth: int) -> None:
        """A loop that goes through an array from its end."""
        if not self.arrays:
            return self.arithmetic(depth)
        array = self.rng.choice(self.arrays)

        def turn(maker: Maker) -> None:
            maker.fresh(maker.element(array, maker.vars[counter]))
            if maker.rng.random() < 0.5:
                maker.arithmetic(0)

        self.names += 1
        counter = f"i{self.names}"
        start = self.op("i64.and", self.value(t.I64), self.const(t.I64, self.rng.choice((3, 7, 15))))
        carried = [name for name, v in self.vars.items() if v.type in (t.I64, t.F64) and name[0] != "i"][:2]
        bounds = (start, self.const(t.I64, self.rng.choice((0, -1))), self.const(t.I64, -1))
        self.custom_loop(counter, bounds, carried, turn, f"i64.{self.rng.choice(('gt_s', 'ge_s'))}")

    def custom_loop(
        self,
        counter: str,
        bounds: tuple[Value, Value, Value],
        carried: list[str],
        turn: Callable[[Maker], None],
        test: str = "i64.lt_s",
    ) -> None:
        """A rotated loop with a body of its own."""
        kept = self.body
        self.body = lambda depth: turn(self)  # type: ignore[method-assign]
        self.run_loop(counter, bounds, test, carried, 1, True)
        self.body = kept  # type: ignore[method-assign]

    def switching(self, depth: int) -> None:
        """A loop in which an answer that does not change leads past a call."""
        condition = self.condition()
        effect = self.rng.random() < 0.8

        def turn(maker: Maker) -> None:
            number_ = maker.value(t.I64)
            quiet, loud, join = maker.block("quiet"), maker.block("loud"), maker.block("join")
            maker.at.cond_br(condition, *((quiet, loud) if maker.rng.random() < 0.5 else (loud, quiet)))
            maker.start(quiet)
            maker.at.br(join, maker.op("i64.add", number_, maker.const(t.I64)))
            maker.start(loud)
            if effect:
                maker.at.call("log", [number_], ())
            maker.at.br(join, number_)
            maker.start(join)
            maker.fresh(join.add_param(t.I64))

        self.names += 1
        carried = [name for name, v in self.vars.items() if v.type is t.I64 and name[0] != "i"][:2]
        bounds = (self.const(t.I64, 0), self.limit(t.I64), self.const(t.I64, 1))
        self.custom_loop(f"i{self.names}", bounds, carried, turn)

    def go(self, block: Block, values: list[Value]) -> None:
        """Branch to a block, now and then by one of two edges that may pass something else."""
        if self.rng.random() > 0.1:
            self.at.br(block, *values)
            return
        others = [v if v.type not in EDGES or self.rng.random() < 0.6 else self.value(v.type) for v in values[1:]]
        self.at.cond_br(self.condition(), Target(block, values), Target(block, [values[0], *others]))

    def while_(self, depth: int) -> None:
        """A loop that shifts a number to nothing, or halves it down."""
        name = next((n for n, v in self.vars.items() if v.type is t.I64 and n[0] != "i"), None)
        if name is None or not depth:
            return self.arithmetic(depth)
        before = dict(self.vars)
        carried = [name, *(n for n, v in self.vars.items() if n != name and n[0] != "i" and self.rng.random() < 0.4)]
        header, body, out = self.block("loop"), self.block("body"), self.block("out")
        self.at.br(header, *(before[n] for n in carried))
        for n in carried:
            self.vars[n] = header.add_param(before[n].type, n)
        self.start(header)
        number_ = self.vars[name]
        test = self.op(f"i64.{self.rng.choice(('ne', 'gt_s', 'ne'))}", number_, self.const(t.I64, 0))
        at_header = dict(self.vars)
        self.at.cond_br(test, body, Target(out, [self.vars[n] for n in carried]))
        self.start(body)
        self.loops.append((name, out, carried))
        self.body(depth - 1)
        self.loops.pop()
        self.vars[name] = self.op("i64.shr_u", number_, self.const(t.I64, self.rng.choice((1, 1, 3))))
        self.at.br(header, *(self.vars[n] for n in carried))
        self.vars = {n: at_header[n] for n in before}
        self.start(out)
        for n in carried:
            self.vars[n] = out.add_param(before[n].type, n)

    def linear(self, depth: int) -> None:
        """A loop of one block that only computes linear combinations."""
        rng = self.rng
        count = rng.randint(1, 3)
        header, out = self.block("loop"), self.block("out")
        limit = self.limit(t.I64)
        if limit.op is not None and limit.op.row.name == "i64.const":
            limit = self.value(t.I64)
        entering = [self.const(t.I64, rng.choice((0, 1))), *(self.value(t.I64) for _ in range(count))]
        enters = self.op("i64.lt_s", entering[0], limit)
        if rng.random() < 0.3:
            self.at.br(header, *entering)
        else:
            self.at.cond_br(enters, Target(header, entering), Target(out, entering[1:]))
        params = [header.add_param(t.I64) for _ in entering]
        self.start(header)
        values = list(params)
        for _ in range(rng.randint(2, 5)):
            name = rng.choice(("add", "add", "sub", "mul", "shl"))
            right = rng.choice(values) if name in ("add", "sub") else self.const(t.I64, rng.choice((2, 3, -1, 7, 63)))
            values.append(self.op(f"i64.{name}", rng.choice(values), right))
        counter = self.op("i64.add", params[0], self.const(t.I64, rng.choice((1, 1, 2, 3))))
        ends = [rng.choice(values[count:]) for _ in range(count)]
        self.at.cond_br(self.op("i64.lt_s", counter, limit), Target(header, [counter, *ends]), Target(out, list(ends)))
        self.start(out)
        for _ in ends:
            self.fresh(out.add_param(t.I64))

    def sum_loop(self, depth: int) -> None:
        """A short rotated loop with a variable bound, over an array or not, as `unroll` wants it."""
        before = dict(self.vars)
        carried = [name for name, v in before.items() if v.type in (t.I64, t.F64) and name[0] != "i"][:2]
        self.names += 1
        limit = self.value(t.I64)
        if self.rng.random() < 0.7:
            limit = self.op("i64.and", limit, self.const(t.I64, 63))
        bounds = (self.const(t.I64, self.rng.choice((0, 0, 1))), limit, self.const(t.I64, self.rng.choice((1, 1, 2))))
        kept, self.weights = self.weights, [1.0 if n in _SIMPLE else 0.0 for n in self.statements()]
        self.run_loop(f"i{self.names}", bounds, "i64.lt_s", carried, 1, self.rng.random() < 0.8)
        self.weights = kept

    def rounds(self, depth: int) -> None:
        """A loop whose number of turns is known, and whose variables hand their values on to each other."""
        numbers = [name for name, v in self.vars.items() if v.type is t.I64 and name[0] not in "ir"][:3]

        def turn(maker: Maker) -> None:
            if maker.arrays and maker.rng.random() < 0.6:
                maker.fresh(maker.element(maker.rng.choice(maker.arrays), maker.vars[counter]))
            for _ in range(maker.rng.randint(1, 3)):
                maker.arithmetic(0)
            if len(numbers) > 1 and maker.rng.random() < 0.7:
                first, second = numbers[:2]
                maker.vars[first], maker.vars[second] = maker.vars[second], maker.vars[first]

        self.names += 1
        counter = f"i{self.names}"
        bounds = (self.const(t.I64, 0), self.const(t.I64, self.rng.choice((4, 8, 12, 16, 7))), self.const(t.I64, 1))
        self.custom_loop(counter, bounds, numbers, turn)

    def tallies(self, depth: int) -> None:
        """A loop that reads and writes a field of an object, or the length of an array, in every turn."""
        rng = self.rng

        def turn(maker: Maker) -> None:
            if maker.objects and rng.random() < 0.6:
                target = maker.rng.choice(maker.objects)
                place = {"offset": 8, "alias": "O.0.i64"}
                found = maker.at.emit("mem.load_i64", (target,), None, None, **place).result
                more = maker.op(f"i64.{rng.choice(('add', 'xor', 'mul'))}", found, maker.value(t.I64))
                maker.at.emit("mem.store_i64", (target, more), None, None, **place)
            else:
                maker.push(0)
            for _ in range(rng.choice((0, 1, 1, 2))):
                rng.choice((maker.arithmetic, maker.field, maker.guard, maker.fault))(0)
            if rng.random() < 0.4:
                rare, join = maker.block("rare", cold=rng.random() < 0.8), maker.block("join")
                maker.at.cond_br(maker.condition(), rare, join)
                before = dict(maker.vars)
                maker.start(rare)
                rng.choice((maker.field, maker.call, maker.host, maker.overwrite, maker.push))(0)
                maker.at.br(join)
                maker.vars = before
                maker.start(join)

        self.names += 1
        carried = [name for name, v in self.vars.items() if v.type is t.I64 and name[0] != "i"][:2]
        bounds = (self.const(t.I64, 0), self.limit(t.I64), self.const(t.I64, 1))
        self.custom_loop(f"i{self.names}", bounds, carried, turn)

    def rotation(self, depth: int) -> None:
        """Bits rotated within 32 of 64."""
        rng = self.rng
        mask = self.const(t.I64, 0xFFFFFFFF)
        x = self.op("i64.and", self.value(t.I64), mask)
        if rng.random() < 0.3:
            x = self.op("i64.shr_u", self.value(t.I64), self.const(t.I64, 32))
        bits = rng.choice((1, 7, 13, 25, 31))
        down = self.op(f"i64.{rng.choice(('shr_u', 'shr_u', 'shr_s'))}", x, self.const(t.I64, bits))
        up = self.op("i64.shl", x, self.const(t.I64, 32 - bits if rng.random() < 0.9 else bits))
        both = self.op("i64.or", *rng.sample((down, up), 2))
        for _ in range(rng.randint(0, 3)):
            name = rng.choice(("add", "xor", "sub", "mul", "and", "shl"))
            other = self.const(t.I64, rng.randint(0, 33)) if name == "shl" else self.value(t.I64)
            both = self.op(f"i64.{name}", both, other)
        self.fresh(self.op("i64.and", both, mask))

    def divisible(self, depth: int) -> None:
        x, divisor = self.value(t.I64), self.const(t.I64, self.rng.choice((3, 5, 6, 7, 10, 12, 100, 8, -3, 2**62 + 1)))
        name = self.rng.choice(("rem_s", "rem_s", "rem_u", "div_s", "div_u"))
        rest = self.op(f"i64.{name}", x, divisor)
        if name.startswith("rem") and self.rng.random() < 0.8:
            self.fresh(self.op(f"i64.{self.rng.choice(('eq', 'ne'))}", rest, self.const(t.I64, 0)))
        else:
            self.fresh(rest)

    def divide_counter(self, depth: int) -> None:
        """A counter, or another number of a known sign, divided by a constant."""
        counters = [self.vars[n] for n, _, _ in self.loops if n in self.vars and self.vars[n].type is t.I64]
        if not counters:
            x = self.op(self.rng.choice(("i64.extend_i32_u", "i64.extend_i32_s")), self.value(t.I32))
        else:
            x = self.rng.choice(counters)
            if self.rng.random() < 0.3:
                x = self.op("i64.add", x, self.const(t.I64, self.rng.choice((1, 2, 5))))
        name = self.rng.choice(("div_s", "rem_s", "rem_u", "rem_u"))
        self.fresh(self.op(f"i64.{name}", x, self.const(t.I64, self.rng.choice((2, 3, 8, 10, 1, 2**62)))))

    def count_off(self, depth: int) -> None:
        """A loop from a constant that asks what remains of its counter."""

        def turn(maker: Maker) -> None:
            for _ in range(maker.rng.randint(1, 2)):
                maker.divide_counter(0)
            maker.arithmetic(0)

        self.names += 1
        carried = [name for name, v in self.vars.items() if v.type is t.I64 and name[0] not in "ir"][:2]
        start, step = self.rng.choice((0, 0, 1, 7)), self.rng.choice((1, 1, 2, 3))
        bounds = (self.const(t.I64, start), self.limit(t.I64), self.const(t.I64, step))
        self.custom_loop(f"i{self.names}", bounds, carried, turn)

    # --- memory -------------------------------------------------------------------------------------------------------

    def length(self, array: Value) -> Value:
        length = self.at.emit("mem.load_i32", (array,), None, None, offset=8, alias="array.length").result
        return self.op("i64.extend_i32_u", length)

    def place(self, array: Value, kind: ArrayKind, index: Value) -> Value:
        """The address of an element after the check of the index, as lowering writes it."""
        length = self.length(array)
        in_range = self.op("i64.lt_u", index, length)
        inside = self.block("in_range")
        if self.rng.random() < 0.5:
            self.at.cond_br(in_range, inside, self.panic_target())
            self.start(inside)
        else:
            from_end = self.block("from_end", cold=True)
            self.at.cond_br(in_range, Target(inside, [index]), Target(from_end))
            late = Builder(from_end, loc=self.at.loc)
            moved = late.op("i64.add", index, length)
            late.cond_br(late.op("i64.lt_u", moved, length), Target(inside, [moved]), Target(self.panic_target()))
            index = inside.add_param(t.I64)
            self.start(inside)
        elements = self.at.emit("mem.load_i32", (array,), None, None, offset=16, alias="array.elements").result
        at = self.op("i32.wrap_i64", index)
        if kind.shift:
            at = self.op("i32.shl", at, self.const(t.I32, kind.shift))
        return self.op("i32.add", elements, at)

    def access(self, depth: int) -> None:
        """Read or write an element."""
        if not self.arrays:
            return self.arithmetic(depth)
        array, kind = self.rng.choice(self.arrays)
        address = self.place(array, kind, self.index())
        if self.rng.random() < 0.6:
            found = self.at.emit(kind.load, (address,), None, None, offset=0, alias=kind.alias).result
            if kind.widen:
                found = self.op(kind.widen, found)
            if kind.type is t.I64 and self.rng.random() < 0.4:
                found = self.op("i64.add", found, self.value(t.I64))
            self.fresh(found)
        else:
            stored = self.value(kind.type)
            if kind.cut:
                stored = self.op(kind.cut, stored)
            self.at.emit(kind.store, (address, stored), None, None, offset=0, alias=kind.alias)

    def neighbour(self, depth: int) -> None:
        """Read an element whose index is in range without a check, and lies a constant behind another."""
        if not self.arrays:
            return self.arithmetic(depth)
        array, kind = self.rng.choice(self.arrays)
        elements = self.at.emit("mem.load_i32", (array,), None, None, offset=16, alias="array.elements").result
        index = self.op("i64.and", self.index(), self.const(t.I64, 7))
        for _ in range(self.rng.randint(1, 2)):
            moved = self.op("i64.add", index, self.const(t.I64, self.rng.randint(0, CAPACITY - 8)))
            at = self.op("i32.wrap_i64", moved)
            if kind.shift:
                at = self.op("i32.shl", at, self.const(t.I32, kind.shift))
            address = self.op("i32.add", elements, at)
            found = self.at.emit(kind.load, (address,), None, None, offset=0, alias=kind.alias).result
            self.fresh(self.op(kind.widen, found) if kind.widen else found)

    def guarded_loop(self, depth: int) -> None:
        """A loop that begins each turn with a check whose outcome does not change."""
        condition = self.condition()
        kept = self.body

        def turn(maker: Maker) -> None:
            for _ in range(maker.rng.randint(1, 2)):
                if maker.rng.random() < 0.25:
                    maker.rng.choice((maker.host, maker.fault, maker.field, maker.variable, maker.access))(0)
                on = maker.block("checked")
                asked = condition if maker.rng.random() < 0.8 else maker.condition()
                ways = [on, maker.panic_target()]
                if maker.rng.random() < 0.2:
                    ways.reverse()
                maker.at.cond_br(asked, *ways)
                maker.start(on)
            kept(0)

        self.names += 1
        carried = [name for name, v in self.vars.items() if v.type in (t.I64, t.F64) and name[0] != "i"][:2]
        bounds = (self.const(t.I64, 0), self.limit(t.I64), self.const(t.I64, 1))
        self.custom_loop(f"i{self.names}", bounds, carried, turn)

    def push(self, depth: int) -> None:
        """Append to an array while there is room."""
        if not self.arrays:
            return self.arithmetic(depth)
        array, kind = self.rng.choice(self.arrays)
        length = self.at.emit("mem.load_i32", (array,), None, None, offset=8, alias="array.length").result
        capacity = self.at.emit("mem.load_i32", (array,), None, None, offset=12, alias="array.capacity").result
        room, on = self.block("room"), self.block("pushed")
        self.at.cond_br(self.op("i32.lt_u", length, capacity), room, on)
        self.start(room)
        elements = self.at.emit("mem.load_i32", (array,), None, None, offset=16, alias="array.elements").result
        at = self.op("i32.shl", length, self.const(t.I32, kind.shift)) if kind.shift else length
        stored = self.value(kind.type)
        if kind.cut:
            stored = self.op(kind.cut, stored)
        self.at.emit(kind.store, (self.op("i32.add", elements, at), stored), None, None, offset=0, alias=kind.alias)
        more = self.op("i32.add", length, self.const(t.I32, 1))
        self.at.emit("mem.store_i32", (array, more), None, None, offset=8, alias="array.length")
        self.at.br(on)
        self.start(on)

    def measure(self, depth: int) -> None:
        if not self.arrays:
            return self.arithmetic(depth)
        self.fresh(self.length(self.rng.choice(self.arrays)[0]))

    def field(self, depth: int) -> None:
        """Read or write a field of an object; field 2 never changes."""
        if not self.objects:
            return self.arithmetic(depth)
        target, index = self.rng.choice(self.objects), self.rng.randrange(3)
        place = {"offset": 8 + 8 * index, "alias": f"O.{index}.i64"}
        if index == 2:
            self.fresh(self.at.emit("mem.load_i64", (target,), None, None, **place, invariant=True).result)
        elif self.rng.random() < 0.5:
            self.fresh(self.at.emit("mem.load_i64", (target,), None, None, **place).result)
        else:
            self.at.emit("mem.store_i64", (target, self.value(t.I64)), None, None, **place)

    def raw(self, depth: int) -> None:
        """Memory without a structure, where accesses overlap in all ways."""
        base = self.op("mem.data_addr", data="raw")
        if self.rng.random() < 0.5:
            masked = self.op("i32.and", self.value(t.I32), self.const(t.I32, RAW_BYTES - 24))
            base = self.op("i32.add", base, masked)
        place = {"offset": self.rng.choice((0, 0, 4, 8, 16, 3)), "alias": self.rng.choice(("raw", "raw", "any"))}
        name = self.rng.choice(_RAW)
        if "load" in name:
            self.fresh(self.at.emit(name, (base,), None, None, **place).result)
        else:
            type_ = t.make(row_named(name).operands[1])
            self.at.emit(name, (base, self.value(type_)), None, None, **place)

    def overwrite(self, depth: int) -> None:
        """Store twice to the same place, with something between."""
        if self.objects and self.rng.random() < 0.7:
            target, index = self.rng.choice(self.objects), self.rng.randrange(2)
            place = {"offset": 8 + 8 * index, "alias": f"O.{index}.i64"}
        else:
            target, place = self.op("mem.data_addr", data="raw"), {"offset": 8, "alias": "raw"}
        self.at.emit("mem.store_i64", (target, self.value(t.I64)), None, None, **place)
        for _ in range(self.rng.choice((0, 1, 1, 2))):
            between = ("arithmetic", "branch", "field", "raw", "variable", "host", "call", "access", "guard", "fault")
            STATEMENTS[self.rng.choice(between)](self, 0)
        if self.rng.random() < 0.3:  # on one way only
            on, join = self.block("on"), self.block("join")
            self.at.cond_br(self.condition(), on, join)
            self.start(on)
            self.at.emit("mem.store_i64", (target, self.value(t.I64)), None, None, **place)
            self.at.br(join)
            self.start(join)
            if self.rng.random() < 0.5:
                return
        self.at.emit("mem.store_i64", (target, self.value(t.I64)), None, None, **place)

    def fault(self, depth: int) -> None:
        """A division that may trap."""
        name = self.rng.choice(("div_s", "rem_s", "div_u", "rem_u"))
        divisor = self.value(t.I64)
        if self.rng.random() < 0.5:
            divisor = self.op("i64.and", divisor, self.const(t.I64, 1))
        self.fresh(self.op(f"i64.{name}", self.value(t.I64), divisor))

    def word(self, depth: int) -> None:
        """A number put together of bytes that lie side by side."""
        rng = self.rng
        count = rng.choice((2, 4, 4, 8))
        type_ = t.I64 if count == 8 or rng.random() < 0.5 else t.I32
        base, first = self.op("mem.data_addr", data="raw"), rng.choice((0, 1, 8))
        shifts = [8 * index for index in range(count)]
        if rng.random() < 0.4:
            shifts.reverse()
        elif rng.random() < 0.2:
            rng.shuffle(shifts)
        total: Value | None = None
        for index, shift in enumerate(shifts):
            byte = self.at.emit("mem.load8_u", (base,), None, None, offset=first + index, alias="raw").result
            if type_ is t.I64:
                byte = self.op("i64.extend_i32_u", byte)
            if shift:
                byte = self.op(f"{type_}.shl", byte, self.const(type_, shift))
            if rng.random() < 0.03:
                self.raw(0)
            total = byte if total is None else self.op(f"{type_}.or", total, byte)
        assert total is not None
        self.fresh(total)

    def letter(self, depth: int) -> None:
        """A byte of a constant text."""
        name = self.rng.choice(sorted(TEXTS))
        at = self.op("i32.and", self.value(t.I32), self.const(t.I32, 3))
        address = self.op("i32.add", self.op("mem.data_addr", data=name), at)
        byte = self.at.emit("mem.load8_u", (address,), None, None, offset=0, alias="text").result
        self.fresh(self.op("i64.extend_i32_u", byte))

    def bulk(self, depth: int) -> None:
        base = self.op("mem.data_addr", data="raw")
        size = self.const(t.I32, self.rng.choice((0, 1, 8, 13)))
        if self.rng.random() < 0.5:
            self.at.emit("mem.fill", (base, self.value(t.I32), size), (), None)
        else:
            self.at.emit("mem.copy", (base, self.op("i32.add", base, self.const(t.I32, 5)), size), (), None)

    def variable(self, depth: int) -> None:
        """A global."""
        if self.rng.random() < 0.5:
            self.at.emit("global.set", (self.value(t.I64),), (), None, name="counter")
        else:
            name, type_ = self.rng.choice((("counter", t.I64), ("counter", t.I64), ("scale", t.F64)))
            self.fresh(self.at.emit("global.get", (), (type_,), None, name=name).result)

    # --- calls --------------------------------------------------------------------------------------------------------

    def host(self, depth: int) -> None:
        kind = self.rng.random()
        if kind < 0.4:
            self.at.call("log", [self.value(t.I64)], ())
        elif kind < 0.8:
            self.fresh(self.at.call("ask", [], (t.I64,)).result)
        else:
            self.at.call("look", [], ())

    def call(self, depth: int) -> None:
        callees = [f for f in self.callees if self.can_call(f)]
        if not callees:
            return self.arithmetic(depth)
        callee = self.rng.choice(callees)
        operands = [self.argument(param) for param in callee.params]
        if callee.name == "again" and self.rng.random() < 0.8:
            operands[0] = self.op("i64.and", operands[0], self.const(t.I64, 7))
        for value in self.at.call(callee.name, operands, callee.results).results:
            if self.rng.random() < 0.8:
                self.fresh(value)

    def can_call(self, callee: Function) -> bool:
        kinds = {name.split("_")[0][0] for name in (p.name or "v" for p in callee.params if p.type is t.I32)}
        wanted = {(p.name or "")[:2] for p in callee.params if p.type is t.I32 and (p.name or "")[0] == "a"}
        has = {f"a{ARRAYS.index(kind)}" for _, kind in self.arrays}
        return wanted <= has and ("o" not in kinds or bool(self.objects))

    def argument(self, param: Value) -> Value:
        if param.type is not t.I32:
            is_usual = self.rng.random() < 0.35
            return (
                self.const(param.type, self.rng.choice(EDGES[param.type][:2])) if is_usual else self.value(param.type)
            )
        name = param.name or ""
        if name.startswith("o"):
            return self.rng.choice(self.objects)
        return self.rng.choice([value for value, kind in self.arrays if ARRAYS.index(kind) == int(name[1])])

    def collect(self, depth: int) -> None:
        """Make an object of two words that may refer to another one, or look into those that were made."""
        if "new" not in self.module.functions:
            return self.arithmetic(depth)
        made = [name for name in self.vars if name[0] == "r"]
        if made and self.rng.random() < 0.5:
            self.read_made(self.vars[self.rng.choice(made)])
            return
        self.budget -= 1
        new = self.at.call("new", [self.const(t.I32, 16)], (t.I32,)).result
        self.at.emit("mem.store_i64", (new, self.value(t.I64)), None, None, offset=8, alias="P.1.i64")
        if made:
            other = self.vars[self.rng.choice(made)]
            self.at.emit("mem.store_i32", (new, other), None, None, offset=0, alias="P.0.ref")
            self.read_made(other)
            if self.rng.random() < 0.3:
                self.read_made(self.at.emit("mem.load_i32", (new,), None, None, offset=0, alias="P.0.ref").result)
        self.names += 1
        self.vars[self.rng.choice(made) if len(made) > 1 and self.rng.random() < 0.7 else f"r{self.names}"] = new

    def read_made(self, target: Value) -> None:
        found = self.at.emit("mem.load_i64", (target,), None, None, offset=8, alias="P.1.i64").result
        if self.rng.random() < 0.6:
            self.at.call("log", [found], ())
        else:
            self.fresh(found)


def _may_come_again(op: Op) -> bool:
    """True for computations, loads, and calls that give something."""
    if op.row.terminator or not op.results or any(r.type not in EDGES for r in op.results):
        return False
    return not op.row.name.endswith(".const") and op.attrs.get("callee") != "new"


_SIMPLE = frozenset({"assign", "arithmetic", "access", "pattern", "field", "select"})
_RAW = (
    "mem.load_i64", "mem.load_i32", "mem.load8_u", "mem.load8_s", "mem.load16_u", "mem.load16_s",
    "mem.store_i64", "mem.store_i32", "mem.store8", "mem.store16",
)  # fmt: skip
_TYPES = {str(type_): type_ for type_ in EDGES}


@cache
def _rows() -> list[OpRow]:
    return [row for row in scalar_rows() if "f32" not in row.name]


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


class RecursiveMaker:
    """Makes `@again(n, m)`, which calls itself with smaller `n` only."""

    def __init__(self, rng: random.Random, module: Module, name: str) -> None:
        self.rng = rng
        self.module = module
        self.function = module.add(Function(name, [t.I64, t.I64], (t.I64,), Loc(LOC_FILE, 90, 1)))
        # Most functions are of one kind of op and without effects, so that every pass finds something to do.
        self.ops = rng.choice((["add"], ["add", "mul"], ["xor"], ["add", "sub"], ["and", "or"]))
        self.has_effects = rng.random() < 0.4
        self.helpers = [
            f.name
            for f in module.functions.values()
            if f.blocks and f.name != name and f.results == (t.I64,) and f.param_types == [t.I64]
        ]

    def make(self) -> Function:
        rng, function = self.rng, self.function
        entry = function.add_block("entry")
        self.at = Builder(entry, loc=Loc(LOC_FILE, 91, 1))
        self.n, self.m = entry.add_param(t.I64, "n"), entry.add_param(t.I64, "m")
        limit = self.at.const(t.I64, rng.randint(0, 2))
        small = self.at.op(f"i64.{rng.choice(('le_s', 'lt_s'))}", self.n, limit)
        base, more = function.add_block("base"), function.add_block("more")
        self.exit = function.add_block("exit")
        result = self.exit.add_param(t.I64)
        Builder(self.exit).ret(result)
        self.at.cond_br(small, base, more)
        Builder(base).br(self.exit, rng.choice((self.n, self.m, limit)))
        blocks = [more]
        if rng.random() < 0.4:
            blocks = [function.add_block("left"), function.add_block("right")]
            self.at.at_end(more)
            low = self.at.op("i64.and", rng.choice((self.n, self.m)), self.at.const(t.I64, 1))
            self.at.cond_br(self.at.op("i64.eq", low, self.at.const(t.I64, 1)), *blocks)
        for block in blocks:
            self.at.at_end(block)
            self.body(limit)
        return function

    def body(self, limit: Value) -> None:
        rng = self.rng
        values = [self.n, self.m, limit]
        for _ in range(rng.randint(1, 5)):
            values.append(self.statement(values))
        result = values[-1]
        for value in rng.sample(values[3:], rng.randint(0, len(values) - 3)):
            if value is not result:
                result = self.at.op(f"i64.{rng.choice(self.ops)}", *rng.sample((result, value), 2))
        if rng.random() < 0.5:
            self.at.br(self.exit, result)
        else:
            self.at.ret(result)

    def statement(self, values: list[Value]) -> Value:
        rng, at = self.rng, self.at
        kind = rng.random()
        picked = rng.choice(values)
        if kind < 0.5:
            less = at.op("i64.sub", self.n, at.const(t.I64, rng.randint(1, 3)))
            return at.call(self.function.name, [less, rng.choice((self.m, self.m, picked))], (t.I64,)).result
        if kind < 0.6 and self.has_effects:
            at.call("log", [picked], ())
            return picked
        if kind < 0.65 and self.has_effects:
            return at.op("i64.div_s", picked, self.m)
        if kind < 0.75 and self.helpers:
            return at.call(rng.choice(self.helpers), [picked], (t.I64,)).result
        return at.op(f"i64.{rng.choice(self.ops)}", picked, rng.choice(values))


def ops_of(module: Module) -> list[Op]:
    return [op for function in module.functions.values() for op in function.ops()]
