"""Lowering of expressions to HIR."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from wasmlathe.ir.core import Value

from . import syntax as s
from .declared import AliasInfo, CaseInfo, TypeInfo
from .lower_core import LIBRARY_PREFIX
from .lower_records import LINKS, RecordLowering
from .lower_types import TypeTexts, type_name
from .names import CALLED_NAMESPACES, CONSTANTS
from .symbols import FunctionInfo, LibraryName, ModuleName, Variable

_BINARY_OPS = {
    "+": "add", "-": "sub", "*": "mul", "/": "div", "%": "rem", "**": "pow", "==": "eq", "<": "lt",
    "<=": "le", ">": "gt", ">=": "ge", "&": "and", "|": "or", "^": "xor", "<<": "shl", ">>": "shr", ">>>": "shr_u",
}  # fmt: skip

#: What an expression class is called when it is refused.
_UNSUPPORTED = {
    "Await": "async functions",
    "Spawn": "concurrent blocks",
}


class ExpressionLowering(RecordLowering):
    """`expression(node)` emits the ops of an expression and returns its value."""

    def expression(self, node: s.Expr) -> Value:
        node = self.unit.resolution.plain.get(node, node)
        method = getattr(self, "_expr_" + type(node).__name__, None)
        if method is None:
            return self.unsupported(_UNSUPPORTED.get(type(node).__name__, type(node).__name__), node)
        if isinstance(node, LINKS) and node not in self.links:
            return self.chain(node, lambda: method(node))
        return method(node)

    # --- literals and names ------------------------------------------------------------------------------------------

    def _literal(self, node: s.IntLit | s.FloatLit | s.StrLit | s.BoolLit) -> Value:
        return self.const(node.value, node)

    _expr_IntLit = _expr_FloatLit = _expr_StrLit = _expr_BoolLit = _literal

    def _expr_RegexLit(self, node: s.RegexLit) -> Value:
        return self.call("__regex_literal", node, self.const(node.pattern, node), self.const(node.flags, node))

    def _expr_NilLit(self, node: s.NilLit) -> Value:
        return self.nil(node)

    def _expr_Template(self, node: s.Template) -> Value:
        return self.op("text", node, *self.template_parts(node))

    def template_parts(self, node: s.Template) -> list[Value]:
        return [
            self.const(p, node) if isinstance(p, str) else self.op("show", p, self.expression(p), mode="text")
            for p in node.parts
        ]

    def _expr_Name(self, node: s.Name) -> Value:
        symbol = self.meaning.get(node)
        if isinstance(symbol, Variable):
            return self.read(symbol, node)
        if isinstance(symbol, FunctionInfo):
            return self.closure_of(symbol, node)
        if isinstance(symbol, LibraryName):
            return self._library_value(symbol, node)
        if isinstance(symbol, TypeInfo):
            symbol = symbol.constructor
        if isinstance(symbol, CaseInfo):
            return self.constructor_value(symbol, node)
        if isinstance(symbol, ModuleName):
            return self.unsupported("a module as a value", node)
        return self.nil(node)  # refused where it is declared

    def _library_value(self, symbol: LibraryName, node: s.Expr) -> Value:
        if symbol.kind == "constant":
            return self.const(CONSTANTS[symbol.name], node)
        if symbol.kind == "function":
            return self.op("closure", node, function=LIBRARY_PREFIX + symbol.name)
        if symbol.name in CALLED_NAMESPACES:
            return self.op("closure", node, function=LIBRARY_PREFIX + CALLED_NAMESPACES[symbol.name])
        if symbol.kind == "missing":
            return self.unsupported(f"`{symbol.name}` of the library", node)
        return self.unsupported(f"`{symbol.name}` as a value", node)

    def closure_of(self, info: FunctionInfo, node: s.Node) -> Value:
        values = self.capture_values(info, node)
        return self.op("closure", node, *values, function=self.unit.function_name(info))

    def _expr_Lambda(self, node: s.Lambda) -> Value:
        symbol = self.meaning[node]
        assert isinstance(symbol, FunctionInfo)
        return self.closure_of(symbol, node)

    def _expr_Placeholder(self, node: s.Placeholder) -> Value:
        return self.placeholder if self.placeholder is not None else self.nil(node)

    # --- arrays ------------------------------------------------------------------------------------------------------

    def _expr_ArrayLit(self, node: s.ArrayLit) -> Value:
        if not any(isinstance(item, s.Spread) for item in node.items):
            return self.op("array", node, *(self.expression(item) for item in node.items))
        return self.array_of(node.items, node)

    def _expr_ArrayComp(self, node: s.ArrayComp) -> Value:
        result = self.op("array", node)
        self._clauses(node, 0, result)
        return result

    def _clauses(self, node: s.ArrayComp, number: int, result: Value) -> None:
        if number == len(node.clauses):
            self.call("push", node.element, result, self.expression(node.element))
            return
        clause = node.clauses[number]
        self.for_loop(
            node, clause.source, clause.targets, clause.condition, lambda: self._clauses(node, number + 1, result)
        )

    def _expr_Range(self, node: s.Range) -> Value:
        low, high = self.expression(node.low), self.expression(node.high)
        return self.call("__range_inclusive" if node.inclusive else "__range", node, low, high)

    def _expr_Index(self, node: s.Index) -> Value:
        return self.op("index", node, self.expression(node.receiver), self.expression(node.index))

    def _expr_Slice(self, node: s.Slice) -> Value:
        receiver = self.expression(node.receiver)
        bounds = [self.nil(node) if b is None else self.expression(b) for b in (node.low, node.high, node.step)]
        return self.op("slice", node, receiver, *bounds)

    # --- operators ---------------------------------------------------------------------------------------------------

    def _expr_Unary(self, node: s.Unary) -> Value:
        if node.op == "not":
            return self.op("not", node, self.expression(node.operand))
        return self.op("neg" if node.op == "-" else "bit_not", node, self.expression(node.operand))

    def _expr_Binary(self, node: s.Binary) -> Value:
        chain: list[s.Binary] = []
        left: s.Expr = node
        while isinstance(left, s.Binary):  # long sums are deep to the left
            chain.append(left)
            left = left.left
        value = self.expression(left)
        for link in reversed(chain):
            value = self.binary(link.op, link, value, self.expression(link.right))
        return value

    def binary(self, op: str, node: s.Node, left: Value, right: Value) -> Value:
        if op == "!=":
            return self.op("not", node, self.op("eq", node, left, right))
        return self.op(_BINARY_OPS[op], node, left, right)

    def _expr_CompareChain(self, node: s.CompareChain) -> Value:
        edges, values = [], []
        left = self.expression(node.operands[0])
        last = len(node.ops) - 1
        for number, (op, operand) in enumerate(zip(node.ops, node.operands[1:], strict=True)):
            right = self.expression(operand)
            holds = self.binary(op, node, left, right)
            if number < last:
                self._leave_unless(holds, node, edges, values)
            left = right
        edges.append(self.edge())
        values.append(holds)
        return self._joined("chain", edges, values)

    def _leave_unless(self, holds: Value, node: s.Node, edges: list, values: list) -> None:
        stop, go_on = self.new_block("stop"), self.new_block("next")
        condition = self.op("truth", node, holds)
        self.branch(condition, go_on, stop)
        env = dict(self.env)
        self.start(stop, env)
        values.append(self.const(False, node))
        edges.append(self.edge())
        self.start(go_on, env)

    def _joined(self, name: str, edges: list, values: list[Value]) -> Value:
        _, result = self.join(name, edges, values)
        assert result is not None
        return result

    def _expr_Logical(self, node: s.Logical) -> Value:
        left = self.expression(node.left)
        more, done = self.new_block("more"), self.new_block("done")
        condition = self.op("truth", node.left, left)
        targets = (more, done) if node.op in ("and", "&&") else (done, more)
        self.branch(condition, *targets)
        env = dict(self.env)
        self.start(done, env)
        edges, values = [self.edge()], [left]
        self.start(more, env)
        with self.refined(node.left, node.op in ("and", "&&")):
            values.append(self.expression(node.right))
        edges.append(self.edge())
        return self._joined("logical", edges, values)

    def _expr_Coalesce(self, node: s.Coalesce) -> Value:
        if isinstance(node.left, s.Index):
            index = node.left
            left = self.op("index_or_nil", index, self.expression(index.receiver), self.expression(index.index))
        else:
            left = self.expression(node.left)
        absent, present = self.new_block("absent"), self.new_block("present")
        self.branch(self.op("is_absent", node.left, left), absent, present)
        env = dict(self.env)
        self.start(present, env)
        values = [self.op("not_nil", node.left, left)]
        edges = [self.edge()]
        self.start(absent, env)
        values.append(self.expression(node.right))
        edges.append(self.edge())
        return self._joined("coalesced", edges, values)

    def _expr_Membership(self, node: s.Membership) -> Value:
        item = self.expression(node.item)
        if isinstance(node.container, s.Range):
            low, high = self.expression(node.container.low), self.expression(node.container.high)
            found = self.call("__in_numbers", node, item, low, high, self.const(node.container.inclusive, node))
        else:
            found = self.op("in", node, item, self.expression(node.container))
        return self.op("not", node, found) if node.negated else found

    def _expr_TypeTest(self, node: s.TypeTest) -> Value:
        value = self.expression(node.value)
        case = self.tested_case(node)
        if case is None:
            holds = self.op("is", node, value, type=self.tested_type(node))
        else:
            holds = self.op("from_bool", node, self.op("is_case", node, value, type=case.type.name, case=case.name))
        return self.op("not", node, holds) if node.negated else holds

    def tested_case(self, node: s.TypeTest) -> CaseInfo | None:
        """The constructor that `x is Name` asks for, if it is one."""
        symbol = self.meaning.get(node)
        return symbol if isinstance(symbol, CaseInfo) else None

    def tested_type(self, node: s.TypeTest) -> str:
        """The type that `x is Name` asks for, as inference calls it."""
        symbol = self.meaning.get(node)
        if isinstance(symbol, TypeInfo):
            return type_name(symbol)
        if isinstance(symbol, AliasInfo):
            text = TypeTexts(symbol.meaning).text(symbol.type)
            if "|" in text:
                self.unsupported(f"a test for the union type `{node.name}`", node)
            return text.partition("<")[0]
        return node.name

    def _expr_Pipe(self, node: s.Pipe) -> Value:
        value = self.expression(node.left)
        outer, self.placeholder = self.placeholder, value
        result = self.expression(node.right)
        self.placeholder = outer
        return result

    # --- branches as values ------------------------------------------------------------------------------------------

    def _expr_If(self, node: s.If) -> Value:
        result = self.if_chain(node, want=True)
        assert result is not None
        return result

    def if_chain(self, node: s.If, want: bool) -> Value | None:
        """An `if` with its `elif`s and `else`; its value if one is wanted (nil where a branch has none)."""
        edges, values = [], []
        for branch in node.branches:
            then, otherwise = self.new_block("then"), self.new_block("else")
            self.condition(branch.condition, then, otherwise)
            env = self.env
            self.start(then, env)
            self.refine(branch.condition, True)
            self._arm(branch.body, want, edges, values)
            self.start(otherwise, env)
            self.refine(branch.condition, False)
        if node.otherwise is not None:
            self._arm(node.otherwise, want, edges, values)
        else:
            if want:
                values.append(self.nil(node))
            edges.append(self.edge())
        _, result = self.join("endif", edges, values if want else None)
        if want and result is None:  # no branch reaches the end
            return self.nil(node)
        return result

    def _arm(self, body: s.Block, want: bool, edges: list, values: list) -> None:
        value = self.block_value(body) if want else self.statements(body.statements)
        if self.reaches_here():
            if want:
                assert value is not None
                values.append(value)
            edges.append(self.edge())

    def condition(self, node: s.Expr, then: object, otherwise: object) -> None:
        """Branch on a condition; `and`, `or` and `not` become control flow."""
        if isinstance(node, s.Unary) and node.op == "not":
            self.condition(node.operand, otherwise, then)
        elif isinstance(node, s.Logical) and not has_blocks(node):
            middle = self.new_block("and" if node.op in ("and", "&&") else "or")
            if node.op in ("and", "&&"):
                self.condition(node.left, middle, otherwise)
            else:
                self.condition(node.left, then, middle)
            self.start(middle)
            with self.refined(node.left, node.op in ("and", "&&")):
                self.condition(node.right, then, otherwise)
        else:
            value = self.expression(node)
            self.branch(self.op("truth", node, value), then, otherwise)

    def refine(self, condition: s.Expr, holds: bool) -> None:
        """Where a condition holds, or does not, note what it says of the types of variables: `x != nil`, `x is T`."""
        if isinstance(condition, s.Unary) and condition.op == "not":
            self.refine(condition.operand, not holds)
        elif isinstance(condition, s.Logical):
            if (condition.op in ("and", "&&")) == holds:
                self.refine(condition.left, holds)
                self.refine(condition.right, holds)
        elif isinstance(condition, s.Binary) and condition.op in ("==", "!="):
            if (condition.op == "!=") == holds:
                self._refine_not_nil(condition)
        elif isinstance(condition, s.TypeTest):
            self._refine_type(condition, holds != condition.negated)

    def _refine_not_nil(self, test: s.Binary) -> None:
        for name, other in ((test.left, test.right), (test.right, test.left)):
            variable = self.plain_variable(name)
            if variable is not None and isinstance(other, s.NilLit):
                self.env[variable] = self.op("not_nil", name, self.env[variable])

    def _refine_type(self, test: s.TypeTest, is_one: bool) -> None:
        variable = self.plain_variable(test.value)
        case = self.tested_case(test)
        if variable is None or (case is not None and not is_one):
            return  # values of the other variants are of the same type
        type_ = self.tested_type(test) if case is None else type_name(case.type)
        self.env[variable] = self.op("narrow" if is_one else "exclude", test, self.env[variable], type=type_)

    @contextmanager
    def refined(self, condition: s.Expr, holds: bool) -> Iterator[None]:
        """For the time of the block, refine by a condition; variables that it does not assign then are as before."""
        before = dict(self.env)
        self.refine(condition, holds)
        within = {v: value for v, value in self.env.items() if before.get(v) is not value}
        yield
        for variable, value in within.items():
            if self.env.get(variable) is value:
                self.env[variable] = before[variable]

    def _expr_Match(self, node: s.Match) -> Value:
        result = self.match(node, want=True)
        assert result is not None
        return result

    def reaches_here(self) -> bool:
        """True unless the current block is dead: it began after a jump and nothing leads to it."""
        return not (self.block.name == "dead" and not self.block.params)


def has_blocks(node: s.Node) -> bool:
    """True if evaluating the expression may execute statements of its function, which may assign variables."""
    if isinstance(node, s.If | s.Match | s.ArrayComp):
        return True
    return not isinstance(node, s.Lambda) and any(has_blocks(child) for child in s.children(node))
