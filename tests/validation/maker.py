"""What makes a function of random statements: variables, values, and blocks where ways meet.

Statements are methods of the classes in `number_statements`, `branch_statements`, `loop_statements`, `memory_statements` and
`call_statements`; `mem_functions` puts them together.
"""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from wasmlathe.ir import types as t
from wasmlathe.ir.build import Builder
from wasmlathe.ir.core import Block, Function, Loc, Module, Value

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
COMPARISONS = ("lt_s", "le_s", "gt_s", "ge_s", "lt_u", "le_u", "gt_u", "ge_u", "eq", "ne")
LOC_FILE = "random.tova"
CAPACITY = 12

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


class Base(ABC):
    """Makes one function."""

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

    @abstractmethod
    def statements(self) -> dict[str, Callable[[Any, int], None]]:
        """What may stand in a function, by name, and what writes it."""

    def make(self) -> Function:
        rng, module = self.rng, self.module
        params = [rng.choice(SCALARS) for _ in range(rng.randint(1, 4))]
        params = [t.I64 if type_ is t.I32 else type_ for type_ in params]
        addresses = []
        if self.takes_arrays:
            addresses = [f"a{index}" for index in sorted(rng.sample(range(3), rng.randint(1, 3)))]
            addresses += ["o"] * rng.choice((0, 1, 2, 2))
            if rng.random() < 0.4:
                addresses.append(rng.choice(("a0_again", "a1_again")))
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
