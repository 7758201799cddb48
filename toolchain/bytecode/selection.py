"""mem IR to instructions over virtual registers: which instruction for which op, before registers are numbered.

    %c = i64.lt_s %i, 10; cond_br %c, ^body, ^out(%i)        =>        jump.i64.lt_s.imm %i, 10 -> body;  edge to out: (i)

The result is a graph of nodes: the reachable blocks in order, cold ones last, and a node of its own for each edge of a branch
that passes arguments. What a comparison alone decides is part of the jump, constants that fit are part of the instruction,
and other constants are computed once: at the start of the function if a loop needs them, else where they are needed.
"""

from __future__ import annotations

from ..codegen.emit import PANIC_TEXT
from ..ir import types as t
from ..ir.core import Block, Function, Loc, Op, Target, Value
from ..ir.ops.row import Binary, Load, Special, Store, Unary
from ..passes.analysis.cfg import cfg
from ..passes.analysis.loops import loops
from .composing import compose
from .instructions import EXCHANGED, MAX_IMMEDIATE, MIN_IMMEDIATE, NEGATED, NEXT, Instruction, opposites, table
from .nodes import Call, Item, Moves, Node, Note, Return, Sites, Step, Switch, Tally, Unsuitable

_CONST = Special("const")
_REUSE, _WRAP, _EXTEND = Special("reuse"), Unary("WrapInt64"), Unary("ExtendUInt32")
_SMALL = 1 << 31


def select(function: Function, sites: Sites) -> list[Node]:
    """The nodes of a function, the first its entry. Raises Unsuitable."""
    return _Selection(function, sites).nodes()


