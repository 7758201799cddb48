"""Fast executions of IR for comparing a program before and after a pass: mem IR over bytes, typed IR over Python objects.

    program = Program(module)                       each function translated to one Python function
    program.run("f", (1, 2.0), fuel=4000)           Outcome: results or panic with its place, effects, globals, memory

Where the op table has a meaning (`eval`), that is what an op does. Every jump and call costs one unit of fuel. Addresses of
data are the same for a module and what a pass made of it (`Layout`).
"""

from __future__ import annotations

import itertools
import math
import struct
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType
from typing import Any, NamedTuple

from collector import SHADOW_END, Collector
from typed_values import EXPRESSIONS as TYPED
from typed_values import NAMES as TYPED_NAMES
from wasmlathe.ir.core import Block, Function, Loc, Module, Op, Target, Value
from wasmlathe.ir.ops import Load, Store, Trap
from wasmlathe.lower.heap_state import SHADOW, SHADOW_BYTES
from wasmlathe.wasm_runtime.python_engine import FORMATS, TEMPLATES, load_text, store_text

#: A program that takes more turns and calls than this is not looked at further.
FUEL = 3_000
#: What a pass made of it may take; none doubles the work, but an inlined loop jumps where it was called.
MORE_FUEL = 20_000
PAGE_BYTES = 65536
MAX_PAGES = 512
_FILE = "<validated IR>"
_MAX_FRAMES = 100_000


class Outcome(NamedTuple):
    """What one call does, in a form that compares as meant: all NaN alike, -0.0 unlike 0.0."""

    #: "returns", "panics", "diverges" (out of fuel) or "breaks" (what no valid program does).
    kind: str
    #: The results, or the message with its place.
    values: tuple[Any, ...]
    #: Calls of the host, in order.
    effects: tuple[Any, ...]
    globals: tuple[tuple[str, Any], ...]
    memory: tuple[tuple[str, Any], ...]


class OutOfFuel(Exception):
    """The program took more turns than it was given."""


