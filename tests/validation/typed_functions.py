"""Random typed IR: tuples, sums, optional values, objects, cells, closures, arrays, texts, and library-like loops over arrays.

module = make_module(random.Random(seed), focus=("objects",))        as in `mem_functions`, and with its statements
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

import mem_functions
from mem_functions import EDGES, LOC_FILE, Maker, add_host, arguments
from wasmlathe.ir import types as t
from wasmlathe.ir.build import Builder
from wasmlathe.ir.core import Closure, Function, Global, Layout, Loc, Module, Target, Value

__all__ = ["arguments", "make_module"]

PAIR = t.tuple_((t.I64, t.F64))
OPT = t.opt(t.I64)
SUM = t.sum_((t.case(()), t.case((t.I64,)), t.case((t.F64, t.I64))))
CELL = t.cell(t.I64)
INTS = t.array(t.I64)
FLOATS = t.array(t.F64)
BYTES = t.array(t.make("u8"))

#: Layouts of objects, by what names of their variables begin with: mutable, not mutable, and one that holds another.
LAYOUTS = {"O": ("O", (t.I64, t.F64), True), "I": ("I", (t.I64, t.I64), False), "H": ("H", (t.OBJECT, t.I64), True)}
#: What the closures capture.
CLOSURES = (("adder", (t.I64,)), ("counter", (CELL,)), ("constant", ()))


def make_module(rng: random.Random, focus: Sequence[str] = ()) -> Module:
    """A module whose exported `@main` takes numbers only."""
    module = Module("random", "typed")
    module.globals["counter"] = Global("counter", t.I64, rng.choice(EDGES[t.I64]))
    module.globals["scale"] = Global("scale", t.F64, rng.choice(EDGES[t.F64]), mutable=False)
    for tag, (name, fields, is_mutable) in enumerate(LAYOUTS.values()):
        module.layouts[name] = Layout(name, list(fields), tag, is_mutable)
    for tag, (name, captures) in enumerate(CLOSURES):
        module.closures[name] = Closure(name, tag, list(captures))
    add_host(module)
    if "fusion" in focus:
        FusionMaker(rng, module).make()
    elif "filled" in focus or rng.random() < 0.3:
        FusionMaker(rng, module).push()
    if "number-text" in focus:
        _add_number_texts(module)
    for index in range(rng.randint(1, 3)):
        TypedMaker(rng, module, f"helper{index}", focus, budget=rng.choice((4, 8, 12))).make()
    TypedMaker(rng, module, "main", focus, budget=rng.choice((15, 30, 45))).make().exported = "main"
    return module


def _add_number_texts(module: Module) -> None:
    """The library's functions for texts of numbers, for numbers below 16."""

    def begin(name: str, params: list[t.Type], results: tuple[t.Type, ...]) -> Builder:
        function = module.add(Function(name, params, results))
        block = function.add_block("entry")
        for type_ in params:
            block.add_param(type_)
        return Builder(block)

    def digits(at: Builder, number: Value) -> tuple[Value, Value]:
        """How many digits (of base 8), and the last one as a letter."""
        high = at.op("i64.and", at.op("i64.shr_u", number, at.const(t.I64, 3)), at.const(t.I64, 1))
        low = at.op("i64.and", number, at.const(t.I64, 7))
        return at.op("i64.add", high, at.const(t.I64, 1)), at.op("i64.add", low, at.const(t.I64, 48))

    def put(at: Builder, text: Value, end: Value, number: Value) -> None:
        size, last = digits(at, number)
        at.emit("data.string_set_byte", (text, at.op("i64.sub", end, size), at.const(t.I64, 49)), ())
        at.emit("data.string_set_byte", (text, at.op("i64.sub", end, at.const(t.I64, 1)), last), ())

    at = begin("std.__int_size", [t.I64], (t.I64,))
    at.ret(digits(at, at.block.params[0])[0])
    at = begin("std.__put_int", [t.STRING, t.I64, t.I64], ())
    put(at, *at.block.params)
    at.ret()
    at = begin("std.__int_text", [t.I64], (t.STRING,))
    size, _ = digits(at, at.block.params[0])
    text = at.op("data.string_new", size, size)
    put(at, text, size, at.block.params[0])
    at.ret(text)


