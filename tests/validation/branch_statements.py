"""Statements that branch: diamonds, guards, switches, chains of tests."""

from __future__ import annotations

from maker import Base
from wasmlathe.ir import types as t
from wasmlathe.ir.build import Builder
from wasmlathe.ir.core import Target


class Branches(Base):
    """Statements that branch: diamonds, guards, switches, chains of tests."""

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