@dataclass(frozen=True)
class Layout:
    """Where the data of a module lies. What passes add comes behind it."""

    addresses: dict[str, int]
    end: int

    @staticmethod
    def of(module: Module) -> Layout:
        # Of the shadow stack only the uppermost part is there.
        return Layout({SHADOW: SHADOW_END - SHADOW_BYTES}, SHADOW_END).extended(module)

    def extended(self, module: Module) -> Layout:
        addresses, end = dict(self.addresses), self.end
        for segment in module.data.values():
            if segment.name not in addresses:
                addresses[segment.name] = end = -(-end // segment.align) * segment.align
                end += len(segment.content) + segment.room
        return Layout(addresses, end)


class Program:
    """A module ready to run. Segments whose names begin with `f` hold doubles.

    With `base`, a program of the same functions, only the `changed` ones are translated anew.
    """

    def __init__(
        self,
        module: Module,
        layout: Layout | None = None,
        base: Program | None = None,
        changed: Iterable[Function] | None = None,
    ) -> None:
        self.module = module
        if base is not None and changed is not None:
            self.layout, self.image, self.watched = base.layout, base.image, base.watched
            text = _Text(module, self.layout, base.names)
            self.places, self.constants, self.codes = {**base.places}, {**base.constants}, {**base.codes}
        else:
            self.layout = (layout or Layout.of(module)).extended(module)
            self.image = _image(module, self.layout)
            self.watched = [
                (s.name, self.layout.addresses[s.name], len(s.content) + s.room)
                for s in module.data.values()
                if s.name != SHADOW
            ]
            text = _Text(module, self.layout)
            self.places, self.constants, self.codes = {}, dict(_SUPPORT), {}
            changed = module.functions.values()
        self.names = text.names
        self.variables = text.variables
        for function in changed:
            name, source, places = text.function(function)
            self.places[name] = places
            self.codes[name] = _compiled(source)
        self.constants |= text.constants
        self.namespace = dict(self.constants)
        for code in self.codes.values():
            exec(code, self.namespace)  # noqa: S102 text of our own

    def run(self, name: str, args: Sequence[Any], fuel: int = FUEL) -> Outcome:
        """Call a function in a fresh instance."""
        space, module = self.namespace, self.module
        space["mem"] = memory = bytearray(self.image)
        space["fuel"] = fuel
        space["effects"] = effects = []
        space["collector"] = Collector(memory)
        space["look"] = self.look
        for variable, python_name in self.variables.items():
            space[python_name] = module.globals[variable].init
        before = sys.getrecursionlimit()
        sys.setrecursionlimit(_MAX_FRAMES)
        try:
            result = space[self.names[name]](*args)
            values = () if result is None else result if type(result) is tuple else (result,)
            kind = "returns"
        except Trap as trap:
            kind, values = "panics", (trap.message, self.place(trap))
        except (OutOfFuel, RecursionError):
            kind, values = "diverges", ()
        except (struct.error, IndexError, OverflowError, TypeError, AttributeError, ValueError) as error:
            kind, values = "breaks", (type(error).__name__, str(error))
        finally:
            sys.setrecursionlimit(before)
        variables = tuple([(v, plain(space[p])) for v, p in self.variables.items()])
        return Outcome(kind, tuple(map(plain, values)), tuple(effects), variables, self.look(memory))

    def look(self, memory: bytearray) -> tuple[Any, ...]:
        """What a host function sees of memory."""
        return tuple([(segment, _content(segment, memory[at : at + size])) for segment, at, size in self.watched])

    def place(self, error: BaseException) -> Loc | None:
        """Where in the source the innermost op of the program that raised `error` stands."""
        place, traceback = None, error.__traceback__
        while traceback is not None:
            code = traceback.tb_frame.f_code
            if code.co_filename == _FILE:
                place = self.places[code.co_name].get(traceback.tb_lineno)
            traceback = traceback.tb_next
        return place


@lru_cache(maxsize=400)  # the functions of a runtime are the same in all modules
def _compiled(source: str) -> CodeType:
    return compile(source, _FILE, "exec", dont_inherit=True)


def difference(before: Outcome, after: Outcome) -> str:
    """What a user could notice of the two being different; empty if nothing.

    Where the program before ran out of fuel or was broken, nothing is said. Globals and data of only one of the two were
    removed or made by a pass.
    """
    if before.kind in ("diverges", "breaks"):
        return ""
    for name in ("kind", "values"):
        if getattr(before, name) != getattr(after, name):
            return f"{before.kind} {before.values} became {after.kind} {after.values}"
    for number, (was, now) in enumerate(itertools.zip_longest(before.effects, after.effects), 1):
        if was is None or now is None or was[0] != now[0]:
            return f"effect {number}: {was} became {now}"
        if found := _different(was[1], now[1]) if was[0] == "memory" else was != now and f"{was} became {now}":
            return f"effect {number}: {found}"
    return _different(before.globals, after.globals) or _different(before.memory, after.memory)


def _different(before: tuple[tuple[str, Any], ...], after: tuple[tuple[str, Any], ...]) -> str:
    """The first of the named contents that is not the same; what only one of the two has does not count."""
    now = dict(after)
    for key, value in before:
        if now.get(key, value) != value:
            return f"@{key}: {value} became {now[key]}"
    return ""


def plain(value: Any) -> Any:
    """The value in a form that compares as meant."""
    if type(value) is float:
        return value.hex()
    return int(value) if type(value) is bool else value


def _content(segment: str, data: bytes) -> Any:
    if not segment.startswith("f"):
        return bytes(data)
    return tuple([x.hex() for x in struct.unpack(f"<{len(data) // 8}d", data)])


def _image(module: Module, layout: Layout) -> bytes:
    image = bytearray(layout.end + 64)
    for segment in module.data.values():
        if segment.name == SHADOW:
            continue
        at = layout.addresses[segment.name]
        image[at : at + len(segment.content)] = segment.content
        for offset, name, addend in segment.relocations:
            struct.pack_into("<I", image, at + offset, layout.addresses[name] + addend)
    if any(op.row.name == "mem.grow" for function in module.functions.values() for op in function.ops()):
        image.extend(bytes(-len(image) % PAGE_BYTES))
    return bytes(image)


# --- translation ------------------------------------------------------------------------------------------------------


def _w32(x: int) -> int:
    return ((x + (1 << 31)) & 0xFFFFFFFF) - (1 << 31)


def _w64(x: int) -> int:
    return ((x + (1 << 63)) & 0xFFFFFFFFFFFFFFFF) - (1 << 63)


_MAX_NESTING = 15


def _grow(memory: bytearray, pages: int) -> int:
    old = len(memory) // PAGE_BYTES
    if not 0 <= pages <= MAX_PAGES - old:
        return -1
    memory.extend(bytes(pages * PAGE_BYTES))
    return old


def _support() -> dict[str, Any]:
    names: dict[str, Any] = {"Trap": Trap, "OutOfFuel": OutOfFuel, "inf": math.inf, "nan": math.nan, **TYPED_NAMES}
    names |= {"w32": _w32, "w64": _w64, "plain": plain, "grow": _grow}
    for format_ in set(FORMATS.values()):
        packing = struct.Struct(f"<{format_}")
        names |= {f"unpack_{format_}": packing.unpack_from, f"pack_{format_}": packing.pack_into}
    return names


_SUPPORT = _support()


class _Text:
    """Writes Python text for the functions of a module."""

    def __init__(self, module: Module, layout: Layout, names: dict[str, str] | None = None) -> None:
        self.module = module
        self.layout = layout
        self.constants: dict[str, Any] = {}
        self.variables = {name: f"g{index}" for index, name in enumerate(module.globals)}
        self.names = names or {name: f"f{index}" for index, name in enumerate(module.functions)}
        self.lines: list[str] = []
        self.places: dict[int, Loc] = {}

    def function(self, function: Function) -> tuple[str, str, dict[int, Loc]]:
        """The name of a function in the text, its text, and the places that lines of it come from."""
        self.lines, self.places = [], {}
        if function.is_import:
            self.host(function)
        else:
            _FunctionText(self, function).write()
        return self.names[function.name], "\n".join(self.lines) + "\n", self.places

    def host(self, function: Function) -> None:
        """A host function: it notes its arguments, and gives a number that follows from how often it was asked."""
        name = function.attrs["import"][1]
        if name == "alloc":
            self.lines.append(f"def {self.names[function.name]}(sp, size, _): return collector.allocate(sp, size)")
            return
        lines = [f"def {self.names[function.name]}(*args):", f" effects.append(({name!r}, *[plain(a) for a in args]))"]
        if name == "write":
            lines[1] = " if args[1]: effects.append(('write', bytes(mem[args[0] : args[0] + args[1]])))"
        if name == "look":
            lines.append(" effects.append(('memory', look(mem)))")
        if function.results:
            lines.append(" return len(effects) * 7 % 11 - 3")
        self.lines += lines

    def add(self, depth: int, line: str, loc: Loc | None = None) -> None:
        self.lines.append(" " * depth + line)
        if loc is not None:
            self.places[len(self.lines)] = loc


class _FunctionText:
    """Writes one function: blocks with one way in where they are reached, the others as cases of one loop."""

    def __init__(self, text: _Text, function: Function) -> None:
        self.text = text
        self.function = function
        self.values: dict[Value, str] = {}
        self.heads = _heads(function)

    def write(self) -> None:
        function, text = self.function, self.text
        params = ", ".join([self.name(value) for value in function.params])
        text.add(0, f"def {text.names[function.name]}({params}):")
        written = sorted({op.attrs["name"] for op in function.ops() if op.row.name == "global.set"})
        text.add(1, f"global {', '.join(['fuel', *(text.variables[name] for name in written)])}")
        text.add(1, "fuel -= 1")
        text.add(1, "if fuel < 0: raise OutOfFuel")
        if len(self.heads) == 1:
            self.block(function.entry, 1)
            return
        text.add(1, "b = 0")
        text.add(1, "while True:")
        text.add(2, "fuel -= 1")
        text.add(2, "if fuel < 0: raise OutOfFuel")
        self.dispatch(list(self.heads), 0, 2)

    def dispatch(self, heads: list[Block], first: int, depth: int) -> None:
        """Find the head that is number `b` by halving."""
        if len(heads) == 1:
            self.block(heads[0], depth)
            return
        middle = len(heads) // 2
        self.text.add(depth, f"if b < {first + middle}:")
        self.dispatch(heads[:middle], first, depth + 1)
        self.text.add(depth, "else:")
        self.dispatch(heads[middle:], first + middle, depth + 1)

    def name(self, value: Value) -> str:
        name = self.values.get(value)
        if name is None:
            op = value.op
            literal = _LITERALS.get(op.row.name) if op is not None else None
            name = literal(self, op) if literal is not None else f"v{len(self.values)}"
            self.values[value] = name
        return name

    def block(self, block: Block, depth: int) -> None:
        """The code of a block and of those that only it leads to."""
        for op in block.ops[:-1]:
            line = self.op(op)
            if line:
                self.text.add(depth, line, op.loc)
        end = block.ops[-1]
        name = end.row.name
        if name == "br":
            self.edge(end.targets[0], depth)
        elif name == "cond_br":
            self.text.add(depth, f"if {self.name(end.operands[0])}:")
            self.edge(end.targets[0], depth + 1)
            self.edge(end.targets[1], depth)
        elif name == "switch":
            for case, target in zip(end.attrs["cases"], end.targets, strict=False):
                self.text.add(depth, f"if {self.name(end.operands[0])} == {case}:")
                self.edge(target, depth + 1)
            self.edge(end.targets[-1], depth)
        elif name == "ret":
            self.text.add(depth, f"return {', '.join([self.name(v) for v in end.operands])}")
        elif name == "panic":
            self.text.add(depth, f"raise Trap({end.attrs['message']!r})", end.loc)
        else:
            self.text.add(depth, "raise ValueError('it reached code that is unreachable')")

    def edge(self, target: Target, depth: int) -> None:
        block = target.block
        pairs = [
            (self.name(param), self.name(arg))
            for param, arg in zip(block.params, target.args, strict=True)
            if param is not arg
        ]
        if pairs:
            self.text.add(depth, f"{', '.join([p for p, _ in pairs])} = {', '.join([a for _, a in pairs])}")
        number = self.heads.get(block)
        if number is None:
            self.block(block, depth)
        else:
            self.text.add(depth, f"b = {number}")
            self.text.add(depth, "continue")

    def op(self, op: Op) -> str:
        """The line for an op that is no terminator."""
        row = op.row
        if row.name in _LITERALS:
            return ""
        operands = [self.name(v) for v in op.operands]
        if row.name in TEMPLATES:
            expression = TEMPLATES[row.name].format(*operands)
        elif row.name == "select":
            expression = f"{operands[1]} if {operands[0]} else {operands[2]}"
        elif row.eval is not None:
            name = "op_" + row.name.replace(".", "_")
            self.text.constants[name] = row.eval
            expression = f"{name}({', '.join(operands)})"
        elif isinstance(row.wasm, Load):
            expression = load_text(op, row.wasm, operands[0])
        elif isinstance(row.wasm, Store):
            return store_text(op, row.wasm, *operands)
        elif row.name in TYPED:
            expression = TYPED[row.name](op, operands)
        else:
            expression = _EXPRESSIONS[row.name](self.text, op, operands)
        results = ", ".join([self.name(v) for v in op.results])
        return f"{results} = {expression}" if results else expression


def _heads(function: Function) -> dict[Block, int]:
    """The blocks that get a number: the entry, those with several ways in, and those that would nest too deep."""
    ways_in: dict[Block, int] = {}
    for block in function.blocks:
        for succ in block.successors:
            ways_in[succ] = ways_in.get(succ, 0) + 1
    heads = {function.entry: 0}
    nesting = {function.entry: 0}
    todo = [function.entry]
    while todo:
        block = todo.pop()
        inner = nesting[block] + 1
        for succ in block.successors:
            if succ not in nesting:
                is_head = ways_in[succ] > 1 or inner > _MAX_NESTING
                nesting[succ] = 0 if is_head else inner
                if is_head:
                    heads[succ] = len(heads)
                todo.append(succ)
    return heads


def _constant(self: _FunctionText, op: Op) -> str:
    text = repr(op.attrs["value"])
    return f"({text})" if text.startswith("-") else text


#: Values that are written where they are used.
_LITERALS: dict[str, Callable[[_FunctionText, Any], str]] = {
    **{f"{type_}.const": _constant for type_ in ("i32", "i64", "f64", "bool")},
    "mem.data_addr": lambda self, op: str(self.text.layout.addresses[op.attrs["data"]]),
    "mem.heap_base": lambda self, op: str(-(-self.text.layout.end // 8) * 8),
    "mem.shadow": lambda self, op: "0",
    "data.nil": lambda self, op: "None",
}

#: Ops whose rows have no `eval`, because they depend on more than operands.
_EXPRESSIONS: dict[str, Callable[[_Text, Op, list[str]], str]] = {
    "call": lambda text, op, operands: f"{text.names[op.attrs['callee']]}({', '.join(operands)})",
    "global.get": lambda text, op, operands: text.variables[op.attrs["name"]],
    "global.set": lambda text, op, operands: f"{text.variables[op.attrs['name']]} = {operands[0]}",
    "mem.copy": lambda text, op, operands: "mem[{0}:{0} + {2}] = mem[{1}:{1} + {2}]".format(*operands),
    "mem.fill": lambda text, op, operands: "mem[{0}:{0} + {2}] = bytes(({1} & 255,)) * {2}".format(*operands),
    "mem.size": lambda text, op, operands: f"len(mem) // {PAGE_BYTES}",
    "mem.grow": lambda text, op, operands: f"grow(mem, {operands[0]})",
}