class _Selection:
    def __init__(self, function: Function, sites: Sites) -> None:
        self._function = function
        self._sites = sites
        self._table = table()
        self._graph = cfg(function)
        self._nest = loops(function)
        self._names: dict[Value, Value] = {}
        self._extended = _extended_params(function)
        self._uses: dict[Value, int] = {}
        self._nodes: dict[Block, Node] = {block: Node(params=list(block.params)) for block in self._graph.order}
        self._edges: list[Node] = []
        self._hoisted: dict[tuple[t.Type, int | str], Value] = {}
        self._local: dict[tuple[t.Type, int | str], Value] = {}
        self._start: list[Item] = []
        self._items: list[Item] = []

    def nodes(self) -> list[Node]:
        order = self._graph.order
        for block in order:
            for op in block.ops:
                if self._is_reuse(op):
                    self._names[op.result] = op.operands[0]
        for block in order:
            for op in block.ops:
                for value in op.used_values():
                    value = self._original(value)
                    self._uses[value] = self._uses.get(value, 0) + 1
        for block in order:
            self._block(block)
        entry = self._nodes[order[0]]
        entry.items[:0] = self._start
        compose([*self._nodes.values(), *self._edges])
        warm = [self._nodes[block] for block in order if not block.cold]
        cold = [self._nodes[block] for block in order if block.cold and block is not order[0]]
        if order[0].cold:
            warm.insert(0, entry)
        return _laid_out([*warm, *cold], frozenset(cold))

    def _is_reuse(self, op: Op) -> bool:
        """True for an op whose result is its operand, seen as a register: the low half of one is an i32."""
        if op.row.wasm == _EXTEND:
            source = self._original(op.operands[0])
            return source in self._extended or _is_extended(source)
        return op.row.wasm in (_REUSE, _WRAP)

    def _original(self, value: Value) -> Value:
        while (other := self._names.get(value)) is not None:
            value = other
        return value

    # Blocks

    def _block(self, block: Block) -> None:
        node = self._nodes[block]
        self._items, self._local = node.items, {}
        for op in block.ops[:-1]:
            is_part = _constant(op) is not None or self._is_part_of_jump(op)
            if is_part or any(value in self._names for value in op.results):
                continue
            self._op(op)
        self._terminator(node, block.terminator)

    def _is_part_of_jump(self, op: Op) -> bool:
        """True for a comparison that only decides the branch at the end of its block."""
        name = EXCHANGED.get(op.name, op.name)
        if len(op.results) != 1 or f"jump.{name}" not in self._table or self._uses.get(op.result) != 1:
            return False
        end = op.block.terminator
        return end.name == "cond_br" and self._original(end.operands[0]) is op.result

    def _op(self, op: Op) -> None:
        if (
            not op.results
            and not op.row.effects
            or (op.row.effects.is_removable and not any(value in self._uses for value in op.results))
        ):
            return
        if op.name == "kind_seen":
            self._items.append(Note(op.attrs["use"], op.attrs["kind"], op.loc))
            return
        if op.name == "kinds_seen":
            tag = self._register(op.operands[0], op.block)
            self._items.append(Tally([tag], op.attrs["use"], op.attrs["kinds"], op.loc))
            return
        if op.name == "call":
            reads = [self._argument(value, op.block) for value in op.operands]
            self._items.append(Call(op.attrs["callee"], list(op.results), reads, op.loc))
            return
        if op.name in ("mem.heap_base", "global.get", "global.set"):
            raise Unsuitable(f"it contains {op.name}")
        wasm = op.row.wasm
        if isinstance(wasm, (Load, Store)):
            self._access(op, isinstance(wasm, Store))
            return
        name, operands, number = self._form(op)
        if number is not None and f"{name}.imm" in self._table:
            left = self._register(operands[0], op.block)
            self._add(f"{name}.imm", list(op.results), [left], number, loc=op.loc)
            return
        reads = [self._register(value, op.block) for value in operands]
        self._add(name, list(op.results), reads, loc=op.loc)

    def _form(self, op: Op) -> tuple[str, list[Value], int | None]:
        """What does the same and has instructions: op, operands, and the second one if it can be part of them."""
        name, operands = op.name, op.operands
        if len(operands) != 2:
            return name, operands, None
        number = self._immediate(operands[1])
        if number is not None and name in NEGATED and number > MIN_IMMEDIATE:
            return NEGATED[name], operands, -number
        if number is not None and name in NEXT and number < MAX_IMMEDIATE and (number != -1 or name.endswith("_s")):
            return NEXT[name], operands, number + 1
        if name in EXCHANGED:
            return EXCHANGED[name], [operands[1], operands[0]], self._immediate(operands[0])
        return name, operands, number

    def _access(self, op: Op, is_store: bool) -> None:
        address, offset = self._register(op.operands[0], op.block), op.attrs["offset"]
        if not 0 <= offset <= 0xFFFF:
            distance = self._constant_register((t.I32, offset), op.block)
            moved = Value(t.I32, op.block)
            self._add("i32.add", [moved], [address, distance])
            address, offset = moved, 0
        if is_store:
            self._add(op.name, [], [address, self._register(op.operands[1], op.block)], offset, loc=op.loc)
        else:
            self._add(op.name, list(op.results), [address], offset, loc=op.loc)

    def _add(
        self,
        name: str,
        writes: list[Value],
        reads: list[Value],
        *numbers: int,
        jump: Node | None = None,
        loc: Loc | None = None,
    ) -> None:
        instruction = self._table.get(name)
        if instruction is None:
            raise Unsuitable(f"it contains {name}")
        self._items.append(Step(instruction, writes, reads, list(numbers), None, jump, loc))

    # Values

    def _immediate(self, value: Value) -> int | None:
        op = self._original(value).op
        key = _constant(op) if op is not None else None
        if key is None or key[0] is t.F64 or not isinstance(key[1], int):
            return None
        return key[1] if MIN_IMMEDIATE <= key[1] <= MAX_IMMEDIATE else None

    def _register(self, value: Value, block: Block) -> Value:
        """The value that holds `value` in a register: itself, or what was made for a constant."""
        value = self._original(value)
        key = _constant(value.op)
        return value if key is None else self._constant_register(key, block)

    def _argument(self, value: Value, block: Block) -> Value:
        """Like `_register`; a constant is made for this call alone, so that it can be made where the callee has it."""
        value = self._original(value)
        key = _constant(value.op)
        if key is None:
            return value
        made = Value(key[0], block)
        self._items.append(constant_step(self._table, made, key))
        return made

    def _constant_register(self, key: tuple[t.Type, int | str], block: Block) -> Value:
        known = self._hoisted.get(key) or self._local.get(key)
        if known is not None:
            return known
        made = Value(key[0], block)
        if self._nest.of(block) is not None:
            self._hoisted[key] = made
            self._start.append(constant_step(self._table, made, key))
        else:
            self._local[key] = made
            self._items.append(constant_step(self._table, made, key))
        return made

    # Ends of blocks

    def _terminator(self, node: Node, op: Op) -> None:
        getattr(self, f"_end_{op.name}")(node, op)

    def _end_br(self, node: Node, op: Op) -> None:
        self._pass(node, op.targets[0])
        node.next = self._nodes[op.targets[0].block]

    def _end_cond_br(self, node: Node, op: Op) -> None:
        then, orelse = (self._edge(target) for target in op.targets)
        condition = self._original(op.operands[0])
        key = _constant(condition.op)
        if key is not None:
            node.next = then if key[1] else orelse
            return
        node.next = orelse
        test = condition.op
        if test is None or test.block is not op.block or not self._is_part_of_jump(test):
            self._add("jump.if", [], [condition], jump=then)
            return
        name, operands, number = self._form(test)
        if number is not None and f"jump.{name}.imm" in self._table:
            left = self._register(operands[0], op.block)
            self._add(f"jump.{name}.imm", [], [left], number, jump=then, loc=test.loc)
        else:
            reads = [self._register(value, op.block) for value in operands]
            self._add(f"jump.{name}", [], reads, jump=then, loc=test.loc)

    def _end_switch(self, node: Node, op: Op) -> None:
        number = self._register(op.operands[0], op.block)
        cases = list(zip(op.attrs["cases"], op.targets, strict=False))
        default = self._edge(op.targets[-1])
        low, high = min(op.attrs["cases"], default=0), max(op.attrs["cases"], default=-1)
        if len(cases) < _SHORTEST_TABLE or high - low >= _ENTRIES_PER_CASE * len(cases):
            for case, target in cases:
                edge = self._edge(target)
                if MIN_IMMEDIATE <= case <= MAX_IMMEDIATE:
                    self._add("jump.i64.eq.imm", [], [number], case, jump=edge)
                else:
                    self._add("jump.i64.eq", [], [number, self._constant_register((t.I64, case), op.block)], jump=edge)
            node.next = default
            return
        if low:
            moved = Value(t.I64, op.block)
            self._add("i64.sub", [moved], [number, self._constant_register((t.I64, low), op.block)])
            number = moved
        edges = {case - low: self._edge(target) for case, target in cases}
        self._items.append(Switch([number], [*(edges.get(i, default) for i in range(high - low + 1)), default]))

    def _end_ret(self, node: Node, op: Op) -> None:
        self._items.append(Return([self._register(value, op.block) for value in op.operands]))

    def _end_unreachable(self, node: Node, op: Op) -> None:
        self._add("panic", [], [], -1, loc=op.loc)

    def _end_panic(self, node: Node, op: Op) -> None:
        self._add("panic", [], [], self._sites.number(op.attrs["message"], op.loc), loc=op.loc)

    def _end_panic_text(self, node: Node, op: Op) -> None:
        site = Value(t.I32, op.block)
        reads = [self._argument(value, op.block) for value in op.operands]
        self._items.append(constant_step(self._table, site, (t.I32, self._sites.number("", op.loc))))
        self._items.append(Call(PANIC_TEXT, [], [*reads, site], op.loc))
        self._add("panic", [], [], -1)

    def _edge(self, target: Target) -> Node:
        """Where a branch goes: the block's node, or one that passes the arguments first."""
        goal = self._nodes[target.block]
        if not any(param in self._uses for param in target.block.params):
            return goal
        edge = Node(next=goal)
        self._pass(edge, target)
        self._edges.append(edge)
        return edge

    def _pass(self, node: Node, target: Target) -> None:
        writes: list[Value] = []
        sources: list[Value | Op] = []
        for param, arg in zip(target.block.params, target.args, strict=True):
            arg = self._original(arg)
            if param in self._uses and arg is not param:
                writes.append(param)
                sources.append(arg.op if arg.op is not None and _constant(arg.op) is not None else arg)
        if writes:
            node.items.append(Moves(writes, sources))


