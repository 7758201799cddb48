"""Lowering of statements and blocks to HIR."""

from __future__ import annotations

from collections.abc import Callable

from wasmlathe.ir import types as t
from wasmlathe.ir.core import Block, Op, Target, Value

from . import syntax as s
from .lower_core import LIBRARY_PREFIX, LoopExits
from .lower_patterns import PatternLowering
from .names import ONE_BY_ONE
from .symbols import LibraryName, Variable

_UNSUPPORTED = {
    "Concurrent": "concurrent blocks",
    "Select": "`select`",
}

#: With a constant step up to this size a loop adds without a look at what lies beyond the largest Int.
_SMALL_STEP = 1 << 31

#: Direct calls of these as the last expression of a body give nil (LANGUAGE.md section 6).
_NO_TAIL_VALUE = frozenset({"print", "assert", "assertEq", "assertNe"})


class StatementLowering(PatternLowering):
    """`statements(list)` lowers statements; `block_value(block)` also gives the value of the last one."""

    def statements(self, body: list[s.Stmt]) -> None:
        self.make_slots(body)
        for statement in body:
            self.statement(statement)

    def statement(self, node: s.Stmt) -> None:
        method = getattr(self, "_stmt_" + type(node).__name__, None)
        if method is None:
            self.unsupported(_UNSUPPORTED.get(type(node).__name__, type(node).__name__), node)
        else:
            method(node)

    def block_value(self, body: s.Block) -> Value:
        """Lower a block and give its tail value: nil unless it ends in an expression, `if ... else` or `match`."""
        if not body.statements:
            return self.nil(body)
        self.make_slots(body.statements)
        *before, last = body.statements
        self.statements(before)
        if isinstance(last, s.ExprStmt):
            value = last.value
            if isinstance(value, s.If) and value.otherwise is None:
                self.if_chain(value, want=False)
            elif isinstance(value, s.Call) and isinstance(value.callee, s.Name) and self._is_assertion(value.callee):
                self.expression(value)
            else:
                return self.expression(value)
        else:
            self.statement(last)
        return self.nil(last)

    def _is_assertion(self, callee: s.Name) -> bool:
        return isinstance(self.meaning.get(callee), LibraryName) and callee.name in _NO_TAIL_VALUE

    # --- simple statements -------------------------------------------------------------------------------------------

    def _stmt_ExprStmt(self, node: s.ExprStmt) -> None:
        if isinstance(node.value, s.If):
            self.if_chain(node.value, want=False)
        elif isinstance(node.value, s.Match):
            self.match(node.value, want=False)
        else:
            self.expression(node.value)

    def _stmt_FnDecl(self, node: s.FnDecl) -> None:
        """Lowered as a function of its own."""
        if node.is_async:
            self.unsupported("async functions", node)

    def _stmt_Pub(self, node: s.Pub) -> None:
        self.statement(node.statement)

    def _stmt_Test(self, node: s.Test) -> None:
        """Test blocks are executed by the `test` command only."""

    _stmt_Bench = _stmt_Test

    def _stmt_Import(self, node: s.Import | s.Export) -> None:
        """Imported files are executed before the first statement."""

    _stmt_Export = _stmt_Import

    def _stmt_TypeDecl(self, node: s.TypeDecl | s.TypeAlias | s.Impl | s.Trait) -> None:
        """Types are declared with the file, methods are functions of their own."""

    _stmt_TypeAlias = _stmt_Impl = _stmt_Trait = _stmt_TypeDecl

    def _stmt_Assign(self, node: s.Assign) -> None:
        stores: list[Callable[[Value], None]] = []
        if len(node.targets) == 1:
            stores.append(self._target(node.targets[0]))
        values = [self.expression(value) for value in node.values]
        if node.type is not None:
            values[0] = self.annotate(values[0], node.type, node)
        stores = stores or [self._target(target) for target in node.targets]
        for store, value in zip(stores, values, strict=True):
            store(value)

    def _target(self, target: s.Expr) -> Callable[[Value], None]:
        """Evaluate the parts of an assignment's left side; the result stores a value there."""
        if isinstance(target, s.Index):
            receiver, index = self.expression(target.receiver), self.expression(target.index)
            return lambda value: self.effect("set_index", target, receiver, index, value)
        if isinstance(target, s.Name):
            return lambda value: self._store_name(target, value)
        if isinstance(target, s.Member):
            receiver = self.expression(target.receiver)
            return lambda value: self.effect("setattr", target, receiver, value, name=target.name)
        if isinstance(target, s.TupleField):
            self._refuse_tuple(target)
        return lambda value: self._look_at(value, target)

    def _look_at(self, value: Value, node: s.Node) -> None:
        """Drop a value on purpose: that counts as a use."""
        self.op("is_nil", node, value)

    def _refuse_tuple(self, target: s.TupleField) -> None:
        self.error("E0202", "the parts of a tuple cannot be assigned", target, "make a new tuple")

    def _store_name(self, target: s.Name, value: Value) -> None:
        variable = self.meaning.get(target)
        if not isinstance(variable, Variable):
            return  # reported by name resolution
        if variable.start == target.start:
            self.declare(variable, value, target)
        else:
            self.assign(variable, value, target)

    def _stmt_VarDecl(self, node: s.VarDecl) -> None:
        values = [self.expression(value) for value in node.values]
        for name, type_, value in zip(node.names, node.types, values, strict=True):
            if type_ is not None:
                value = self.annotate(value, type_, node)
            variable = self.meaning[name]
            assert isinstance(variable, Variable)
            self.declare(variable, value, name)

    def _stmt_CompoundAssign(self, node: s.CompoundAssign) -> None:
        target = node.target
        if isinstance(target, s.Index):
            receiver, index = self.expression(target.receiver), self.expression(target.index)
            old = self.op("index", target, receiver, index)
            new = self.binary(node.op, node, old, self.expression(node.value))
            self.effect("set_index", target, receiver, index, new)
        elif isinstance(target, s.Name):
            variable = self.meaning.get(target)
            if isinstance(variable, Variable):
                old = self.read(variable, target)
                self.assign(variable, self.binary(node.op, node, old, self.expression(node.value)), node)
        elif isinstance(target, s.Member):
            receiver = self.expression(target.receiver)
            old = self.op("getattr", target, receiver, name=target.name)
            new = self.binary(node.op, node, old, self.expression(node.value))
            self.effect("setattr", target, receiver, new, name=target.name)
        elif isinstance(target, s.TupleField):
            self._refuse_tuple(target)

    def _stmt_Destructure(self, node: s.Destructure) -> None:
        self.destructure(node.pattern, self.expression(node.value))

    def annotate(self, value: Value, type_: s.TypeExpr, node: s.Node) -> Value:
        return self.op("annotate", node, value, type=self.type_text(type_))

    # --- jumps -------------------------------------------------------------------------------------------------------

    def _stmt_Return(self, node: s.Return) -> None:
        value = self.nil(node) if node.value is None else self.expression(node.value)
        declared = getattr(self.info.owner.node, "result", None)
        if declared is not None and not self.info.owner.is_generator and node.value is not None:
            value = self.op("annotate", node.value, value, type=self.type_text(declared), role="result")
        self.give_back(value, node)

    def _exits(self, label: str | None) -> LoopExits | None:
        for loop in reversed(self.loops):
            if label is None or loop.label == label:
                return loop
        return None

    def _stmt_Break(self, node: s.Break) -> None:
        loop = self._exits(node.label)
        if loop is not None:
            loop.breaks.append(self.edge())
        else:
            self.leave_loop("break", node)
        self.unreachable_from_here()

    def _stmt_Continue(self, node: s.Continue) -> None:
        loop = self._exits(node.label)
        if loop is not None:
            loop.continues.append(self.edge())
        else:
            self.leave_loop("continue", node)
        self.unreachable_from_here()

    def _stmt_Guard(self, node: s.Guard) -> None:
        fails, holds = self.new_block("guard"), self.new_block("guarded")
        self.condition(node.condition, holds, fails)
        env = self.env
        self.start(fails, env)
        self.statements(node.body.statements)
        if self.reaches_here():
            self.error(
                "E0211", "the block of a `guard` has to leave", node.body, "end it with return, break or continue"
            )
            self.builder.emit("unreachable", (), ())
        self.start(holds, env)
        self.refine(node.condition, True)

    # --- loops -------------------------------------------------------------------------------------------------------

    def _stmt_While(self, node: s.While) -> None:
        header, carried = self.loop_header(node)
        body, done = self.new_block("body"), self.new_block("done")
        self.condition(node.condition, body, done)
        exit_env = self.env
        self.start(body, exit_env)
        self.refine(node.condition, True)
        exits = self._loop_body(node.label, lambda: self.statements(node.body.statements))
        if self.reaches_here():
            self.close_loop(header, carried)
        self.start(done, exit_env)
        self.join("after", [*exits.breaks, self.edge()])

    def _stmt_Loop(self, node: s.Loop) -> None:
        header, carried = self.loop_header(node)
        exits = self._loop_body(node.label, lambda: self.statements(node.body.statements))
        if self.reaches_here():
            self.close_loop(header, carried)
        self.join("after", exits.breaks)

    def _loop_body(self, label: str | None, body: Callable[[], None]) -> LoopExits:
        """Lower a loop's body; afterwards the current block is where its `continue`s meet its end."""
        exits = LoopExits(label)
        self.loops.append(exits)
        body()
        self.loops.pop()
        if exits.continues:
            if self.reaches_here():
                exits.continues.append(self.edge())
            self.join("continue", exits.continues)
        return exits

    def _stmt_For(self, node: s.For) -> None:
        if node.is_async:
            self.unsupported("`async for`", node)
            return
        self.for_loop(
            node,
            node.source,
            node.targets,
            node.condition,
            lambda: self.statements(node.body.statements),
            node.label,
            node.otherwise,
        )

    def for_loop(
        self,
        node: s.Node,
        source: s.Expr,
        targets: list[s.Pattern],
        condition: s.Expr | None,
        body: Callable[[], None],
        label: str | None = None,
        otherwise: s.Block | None = None,
    ) -> None:
        """`for targets in source when condition { body } else { otherwise }`."""
        counter = self._counter(source) if len(targets) == 1 else None
        steps = counter or self._iteration(source, len(targets) == 2)
        header, carried = self.loop_header(node)
        positions = [header.add_param(t.DYN) for _ in steps.first]
        entry = self._edge_into(header)
        entry.args.extend(steps.first)
        inside, done = self.new_block("body"), self.new_block("done")
        self.branch(steps.more(positions), inside, done)
        exit_env = self.env
        self.start(inside, exit_env)
        for target, element in zip(targets, steps.elements(positions), strict=True):
            self.destructure(target, element)
        exits = self._loop_body(label, lambda: self._when(condition, body))
        if self.reaches_here():
            self.close_loop(header, carried, tuple(steps.advance(positions)))
        self.start(done, exit_env)
        if otherwise is not None:
            self.statements(otherwise.statements)
        self.join("after", [*exits.breaks, self.edge()] if self.reaches_here() else exits.breaks)

    def _expr_Yield(self, node: s.Yield) -> Value:
        if self.jumps is not None:
            return self.unsupported("`yield` inside of `try` and `with`, and in functions that `defer`", node)
        if not node.delegates:
            return self.op("yield", node, self.expression(node.value))
        self._for_each(node, node.value, lambda value: self.op("yield", node, value))
        return self.nil(node)

    def _for_each(self, node: s.Node, source: s.Expr, use: Callable[[Value], object]) -> None:
        """Do something with each element of `source`, which assigns no variables."""
        steps = self._counter(source) or self._iteration(source, False)
        header, inside, done = self.new_block("loop"), self.new_block("body"), self.new_block("done")
        positions = [header.add_param(t.DYN) for _ in steps.first]
        self.builder.br(header, *steps.first)
        env = self.env
        self.start(header)
        self.branch(steps.more(positions), inside, done)
        self.start(inside)
        use(steps.elements(positions)[0])
        self.builder.br(header, *steps.advance(positions))
        self.start(done, env)

    def _edge_into(self, header: Block) -> Target:
        """The edge by which the loop is entered: the only one that leads to the header so far."""
        for block in reversed(self.function.blocks):
            for target in block.ops[-1].targets if block.ops else ():
                if target.block is header:
                    return target
        raise AssertionError("a loop header is entered before it is filled")

    def _when(self, condition: s.Expr | None, body: Callable[[], None]) -> None:
        if condition is not None:
            run, skip = self.new_block("when"), self.new_block("skip")
            self.condition(condition, run, skip)
            env = self.env
            self.start(skip, env)
            self.loops[-1].continues.append(self.edge())
            self.start(run, env)
            self.refine(condition, True)
        body()

    def _counter(self, source: s.Expr) -> Steps | None:
        """Counting without an array: for `a..b`, `a..=b` and direct calls of `range`."""
        if isinstance(source, s.Range):
            low, high = self._bound(source.low), self._bound(source.high)
            return _count_up(self, source, low, high, "le" if source.inclusive else "lt", None)
        if not (isinstance(source, s.Call) and isinstance(source.callee, s.Name) and source.callee.name == "range"):
            return None
        plain = all(not isinstance(a, s.Spread | s.NamedArg) for a in source.args)
        if not isinstance(self.meaning.get(source.callee), LibraryName) or not 1 <= len(source.args) <= 3 or not plain:
            return None
        bounds = [self._bound(a) for a in source.args]
        low = bounds[0] if len(bounds) > 1 else self.const(0, source)
        high = bounds[min(1, len(bounds) - 1)]
        if len(bounds) < 3:
            return _count_up(self, source, low, high, "lt", None)
        step = source.args[2]
        if isinstance(step, s.IntLit) and 0 < abs(step.value) <= _SMALL_STEP:
            return _count_up(self, source, low, high, "lt" if step.value > 0 else "gt", bounds[2])
        return _count_by(self, source, low, high, self.call("__checked_step", source, bounds[2]))

    def _bound(self, node: s.Expr) -> Value:
        value = self.expression(node)
        return value if isinstance(node, s.IntLit) else self.call("__integral", node, value)

    def _iteration(self, source: s.Expr, with_index: bool) -> Steps:
        subject = self.expression(source)
        if isinstance(source, s.Call | s.MethodCall):  # so nothing else has the array
            _ask_one_by_one(subject.op)
        first = [self.op("iter_start", source, subject)]
        if with_index:
            first.append(self.const(0, source))

        def elements(at: list[Value]) -> list[Value]:
            value = self.op("iter_value", source, subject, at[0], paired=with_index)
            return [self.op("iter_key", source, subject, at[0], at[1]), value] if with_index else [value]

        def advance(at: list[Value]) -> list[Value]:
            following = [self.op("iter_next", source, subject, at[0])]
            if with_index:
                following.append(self.op("add", source, at[1], self.const(1, source)))
            return following

        return Steps(first, lambda at: self.op("iter_more", source, subject, at[0]), elements, advance)


