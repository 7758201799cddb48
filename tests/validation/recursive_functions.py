"""Random recursive functions, for the passes that make loops of them or merge their calls."""

from __future__ import annotations

import random

from maker import LOC_FILE
from wasmlathe.ir import types as t
from wasmlathe.ir.build import Builder
from wasmlathe.ir.core import Function, Loc, Module, Value


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
