"""Statements that call: the host, other functions, the allocator."""

from __future__ import annotations

from maker import ARRAYS, EDGES, Base
from wasmlathe.ir import types as t
from wasmlathe.ir.core import Function, Value


class Calls(Base):
    """Statements that call: the host, other functions, the allocator."""

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
