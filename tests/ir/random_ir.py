"""Random valid mem-stage modules whose functions end when run, as hypothesis strategies.

    @given(modules())            every function takes and returns scalars; calls go to earlier functions only
    def test(module): ...

A function begins as a random graph of blocks. What is used where follows from the dominators of that graph, ops come from
the op table by the types of the values in sight, and every merge of paths has parameters. A number called fuel flows along
all paths: merges take it as their first parameter, and blocks entered by a backward edge decrement it and leave when it
is used up. So every cycle ends, reducible or not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from wasmlathe.ir import types as t
from wasmlathe.ir.build import Builder
from wasmlathe.ir.core import Block, DataSegment, Function, Global, Loc, Module, Op, Target, Value
from wasmlathe.ir.ops import TABLE, OpRow, row_named
from wasmlathe.ir.ops.row import Load, Store
from wasmlathe.passes.analysis.cfg import cfg
from wasmlathe.passes.analysis.dominators import DominatorTree, dominators

Draw = Callable[[st.SearchStrategy[Any]], Any]

TYPES = (t.I64, t.F64, t.BOOL, t.I32)
#: What these show of a NaN (its sign, its payload) is not the same on all engines, and rules may change it.
NAN_DEPENDENT = frozenset({"i64.reinterpret_f64", "i32.f32_bits", "f64.copysign"})
#: Two classes of memory that never overlap: a segment each, and the accesses that keep to it.
SEGMENT_BYTES = 64
MEMORY = (("numbers", "elem.i64", ("i64", "i32", "8", "16")), ("floats", "elem.f64", ("f64",)))

EDGE_VALUES = {
    t.I64: st.sampled_from([0, 1, -1, 2, 3, 7, 8, 63, 64, -(2**63), 2**63 - 1, 2**32, -(2**31), 2**31 - 1]),
    t.I32: st.sampled_from([0, 1, -1, 2, 3, 8, 31, 32, -(2**31), 2**31 - 1]),
    t.F64: st.sampled_from([0.0, -0.0, 1.0, -1.0, 0.5, 2.0, 1e300, 5e-324, float("inf"), float("-inf"), float("nan")]),
    t.BOOL: st.booleans(),
}
VALUES = {
    t.I64: st.one_of(EDGE_VALUES[t.I64], st.integers(-(2**63), 2**63 - 1), st.integers(-20, 20)),
    t.I32: st.one_of(EDGE_VALUES[t.I32], st.integers(-(2**31), 2**31 - 1), st.integers(-20, 20)),
    t.F64: st.one_of(EDGE_VALUES[t.F64], st.floats(allow_nan=False)),
    t.BOOL: st.booleans(),
}
_NAMES = st.sampled_from([None, None, None, "x", "y", "x.1", "sum"])


@dataclass(frozen=True)
class Shape:
    """How large and how wild the functions are."""

    blocks: int = 7
    ops_per_block: int = 5
    functions: int = 3
    fuel: int = 12
    #: Calls in one function; few, because a call in a loop of a callee called in a loop multiplies.
    calls: int = 2
    memory: bool = True
    traps: bool = True


@st.composite
def modules(draw: Draw, shape: Shape = Shape()) -> Module:
    """A module with functions @f0, @f1, ...; later ones may call earlier ones."""
    module = Module("random", "mem")
    module.globals["counter"] = Global("counter", t.I64, draw(VALUES[t.I64]))
    module.globals["scale"] = Global("scale", t.F64, draw(VALUES[t.F64]), mutable=False)
    if shape.memory:
        for name, _, _ in MEMORY:
            content = draw(st.binary(max_size=8)) if name == "numbers" else b""
            module.data[name] = DataSegment(name, content.ljust(SEGMENT_BYTES, b"\0"))
    for index in range(draw(st.integers(1, shape.functions))):
        _Maker(draw, module, f"f{index}", shape).make()
    return module


def arguments(function: Function) -> st.SearchStrategy[list[Any]]:
    """Lists of arguments for `function`."""
    return st.tuples(*(VALUES[type_] for type_ in function.param_types)).map(list)


def scalar_rows(traps: bool = True) -> list[OpRow]:
    """The rows of scalar ops with a meaning, in a fixed order."""
    return [
        row
        for row in TABLE.values()
        if row.eval is not None
        and row.name not in NAN_DEPENDENT
        and (traps or not row.effects)
        and all(p in _OPERAND_TYPES for p in row.operands)
    ]


_OPERAND_TYPES = {str(type_): type_ for type_ in TYPES} | {"T": None}
_MEMORY_ROWS = [row for row in TABLE.values() if isinstance(row.wasm, (Load, Store))]


class _Maker:
    """Makes one function."""

    def __init__(self, draw: Draw, module: Module, name: str, shape: Shape) -> None:
        self.draw, self.module, self.shape = draw, module, shape
        params = draw(st.lists(st.sampled_from(TYPES), max_size=3))
        results = tuple(draw(st.lists(st.sampled_from(TYPES), min_size=1, max_size=2)))
        loc = draw(st.sampled_from([None, Loc("random.tova", 1, 1)]))
        self.function = Function(name, params, results, loc)
        self.rows = scalar_rows(shape.traps)
        self.fuel: dict[Block, Value] = {}
        self.calls = 0

    def pick(self, items: Any) -> Any:
        return self.draw(st.sampled_from(items))

    def below(self, bound: int) -> int:
        return self.draw(st.integers(0, bound))

    def make(self) -> None:
        function = self.function
        callees = list(self.module.functions)
        self.module.add(function)
        self.draw_graph()
        graph = cfg(function)
        backward = {b for b in graph.order for p in graph.preds[b] if graph.number.get(p, -1) >= graph.number[b]}
        for param in map(function.entry.add_param, function.param_types):
            param.name = self.draw(_NAMES)
        merges = [b for b in graph.order[1:] if len(graph.edges_into[b]) > 1]
        for block in merges:
            block.add_param(t.I64, "fuel")
            for type_ in self.draw(st.lists(st.sampled_from(TYPES), max_size=2)):
                block.add_param(type_, self.draw(_NAMES))
        tree = dominators(function, graph)
        self.fill(tree, backward, set(merges), callees)

    def draw_graph(self) -> None:
        """Blocks that end in terminators without arguments; unreachable ones are dropped."""
        function = self.function
        count = self.below(self.shape.blocks - 1) + 1
        blocks = [function.add_block(self.pick([None, "b", "loop"])) for _ in range(count)]
        for block in blocks:
            kind = self.pick(["br", "cond_br", "cond_br", "ret", "switch", "panic"]) if count > 1 else "ret"
            wanted = {"br": 1, "cond_br": 2, "switch": 3}.get(kind, 0)
            targets = [Target(blocks[1 + self.below(count - 2)]) for _ in range(wanted)]
            block.cold = kind == "panic"
            block.append(Op(row_named(kind), [], (), {}, None, targets))
        graph = cfg(function)
        function.blocks = [block for block in blocks if graph.is_reachable(block)]

    def fill(self, tree: DominatorTree, backward: set[Block], merges: set[Block], callees: list[str]) -> None:
        """Ops for every block, dominators first, then its terminator's operands and arguments."""
        seen_at_end: dict[Block, list[Value]] = {}
        for block in tree.preorder:
            above = tree.idom[block]
            terminator = block.ops.pop()
            seen = [*(seen_at_end[above] if above else ()), *block.params]
            builder = Builder(block, loc=self.draw(st.sampled_from([None, Loc("random.tova", 2, 3), Loc("b", 1, 1)])))
            if above is None:
                self.fuel[block] = builder.const(t.I64, self.below(self.shape.fuel))
            else:
                self.fuel[block] = block.params[0] if block in merges else self.fuel[above]
            if block in backward:
                builder = self.burn_fuel(builder, block, seen)
            for _ in range(self.below(self.shape.ops_per_block)):
                self.emit_something(builder, seen, callees)
            seen_at_end[block] = seen
            self.finish(builder, terminator, seen, self.fuel[block], merges)

    def burn_fuel(self, builder: Builder, block: Block, seen: list[Value]) -> Builder:
        """Decrement the fuel and return when there is none; the rest of the block becomes a block of its own."""
        one, zero = builder.const(t.I64, 1), builder.const(t.I64, 0)
        left = self.fuel[block] = builder.op("i64.sub", self.fuel[block], one)
        seen.append(left)
        out, rest = self.function.add_block("out"), self.function.add_block()
        builder.cond_br(builder.op("i64.lt_s", left, zero), Target(out), Target(rest))
        leaving = Builder(out)
        leaving.ret(*(self.value(leaving, type_, seen) for type_ in self.function.results))
        return Builder(rest, loc=builder.loc)

    def finish(self, builder: Builder, terminator: Op, seen: list[Value], fuel: Value, merges: set[Block]) -> None:
        """Put `terminator` at the end, with operands and arguments."""
        name = terminator.name
        if name == "cond_br":
            terminator.operands = [self.value(builder, t.BOOL, seen)]
        elif name == "switch":
            terminator.operands = [self.value(builder, t.I64, seen)]
            terminator.attrs["cases"] = self.pick([[0, 1], [-1, 1], [5, 2**63 - 1]])
        elif name == "ret":
            terminator.operands = [self.value(builder, type_, seen) for type_ in self.function.results]
        elif name == "panic":
            terminator.attrs["message"] = self.pick(["out of range", 'say "no"\n', "é"])
        for target in terminator.targets:
            if target.block in merges:
                wanted = [p.type for p in target.block.params[1:]]
                target.args = [fuel, *(self.value(builder, type_, seen) for type_ in wanted)]
        terminator.loc = builder.loc
        builder.insert(terminator)

    def value(self, builder: Builder, type_: t.Type, seen: list[Value]) -> Value:
        """A value of the type: mostly one in sight, else a constant."""
        fitting = [v for v in seen if v.type is type_]
        if fitting and self.below(4):
            return self.pick(fitting)
        return builder.const(type_, self.draw(VALUES[type_]))

    def emit_something(self, builder: Builder, seen: list[Value], callees: list[str]) -> None:
        kind = self.pick(["scalar", "scalar", "scalar", "scalar", "memory", "global", "call"])
        if kind == "memory" and self.shape.memory:
            self.emit_access(builder, seen)
        elif kind == "call" and callees and self.calls < self.shape.calls:
            self.calls += 1
            callee = self.module.functions[self.pick(callees)]
            args = [self.value(builder, type_, seen) for type_ in callee.param_types]
            seen += builder.call(callee.name, args, callee.results).results
        elif kind == "global":
            seen += self.emit_global(builder, seen)
        else:
            row = self.pick(self.rows)
            free = self.pick(TYPES)
            operands = [self.value(builder, _OPERAND_TYPES[p] or free, seen) for p in row.operands]
            result = builder.op(row.name, *operands)
            result.name = self.draw(_NAMES)
            seen.append(result)

    def emit_global(self, builder: Builder, seen: list[Value]) -> list[Value]:
        name = self.pick(["counter", "scale", "set"])
        if name == "set":
            builder.emit("global.set", [self.value(builder, t.I64, seen)], name="counter")
            return []
        return builder.emit("global.get", (), (self.module.globals[name].type,), name=name).results

    def emit_access(self, builder: Builder, seen: list[Value]) -> None:
        """A load or store at a random place within the segment of its class."""
        segment, alias, kinds = self.pick(MEMORY)
        row = self.pick([r for r in _MEMORY_ROWS if r.name.endswith(kinds) or r.name.endswith(("8_u", "8_s", "16_u"))])
        if segment == "floats":
            row = self.pick([r for r in _MEMORY_ROWS if r.name.endswith(kinds)])
        base = builder.op("mem.data_addr", data=segment)
        mask = builder.const(t.I32, SEGMENT_BYTES - 16)
        index = builder.op("i32.and", self.value(builder, t.I32, seen), mask)
        operands = [builder.op("i32.add", base, index)]
        operands += [self.value(builder, _OPERAND_TYPES[p], seen) for p in row.operands[1:]]
        seen += builder.emit(row, operands, offset=self.pick([0, 8]), alias=alias).results