#: Fewer cases are compared one by one.
_SHORTEST_TABLE = 4
_ENTRIES_PER_CASE = 4


def constant_of(op: Op) -> tuple[t.Type, int | str]:
    """Type and bits of a constant op, or the name of the data segment whose address it is."""
    key = _constant(op)
    assert key is not None  # asked of constants only
    return key


def constant_step(instructions: dict[str, Instruction], made: Value, key: tuple[t.Type, int | str]) -> Step:
    """The instruction that makes a constant."""
    type_, what = key
    if isinstance(what, str):
        return Step(instructions["const"], [made], [], [0], what)
    fits = type_ is not t.F64 and -_SMALL <= what < _SMALL
    return Step(instructions["const" if fits else "const.wide"], [made], [], [what])


def _is_extended(value: Value) -> bool:
    """True for what an instruction computes as i32 or bool: it writes the whole register, the upper half with zeros."""
    op = value.op
    if op is None or value.type not in (t.I32, t.BOOL):
        return False
    if op.row.wasm == _CONST:
        return int(op.attrs["value"]) >= 0
    return isinstance(op.row.wasm, (Unary, Binary, Load)) and op.row.wasm != _WRAP


def _extended_params(function: Function) -> set[Value]:
    """The parameters of blocks to which only such values are passed."""
    passed: dict[Value, list[Value]] = {}
    known: set[Value] = set()
    for block in function.blocks:
        for target in block.terminator.targets:
            for param, arg in zip(target.block.params, target.args, strict=True):
                if param.type in (t.I32, t.BOOL):
                    known.add(param)
                    if not _is_extended(arg):
                        passed.setdefault(arg, []).append(param)
    doubtful = [arg for arg in passed if arg not in known]
    while doubtful:
        for param in passed.get(doubtful.pop(), ()):
            if param in known:
                known.remove(param)
                doubtful.append(param)
    return known


