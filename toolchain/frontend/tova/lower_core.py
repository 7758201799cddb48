"""The state of lowering one function from syntax to HIR: current block, the SSA values of variables, jumps.

Variables are turned into SSA values while lowering, without phi placement: the syntax is structured, so every join is
known when it is reached (`join`), and the parameters of a loop header are the variables that the loop assigns, which
name resolution has collected.
"""

from __future__ import annotations

from typing import Any

from wasmlathe.diagnostics import Diagnostics, SourceFile, Span
from wasmlathe.ir import types as t
from wasmlathe.ir.build import Builder
from wasmlathe.ir.core import Block, Function, Loc, Module, Target, Value

from . import syntax as s
from .lower_types import TypeTexts
from .symbols import LIBRARY_PREFIX, FunctionInfo, Resolution, Variable

Env = dict[Variable, Value]


class LoopExits:
    """Where `break` and `continue` of one loop go: the edges collected so far, each with its environment."""

    __slots__ = ("breaks", "continues", "label")

    def __init__(self, label: str | None) -> None:
        self.label = label
        self.breaks: list[tuple[Block, Env]] = []
        self.continues: list[tuple[Block, Env]] = []


class Jumps:
    """How the body of a `try` or the like, which is a function of its own, leaves: its result is a code.

    0 is its end, `RETURN` a `return` of the function around it, the others are jumps of loops around it.
    """

    __slots__ = ("codes", "result")

    RETURN = 1

    def __init__(self) -> None:
        #: ("break" or "continue", label) -> code.
        self.codes: dict[tuple[str, str | None], int] = {}
        #: The parameter that is the cell for the result of the function around it, once there is one.
        self.result: Value | None = None


class Unit:
    """What all functions of one source file share."""

    __slots__ = ("diagnostics", "module", "resolution", "source", "texts")

    def __init__(self, source: SourceFile, resolution: Resolution, module: Module, diagnostics: Diagnostics) -> None:
        self.source = source
        self.resolution = resolution
        self.module = module
        self.diagnostics = diagnostics
        self.texts = TypeTexts(resolution.meaning)

    @property
    def prefix(self) -> str:
        """What the names of the file's functions, globals and types begin with (empty for the program itself)."""
        return self.resolution.top.prefix

    def function_name(self, info: FunctionInfo) -> str:
        return info.prefix + info.name

    def global_name(self, variable: Variable) -> str:
        return variable.function.prefix + variable.name


