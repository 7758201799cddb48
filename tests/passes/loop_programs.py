"""Random loops with counters, for what is said about ranges: starts, limits and steps at the edges of the numbers.

text = Writer(random.Random(seed)).text()        # func @f(%n, %m, %k), all of one integer type
"""

from __future__ import annotations

import random

COMPARISONS = ("lt_s", "le_s", "gt_s", "ge_s", "lt_u", "le_u", "gt_u", "ge_u", "eq", "ne")
#: So many turns, whatever the loop's own test says.
FUEL = 40


class Writer:
    """Writes one function; `type` is the type of its numbers, `greatest` the largest of them."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.type = rng.choice(("i64", "i64", "i32"))
        self.greatest = (1 << (63 if self.type == "i64" else 31)) - 1
        self.lines: list[str] = []
        self.count = 0

    def arguments(self) -> list[int]:
        top = self.greatest
        pool = [0, 1, -1, 2, 5, 7, 10, 40, -5, top, top - 1, -top, -top - 1]
        pool += [1 << 32, 1 << 31, (1 << 32) - 1, -(1 << 31)] if self.type == "i64" else []
        return [self.rng.choice(pool) for _ in range(3)]

    def text(self) -> str:
        rng = self.rng
        step = rng.choice((1, 1, 1, -1, -1, 2, 3, -2, 5))
        is_rotated = rng.random() < 0.5
        self.lines = [f"func @f(%n: {self.type}, %m: {self.type}, %k: {self.type}) -> {self.type} {{", "^entry:"]
        self.zero, self.one, self.fuel, self.step = (self.constant(v) for v in (0, 1, FUEL, step))
        limits = [self.limit(), self.limit()]
        edge = self.constant(rng.choice((0, 1, -1, 3, self.greatest - 1, -self.greatest)))
        start = rng.choice((self.zero, edge, "%m", "%k"))
        names = ("lt_s", "lt_s", "le_s", "gt_s", "ge_s", "ne", "lt_u") if step > 0 else ("gt_s", "ge_s", "ne", "lt_s")
        test = rng.choice(names)
        seen = [*limits, start, "%n", "%m"]
        if rng.random() < 0.4:
            self.lines.append(f"  cond_br {self.compare(seen)}, ^pre, ^early")
            self.lines += ["^early:", f"  ret {self.zero}", "^pre:"]
        self.loop(start, limits[0], test, is_rotated, [*seen, "%i", "%i", "%i", self.zero])
        return "\n".join([*self.lines, f"^out(%r: {self.type}):", "  ret %r", "}"]) + "\n"

    def loop(self, start: str, limit: str, test: str, is_rotated: bool, seen: list[str]) -> None:
        params = f"(%i: {self.type}, %acc: {self.type}, %fuel: {self.type})"
        if is_rotated:
            enters = self.emit("bool", f"{self.type}.{test} {start}, {limit}")
            self.lines.append(f"  cond_br {enters}, ^body({start}, {self.zero}, {self.fuel}), ^out({self.zero})")
            self.lines.append(f"^body{params}:")
        else:
            self.lines += [f"  br ^head({start}, {self.zero}, {self.fuel})", f"^head{params}:"]
            enters = self.emit("bool", f"{self.type}.{test} %i, {limit}")
            self.lines += [f"  cond_br {enters}, ^body, ^out(%acc)", "^body:"]
        acc = self.body([*seen, self.number(f"add %i, {self.constant(self.rng.choice((1, -1, 2)))}")])
        after, left = self.number(f"add %i, {self.step}"), self.number(f"sub %fuel, {self.one}")
        goes_on = self.emit("bool", f"{self.type}.gt_s {left}, {self.zero}")
        self.lines += [f"  cond_br {goes_on}, ^again, ^out({acc})", "^again:"]
        if is_rotated:
            more = self.emit("bool", f"{self.type}.{test} {after}, {limit}")
            self.lines.append(f"  cond_br {more}, ^body({after}, {acc}, {left}), ^out({acc})")
        else:
            self.lines.append(f"  br ^head({after}, {acc}, {left})")

    def body(self, seen: list[str]) -> str:
        acc = self.mixed("%acc", seen)
        if self.rng.random() < 0.5:
            self.lines += [f"  cond_br {self.compare(seen)}, ^then, ^else", "^then:"]
            then = self.mixed(acc, seen)
            self.lines += [f"  br ^join({then})", "^else:"]
            orelse = self.mixed(acc, seen)
            self.lines += [f"  br ^join({orelse})", f"^join(%joined: {self.type}):"]
            acc = self.mixed("%joined", seen)
        return acc

    def mixed(self, acc: str, seen: list[str]) -> str:
        """A number that depends on `acc` and on the outcomes of some comparisons."""
        for _ in range(self.rng.randint(1, 4)):
            outcome = self.number(f"from_bool {self.compare(seen)}")
            acc = self.number(f"add {self.number(f'mul {acc}, {self.constant(3)}')}, {outcome}")
        return acc

    def compare(self, seen: list[str]) -> str:
        a, b = self.rng.choice(seen), self.rng.choice(seen)
        return self.emit("bool", f"{self.type}.{self.rng.choice(COMPARISONS)} {a}, {b}")

    def limit(self) -> str:
        top = self.greatest
        limit = self.rng.choice(
            ("%n", "%n", "%m", self.constant(self.rng.choice((0, 1, 5, 10, -1, top, -top, top - 2))))
        )
        if self.rng.random() < 0.3:
            limit = self.number(f"add {limit}, {self.constant(self.rng.choice((1, -1, 2, -2)))}")
        if self.type == "i64" and self.rng.random() < 0.5:
            low = self.emit("i32", "i32.wrap_i64 %k")
            limit = self.number(f"extend_i32_{self.rng.choice('us')} {low}")
        return limit

    def constant(self, value: int) -> str:
        return self.number(f"const {value}")

    def number(self, text: str) -> str:
        return self.emit(self.type, f"{self.type}.{text}")

    def emit(self, type_: str, text: str) -> str:
        self.count += 1
        self.lines.append(f"  %v{self.count}: {type_} = {text}")
        return f"%v{self.count}"
