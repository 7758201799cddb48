"""mem IR to Binaryen IR: expressions become trees, everything that is used twice or elsewhere a local.

    b = i64.mul a, 3                         (local.set $c
    c = i64.add b, 1            =>             (i64.add (i64.mul (local.get $a) (i64.const 3)) (i64.const 1)))
    br ^loop(c)                              (br $loop)

An op goes into the tree of its user if it has one use, in the same block, and on its way there passes nothing that its
effects do not commute with. Constants are repeated where they are used. Parameters of blocks are locals that every edge
sets, in an order in which no argument is overwritten before it is read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ..artifact import PANIC_SITE, Artifact
from ..ir import types as t
from ..ir.core import Block, Function, Loc, Module, Op, Target, Value
from ..ir.ops import row_named
from ..ir.ops.row import Binary, Effects, Load, Special, Store, Unary
from ..lower.heap_state import HEAP, SHADOW, SHADOW_BYTES
from ..passes.analysis.liveness import Liveness, liveness
from ..passes.const_fold import constant_of
from .binaryen import BinaryenModule, Expression
from .memory_image import MemoryImage
from .sections import function_names, without_names
from .sourcemap import CALL, PLAIN, TRAP
from .special import MEMORY, SPECIAL
from .structure import structure
from .unpacked import NAME as UNPACK_TABLES
from .unpacked import add_unpacking

if TYPE_CHECKING:
    from ..bytecode.link import Program

PANIC_TEXT = "env.panic_text"
#: How the names of the VM's functions begin: the host tells them from the program's.
VM_PREFIX = "vm-"
#: The function that unpacks bytecode (`bytecode.unpacking`).
UNPACK_CODE = "vm-unpack"

_NOWHERE = ("", 0, 0)  # lines count from 1

#: Deeper trees are cut: Binaryen walks them recursively.
MAX_DEPTH = 200
#: So many ops with effects may wait for their user; a longer queue makes no better trees, only slower work.
MAX_WAITING = 16
#: Tables hold at most so many entries per case; sparser cases are searched.
TABLE_ENTRIES_PER_CASE = 4
#: Below so many cases a search compares one by one.
SEARCH_LEAF = 4

_AND64 = row_named("i64.and").wasm
_LOW_HALF = 0xFFFFFFFF

_STRONG = Effects.WRITES | Effects.IO | Effects.CALLS | Effects.ALLOCS

_INVERSE_PAIRS = (("Eq", "Ne"), ("LtS", "GeS"), ("GtS", "LeS"), ("LtU", "GeU"), ("GtU", "LeU"))
#: The comparison that is true when another is false. Not for floats: both can be false on NaN.
INVERSES = {
    a + width: b + width for width in ("Int32", "Int64") for x, y in _INVERSE_PAIRS for a, b in ((x, y), (y, x))
} | {"EqFloat64": "NeFloat64", "NeFloat64": "EqFloat64"}


class Generated:
    """A module of Binaryen, and what its host has to know."""

    __slots__ = ("binaryen", "has_memory", "heap", "shadow", "sites")

    def __init__(
        self, binaryen: BinaryenModule, sites: list[dict[str, Any]], has_memory: bool, image: MemoryImage
    ) -> None:
        self.binaryen = binaryen
        #: Panics by number: message and place.
        self.sites = sites
        self.has_memory = has_memory
        #: Address behind the shadow stack; 0 if there is none.
        self.shadow = image.addresses[SHADOW] + SHADOW_BYTES if SHADOW in image.addresses else 0
        #: Address of what the allocator knows; 0 if there is no allocator.
        self.heap = image.addresses.get(HEAP, 0)


def generate(module: Module, program: Program | None = None) -> Generated:
    """WebAssembly for a module of stage mem, with the VM if part of it is bytecode.

    Raises BinaryenMissing, and InvalidModule if the result is malformed.
    """
    return _Module(module, program).generate()


def finish(
    generated: Generated,
    *,
    name: str,
    names: bool,
    entry: str | None = None,
    entry_result: str | None = None,
    initializer: str | None = None,
    exports: dict[str, Any] | None = None,
    sources: Sequence[str] = (),
    vm: dict[str, Any] | None = None,
) -> Artifact:
    """The binary with its source map and manifest; disposes of the Binaryen module.

    `names`: with the names of functions. `exports`: name -> {symbol, params, result}, for callers from Python;
    `initializer`: what they have to call before. `vm`: what the host must know of bytecode in it.
    """
    wasm, places = generated.binaryen.write(names or vm is not None)
    generated.binaryen.dispose()
    if vm is not None and not names:
        glue = {index: found for index, found in function_names(wasm).items() if found.startswith(VM_PREFIX)}
        vm = {**vm, "names": glue}
        wasm = without_names(wasm)
    manifest = {
        "name": name,
        "entry": entry,
        "entry_result": entry_result,
        "initializer": initializer,
        "memory": generated.has_memory,
        "shadow": generated.shadow,
        "heap": generated.heap,
        "exports": exports or {},
        "sites": generated.sites,
        "sources": list(sources),
    }
    if vm is not None:
        manifest["vm"] = vm
    return Artifact(wasm, places, manifest)


class _Module:
    """Generates one module: what its functions have in common."""

    def __init__(self, module: Module, program: Program | None) -> None:
        self.ir = module
        self.program = program
        self.out = BinaryenModule()
        self.image = MemoryImage(module)
        self.uses_memory = False
        self.called: set[str] = set()
        self.uses_panic_text = False
        self.panics = False
        self.sites: dict[tuple[str, str, int, int], int] = program.sites if program is not None else {}

    def generate(self) -> Generated:
        out = self.out
        for variable in self.ir.globals.values():
            out.add_global(variable.name, variable.type, variable.mutable, variable.init)
        if self.program is not None:
            self.program.add_machine(out)
        for function in self.ir.functions.values():
            if function.blocks:
                _Function(self, function).generate()
        if self.program is not None:
            self.called.update(self.program.table.names)
            self.uses_panic_text |= PANIC_TEXT in self.called
            self.panics = self.uses_memory = True
        self._add_imports()
        if self.program is not None:
            self.program.add_to(out)
        if self.panics:
            out.add_global(PANIC_SITE, t.I32, True, 0)
            out.add_global_export(PANIC_SITE, PANIC_SITE)
        if self.uses_memory:
            self._add_memory()
        out.validate()
        sites = [dict(zip(("message", "file", "line", "col"), site, strict=True)) for site in self.sites]
        return Generated(out, sites, self.uses_memory, self.image)

    def _add_memory(self) -> None:
        out, image, first = self.out, self.image, []
        if image.tables:
            add_unpacking(out, image.tables)
            first.append(UNPACK_TABLES)
        if self.program is not None and self.program.is_packed:
            code = self.program.code, len(self.program.content)
            pieces = [*image.pieces([code]), self.program.add_unpacking(out, image.content)]
            first.append(UNPACK_CODE)
        else:
            pieces = list(image.pieces())
        out.set_memory(image.initial_pages, pieces, "memory")
        if first:
            out.set_start(*first)

    def _add_imports(self) -> None:
        for function in self.ir.functions.values():
            if function.is_import and (function.name in self.called or function.exported is not None):
                module, base = function.attrs["import"]
                self.out.add_import(function.name, module, base, function.param_types, function.results)
                # A host function that looks at memory can be called with constant addresses only.
                if function.attrs.get("effects", Effects.NONE) & (Effects.READS | Effects.WRITES):
                    self.uses_memory = True
        if self.uses_panic_text:
            module, _, base = PANIC_TEXT.partition(".")
            self.out.add_import(PANIC_TEXT, module, base, [t.I32] * 3, ())
        for function in self.ir.functions.values():
            if function.exported is not None:
                self.out.add_export(function.name, function.exported)

    def site(self, message: str, loc: Loc | None) -> int:
        file, line, col = (loc.file, loc.line, loc.col) if loc is not None else _NOWHERE
        return self.sites.setdefault((message, file, line, col), len(self.sites))


class _Tree:
    """An expression that is not placed yet, with what matters for where it may go."""

    __slots__ = ("depth", "effects", "expression", "loc", "reads", "root")

    def __init__(
        self,
        expression: Expression,
        effects: Effects = Effects.NONE,
        depth: int = 0,
        reads: frozenset[int] = frozenset(),
    ) -> None:
        self.expression = expression
        self.effects = effects
        self.depth = depth
        #: Locals of block parameters that it reads.
        self.reads = reads
        #: The outermost instruction and its operands, from which its negation is made.
        self.root: tuple[str, list[Expression]] | None = None
        self.loc: Loc | None = None


def _clash(a: Effects, b: Effects) -> bool:
    """True if the order of two things with these effects matters."""
    if not a or not b:
        return False
    if a & _STRONG:
        return bool(b & (_STRONG | Effects.READS | Effects.TRAPS))
    if b & _STRONG:
        return True
    return bool(a & Effects.TRAPS and b & Effects.TRAPS)  # which of two messages the user sees


class _Function:
    """Generates one function; an `Emitter` for `structure`."""

    def __init__(self, parent: _Module, function: Function) -> None:
        self.parent = parent
        self.out = parent.out
        self.function = function
        self.variables: list[int] = []
        self.locals: dict[Value, int] = {value: index for index, value in enumerate(function.params)}
        #: Locals that edges set: what reads them must come before.
        self.parameters: set[int] = set()
        self.places: list[tuple[Expression, str, Loc | None]] = []
        self.returns: dict[Expression, Expression | None] = {}
        self.state: int | None = None
        self._count_uses()
        # State of the block being made:
        self.statements: list[Expression] = []
        #: Trees of values with one use, in the order of the program.
        self.waiting: dict[Value, _Tree] = {}
        #: Those with effects among them.
        self.queue: list[Value] = []
        self.live: Liveness | None = None
        #: The operand of the terminator.
        self.operands: dict[Block, _Tree] = {}

    def _count_uses(self) -> None:
        """Find values that are another under a new name, how often values are used, and who uses them last."""
        self.aliases: dict[Value, Value] = {}
        self.uses: dict[Value, int] = {}
        self.user: dict[Value, Block] = {}
        for op in self.function.ops():
            if op.row.wasm == _REUSE:
                self.aliases[op.result] = op.operands[0]
        for block in self.function.blocks:
            for op in block.ops:
                if op.row.wasm == _REUSE:
                    continue
                for value in op.used_values():
                    value = self.original(value)
                    self.uses[value] = self.uses.get(value, 0) + 1
                    self.user[value] = block

    def generate(self) -> None:
        function = self.function
        body = structure(function, self)
        if body and body[-1] in self.returns:
            value = self.returns[body.pop()]
            if value is not None:
                body.append(value)
        self.out.add_function(
            function.name,
            function.param_types,
            function.results,
            self.variables,
            self.out.block(None, body),
            self.places,
        )

    # Values

    def original(self, value: Value) -> Value:
        while (other := self.aliases.get(value)) is not None:
            value = other
        return value

    def new_local(self, type_: int) -> int:
        self.variables.append(type_)
        return len(self.function.params) + len(self.variables) - 1

    def local_of(self, value: Value) -> int:
        index = self.locals.get(value)
        if index is None:
            index = self.locals[value] = self.new_local(self.out.type_of([value.type]))
            if value.op is None:
                self.parameters.add(index)
        return index

    def read(self, value: Value) -> _Tree:
        """The tree of a value; one that waits is taken, so this is its one use."""
        value = self.original(value)
        tree = self.waiting.pop(value, None)
        if tree is not None:
            if value in self.queue:
                self.queue.remove(value)
            return tree
        op = value.op
        if op is not None and isinstance(op.row.wasm, Special):
            repeat = _REPEATED.get(op.row.wasm.name)
            if repeat is not None:
                return _Tree(repeat(self, op))
        index = self.local_of(value)
        reads = frozenset((index,)) if index in self.parameters else frozenset()
        return _Tree(self.out.local_get(index, self.out.type_of([value.type])), reads=reads)

    def place(self, expression: Expression, loc: Loc | None, effects: Effects = Effects.NONE) -> Expression:
        """Note where an expression comes from; for one that may fail or calls also that it comes from nowhere."""
        kind = CALL if effects & Effects.CALLS else TRAP if effects & Effects.TRAPS else PLAIN
        if loc is not None or kind != PLAIN:
            self.places.append((expression, kind, loc))
        return expression

    # Straight code

    def straight(self, block: Block) -> list[Expression]:
        self.statements = []
        self.queue.clear()  # but not `waiting`: an edge made later may compute its arguments itself
        for op in block.ops[:-1]:
            self.add(op)
        last = block.terminator
        if last.targets:
            self.keep_for_edges(last)
        return self.statements

    def add(self, op: Op) -> None:
        wasm, effects = op.row.wasm, op.row.effects
        if wasm in (_REUSE, _NOTHING) or (isinstance(wasm, Special) and wasm.name in _REPEATED):
            return
        results = op.results
        if effects.is_removable and not any(value in self.uses for value in results):
            return
        tree = self.build(op)
        value = results[0] if len(results) == 1 else None
        if value is not None and self.may_wait(value, op.block) and tree.depth < MAX_DEPTH:
            self.waiting[value] = tree
            if tree.effects:
                self.queue.append(value)
                if len(self.queue) > MAX_WAITING:
                    self.settle(1)
            return
        self.settle_before(tree.effects)
        self.finish_op(op, tree.expression)

    def may_wait(self, value: Value, block: Block) -> bool:
        return self.uses.get(value) == 1 and self.user[value] is block

    def finish_op(self, op: Op, expression: Expression) -> None:
        """Make the op a statement, with its results in locals."""
        used = [value for value in op.results if value in self.uses]
        if not op.results:
            self.statements.append(expression)
        elif not used:
            self.statements.append(self.out.drop(expression))
        elif len(op.results) == 1:
            self.statements.append(self.out.local_set(self.local_of(op.results[0]), expression))
        else:
            type_ = self.out.type_of([value.type for value in op.results])
            whole = self.new_local(type_)
            self.statements.append(self.out.local_set(whole, expression))
            for index, value in enumerate(op.results):
                if value in self.uses:
                    part = self.out.tuple_part(self.out.local_get(whole, type_), index)
                    self.statements.append(self.out.local_set(self.local_of(value), part))

    def build(self, op: Op) -> _Tree:
        """The tree of an op with its operands in it. What must be computed before becomes statements."""
        self.settle_for(op.operands)
        trees = [self.read(value) for value in op.operands]
        expressions = [tree.expression for tree in trees]
        wasm = op.row.wasm
        out = self.out
        root = None
        if wasm == _AND64 and constant_of(op.operands[1]) == _LOW_HALF:
            # On 64-bit machines the move that extends is free; the mask would be loaded from memory.
            expression = out.unary("ExtendUInt32", out.unary("WrapInt64", expressions[0]))
        elif isinstance(wasm, Binary):
            expression = out.binary(wasm.name, *expressions)
            root = (wasm.name, expressions)
        elif isinstance(wasm, Unary):
            expression = out.unary(wasm.name, *expressions)
            root = (wasm.name, expressions)
        elif isinstance(wasm, Load):
            self.parent.uses_memory = True
            type_ = op.results[0].type
            expression = out.load(wasm.bytes, wasm.signed, op.attrs["offset"], type_, *expressions)
        elif isinstance(wasm, Store):
            self.parent.uses_memory = True
            expression = out.store(wasm.bytes, op.attrs["offset"], op.operands[1].type, *expressions)
        elif isinstance(wasm, Special):
            own = _SPECIAL.get(wasm.name)
            expression = own(self, op, expressions) if own is not None else SPECIAL[wasm.name](out, expressions)
            self.parent.uses_memory |= wasm.name in MEMORY
        else:
            raise ValueError(f"{op.name} has no WebAssembly: it does not belong into stage mem")
        effects = op.row.effects
        depth, reads = 0, frozenset[int]()
        for tree in trees:
            effects |= tree.effects
            depth = max(depth, tree.depth)
            if tree.reads:
                reads |= tree.reads
        made = _Tree(self.place(expression, op.loc, op.row.effects), effects, depth + 1, reads)
        made.root, made.loc = root, op.loc
        return made

    # Order of effects

    def settle(self, count: int) -> None:
        """Put the first `count` of the queue into locals, now."""
        for value in self.queue[:count]:
            tree = self.waiting.pop(value)
            self.statements.append(self.out.local_set(self.local_of(value), tree.expression))
        del self.queue[:count]

    def settle_before(self, effects: Effects) -> None:
        """Settle what waits and must come before something with these effects."""
        for index in range(len(self.queue) - 1, -1, -1):
            if _clash(self.waiting[self.queue[index]].effects, effects):
                self.settle(index + 1)
                return

    def settle_for(self, operands: Sequence[Value]) -> None:
        """Settle of the operands what cannot go into one tree, evaluated now and in their order."""
        queue = self.queue
        if not queue:
            return
        turn = {self.original(value): index for index, value in enumerate(operands)}
        for index in range(len(queue) - 1, -1, -1):
            mine = turn.get(queue[index])
            if mine is None:
                continue
            effects = self.waiting[queue[index]].effects
            for later in queue[index + 1 :]:
                its = turn.get(later)
                if (its is None or its < mine) and _clash(effects, self.waiting[later].effects):
                    self.settle(index + 1)
                    return

    def keep_for_edges(self, terminator: Op) -> None:
        """Before a terminator that branches: compute its operand, and leave waiting what an edge may compute itself."""
        effects = Effects.NONE
        if terminator.operands:
            self.settle_for(terminator.operands)
            tree = self.read(terminator.operands[0])
            effects = tree.effects
            self.operands[terminator.block] = tree
        elif len(self.queue) == 1 and self.queue[0] in self.passed(terminator.targets[0]):
            return
        # Reading can be left to the one edge that needs it. What else has effects happens on all of them.
        for index in range(len(self.queue) - 1, -1, -1):
            waiting = self.waiting[self.queue[index]].effects
            if waiting != Effects.READS or _clash(waiting, effects):
                self.settle(index + 1)
                break

    # Terminators

    def leave(self, block: Block) -> list[Expression]:
        self.statements = []
        op = block.terminator
        self.settle_for(op.operands)
        arguments = {self.original(value) for value in op.operands}
        for index in range(len(self.queue) - 1, -1, -1):
            if self.queue[index] not in arguments:
                self.settle(index + 1)
                break
        expressions = [self.read(value).expression for value in op.operands]
        return self.statements + _LEAVE[op.name](self, op, expressions)

    def condition(self, block: Block) -> _Tree:
        return self.operands.pop(block)

    def negate(self, condition: _Tree) -> _Tree:
        out = self.out
        name, operands = condition.root or ("", [])
        if name == "EqZInt32":
            expression = operands[0]
        elif name in INVERSES:
            expression = self.place(out.binary(INVERSES[name], *operands), condition.loc)
        else:
            expression = out.unary("EqZInt32", condition.expression)
        return _Tree(expression, condition.effects)

    def discard(self, condition: _Tree) -> list[Expression]:
        return [self.out.drop(condition.expression)] if condition.effects else []

    def branch(self, label: str, condition: _Tree | None = None) -> Expression:
        return self.out.branch(label, None if condition is None else condition.expression)

    def labeled(self, label: str, body: list[Expression]) -> Expression:
        return self.out.block(label, body)

    def loop(self, label: str, body: list[Expression]) -> Expression:
        return self.out.loop(label, body)

    def when(self, condition: _Tree, then: list[Expression], orelse: list[Expression]) -> Expression:
        return self.out.if_(condition.expression, then, orelse)

    # Switches

    def switch_value(self, block: Block) -> tuple[list[Expression], int]:
        value = self.original(block.terminator.operands[0])
        tree = self.operands.pop(block)
        if value in self.locals:
            return [], self.locals[value]
        kept = self.new_local(self.out.type_of([t.I64]))
        return [self.out.local_set(kept, tree.expression)], kept

    def get_i64(self, index: int) -> Expression:
        return self.out.local_get(index, self.out.type_of([t.I64]))

    def compare(self, operation: str, index: int, case: int) -> Expression:
        return self.out.binary(operation, self.get_i64(index), self.out.const(t.I64, case))

    def case_test(self, value: int, case: int) -> _Tree:
        return _Tree(self.compare("EqInt64", value, case))

    def switch_jump(self, block: Block, labels: Sequence[str]) -> list[Expression]:
        statements, value = self.switch_value(block)
        default = labels[-1]
        cases = sorted(zip(block.terminator.attrs["cases"], labels, strict=False))
        low, span = cases[0][0], cases[-1][0] - cases[0][0] + 1
        if span > TABLE_ENTRIES_PER_CASE * len(cases):
            return statements + self.search(value, cases, default)
        out = self.out
        if low:
            moved = self.new_local(out.type_of([t.I64]))
            statements.append(out.local_set(moved, self.compare("SubInt64", value, low)))
            value = moved
        table = [default] * span
        for case, label in cases:
            table[case - low] = label
        statements.append(out.branch(default, self.compare("GeUInt64", value, span)))
        statements.append(out.branch_table(table, default, out.unary("WrapInt64", self.get_i64(value))))
        return statements

    def search(self, value: int, cases: Sequence[tuple[int, str]], default: str) -> list[Expression]:
        """Find the case by halving; the depth is the logarithm of their number."""
        out = self.out
        if len(cases) <= SEARCH_LEAF:
            tests = [out.branch(label, self.compare("EqInt64", value, case)) for case, label in cases]
            return [*tests, out.branch(default)]
        middle = len(cases) // 2
        below = self.search(value, cases[:middle], default)
        test = out.if_(self.compare("LtSInt64", value, cases[middle][0]), below)
        return [test, *self.search(value, cases[middle:], default)]

    # Irreducible control flow

    def _state(self) -> int:
        if self.state is None:
            self.state = self.new_local(self.out.type_of([t.I32]))
        return self.state

    def set_state(self, state: int) -> Expression:
        return self.out.local_set(self._state(), self.out.const(t.I32, state))

    def state_jump(self, labels: Sequence[str]) -> list[Expression]:
        index = self.out.local_get(self._state(), self.out.type_of([t.I32]))
        return [self.out.branch_table(labels[:-1], labels[-1], index)]

    # Edges

    def passed(self, target: Target) -> list[Value]:
        """The arguments of an edge that somebody reads."""
        pairs = zip(target.block.params, target.args, strict=True)
        return [self.original(arg) for param, arg in pairs if param in self.uses]

    def needs_moves(self, target: Target) -> bool:
        return any(
            param in self.uses and self.original(arg) is not param
            for param, arg in zip(target.block.params, target.args, strict=True)
        )

    def may_move_ahead(self, target: Target, other: Target) -> bool:
        if not self.needs_moves(target):
            return False
        if self.live is None:
            self.live = liveness(self.function)
        needed = {self.original(value) for value in (*self.live.live_in[other.block], *other.args)}
        return needed.isdisjoint(target.block.params)

    def move_ahead(self, condition: _Tree, target: Target, other: Target) -> tuple[list[Expression], _Tree]:
        type_ = self.out.type_of([t.BOOL])
        kept = self.new_local(type_)
        statements = [self.out.local_set(kept, condition.expression)]
        for value in map(self.original, other.args):  # what waits for the other edge may read what the moves overwrite
            tree = self.waiting.pop(value, None)
            if tree is not None:
                if value in self.queue:
                    self.queue.remove(value)
                statements.append(self.out.local_set(self.local_of(value), tree.expression))
        return statements + self.moves(target), _Tree(self.out.local_get(kept, type_))

    def moves(self, target: Target) -> list[Expression]:
        """All arguments are read before any parameter changes that they depend on."""
        todo: list[tuple[int, int, _Tree]] = []
        for param, arg in zip(target.block.params, target.args, strict=True):
            if param in self.uses and self.original(arg) is not param:
                index = self.local_of(param)
                todo.append((index, self.out.type_of([param.type]), self.read(arg)))
        statements = []
        while todo:
            ready = next((move for move in todo if not any(move[0] in x[2].reads for x in todo if x is not move)), None)
            if ready is None:  # a cycle, such as an exchange: one argument is computed ahead
                index, type_, tree = todo.pop(0)
                kept = self.new_local(type_)
                statements.append(self.out.local_set(kept, tree.expression))
                todo.append((index, type_, _Tree(self.out.local_get(kept, type_))))
                continue
            todo.remove(ready)
            statements.append(self.out.local_set(ready[0], ready[2].expression))
        return statements


def _call(self: _Function, op: Op, operands: list[Expression]) -> Expression:
    callee = op.attrs["callee"]
    self.parent.called.add(callee)
    return self.out.call(callee, operands, [value.type for value in op.results])


def _global_get(self: _Function, op: Op, operands: list[Expression]) -> Expression:
    return self.out.global_get(op.attrs["name"], op.results[0].type)


def _global_set(self: _Function, op: Op, operands: list[Expression]) -> Expression:
    return self.out.global_set(op.attrs["name"], *operands)


def _const(self: _Function, op: Op) -> Expression:
    return self.out.const(op.results[0].type, op.attrs["value"])


def _data_addr(self: _Function, op: Op) -> Expression:
    self.parent.uses_memory = True
    return self.out.const(t.I32, self.parent.image.addresses[op.attrs["data"]])


def _heap_base(self: _Function, op: Op) -> Expression:
    self.parent.uses_memory = True
    return self.out.const(t.I32, self.parent.image.heap_base)


def _shadow(self: _Function, op: Op) -> Expression:
    """Where the pass `gc-roots` did not run, nobody knows the references of the callers."""
    return self.out.const(t.I32, 0)


def _ret(self: _Function, op: Op, operands: list[Expression]) -> list[Expression]:
    value = None if not operands else operands[0] if len(operands) == 1 else self.out.tuple_of(operands)
    statement = self.place(self.out.return_(value), op.loc)
    self.returns[statement] = value
    return [statement]


def _unreachable(self: _Function, op: Op, operands: list[Expression]) -> list[Expression]:
    return [self.place(self.out.unreachable(), op.loc)]


def _panic(self: _Function, op: Op, operands: list[Expression]) -> list[Expression]:
    self.parent.panics = True
    site = self.out.const(t.I32, self.parent.site(op.attrs["message"], op.loc) + 1)
    store = self.place(self.out.global_set(PANIC_SITE, site), op.loc)
    return [store, self.place(self.out.unreachable(), op.loc)]


def _panic_text(self: _Function, op: Op, operands: list[Expression]) -> list[Expression]:
    self.parent.uses_memory = self.parent.uses_panic_text = True
    site = self.out.const(t.I32, self.parent.site("", op.loc))
    call = self.place(self.out.call(PANIC_TEXT, [*operands, site], ()), op.loc, Effects.CALLS)
    return [call, self.out.unreachable()]


_REUSE, _NOTHING = Special("reuse"), Special("nothing")

#: Values that are made anew at every use.
_REPEATED: dict[str, Callable[[_Function, Op], Expression]] = {
    "const": _const,
    "data_addr": _data_addr,
    "heap_base": _heap_base,
    "shadow": _shadow,
}


#: Those that need to know more than their operands.
_SPECIAL: dict[str, Callable[[_Function, Op, list[Expression]], Expression]] = {
    "call": _call,
    "global_get": _global_get,
    "global_set": _global_set,
}

#: Terminators without targets.
_LEAVE: dict[str, Callable[[_Function, Op, list[Expression]], list[Expression]]] = {
    "ret": _ret,
    "unreachable": _unreachable,
    "panic": _panic,
    "panic_text": _panic_text,
}