def _constant(op: Op | None) -> tuple[t.Type, int | str] | None:
    if op is None or not isinstance(op.row.wasm, Special):
        return None
    if op.row.wasm.name == "const":
        type_, value = op.result.type, op.attrs["value"]
        return (type_, _bits(value) if type_ is t.F64 else int(value))
    if op.name == "mem.data_addr":
        return (t.I32, op.attrs["data"])
    return (t.I32, 0) if op.name == "mem.shadow" else None


def _bits(number: float) -> int:
    import struct

    bits: int = struct.unpack("<q", struct.pack("<d", number))[0]
    return bits


def _laid_out(nodes: list[Node], cold: frozenset[Node]) -> list[Node]:
    """The nodes in the order of the code: each edge node behind the node that falls into it, others at the end.

    Behind a conditional jump comes what is not cold rather than what is, and rather what has no place yet or the next one.
    """
    order: list[Node] = []
    placed: set[Node] = set()
    late: list[Node] = []
    known = set(nodes)

    def rank(node: Node, following: Node | None) -> tuple[bool, bool, bool]:
        goal = node if node in known or node.next is None else node.next
        return goal in cold, goal in placed, goal is not following

    for node, following in zip(nodes, [*nodes[1:], None], strict=True):
        _place(node, order, placed)
        branch = node.items[-1] if node.items else None
        if isinstance(branch, Step) and branch.jump is not None and node.next is not None:
            opposite = opposites().get(branch.instruction.name)
            if opposite is not None and rank(branch.jump, following) < rank(node.next, following):
                branch.instruction, branch.jump, node.next = opposite, node.next, branch.jump
        if node.next is not None and node.next not in known:
            _place(node.next, order, placed)
        late += [edge for edge in node.successors if edge not in known]
    for edge in late:
        _place(edge, order, placed)
    return order


def _place(node: Node, order: list[Node], placed: set[Node]) -> None:
    if node not in placed:
        placed.add(node)
        order.append(node)