def _ask_one_by_one(op: Op | None) -> None:
    """If `op` makes an array of the pieces of a text for a loop alone, have it give them one by one instead."""
    is_method = op is not None and op.name == "dyn.method"
    if op is None or not (is_method or op.name == "dyn.call"):
        return
    name = op.attrs["name"] if is_method else op.attrs["callee"].removeprefix(LIBRARY_PREFIX)
    if name not in ONE_BY_ONE or len(op.operands) != (2 if name == "split" else 1):
        return
    if name == "split" and not _is_text(op.operands[1]):
        return
    if is_method:
        op.attrs["iterated"] = True
    elif op.attrs["callee"].startswith(LIBRARY_PREFIX):
        op.attrs["callee"] = LIBRARY_PREFIX + ONE_BY_ONE[name]


def _is_text(value: Value) -> bool:
    """Whether the value is the literal of a text that is not empty."""
    constant = value.op.attrs["value"] if value.op is not None and value.op.name == "dyn.const" else None
    return isinstance(constant, str) and constant != ""


class Steps:
    """How a loop goes over its source: positions are values carried by the loop."""

    __slots__ = ("advance", "elements", "first", "more")

    def __init__(
        self,
        first: list[Value],
        more: Callable[[list[Value]], Value],
        elements: Callable[[list[Value]], list[Value]],
        advance: Callable[[list[Value]], list[Value]],
    ) -> None:
        self.first = first
        self.more = more
        self.elements = elements
        self.advance = advance


def _count_up(
    lowering: StatementLowering, node: s.Node, low: Value, high: Value, compare: str, step: Value | None
) -> Steps:
    """From `low` while `compare`(position, high), by a step whose sign is known."""

    def more(at: list[Value]) -> Value:
        return lowering.op("truth", node, lowering.op(compare, node, at[0], high))

    def advance(at: list[Value]) -> list[Value]:
        return [lowering.op("add", node, at[0], lowering.const(1, node) if step is None else step)]

    return Steps([low], more, lambda at: at, advance)


def _count_by(lowering: StatementLowering, node: s.Node, low: Value, high: Value, step: Value) -> Steps:
    """From `low` towards `high` by a step of either sign."""

    def more(at: list[Value]) -> Value:
        return lowering.op("truth", node, lowering.call("__counts_on", node, at[0], high, step))

    return Steps([low], more, lambda at: at, lambda at: [lowering.call("__step_on", node, at[0], high, step)])
