"""Lowering of records, tuples, dictionary comprehensions, optional chains and propagation with `?`."""

from __future__ import annotations

from collections.abc import Callable

from wasmlathe.ir.core import Value

from . import syntax as s
from .lower_calls import CallLowering

#: Accesses that form chains: `a?.b.c[0](x)`.
LINKS = s.Member | s.MethodCall | s.TupleField | s.Index | s.Slice | s.Call


class RecordLowering(CallLowering):
    """What is written with braces, dots and question marks."""

    for_loop: Callable[..., None]

    # --- records and tuples ------------------------------------------------------------------------------------------

    def _expr_TupleLit(self, node: s.TupleLit) -> Value:
        return self.op("tuple", node, *(self.expression(item) for item in node.items))

    def _expr_TupleField(self, node: s.TupleField) -> Value:
        return self.op("tuple_get", node, self.expression(node.receiver), index=node.index)

    def _expr_RecordLit(self, node: s.RecordLit) -> Value:
        if any(isinstance(entry, s.Property) and not isinstance(entry.key, str) for entry in node.entries):
            return self._dictionary(node)
        keys = [entry.key if isinstance(entry, s.Property) else None for entry in node.entries]
        return self.op("record", node, *(self.expression(entry.value) for entry in node.entries), keys=keys)

    def _dictionary(self, node: s.RecordLit) -> Value:
        """A record with computed keys."""
        result = self.call("__dict_new", node)
        for entry in node.entries:
            if isinstance(entry, s.Spread):
                self.call("__dict_assign", entry, result, self.expression(entry.value))
            else:
                key = self.const(entry.key, entry) if isinstance(entry.key, str) else self.expression(entry.key)
                self.effect("set_index", entry, result, key, self.expression(entry.value))
        return result

    def _expr_RecordComp(self, node: s.RecordComp) -> Value:
        result = self.call("__dict_new", node)
        self._entries(node, 0, result)
        return result

    def _entries(self, node: s.RecordComp, number: int, result: Value) -> None:
        if number == len(node.clauses):
            key = self.expression(node.key)
            self.effect("set_index", node, result, key, self.expression(node.value))
            return
        clause = node.clauses[number]
        targets = clause.targets
        if len(targets) == 2:  # the elements are pairs
            targets = [s.TuplePattern(targets[0].start, targets[1].end, targets)]
        self.for_loop(node, clause.source, targets, clause.condition, lambda: self._entries(node, number + 1, result))

    # --- optional chains ---------------------------------------------------------------------------------------------

    def receiver(self, node: s.MethodCall | s.Member) -> Value:
        """What stands before the `.`; behind `?.` the rest of the chain is for values other than nil."""
        value = self.expression(node.receiver)
        if not node.optional:
            return value
        absent, present = self.new_block("nil"), self.new_block("there")
        self.branch(self.op("is_nil", node, value), absent, present)
        env = self.env
        self.start(absent, env)
        self.chain_ends.append(self.edge())
        self.start(present, env)
        return self.op("not_nil", node, value)

    def chain(self, node: s.Expr, lower: Callable[[], Value]) -> Value:
        """Lower a chain of accesses; where a `?.` in it meets nil, all of it is nil."""
        if not self._is_optional(node):
            return lower()
        outer, self.chain_ends = self.chain_ends, []
        values = [lower()]
        edges = [self.edge()]
        ends, self.chain_ends = self.chain_ends, outer
        for block, env in ends:
            self.start(block, env)
            values.append(self.nil(node))
            edges.append(self.edge())
        _, result = self.join("chain", edges, values)
        assert result is not None
        return result

    def _is_optional(self, node: s.Expr) -> bool:
        """True for the outermost access of a chain with a `?.`; notes the inner ones."""
        found, link = False, node
        while isinstance(link, LINKS):
            self.links.add(link)
            found = found or getattr(link, "optional", False)
            link = link.callee if isinstance(link, s.Call) else link.receiver
        return found

    # --- propagation -------------------------------------------------------------------------------------------------

    def _expr_Propagate(self, node: s.Propagate) -> Value:
        """Err and None end the function with themselves; what Ok and Some hold goes on."""
        value = self.expression(node.value)
        fails, goes_on = self.new_block("fails"), self.new_block("succeeds")
        self.branch(self.op("is_failure", node, value), fails, goes_on)
        env = self.env
        self.start(fails, env)
        if self.info.owner is self.unit.resolution.top:
            self.call("__uncaught_failure", node, value)
            self.builder.emit("unreachable", (), ())
        else:
            self.give_back(self.op("failure", node, value), node)
        self.start(goes_on, env)
        return self.op("success", node, value)