class TypedMaker(Maker):
    """Makes one function of random statements over data."""

    def __init__(self, rng: random.Random, module: Module, name: str, focus: Sequence[str], budget: int) -> None:
        super().__init__(rng, module, name, focus, budget, arrays=False)
        self.is_main = name == "main"
        self.callees = [f for f in self.callees if not f.name.startswith("std.")]

    def statements(self) -> dict[str, Callable[[Any, int], None]]:
        return STATEMENTS

    def make(self) -> Function:
        rng, module = self.rng, self.module
        types = [rng.choice((t.I64, t.I64, t.F64, t.BOOL)) for _ in range(rng.randint(1, 3))]
        names = [f"v{index}" for index in range(len(types))]
        if not self.is_main:
            for _ in range(rng.randint(0, 2)):
                type_ = rng.choice((PAIR, OPT, SUM, CELL, INTS, t.OBJECT, t.OBJECT, t.FN, t.STRING))
                prefix = rng.choice(list(LAYOUTS)) if type_ is t.OBJECT else "v"
                names.append(f"{prefix}{len(types)}")
                types.append(type_)
        results = tuple(rng.choice((t.I64, t.I64, t.F64, t.BOOL)) for _ in range(rng.choice((1, 1, 2))))
        self.given_layout = None
        if not self.is_main and rng.random() < 0.4:
            results = (rng.choice((PAIR, OPT, SUM, t.OBJECT, t.OBJECT, t.FN, INTS)),)
        self.function = function = module.add(Function(self.name, types, results, self.loc()))
        if results[0] is t.OBJECT:
            self.given_layout = rng.choice(list(LAYOUTS))
            function.source_name = f"{self.given_layout}_{self.name}"  # read by `given_layout_of`
        entry = function.add_block("entry")
        self.at = Builder(entry, loc=self.loc())
        for name, type_ in zip(names, types, strict=True):
            self.vars[name] = entry.add_param(type_, name)
        for index in range(rng.randint(0, 2)):
            self.vars[f"c{index}"] = self.const(rng.choice((t.I64, t.I64, t.F64)))
        self.body(3)
        self.at.loc = self.loc()
        self.at.ret(*self.results())
        self.finish_panic()
        return function

    def results(self) -> list[Value]:
        return [self.give(type_) for type_ in self.function.results]

    def give(self, type_: t.Type) -> Value:
        """A value to return; often one that was just made."""
        if type_ is t.OBJECT:
            return self.object_of(self.given_layout or "O", fresh=0.5)
        return self.make_value(type_) if type_ not in EDGES and self.rng.random() < 0.4 else self.value(type_)

    def leave(self) -> None:
        kind = self.rng.random()
        if self.loops and kind < 0.5:
            _, out, carried = self.loops[-1]
            self.at.br(out, *(self.vars[name] for name in carried))
        elif kind < 0.8:
            self.at.ret(*self.results())
        else:
            self.at.br(self.panic_target())

    # --- values -------------------------------------------------------------------------------------------------------

    def value(self, type_: t.Type) -> Value:
        if type_ in EDGES:
            return super().value(type_)
        fitting = [v for v in self.vars.values() if v.type is type_]
        if type_ is t.OBJECT:
            raise ValueError("objects have layouts")
        if fitting and self.rng.random() < 0.9:
            return self.rng.choice(fitting)
        return self.make_value(type_)

    def make_value(self, type_: t.Type) -> Value:
        """A new value that is no scalar."""
        rng, at = self.rng, self.at
        self.budget -= 1
        if type_ is PAIR:
            return at.emit("data.tuple", (self.value(t.I64), self.value(t.F64)), (PAIR,)).result
        if type_ is OPT:
            if rng.random() < 0.4:
                return at.emit("data.opt_none", (), (OPT,)).result
            return at.op("data.opt_some", self.value(t.I64))
        if type_ is SUM:
            number = rng.randrange(3)
            return at.emit("data.sum", [self.value(f) for f in SUM.args[number].args], (SUM,), case=number).result
        if type_ is CELL:
            return at.op("data.cell_new", self.value(t.I64))
        if type_ is t.FN:
            name, captures = rng.choice(CLOSURES)
            return at.emit("data.closure", [self.value(c) for c in captures], (t.FN,), name=name).result
        if type_ is t.STRING:
            return at.emit("data.string", (), (t.STRING,), value=rng.choice(("", "a", "hello", "wide"))).result
        return self.make_array(type_)

    def make_array(self, type_: t.Type) -> Value:
        """An array literal."""
        count = self.rng.choice((0, 1, 2, 3, 5))
        size = self.const(t.I64, count)
        made = self.at.emit("data.array_new", (size,), (type_,)).result
        for index in range(count):
            value = self.value(t.element_value(type_.args[0]))
            self.at.emit("data.array_put", (made, self.const(t.I64, index), value), ())
        self.at.emit("data.array_set_len", (made, size), ())
        self.budget -= count
        return made

    def object_of(self, layout: str, fresh: float = 0.1) -> Value:
        known = [v for name, v in self.vars.items() if name[0] == layout and v.type is t.OBJECT]
        if known and self.rng.random() >= fresh:
            return self.rng.choice(known)
        name, fields, _ = LAYOUTS[layout]
        given = [self.object_of("O", 0.5) if f is t.OBJECT else self.value(f) for f in fields]
        self.budget -= 1
        return self.at.emit("data.object", given, (t.OBJECT,), name=name).result

    def fresh(self, value: Value) -> None:
        if value.type is t.OBJECT:
            raise ValueError("objects have layouts")
        super().fresh(value)

    def fresh_object(self, layout: str, value: Value) -> None:
        known = [name for name, v in self.vars.items() if name[0] == layout and v.type is t.OBJECT]
        self.names += 1
        name = self.rng.choice(known) if len(known) > 1 else f"{layout}{self.names}_"
        self.vars[name] = value

    # --- statements ---------------------------------------------------------------------------------------------------

    def make_something(self, depth: int) -> None:
        self.fresh(self.make_value(self.rng.choice((PAIR, OPT, SUM, CELL, t.FN, INTS))))

    def tuple_get(self, depth: int) -> None:
        index = self.rng.randrange(2)
        self.fresh(self.at.emit("data.tuple_get", (self.value(PAIR),), (PAIR.args[index],), index=index).result)

    def opt_get(self, depth: int) -> None:
        """The value of an optional, or another one."""
        opt = self.value(OPT)
        some, none, join = self.block("some"), self.block("none"), self.block("join")
        self.at.cond_br(self.op("data.opt_has", opt), some, none)
        self.start(some)
        self.at.br(join, self.op("data.opt_get", opt))
        self.start(none)
        self.at.br(join, self.value(t.I64))
        self.start(join)
        self.fresh(join.add_param(t.I64))

    def match(self, depth: int) -> None:
        """What each case of a sum holds."""
        matched = self.value(SUM)
        tag = self.op("data.sum_tag", matched)
        arms = [self.block("case") for _ in range(3)]
        join = self.block("join")
        self.at.emit("switch", (tag,), (), [Target(arm) for arm in arms], cases=[0, 1])
        for number, arm in enumerate(arms):
            self.start(arm)
            found = self.value(t.I64)
            if number:
                get = {"case": number, "index": number - 1}
                found = self.at.emit("data.sum_get", (matched,), (t.I64,), None, **get).result
            self.at.br(join, found)
        self.start(join)
        self.fresh(join.add_param(t.I64))

    def objects(self, depth: int) -> None:
        """Make an object, or another name for one; read or write a field."""
        rng = self.rng
        layout = rng.choice(list(LAYOUTS))
        name, fields, is_mutable = LAYOUTS[layout]
        kind = rng.random()
        if kind < 0.3:
            self.fresh_object(layout, self.object_of(layout, 0.8))
            return
        target, index = self.object_of(layout), rng.randrange(2)
        if kind < 0.65 or not is_mutable:
            found = self.at.emit("data.object_get", (target,), (fields[index],), name=name, index=index).result
            if found.type is t.OBJECT:
                self.fresh_object("O", found)
            else:
                self.fresh(found)
        elif kind < 0.95:
            value = self.object_of("O", 0.3) if fields[index] is t.OBJECT else self.value(fields[index])
            self.at.emit("data.object_set", (target, value), (), None, name=name, index=index)
        elif kind < 0.97:
            self.fresh(self.op("data.object_tag", target))
        else:
            self.fresh(self.op("data.same", target, self.object_of(layout)))

    def escape(self, depth: int) -> None:
        """An object that leaves the function on some ways only."""
        rng = self.rng
        made = self.object_of("O", 1.0) if rng.random() < 0.7 else self.make_value(rng.choice((CELL, t.FN)))
        if rng.random() < 0.3:
            self.touch(made)
        condition = self.condition()
        away, here = self.block("away"), self.block("here")
        away.cold = rng.random() < 0.5
        self.at.cond_br(condition, away, here)
        before, ends = dict(self.vars), []
        for block in (away, here):
            self.vars = dict(before)
            self.start(block)
            if rng.random() < 0.5:
                self.touch(made)
            if block is away or rng.random() < 0.2:
                if made.type is t.OBJECT and rng.random() < 0.6:
                    holder = self.object_of("H", 0.2)
                    self.at.emit("data.object_set", (holder, made), (), None, name="H", index=0)
                else:
                    self.keep(made)
                if rng.random() < 0.4:
                    self.touch(made)
            ends.append((self.at.block, self.vars))
        self.join(ends, before)
        if rng.random() < 0.3:
            self.touch(made)
        if made.type is t.OBJECT and rng.random() < 0.2:
            self.fresh_object("O", made)

    def touch(self, made: Value) -> None:
        """Read a part of an object, or write one."""
        rng = self.rng
        if made.type is t.OBJECT:
            index = rng.randrange(2)
            type_ = LAYOUTS["O"][1][index]
            if rng.random() < 0.6:
                get = self.at.emit("data.object_get", (made,), (type_,), None, name="O", index=index)
                self.fresh(get.result)
            else:
                self.at.emit("data.object_set", (made, self.value(type_)), (), None, name="O", index=index)
        elif made.type is CELL:
            if rng.random() < 0.6:
                self.fresh(self.op("data.cell_get", made))
            else:
                self.at.emit("data.cell_set", (made, self.value(t.I64)), ())
        else:
            self.fresh(self.op("data.closure_tag", made))

    def keep(self, made: Value) -> None:
        """Have somebody else know the object."""
        takers = [f for f in self.callees if any(p.type is made.type for p in f.params)]
        if not takers:
            if made.type is not t.OBJECT:
                self.fresh(made)
            return
        callee = self.rng.choice(takers)
        operands = []
        for param in callee.params:
            fits = param.type is made.type and (made.type is not t.OBJECT or (param.name or "")[0] == "O")
            if fits:
                operands.append(made)
            elif param.type is t.OBJECT:
                operands.append(self.object_of((param.name or "O")[0]))
            else:
                operands.append(self.value(param.type))
        self.at.call(callee.name, operands, callee.results)

    def cells(self, depth: int) -> None:
        cell = self.value(CELL)
        if self.rng.random() < 0.5:
            self.fresh(self.op("data.cell_get", cell))
        else:
            self.at.emit("data.cell_set", (cell, self.value(t.I64)), ())

    def apply(self, depth: int) -> None:
        """Call a function value: a switch over what it may be."""
        function, given = self.value(t.FN), self.value(t.I64)
        tag = self.op("data.closure_tag", function)
        arms = [self.block("code") for _ in CLOSURES]
        join = self.block("join")
        self.at.emit("switch", (tag,), (), [Target(arm) for arm in arms], cases=[0, 1])
        for arm, (name, captures) in zip(arms, CLOSURES, strict=True):
            self.start(arm)
            result = given
            for index, type_ in enumerate(captures):
                captured = self.at.emit("data.closure_capture", (function,), (type_,), name=name, index=index).result
                if type_ is CELL:
                    self.at.emit(
                        "data.cell_set", (captured, self.op("i64.add", self.op("data.cell_get", captured), given)), ()
                    )
                    captured = self.op("data.cell_get", captured)
                result = self.op("i64.add", captured, given)
            self.at.br(join, result)
        self.start(join)
        self.fresh(join.add_param(t.I64))

    def array(self, depth: int) -> None:
        """Read, write, measure or extend an array."""
        rng = self.rng
        array = self.value(rng.choice((INTS, INTS, FLOATS, BYTES)))
        element = t.element_value(array.type.args[0])
        kind = rng.random()
        if kind < 0.3:
            self.fresh(self.op("data.array_get", array, self.index()))
        elif kind < 0.45:
            index = self.op("data.array_index", array, self.index())
            self.fresh(self.op("data.array_at", array, index))
        elif kind < 0.7:
            self.at.emit("data.array_set", (array, self.index(), self.value(element)), ())
        elif kind < 0.85:
            self.fresh(self.op("data.array_len", array))
        elif array.type is INTS and "std.push" in self.module.functions:
            self.at.call("std.push", (array, self.value(t.I64)), (t.I64,))
        else:
            self.fresh_array(array.type)

    def fresh_array(self, type_: t.Type) -> None:
        self.fresh(self.make_array(type_))

    def text(self, depth: int) -> None:
        """Look at a text or a part of one."""
        rng = self.rng
        text = self.value(t.STRING)
        size = self.op("data.string_bytes", text)
        kind = rng.random()
        if kind < 0.4:
            begin = self.op("i64.div_u", size, self.const(t.I64, rng.choice((2, 3))))
            count = self.op("i64.sub", size, begin)
            if rng.random() < 0.3:
                count = self.op("i64.shr_u", count, self.const(t.I64, 1))
            self.fresh(self.op("data.string_view", text, begin, count, count))
        elif kind < 0.7:
            # A byte where there is one.
            inside, join = self.block("inside"), self.block("join")
            index = self.value(t.I64)
            fallback = self.value(t.I64)
            self.at.cond_br(self.op("i64.lt_u", index, size), inside, Target(join, [fallback]))
            self.start(inside)
            self.at.br(join, self.op("data.string_byte", text, index))
            self.start(join)
            self.fresh(join.add_param(t.I64))
        elif kind < 0.85:
            self.fresh(self.op("data.string_len", text))
        else:
            self.at.emit("data.write", (text,), ())

    def filled(self, depth: int) -> None:
        """An array to which a loop adds the same value, or nearly, in every turn."""
        if "std.push" not in self.module.functions:
            return self.arithmetic(depth)
        rng = self.rng
        value, bound = self.value(t.I64), self.op("i64.and", self.value(t.I64), self.const(t.I64, 15))
        if rng.random() < 0.2:
            bound = self.op("i64.sub", bound, self.const(t.I64, 4))
        entry = self.block("entry")
        self.at.br(entry)
        self.start(entry)
        start = self.const(t.I64, rng.choice((0, 0, 0, 1, 3)))
        array = self.at.emit("data.array_new", (self.const(t.I64, 0),), (INTS,)).result
        header, body, out = self.block("loop"), self.block("body"), self.block("out")
        self.at.br(header, start)
        counter = header.add_param(t.I64, "i")
        self.start(header)
        self.at.cond_br(self.op("i64.lt_s", counter, bound), body, out)
        self.start(body)
        pushed = counter if rng.random() < 0.2 else self.const(t.I64) if rng.random() < 0.3 else value
        self.at.call("std.push", (array, pushed), (t.I64,))
        self.at.br(header, self.op("i64.add", counter, self.const(t.I64, 1)))
        self.start(out)
        self.fresh(self.op("data.array_len", array))
        self.fresh(self.op("data.array_get", array, self.value(t.I64)))
        if rng.random() < 0.5:
            self.fresh(array)

    def number_text(self, depth: int) -> None:
        """A text with a number in it."""
        if "std.__int_text" not in self.module.functions:
            return self.text(depth)
        number, one = self.value(t.I64), self.const(t.I64, 1)
        text = self.at.call("std.__int_text", [number], (t.STRING,)).result
        size = self.op(f"data.string_{self.rng.choice(('bytes', 'len'))}", text)
        whole = self.op("i64.add", size, self.const(t.I64, 2))
        out = self.op("data.string_new", whole, whole)
        self.at.emit("data.string_set_byte", (out, self.const(t.I64, 0), self.const(t.I64, 40)), ())
        self.at.emit("data.string_set_byte", (out, self.op("i64.add", size, one), self.const(t.I64, 41)), ())
        again = self.op("data.string_bytes", text) if self.rng.random() < 0.3 else size
        self.at.emit("data.string_copy", (out, one, text, self.const(t.I64, 0), again), ())
        self.at.emit("data.write", (out,), ())
        if self.rng.random() < 0.15:
            self.at.emit("data.write", (text,), ())

    def library(self, depth: int) -> None:
        """An array made by one function of the library and gone through by others."""
        functions = self.module.functions
        if "std.make0" not in functions:
            return self.arithmetic(depth)
        array = self.at.call(
            "std.make0", [self.op("i64.and", self.value(t.I64), self.const(t.I64, 7)), self.value(t.I64)], (INTS,)
        ).result
        for name in ("std.map0", "std.map1"):
            if self.rng.random() < 0.5:
                array = self.at.call(name, [array, self.value(t.I64)], (INTS,)).result
        if self.rng.random() < 0.15:
            self.at.call("log", [self.value(t.I64)], ())
        if self.rng.random() < 0.15:
            self.fresh(array)
        self.fresh(self.at.call("std.fold0", [array, self.value(t.I64)], (t.I64,)).result)

    def call(self, depth: int) -> None:
        if not self.callees:
            return self.arithmetic(depth)
        callee = self.rng.choice(self.callees)
        operands = [
            self.object_of((p.name or "O")[0], 0.4) if p.type is t.OBJECT else self.value(p.type) for p in callee.params
        ]
        for value in self.at.call(callee.name, operands, callee.results).results:
            if value.type is t.OBJECT:
                self.fresh_object(callee.source_name[0], value)
            else:
                self.fresh(value)


