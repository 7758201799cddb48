"""The one SSA structure of every stage: Module > Function > Block (with parameters, no phi) > Op > Value.

A block ends in exactly one terminator, whose `targets` name successor blocks and the arguments passed to their
parameters. The function's parameters are the parameters of its first block, the entry, which is never a target.
Which ops may appear is a matter of the stage; what an op means is in its row (`ir/ops`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from . import types as t

if TYPE_CHECKING:
    from .ops.row import OpRow

STAGES = ("hir", "typed", "mem")


class Loc(NamedTuple):
    """A place in a source file; lines and columns count from 1. `length` is how many characters a caret marks."""

    file: str
    line: int
    col: int
    length: int = 1


class Value:
    """An SSA value: the result of an op or a parameter of a block (`owner`)."""

    __slots__ = ("name", "owner", "type")

    def __init__(self, type_: t.Type, owner: Op | Block, name: str | None = None) -> None:
        self.type = type_
        self.owner = owner
        self.name = name

    @property
    def op(self) -> Op | None:
        """The op that defines the value; None for a block parameter."""
        return self.owner if isinstance(self.owner, Op) else None

    @property
    def block(self) -> Block:
        """The block in which the value comes into being."""
        owner = self.owner
        return owner if isinstance(owner, Block) else owner.block

    def __repr__(self) -> str:
        return f"%{self.name or '?'}:{self.type}"


class Target:
    """One outgoing edge of a terminator: the successor and the values for its parameters."""

    __slots__ = ("args", "block")

    def __init__(self, block: Block, args: list[Value] | None = None) -> None:
        self.block = block
        self.args = args if args is not None else []


class Op:
    """One operation. `attrs` holds immediates, `loc` the source location, `block` its home."""

    __slots__ = ("attrs", "block", "loc", "operands", "results", "row", "targets")

    block: Block

    def __init__(
        self,
        row: OpRow,
        operands: list[Value],
        result_types: tuple[t.Type, ...] = (),
        attrs: dict[str, Any] | None = None,
        loc: Loc | None = None,
        targets: list[Target] | None = None,
    ) -> None:
        self.row = row
        self.operands = operands
        self.results = [Value(type_, self) for type_ in result_types]
        self.attrs = attrs if attrs is not None else {}
        self.loc = loc
        self.targets = targets if targets is not None else []

    @property
    def name(self) -> str:
        return self.row.name

    @property
    def result(self) -> Value:
        """The only result. Raises ValueError when there is not exactly one."""
        (only,) = self.results
        return only

    def used_values(self) -> Iterator[Value]:
        """Operands, then the arguments of the targets, in order."""
        yield from self.operands
        for target in self.targets:
            yield from target.args

    def replace_uses(self, mapping: dict[Value, Value]) -> None:
        """Use `mapping[v]` wherever `v` is used; values that are no key stay."""
        if self.operands:
            self.operands = [mapping.get(v, v) for v in self.operands]
        for target in self.targets:
            target.args = [mapping.get(v, v) for v in target.args]

    def __repr__(self) -> str:
        return f"<{self.name}>"


class Block:
    """A straight line of ops that ends in a terminator. `cold` marks code that hardly ever runs."""

    __slots__ = ("cold", "function", "name", "ops", "params")

    def __init__(self, function: Function, name: str | None = None) -> None:
        self.function = function
        self.name = name
        self.params: list[Value] = []
        self.ops: list[Op] = []
        self.cold = False

    def add_param(self, type_: t.Type, name: str | None = None) -> Value:
        value = Value(type_, self, name)
        self.params.append(value)
        return value

    def append(self, op: Op) -> Op:
        op.block = self
        self.ops.append(op)
        return op

    def insert(self, index: int, op: Op) -> Op:
        op.block = self
        self.ops.insert(index, op)
        return op

    @property
    def terminator(self) -> Op:
        """The last op. Raises IndexError for an empty block, which is not valid IR."""
        return self.ops[-1]

    @property
    def successors(self) -> list[Block]:
        return [target.block for target in self.ops[-1].targets] if self.ops else []

    def __repr__(self) -> str:
        return f"^{self.name or '?'}"


class Function:
    """A function: signature, blocks (the first is the entry), and facts that passes and code generation read.

    `source_name` is the name in the program. `exported` is the WebAssembly export name or None. `attrs` holds
    declared facts: `import` ((module, name) for a body-less host function), `effects` (an `Effects` for imports),
    `inline` ("always" | "never"), `finished` (passes over single functions leave it alone).
    """

    __slots__ = ("attrs", "blocks", "exported", "loc", "module", "name", "param_types", "results", "source_name")

    module: Module

    def __init__(
        self, name: str, param_types: list[t.Type], results: tuple[t.Type, ...], loc: Loc | None = None
    ) -> None:
        self.name = name
        self.param_types = param_types
        self.results = results
        self.blocks: list[Block] = []
        self.source_name = name
        self.exported: str | None = None
        self.attrs: dict[str, Any] = {}
        self.loc = loc

    @property
    def is_import(self) -> bool:
        return "import" in self.attrs

    @property
    def entry(self) -> Block:
        return self.blocks[0]

    @property
    def params(self) -> list[Value]:
        return self.blocks[0].params

    def add_block(self, name: str | None = None) -> Block:
        block = Block(self, name)
        self.blocks.append(block)
        return block

    def ops(self) -> Iterator[Op]:
        for block in self.blocks:
            yield from block.ops

    def replace_uses(self, mapping: dict[Value, Value]) -> None:
        """Replace uses in the whole function; chains in `mapping` (a -> b, b -> c) are followed to their end."""
        if not mapping:
            return
        resolved = {old: resolve(mapping, new) for old, new in mapping.items()}
        for block in self.blocks:
            for op in block.ops:
                op.replace_uses(resolved)

    def __repr__(self) -> str:
        return f"<func @{self.name}>"


def resolve(mapping: dict[Value, Value], value: Value) -> Value:
    """The end of the chain of replacements that starts at `value`."""
    while (following := mapping.get(value)) is not None:
        value = following
    return value


class Global:
    """A module variable. `init` is a constant (int, float, bool) in the representation of `type`."""

    __slots__ = ("init", "mutable", "name", "type")

    def __init__(self, name: str, type_: t.Type, init: float | bool, mutable: bool = True) -> None:
        self.name = name
        self.type = type_
        self.init = init
        self.mutable = mutable


class DataSegment:
    """Bytes placed in memory before the program starts, at an address that is a multiple of `align`.

    Behind the content lie `room` bytes that are zero.
    """

    __slots__ = ("align", "content", "name", "relocations", "room")

    def __init__(self, name: str, content: bytes, align: int = 8, room: int = 0) -> None:
        self.name = name
        self.content = content
        self.align = align
        self.room = room
        #: (offset in content, name of the segment whose address is stored there as u32, addend)
        self.relocations: list[tuple[int, str, int]] = []


class Closure:
    """The code and the captured values of one kind of function value: an entry of `Module.closures`."""

    __slots__ = ("captures", "name", "tag")

    def __init__(self, name: str, tag: int, captures: list[t.Type]) -> None:
        self.name = name
        self.tag = tag
        self.captures = captures


class Layout:
    """The fields of one kind of heap object: an entry of `Module.layouts`.

    `tag` tells the cases of a sum apart. A layout that is not `mutable` is written once, when the object is made.
    """

    __slots__ = ("fields", "mutable", "name", "tag")

    def __init__(self, name: str, fields: list[t.Type], tag: int = 0, mutable: bool = True) -> None:
        self.name = name
        self.fields = fields
        self.tag = tag
        self.mutable = mutable


class Case:
    """One constructor of a declared type: its name and its fields as (name, type as the source writes it or None)."""

    __slots__ = ("fields", "name")

    def __init__(self, name: str, fields: list[tuple[str, str | None]]) -> None:
        self.name = name
        self.fields = fields


class Declaration:
    """A type that a program or the library declares: an entry of `Module.declarations` (stage hir).

    A record type has one case of its own name; a sum type (`is_sum`) has a case for every variant. `params` are the type
    parameters, `derives` what is derived. `methods` (called on a value) and `statics` (called on the type) name functions.
    """

    __slots__ = ("cases", "derives", "is_sum", "methods", "name", "params", "source_name", "statics")

    def __init__(self, name: str, source_name: str, params: list[str], cases: list[Case], is_sum: bool) -> None:
        self.name = name
        self.source_name = source_name
        self.params = params
        self.cases = cases
        self.is_sum = is_sum
        self.derives: frozenset[str] = frozenset()
        self.methods: dict[str, str] = {}
        self.statics: dict[str, str] = {}

    def case_number(self, name: str) -> int | None:
        """The number of the case called `name`; None if there is none."""
        return next((number for number, case in enumerate(self.cases) if case.name == name), None)


class Module:
    """A whole program at one stage."""

    __slots__ = ("closures", "data", "declarations", "exports", "functions", "globals", "layouts", "name", "stage")

    def __init__(self, name: str, stage: str) -> None:
        self.name = name
        self.stage = stage
        self.functions: dict[str, Function] = {}
        self.globals: dict[str, Global] = {}
        self.data: dict[str, DataSegment] = {}
        self.closures: dict[str, Closure] = {}
        self.layouts: dict[str, Layout] = {}
        self.declarations: dict[str, Declaration] = {}
        #: Name -> {"symbol", "params": [{"name", "type"}], "result"}: what a host can call, in the program's types.
        self.exports: dict[str, dict[str, Any]] = {}

    def add(self, function: Function) -> Function:
        """Add `function`. Raises ValueError when the name is taken."""
        if function.name in self.functions:
            raise ValueError(f"function @{function.name} exists already")
        self.functions[function.name] = function
        function.module = self
        return function
