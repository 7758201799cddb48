"""Statements that loop: counted in many forms, nested, with two ways in, with what passes over loops look for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from maker import EDGES, Base
from wasmlathe.ir import types as t
from wasmlathe.ir.core import Block, Target, Value


class Loops(Base):
    """Statements that loop: counted in many forms, nested, with two ways in, with what passes over loops look for."""

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

        def turn_inner(maker: Any) -> None:
            j, k = maker.vars[outer], maker.vars[inner]
            mixed = maker.op("i64.add", j, k)
            x = maker.element(rng.choice(sources), rng.choice((k, mixed, j)))
            y = maker.element(rng.choice(sources), rng.choice((k, mixed, j))) if rng.random() < 0.6 else x
            maker.vars["sum"] = maker.op(f"{family}.add", maker.vars["sum"], maker.op(f"{family}.mul", x, y))

        def turn_outer(maker: Any) -> None:
            maker.vars["sum"] = empty
            maker.custom_loop(inner, (zero, inner_limit, one), ["sum"], turn_inner)
            array, to = rng.choice(sources)
            stored = maker.vars.pop("sum")
            address = maker.place(array, to, maker.vars[outer])
            if to.cut:
                stored = maker.op(to.cut, stored)
            maker.at.emit(to.store, (address, stored), None, None, offset=0, alias=to.alias)

        self.custom_loop(outer, (zero, limit, one), [], turn_outer)

    def countdown(self, depth: int) -> None:
        """A loop that goes through an array from its end."""
        if not self.arrays:
            return self.arithmetic(depth)
        array = self.rng.choice(self.arrays)

        def turn(maker: Any) -> None:
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
        turn: Callable[[Any], None],
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

        def turn(maker: Any) -> None:
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

        def turn(maker: Any) -> None:
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

        def turn(maker: Any) -> None:
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

        def turn(maker: Any) -> None:
            for _ in range(maker.rng.randint(1, 2)):
                maker.divide_counter(0)
            maker.arithmetic(0)

        self.names += 1
        carried = [name for name, v in self.vars.items() if v.type is t.I64 and name[0] not in "ir"][:2]
        start, step = self.rng.choice((0, 0, 1, 7)), self.rng.choice((1, 1, 2, 3))
        bounds = (self.const(t.I64, start), self.limit(t.I64), self.const(t.I64, step))
        self.custom_loop(f"i{self.names}", bounds, carried, turn)

    def guarded_loop(self, depth: int) -> None:
        """A loop that begins each turn with a check whose outcome does not change."""
        condition = self.condition()
        kept = self.body

        def turn(maker: Any) -> None:
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


_SIMPLE = frozenset({"assign", "arithmetic", "access", "pattern", "field", "select"})