_SHARED = (
    "assign", "arithmetic", "pattern", "again", "invariant", "branch", "guard", "choose", "select", "switch", "lookup", "loop", "while",
    "variable", "host",
)  # fmt: skip

STATEMENTS: dict[str, Callable[[Any, int], None]] = {
    **{name: mem_functions.STATEMENTS[name] for name in _SHARED},
    "call": TypedMaker.call,
    "make": TypedMaker.make_something,
    "tuples": TypedMaker.tuple_get,
    "options": TypedMaker.opt_get,
    "match": TypedMaker.match,
    "objects": TypedMaker.objects,
    "escape": TypedMaker.escape,
    "cells": TypedMaker.cells,
    "apply": TypedMaker.apply,
    "array": TypedMaker.array,
    "text": TypedMaker.text,
    "filled": TypedMaker.filled,
    "number-text": TypedMaker.number_text,
    "library": TypedMaker.library,
}


class FusionMaker:
    """Functions like those of the library: one that makes an array, two that map one, one that folds one."""

    def __init__(self, rng: random.Random, module: Module) -> None:
        self.rng = rng
        self.module = module

    def make(self) -> None:
        self.push()
        self.loop_function("std.make0", makes=True, takes=False)
        self.loop_function("std.map0", makes=True, takes=True)
        self.loop_function("std.map1", makes=True, takes=True)
        self.loop_function("std.fold0", makes=False, takes=True)

    def push(self) -> None:
        function = self.module.add(Function("std.push", [INTS, t.I64], (t.I64,)))
        function.source_name = "push"
        entry = function.add_block("entry")
        array, value = entry.add_param(INTS, "xs"), entry.add_param(t.I64, "x")
        at = Builder(entry)
        length = at.op("data.array_len", array)
        more = at.op("i64.add", length, at.const(t.I64, 1))
        at.emit("data.array_reserve", (array, more), ())
        at.emit("data.array_put", (array, length, value), ())
        at.emit("data.array_set_len", (array, more), ())
        at.ret(more)

    def loop_function(self, name: str, makes: bool, takes: bool) -> None:
        """One loop up to a number or the length of an array, which pushes to an array or adds up."""
        rng = self.rng
        result = INTS if makes else t.I64
        function = self.module.add(Function(name, [INTS if takes else t.I64, t.I64], (result,), Loc(LOC_FILE, 70, 1)))
        entry, header, body = (function.add_block(n) for n in ("entry", "loop", "body"))
        done = function.add_block("done")
        source, given = entry.add_param(INTS if takes else t.I64, "xs"), entry.add_param(t.I64, "c")
        at = Builder(entry, loc=Loc(LOC_FILE, 71, 1))
        made: Value | None = None
        if makes:
            room = at.op("data.array_len", source) if takes and rng.random() < 0.7 else at.const(t.I64, 0)
            made = at.emit("data.array_new", (room,), (INTS,)).result
        start = [at.const(t.I64, 0), given]
        at.br(header, *(start if not makes else start[:1]))
        counter = header.add_param(t.I64, "i")
        total = None if makes else header.add_param(t.I64, "sum")
        at.at_end(header)
        end = at.op("data.array_len", source) if takes else source
        at.cond_br(at.op("i64.lt_s", counter, end), body, done)
        at.at_end(body)
        element = at.op("data.array_at", source, counter) if takes else at.op("i64.mul", counter, given)
        element = self.computed(at, element, given)
        latch = function.add_block("latch")
        if makes:
            if rng.random() < 0.5:
                keep = function.add_block("keep")
                at.cond_br(at.op(f"i64.{rng.choice(('gt_s', 'ne', 'lt_s'))}", element, given), keep, latch)
                at.at_end(keep)
            at.call("std.push", (made, element), (t.I64,))  # type: ignore[list-item]
            at.br(latch)
            at.at_end(latch)
            at.br(header, at.op("i64.add", counter, at.const(t.I64, 1)))
        else:
            total_after = at.op(f"i64.{rng.choice(('add', 'xor', 'mul'))}", total or element, element)
            at.br(latch)
            at.at_end(latch)
            at.br(header, at.op("i64.add", counter, at.const(t.I64, 1)), total_after)
        at.at_end(done)
        at.ret(made if made is not None else total)  # type: ignore[arg-type]

    def computed(self, at: Builder, element: Value, given: Value) -> Value:
        for _ in range(self.rng.randint(0, 2)):
            name = self.rng.choice(("add", "mul", "sub", "xor", "div_s", "rem_u"))
            element = at.op(f"i64.{name}", element, given)
        return element