class LoweringCore:
    """Emitting ops, reading and writing variables, joining control flow."""

    def __init__(self, unit: Unit, function: Function, info: FunctionInfo) -> None:
        self.unit = unit
        self.function = function
        self.info = info
        self.meaning = unit.resolution.meaning
        self.env: Env = {}
        self.loops: list[LoopExits] = []
        #: Set in the body of a `try` and the like.
        self.jumps: Jumps | None = None
        self.placeholder: Value | None = None
        #: Edges of the present chain of accesses to its end, where it is nil.
        self.chain_ends: list[tuple[Block, Env]] = []
        #: Accesses of which it is known whether they belong to an optional chain.
        self.links: set[s.Node] = set()
        self.builder = Builder(function.add_block("entry"))

    # --- places ------------------------------------------------------------------------------------------------------

    def loc(self, node: s.Node) -> Loc:
        line, column = self.unit.source.position(node.start)
        return Loc(self.unit.source.name, line, column, max(1, node.end - node.start))

    def span(self, node: s.Node) -> Span:
        return Span(self.unit.source, node.start, node.end)

    def type_text(self, node: s.TypeExpr) -> str:
        """A type as inference reads it."""
        return self.unit.texts.text(node)

    def error(self, code: str, message: str, node: s.Node, hint: str | None = None) -> None:
        self.unit.diagnostics.error(code, message, self.span(node), hint)

    def unsupported(self, what: str, node: s.Node) -> Value:
        """Report that `what` is not supported yet; the value stands for it, to find more errors."""
        self.error("E0400", f"not supported yet: {what}", node)
        return self.nil(node)

    # --- ops ---------------------------------------------------------------------------------------------------------

    @property
    def block(self) -> Block:
        return self.builder.block

    def op(self, name: str, node: s.Node, /, *operands: Value, **attrs: Any) -> Value:
        self.builder.loc = self.loc(node)
        return self.builder.emit(f"dyn.{name}", operands, None, None, **attrs).results[0]

    def effect(self, name: str, node: s.Node, /, *operands: Value, **attrs: Any) -> None:
        """An op without result."""
        self.builder.loc = self.loc(node)
        self.builder.emit(f"dyn.{name}", operands, (), None, **attrs)

    def const(self, value: object, node: s.Node) -> Value:
        return self.op("const", node, value=value)

    def nil(self, node: s.Node) -> Value:
        return self.const(None, node)

    def call(self, callee: str, node: s.Node, *operands: Value) -> Value:
        """Call a function of the standard library."""
        return self.op("call", node, *operands, callee=LIBRARY_PREFIX + callee)

    # --- control flow ------------------------------------------------------------------------------------------------

    def new_block(self, name: str) -> Block:
        return self.function.add_block(name)

    def start(self, block: Block, env: Env | None = None) -> None:
        """Go on in `block`, where the variables have the values of `env`."""
        self.builder.at_end(block)
        if env is not None:
            self.env = dict(env)

    def is_open(self) -> bool:
        """True while the current block has no terminator."""
        ops = self.block.ops
        return not ops or not ops[-1].row.terminator

    def unreachable_from_here(self, name: str = "dead") -> None:
        """What follows a jump is lowered into a block without predecessors, which is dropped at the end."""
        self.builder.at_end(self.new_block(name))

    def give_back(self, value: Value, node: s.Node) -> None:
        """End the function of the source that this is a part of, with this result. What follows is unreachable."""
        if self.jumps is None:
            self.builder.loc = self.loc(node)
            self.builder.ret(value)
        else:
            if self.jumps.result is None:
                self.jumps.result = self.function.entry.add_param(t.DYN, "result")
                self.function.param_types.append(t.DYN)
            self.effect("cell_set", node, self.jumps.result, value)
            self.builder.ret(self.const(Jumps.RETURN, node))
        self.unreachable_from_here()

    def branch(self, condition: Value, then: Block, otherwise: Block) -> None:
        self.builder.cond_br(condition, then, otherwise)

    def edge(self) -> tuple[Block, Env]:
        """The end of the current block as an edge for `join`; the block must not be terminated by the caller."""
        return self.block, dict(self.env)

    def join(
        self, name: str, edges: list[tuple[Block, Env]], values: list[Value] | None = None
    ) -> tuple[Block, Value | None]:
        """Continue where all `edges` meet; `values` (one an edge) are joined into the value that is returned.

        Variables get a block parameter where the edges disagree; those that some edge does not have are gone.
        """
        block = self.new_block(name if edges else "dead")
        if not edges:
            self.start(block)
            return block, None
        first = edges[0][1]
        common = [v for v in first if all(v in env for _, env in edges[1:])]
        merged = [v for v in common if any(env[v] is not first[v] for _, env in edges[1:])]
        env = {v: first[v] for v in common}
        for variable in merged:
            env[variable] = block.add_param(t.DYN, variable.name)
        result = block.add_param(t.DYN) if values is not None else None
        for index, (source, source_env) in enumerate(edges):
            args = [source_env[v] for v in merged]
            if values is not None:
                args.append(values[index])
            Builder(source, None, self.builder.loc).br(block, *args)
        self.start(block, env)
        return block, result

    def loop_header(self, node: s.Node) -> tuple[Block, list[Variable]]:
        """Enter a loop: a header block whose parameters are the variables that the loop assigns."""
        assigned = self.unit.resolution.assigned_in_loop.get(node, {})
        carried = [v for v in assigned if v in self.env and not self.lives_in_memory(v)]
        header = self.new_block("loop")
        self.builder.br(header, *(self.env[v] for v in carried))
        env = dict(self.env)
        for variable in carried:
            env[variable] = header.add_param(t.DYN, variable.name)
        self.start(header, env)
        return header, carried

    def close_loop(self, header: Block, carried: list[Variable], extra: tuple[Value, ...] = ()) -> None:
        """Jump back to the header with the variables' present values, then `extra`."""
        self.builder.emit("br", (), (), [Target(header, [*(self.env[v] for v in carried), *extra])])

    # --- variables ---------------------------------------------------------------------------------------------------

    def lives_in_memory(self, variable: Variable) -> bool:
        return variable.is_global or variable.in_cell or variable.early

    def declare(self, variable: Variable, value: Value, node: s.Node) -> None:
        """Give a new variable its first value."""
        if variable.is_global:
            self.effect("global_set", node, value, name=self.unit.global_name(variable))
        elif variable.early:
            self.op("method", node, self.env[variable], value, name="push")
        elif variable.in_cell:
            self.env[variable] = self.op("cell_new", node, value)
        else:
            if value.name is None and value.op is not None:
                value.name = variable.name
            self.env[variable] = value

    def assign(self, variable: Variable, value: Value, node: s.Node) -> None:
        if variable.is_global:
            self.effect("global_set", node, value, name=self.unit.global_name(variable))
        elif variable.in_cell or variable.early:
            holder = self.env.get(variable)
            if holder is None:
                self._uninitialised(variable, node)
            elif variable.early:
                self._check_slot(variable, holder, node)
                self.effect("set_index", node, holder, self.const(0, node), value)
            else:
                self.effect("cell_set", node, holder, value)
        else:
            self.env[variable] = value

    def read(self, variable: Variable, node: s.Node) -> Value:
        if variable.is_global:
            if variable.initial is not None and not variable.reassigned and not self._needs_check(variable):
                return self.const(variable.initial.value, node)
            checked = self._needs_check(variable) and self.info is not variable.function
            # The top level of library files is not executed: their variables begin as the zero of their type.
            zero = self.unit.prefix == LIBRARY_PREFIX and isinstance(variable.initial, s.IntLit)
            return self.op("global_get", node, name=self.unit.global_name(variable), checked=checked, zero=zero)
        value = self.env.get(variable)
        if value is None:
            return self._uninitialised(variable, node)
        if variable.early:
            self._check_slot(variable, value, node)
            return self.op("index", node, value, self.const(0, node))
        return self.op("cell_get", node, value) if variable.in_cell else value

    def make_slots(self, body: list[s.Stmt]) -> None:
        """Give variables that closures capture before they have a value a place to be: an array without elements."""
        for variable in self.unit.resolution.early.get(body[0], ()) if body else ():
            if variable not in self.env:
                self.env[variable] = self.op("array", body[0])

    def _check_slot(self, variable: Variable, slot: Value, node: s.Node) -> None:
        empty, filled = self.new_block("empty"), self.new_block("filled")
        is_empty = self.op("eq", node, self.call("len", node, slot), self.const(0, node))
        self.branch(self.op("truth", node, is_empty), empty, filled)
        env = self.env
        self.start(empty)
        self.builder.panic(f"cannot access '{variable.name}' before initialization")
        self.start(filled, env)

    def _needs_check(self, variable: Variable) -> bool:
        return variable in self.unit.resolution.needs_check

    def _uninitialised(self, variable: Variable, node: s.Node) -> Value:
        """Reading a variable before the statement that gives it a value panics, as in the reference."""
        self.builder.loc = self.loc(node)
        self.builder.panic(f"cannot access '{variable.name}' before initialization")
        self.unreachable_from_here()
        return self.nil(node)

    def bind_captures(self) -> list[Value]:
        """Give the variables that the function captures their values: its first parameters."""
        values = []
        for variable in self.info.captures:
            value = self.function.entry.add_param(t.DYN, variable.name)
            self.env[variable] = value
            values.append(value)
        return values

    def bind_work(self) -> None:
        """Take the array for deferred work as the next parameter, if this is the body of a function that defers."""
        if self.jumps is not None and self.info.work is not None:
            self.env[self.info.work] = self.function.entry.add_param(t.DYN, "deferred")

    def capture_values(self, info: FunctionInfo, node: s.Node) -> list[Value]:
        """The present values (or cells) of what a function captures."""
        values = []
        for variable in info.captures:
            value = self.env.get(variable)
            values.append(value if value is not None else self._uninitialised(variable, node))
        return values
