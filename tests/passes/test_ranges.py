"""What `Ranges` concludes from comparisons holds for every number that satisfies them."""

from __future__ import annotations

import random

import pytest
from wasmlathe.ir import types as t
from wasmlathe.ir.build import Builder
from wasmlathe.ir.core import Block, Function, Value
from wasmlathe.ir.ops.numeric import MIN64, wrap64
from wasmlathe.passes.ranges import Ranges

RELATIONS = ("lt_s", "le_s", "gt_s", "ge_s", "eq", "ne")
CENTRES = (0, MIN64, -MIN64 - 1)


class _World:
    """A base whose number is known here but not to `ranges`, and sums over it."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        block = Block(Function("f", [t.I64], ()))
        self.build = Builder(block)
        base = block.add_param(t.I64)
        centre = self.random.choice(CENTRES)
        self.numbers: dict[Value, int] = {base: wrap64(centre + self.random.randint(-4, 4))}
        self.ranges = Ranges()
        for offset in self.random.sample(range(-6, 7), 4):
            value = self.build.op("i64.add", base, self.constant(offset))
            self.numbers[value] = wrap64(self.numbers[base] + offset)
            self.ranges.define(value, base, offset)
        self.sums = [v for v in self.numbers if not (v.op and v.op.row.name == "i64.const")]

    def constant(self, number: int) -> Value:
        value = self.build.const(t.I64, number)
        self.numbers[value] = number
        return value

    def near(self) -> Value:
        """A constant close to one of the sums."""
        return self.constant(wrap64(self.numbers[self.random.choice(self.sums)] + self.random.randint(-3, 3)))


@pytest.mark.parametrize("seed", range(100))
def test_ranges_never_conclude_what_is_false(seed: int) -> None:
    world = _World(seed)
    for _ in range(12):
        operands = world.random.sample([world.random.choice(world.sums), world.near()], 2)
        op = world.build.emit(f"i64.{world.random.choice(RELATIONS)}", operands)
        truth = op.row.eval(*(world.numbers[v] for v in operands))
        assert world.ranges.decide(op, operands) in (None, truth)
        world.ranges.assume(op, truth)
        assert world.ranges.decide(op, operands) in (None, truth)
        for value in world.sums:
            assert world.ranges.constant(value) in (None, world.numbers[value])


def test_two_comparisons_leave_one_number() -> None:
    build = Builder(Block(Function("f", [t.I64], ())))
    n = build.block.add_param(t.I64)
    below = build.op("i64.sub", n, build.const(t.I64, 1))
    ranges = Ranges()
    ranges.define(below, n, -1)
    two = build.const(t.I64, 2)
    ranges.assume(build.emit("i64.lt_s", (n, two)), False)
    assert ranges.constant(below) is None
    ranges.assume(build.emit("i64.lt_s", (below, two)), True)
    assert (ranges.constant(n), ranges.constant(below)) == (2, 1)
