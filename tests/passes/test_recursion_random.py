"""Random recursive functions mean the same after each pass over calls, and after all of them."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from pass_harness import execute, pass_named, read_module, run_pass
from wasmlathe.ir.core import Module
from wasmlathe.ir.ops import Trap

LINES = (
    ("tail-recursion",),
    ("accumulate",),
    ("inline-recursion",),
    ("pure-calls",),
    ("inline",),
    ("tail-recursion", "accumulate", "inline-recursion", "inline", "dead-functions"),
    ("pure-calls", "tail-recursion", "accumulate", "inline-recursion", "inline"),
)
OPTIONS = {"inline-recursion": {"levels": "2", "limit": "400"}, "pure-calls": {"levels": "3"}}
ARGUMENTS = [(n, m) for n in (-1, 0, 1, 2, 3, 5, 6) for m in (0, 3)]

#: What the functions call besides themselves; `@log` tells in which order.
HELPERS = """
global @log: i64 = 0

func @note(%x: i64) -> i64 {
^entry:
  %l: i64 = global.get @log
  %seven: i64 = i64.const 7
  %p: i64 = i64.mul %l, %seven
  %s: i64 = i64.add %p, %x
  global.set @log %s
  ret %x
}

func @twice(%x: i64) -> i64 {
^entry:
  %y: i64 = i64.add %x, %x
  ret %y
}

func @test(%n: i64, %m: i64) -> (i64, i64) export "test" {
^entry:
  %r: i64 = call @f %n, %m
  %l: i64 = global.get @log
  ret %r, %l
}
"""


class _Writer:
    """Writes the function `@f(n, m)`, which calls itself with smaller `n` only."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.lines: list[str] = []
        self.count = 0
        # Most functions are of one kind of op and without effects, so that every pass finds something to do.
        self.ops = self.random.choice((["add"], ["add", "mul"], ["xor"], ["add", "sub"], ["and", "or"]))
        self.has_effects = self.random.random() < 0.4

    def text(self) -> str:
        limit = self.random.randint(0, 2)
        comparison = self.random.choice(("le_s", "lt_s"))
        self.lines = [
            "func @f(%n: i64, %m: i64) -> i64 {",
            "^entry:",
            f"  %limit: i64 = i64.const {limit}",
            f"  %small: bool = i64.{comparison} %n, %limit",
            "  cond_br %small, ^base, ^more",
            *self.base(),
            "^more:",
        ]
        if self.random.random() < 0.4:
            parity = self.random.choice(("%n", "%m"))
            self.lines.append("  %one: i64 = i64.const 1")
            self.lines.append(f"  %low: i64 = i64.and {parity}, %one")
            self.lines.append("  %odd: bool = i64.eq %low, %one")
            self.lines.append("  cond_br %odd, ^left, ^right")
            for label in ("^left:", "^right:"):
                self.lines.append(label)
                self.body()
        else:
            self.body()
        return "\n".join([*self.lines, "^exit(%r: i64):", "  ret %r", "}", HELPERS])

    def base(self) -> Iterator[str]:
        yield "^base:"
        if self.has_effects and self.random.random() < 0.3:
            yield "  %three: i64 = i64.const 3"
            yield "  %bad: bool = i64.eq %m, %three"
            yield f"  cond_br %bad, ^fail, ^exit({self.random.choice(('%n', '%m'))})"
            yield "^fail: cold"
            yield '  panic "three"'
        else:
            yield f"  br ^exit({self.random.choice(('%n', '%m', '%limit'))})"

    def body(self) -> None:
        values = ["%n", "%m", "%limit"]
        for _ in range(self.random.randint(1, 5)):
            values.append(self.statement(values))
        result = values[-1]
        for value in self.random.sample(values[3:], self.random.randint(0, len(values) - 3)):
            if value != result:
                result = self.emit(f"i64.{self.random.choice(self.ops)} {self.mixed(result, value)}")
        self.lines.append(self.random.choice((f"  br ^exit({result})", f"  ret {result}")))

    def mixed(self, a: str, b: str) -> str:
        return ", ".join(self.random.sample((a, b), 2))

    def statement(self, values: list[str]) -> str:
        kind = self.random.random()
        pick = self.random.choice(values)
        if kind < 0.5:
            step = self.emit(f"i64.const {self.random.randint(1, 3)}")
            less = self.emit(f"i64.sub %n, {step}")
            return self.emit(f"call @f {less}, {self.random.choice(('%m', '%m', pick))}")
        if kind < 0.6 and self.has_effects:
            return self.emit(f"call @note {pick}")
        if kind < 0.65 and self.has_effects:
            return self.emit(f"i64.div_s {pick}, %m")
        if kind < 0.75:
            return self.emit(f"call @twice {pick}")
        return self.emit(f"i64.{self.random.choice(self.ops)} {pick}, {self.random.choice(values)}")

    def emit(self, op: str) -> str:
        self.count += 1
        self.lines.append(f"  %v{self.count}: i64 = {op}")
        return f"%v{self.count}"


def outcomes(module: Module) -> list[object]:
    """What `@test` gives for all arguments: result and log, or the message of the trap."""
    found: list[object] = []
    for arguments in ARGUMENTS:
        module.globals["log"].init = 0
        try:
            found.append(execute(module, "test", list(arguments)))
        except Trap as trap:
            found.append(trap.message)
    return found


@pytest.mark.parametrize("seed", range(60))
def test_a_random_recursive_function_means_the_same(seed: int) -> None:
    text = _Writer(seed).text()
    expected = outcomes(read_module(text, "random"))
    for names in LINES:
        module = read_module(text, "random")
        for name in names:
            run_pass(pass_named(name), module, OPTIONS.get(name, {}))
        assert outcomes(module) == expected, f"after {', '.join(names)}:\n{text}"


@pytest.mark.parametrize("name", ["tail-recursion", "accumulate", "inline-recursion", "pure-calls", "inline"])
def test_every_pass_finds_something_in_random_functions(name: str) -> None:
    remarks = []
    for seed in range(60):
        module = read_module(_Writer(seed).text(), "random")
        remarks += [r for r in run_pass(pass_named(name), module, OPTIONS.get(name, {})) if r.kind != "not-inlined"]
    assert len(remarks) >= 3
