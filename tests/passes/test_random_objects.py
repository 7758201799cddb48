"""Random functions over objects mean the same after `scalar-replace`: branches, loops, and several names for one object.

WASMLATHE_RANDOM_PROGRAMS=5000 pytest tests/passes/test_random_objects.py        # more of them
"""

from __future__ import annotations

import os
import random

import pytest
from pass_harness import execute, pass_named, read_module, run_pass
from wasmlathe.ir.print import print as ir_text

PROGRAMS = int(os.environ.get("WASMLATHE_RANDOM_PROGRAMS", "200"))

TYPES = {"o": "object", "c": "cell<i64>", "n": "i64"}
HEAD = """module "t" typed
layout @O tag 0 mutable (i64, i64)
layout @I tag 0 (i64, i64)
"""


class Writer:
    """Writes one function `@f(%a, %b)`, which returns a mix of all that it read."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.lines: list[str] = []
        self.names = 0
        self.layout = self.random.choice("OOI")
        #: What each variable of the program is now.
        self.now = {"n0": "%a", "n1": "%b"}

    def text(self) -> str:
        for name in ("o0", "o1", "c0"):
            self.new(name)
        self.statements(set(self.now), depth=3)
        self.lines.append(f"  ret {self.now['n0']}")
        return "\n".join([HEAD, "func @f(%a: i64, %b: i64) -> i64 {", "^entry:", *self.lines, "}", ""])

    def fresh(self, sigil: str = "%") -> str:
        self.names += 1
        return f"{sigil}v{self.names}"

    def emit(self, type_: str, what: str) -> str:
        name = self.fresh()
        self.lines.append(f"  {name}: {type_} = {what}")
        return name

    def pick(self, kind: str, among: set[str] | None = None) -> str | None:
        found = sorted(name for name in among or self.now if name[0] == kind)
        return self.random.choice(found) if found else None

    def value(self, kind: str) -> str:
        return self.now[self.pick(kind) or ""]

    def new(self, name: str) -> None:
        a, b = self.value("n"), self.value("n")
        what = f"data.object @{self.layout} {a}, {b}" if name[0] == "o" else f"data.cell_new {a}"
        self.now[name] = self.emit(TYPES[name[0]], what)

    def statements(self, mine: set[str], depth: int) -> None:
        """Some statements that assign to no other variables than `mine`."""
        for _ in range(self.random.randint(1, 5)):
            kinds = [self.assign, self.read, self.read, self.write, self.write]
            if depth:
                kinds += [self.branch, self.loop]
            self.random.choice(kinds)(mine, depth)

    def assign(self, mine: set[str], depth: int) -> None:
        kind = self.random.choice("oc")
        name = self.pick(kind, mine)
        if name and self.random.random() < 0.7:
            self.new(name)
        elif name:
            self.now[name] = self.value(kind)

    def read(self, mine: set[str], depth: int) -> None:
        name = self.pick("n", mine)
        if name is None:
            return
        index = self.random.randint(0, 1)
        read = self.emit("i64", f"data.object_get @{self.layout} {self.value('o')} {{index={index}}}")
        if self.random.random() < 0.3:
            read = self.emit("i64", f"data.cell_get {self.value('c')}")
        factor = self.emit("i64", "i64.const 3")
        scaled = self.emit("i64", f"i64.mul {self.now[name]}, {factor}")
        self.now[name] = self.emit("i64", f"i64.add {scaled}, {read}")

    def write(self, mine: set[str], depth: int) -> None:
        if self.layout == "I" or self.random.random() < 0.3:
            self.lines.append(f"  data.cell_set {self.value('c')}, {self.value('n')}")
        else:
            index = self.random.randint(0, 1)
            self.lines.append(f"  data.object_set @O {self.value('o')}, {self.value('n')} {{index={index}}}")

    def condition(self) -> str:
        one, zero = self.emit("i64", "i64.const 1"), self.emit("i64", "i64.const 0")
        bit = self.emit("i64", f"i64.and {self.value('n')}, {one}")
        return self.emit("bool", f"i64.eq {bit}, {zero}")

    def branch(self, mine: set[str], depth: int) -> None:
        then, orelse, join = (self.fresh("^") for _ in range(3))
        self.lines.append(f"  cond_br {self.condition()}, {then}, {orelse}")
        before, ends = dict(self.now), []
        for label in (then, orelse):
            self.now = dict(before)
            self.lines.append(f"{label}:")
            self.statements(mine, depth - 1)
            ends.append((len(self.lines), self.now))
            self.lines.append("")
        changed = sorted(name for name in before if ends[0][1][name] != ends[1][1][name])
        for line, now in ends:
            self.lines[line] = f"  br {join}{self.arguments(now[name] for name in changed)}"
        self.open(join, changed)

    def loop(self, mine: set[str], depth: int) -> None:
        header, body, end = (self.fresh("^") for _ in range(3))
        changed = sorted(name for name in mine if self.random.random() < 0.7)
        zero, one, rounds = (self.emit("i64", f"i64.const {n}") for n in (0, 1, self.random.randint(0, 3)))
        self.lines.append(f"  br {header}{self.arguments([zero, *(self.now[name] for name in changed)])}")
        count = self.fresh()
        self.open(header, changed, f"{count}: i64")
        at_header = dict(self.now)
        more = self.emit("bool", f"i64.lt_s {count}, {rounds}")
        self.lines += [f"  cond_br {more}, {body}, {end}", f"{body}:"]
        self.statements(set(changed), depth - 1)
        following = self.emit("i64", f"i64.add {count}, {one}")
        self.lines.append(f"  br {header}{self.arguments([following, *(self.now[name] for name in changed)])}")
        self.lines.append(f"{end}:")
        self.now = at_header

    def open(self, label: str, names: list[str], *more: str) -> None:
        """Begin a block that has these variables as parameters."""
        self.now |= {name: self.fresh() for name in names}
        params = [*more, *(f"{self.now[name]}: {TYPES[name[0]]}" for name in names)]
        self.lines.append(f"{label}{self.arguments(params)}:")

    @staticmethod
    def arguments(given) -> str:  # type: ignore[no-untyped-def]
        texts = list(given)
        return f"({', '.join(texts)})" if texts else ""


@pytest.mark.parametrize("part", range(max(PROGRAMS // 50, 1)))
def test_replacing_objects_keeps_the_meaning(part: int) -> None:
    replaced = 0
    for seed in range(part * 50, part * 50 + 50):
        text = Writer(seed).text()
        module = read_module(text, "objects")
        before = [execute(module, "f", args) for args in ([7, -4],)]
        for _ in range(2):
            replaced += len(run_pass(pass_named("scalar-replace"), module, {}))
        after = [execute(module, "f", args) for args in ([7, -4],)]
        assert after == before, f"{seed}\n{text}\nbecame\n{ir_text(module)}"
    assert replaced > 50
