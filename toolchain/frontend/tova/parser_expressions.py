"""Expressions: operands, postfix forms, and infix operators by their precedence (`tokens.LEVELS`).

`expression(level)` reads an operand and then takes in operators as long as they bind tighter than `level`. Chains of
operators grow in a loop, only nesting recurses.
"""

from __future__ import annotations

from collections.abc import Callable

from wasmlathe.frontend.tova.parser_core import MAX_CHAIN
from wasmlathe.frontend.tova.parser_functions import FunctionParser
from wasmlathe.frontend.tova.parser_patterns import INT_MIN_MAGNITUDE
from wasmlathe.frontend.tova.syntax import (
    Await,
    Binary,
    BoolLit,
    Call,
    Coalesce,
    CompareChain,
    Expr,
    FloatLit,
    If,
    Index,
    IntLit,
    Lambda,
    Logical,
    Match,
    Member,
    Membership,
    MethodCall,
    Name,
    NamedArg,
    NilLit,
    Pipe,
    Placeholder,
    Propagate,
    Range,
    RegexLit,
    Slice,
    Spawn,
    StrLit,
    TupleField,
    TypeTest,
    Unary,
    Yield,
)
from wasmlathe.frontend.tova.tokens import (
    AMPAMP,
    AND,
    ASSIGN,
    ASYNC,
    AWAIT,
    BANG,
    BARBAR,
    CATCH,
    COALESCE,
    COLON,
    COMPARE_LEVEL,
    DOT,
    DOTDOT,
    DOTDOT_EQ,
    ELIF,
    ELLIPSIS,
    ELSE,
    EQ_JS,
    FALSE,
    FINALLY,
    FLOAT,
    FN,
    FROM,
    IDENT,
    IF,
    IN,
    INT,
    IS,
    KEYWORDS,
    LBRACE,
    LBRACKET,
    LEVELS,
    LPAREN,
    MATCH,
    MEMBER_LEVEL,
    MINUS,
    NE_JS,
    NIL,
    NOT,
    NOT_LEVEL,
    OPERATOR_NAMES,
    OR,
    PIPE,
    PIPE_LEVEL,
    PLUS,
    POW,
    POWER_LEVEL,
    PREFIX_LEVEL,
    QDOT,
    QUESTION,
    RANGE_LEVEL,
    RBRACKET,
    REGEX,
    RPAREN,
    STRING,
    TEXT_OPEN,
    TILDE,
    TRUE,
    TUPLE_INDEX,
    YIELD,
    describe,
    spelling,
)

_IS_POSTFIX = [kind in (LPAREN, LBRACKET, DOT, QDOT, QUESTION, TUPLE_INDEX) for kind in range(len(LEVELS))]
_LOGICAL = {OR: "or", BARBAR: "or", AND: "and", AMPAMP: "and"}
_STRAY_WORD_HINTS = {
    ELSE: "`else` stands behind the `}` of an `if`",
    ELIF: "`elif` stands behind the `}` of an `if`",
    CATCH: "`catch` stands behind the `}` of a `try`",
    FINALLY: "`finally` stands behind the `}` of a `try`",
}
_MISSING_OPERAND_HINTS = {
    PLUS: "there is no unary plus",
    ELLIPSIS: "`...` spreads a value in an array, a record or the arguments of a call",
    DOT: "a decimal point needs a digit on both sides: `0.5`",
}


class ExpressionParser(FunctionParser):
    """The layer of operators."""

    def expression(self, level: int = 0) -> Expr:
        self.depth += 1
        if self.depth > self.deepest:
            self.depth -= 1
            self.deeper()
        kinds = self.kinds
        kind = kinds[self.pos]
        operand = _OPERANDS.get(kind)
        if operand is not None:
            left = operand(self)
            if _IS_POSTFIX[kinds[self.pos]]:
                left = self.postfix(left)
        else:
            prefix = _PREFIXES.get(kind)
            if prefix is None:
                raise self.missing_operand(kind)
            left = prefix(self, level)
        if LEVELS[kinds[self.pos]] > level:
            left = self.infix(left, level)
        self.depth -= 1
        return left

    def missing_operand(self, kind: int) -> Exception:
        index = self.pos
        if kind == PLUS and self.is_doubled(index):
            return self.no_step_operator(index)
        if index == self.statement_start:
            return self.unexpected("expected a statement", _STRAY_WORD_HINTS.get(kind))
        return self.unexpected("expected an expression", _MISSING_OPERAND_HINTS.get(kind))

    def chain_too_long(self, chain: Expr) -> Exception:
        hint = "split the expression: give parts of it names, or collect them in an array"
        return self.error_at("E0012", f"more than {MAX_CHAIN} operators in one chain", chain.start, chain.end, hint)

    def is_doubled(self, index: int) -> bool:
        """Whether the operator at `index` touches the same one before it: `++`, `--`."""
        return index > 0 and self.kinds[index] == self.kinds[index - 1] and self.starts[index] == self.ends[index - 1]

    def no_step_operator(self, index: int) -> Exception:
        """The report of a `++` or `--` that ends at the token `index`."""
        op = spelling(self.kinds[index])
        message, hint = f"there is no operator `{op}{op}`", f"write `x {op}= 1`"
        return self.error_at("E0016", message, self.starts[index - 1], self.ends[index], hint)

    def continued(self, left: Expr) -> Expr:
        """The expression that starts with the complete operand `left`."""
        if _IS_POSTFIX[self.kinds[self.pos]]:
            left = self.postfix(left)
        return self.infix(left, 0)

    # --- infix --------------------------------------------------------------------------------------------------------

    def infix(self, left: Expr, level: int) -> Expr:
        """Take in the operators behind `left` that bind tighter than `level`."""
        kinds, links = self.kinds, 0
        while True:
            index = self.pos
            kind = kinds[index]
            own = LEVELS[kind]
            if own <= level:
                break
            special = _INFIX.get(kind)
            if special is not None:
                wider = special(self, left, kind)
                if wider is None:
                    break
                left = wider
            elif kind == MINUS and self.starts_new_line(index):
                break
            else:
                self.pos = index + 1
                right = self.expression(own)
                left = Binary(left.start, right.end, OPERATOR_NAMES[kind], left, right)
            links += 1
            if links > MAX_CHAIN:
                raise self.chain_too_long(left)
        self.longest_chain = max(self.longest_chain, links)
        return left

    def starts_new_line(self, index: int) -> bool:
        """A `-` that opens a line and touches its operand starts a new statement."""
        return index in self.line_starts and not self.in_brackets and self.starts[index + 1] == self.ends[index]

    def logical(self, left: Expr, kind: int) -> Expr:
        self.pos += 1
        right = self.expression(LEVELS[kind])
        return Logical(left.start, right.end, _LOGICAL[kind], left, right)

    def coalesce(self, left: Expr, kind: int) -> Expr:
        self.pos += 1
        right = self.expression(LEVELS[kind])
        return Coalesce(left.start, right.end, left, right)

    def power(self, left: Expr, kind: int) -> Expr:
        self.pos += 1
        right = self.expression(POWER_LEVEL - 1)  # associates to the right
        return Binary(left.start, right.end, "**", left, right)

    def comparison(self, left: Expr, kind: int) -> Expr:
        """`a < b`, or all of a chain `a < b <= c`."""
        operands, ops = [left], list[str]()
        while LEVELS[kind] == COMPARE_LEVEL:
            if kind in (EQ_JS, NE_JS):
                op = OPERATOR_NAMES[kind]
                self.report("E0016", f"there is no operator {describe(kind)}", None, f"write `{op}`")
            self.pos += 1
            ops.append(OPERATOR_NAMES[kind])
            operands.append(self.expression(COMPARE_LEVEL))
            kind = self.kinds[self.pos]
        end = operands[-1].end
        if len(ops) == 1:
            return Binary(left.start, end, ops[0], left, operands[1])
        return CompareChain(left.start, end, operands, ops)

    def membership(self, left: Expr, kind: int) -> Expr | None:
        """`x in xs`, `x not in xs`; None if `not` does not belong to `left`."""
        negated = kind == NOT
        if negated:
            if self.kinds[self.pos + 1] != IN:
                return None
            self.pos += 1
        self.pos += 1
        right = self.expression(MEMBER_LEVEL)
        self.reject_chain(MEMBER_LEVEL)
        return Membership(left.start, right.end, left, right, negated)

    def type_test(self, left: Expr, kind: int) -> Expr:
        """`x is Name`, `x is not Name`."""
        self.pos += 1
        negated = self.accept(NOT)
        if self.accept(NIL):
            return TypeTest(left.start, self.end(), left, None, "Nil", negated)
        qualifier, name = None, self.name("a type name after `is`")
        if self.at(DOT) and self.same_line():
            self.pos += 1
            qualifier, name = name, self.name("a variant name after `.`")
        self.reject_chain(MEMBER_LEVEL)
        return TypeTest(left.start, self.end(), left, qualifier, name, negated)

    def range(self, left: Expr, kind: int) -> Expr:
        self.pos += 1
        right = self.expression(RANGE_LEVEL)
        self.reject_chain(RANGE_LEVEL)
        return Range(left.start, right.end, left, right, kind == DOTDOT_EQ)

    def reject_chain(self, level: int) -> None:
        """Operators that do not associate need parentheses."""
        kind = self.kinds[self.pos]
        if LEVELS[kind] == level and (kind != NOT or self.kinds[self.pos + 1] == IN):
            raise self.error("E0024", f"{describe(kind)} cannot be chained", None, "use parentheses")

    # --- pipes --------------------------------------------------------------------------------------------------------

    def pipe(self, left: Expr, kind: int) -> Expr:
        """`x |> f(a)`, `x |> f(_)`, `x |> .m(a)`, `x |> fn(v) ...`: always with explicit placeholders."""
        self.pos += 1
        claimed = len(self.placeholders)
        if self.at(DOT):
            right = self.postfix(Placeholder(self.start(), self.start()))
            if LEVELS[self.kinds[self.pos]] > PIPE_LEVEL:
                right = self.infix(right, PIPE_LEVEL)
        else:
            right = self.expression(PIPE_LEVEL)
            if len(self.placeholders) == claimed:
                right = self.with_placeholder(right)
        del self.placeholders[claimed:]
        return Pipe(left.start, right.end, left, right)

    def with_placeholder(self, target: Expr) -> Expr:
        """The call of `target` with the placeholder as first argument."""
        start, end = target.start, target.end
        piped = Placeholder(start, start)
        match target:
            case Call() | MethodCall():
                target.args.insert(0, piped)
                return target
            case Propagate() | Await():
                target.value = self.with_placeholder(target.value)
                return target
            case Member():
                return MethodCall(start, end, target.receiver, target.name, [piped], target.optional)
            case Name() | Lambda() | Index() | TupleField() | If() | Match():
                return Call(start, end, target, [piped])
        hint = "`|>` binds loosest: put the pipe in parentheses to go on with its result"
        self.report_node("E0020", "the right side of `|>` must be a function, a call or a method", target, hint)
        return target

    # --- prefix -------------------------------------------------------------------------------------------------------

    def minus(self, level: int) -> Expr:
        start, index = self.start(), self.pos + 1
        self.pos = index
        if self.kinds[index] == INT and self.values[index] == INT_MIN_MAGNITUDE:
            self.pos += 1
            return IntLit(start, self.end(), -INT_MIN_MAGNITUDE)
        if self.is_doubled(index - 1) and (index in self.line_starts or not self.is_operand(index)):
            raise self.no_step_operator(index - 1)
        operand = self.expression(PREFIX_LEVEL)
        if type(operand) is IntLit and operand.value >= 0:
            return IntLit(start, operand.end, -operand.value)
        if type(operand) is FloatLit:
            return FloatLit(start, operand.end, -operand.value)
        return Unary(start, operand.end, "-", operand)

    def is_operand(self, index: int) -> bool:
        """Whether an expression can start with this token."""
        return self.kinds[index] in _OPERANDS or self.kinds[index] in _PREFIXES

    def complement(self, level: int) -> Expr:
        start = self.start()
        self.pos += 1
        operand = self.expression(PREFIX_LEVEL)
        return Unary(start, operand.end, "~", operand)

    def negation(self, level: int) -> Expr:
        start = self.start()
        self.pos += 1
        operand = self.expression(max(level, NOT_LEVEL))
        return Unary(start, operand.end, "not", operand)

    def await_value(self, level: int) -> Expr:
        start = self.start()
        self.pos += 1
        value = self.expression(PREFIX_LEVEL)
        return Await(start, value.end, value)

    def yield_value(self, level: int) -> Expr:
        start = self.start()
        self.pos += 1
        delegates = self.accept(FROM)
        value = self.expression(PREFIX_LEVEL)
        self.has_yield = True
        kind = self.kinds[self.pos]
        if LEVELS[kind] and self.same_line() and kind != NOT:
            hint = "write `yield (...)` to yield the whole expression, `(yield x)` to go on with what comes back"
            self.report("E0024", f"`yield` binds tighter than {describe(kind)}", None, hint)
        return Yield(start, value.end, value, delegates)

    def bare_lambda(self, level: int) -> Expr:
        """A lambda as an operand; what follows belongs to its body, so it takes no postfix."""
        return self.fn_lambda()

    # --- operands -----------------------------------------------------------------------------------------------------

    def name_operand(self) -> Expr:
        index = self.pos
        kind = self.kinds[index + 1]
        name = self.values[index]
        if self.is_arrow(index + 1):
            return self.name_lambda()
        if name == "it":
            self.its.append(index)
        elif name == "_":
            self.placeholders.append(index)
            self.pos = index + 1
            return Placeholder(self.starts[index], self.ends[index])
        elif name == "spawn" and kind in (IDENT, FN, ASYNC) and index + 1 not in self.line_starts:
            return self.spawn()
        self.pos = index + 1
        return Name(self.starts[index], self.ends[index], name)

    def spawn(self) -> Expr:
        start = self.start()
        self.pos += 1
        value = self.expression(PREFIX_LEVEL)
        if not isinstance(value, Call | MethodCall | Lambda):
            self.report_node("E0010", "only a call or a lambda can be spawned", value)
        return Spawn(start, value.end, value)

    def integer(self) -> Expr:
        index = self.pos
        value = self.values[index]
        if value == INT_MIN_MAGNITUDE:
            hint = "use a Float (with a decimal point or exponent) if precision does not matter"
            self.report("E0007", "integer literal does not fit into 64 bits", None, hint)
            value = 0
        self.pos = index + 1
        return IntLit(self.starts[index], self.ends[index], value)

    def float(self) -> Expr:
        index = self.pos
        self.pos = index + 1
        return FloatLit(self.starts[index], self.ends[index], self.values[index])

    def string(self) -> Expr:
        index = self.pos
        self.pos = index + 1
        return StrLit(self.starts[index], self.ends[index], self.values[index])

    def regex(self) -> Expr:
        index = self.pos
        self.pos = index + 1
        pattern, flags = self.values[index]
        return RegexLit(self.starts[index], self.ends[index], pattern, flags)

    def word_literal(self) -> Expr:
        index = self.pos
        kind, start, end = self.kinds[index], self.starts[index], self.ends[index]
        self.pos = index + 1
        return NilLit(start, end) if kind == NIL else BoolLit(start, end, kind == TRUE)

    def parentheses(self) -> Expr:
        """A tuple, a parenthesized expression, or the parameters of a lambda."""
        closer = self.partner.get(self.pos)
        if closer is not None and self.is_arrow(closer + 1):
            return self.parentheses_lambda()
        return self.parenthesized()

    # --- postfix ------------------------------------------------------------------------------------------------------

    def postfix(self, left: Expr) -> Expr:
        """Take in `.f`, `(args)`, `[i]`, `?` and the like behind `left`."""
        kinds, links = self.kinds, 0
        while True:
            index = self.pos
            kind = kinds[index]
            if kind == DOT or kind == QDOT:
                left = self.member(left, kind == QDOT)
            elif kind == TUPLE_INDEX:
                self.pos = index + 1
                left = TupleField(left.start, self.ends[index], left, self.values[index])
            elif not _IS_POSTFIX[kind] or index in self.line_starts:
                break
            elif kind == LPAREN:
                args = self.arguments()
                left = Call(left.start, self.end(), left, args)
            elif kind == LBRACKET:
                left = self.subscript(left)
            else:
                self.pos = index + 1
                left = Propagate(left.start, self.ends[index], left)
            links += 1
            if links > MAX_CHAIN:
                raise self.chain_too_long(left)
        self.longest_chain = max(self.longest_chain, links)
        return left

    def member(self, left: Expr, optional: bool) -> Expr:
        """`.name`, `?.name`, `.name(args)`."""
        index = self.pos + 1
        name = self.values[index]
        if self.kinds[index] != IDENT and name not in KEYWORDS:
            self.pos = index
            hint = None
            if type(left) is IntLit:
                hint = "a decimal point needs a digit on both sides"
            elif optional and self.kinds[index] == LBRACKET:
                hint = "`?.` takes only a name"
            raise self.unexpected("expected a field or method name after the dot", hint)
        self.pos = index + 1
        if self.kinds[index + 1] == LPAREN and index + 1 not in self.line_starts:
            args = self.arguments()
            return MethodCall(left.start, self.end(), left, name, args, optional)
        return Member(left.start, self.ends[index], left, name, optional)

    def arguments(self) -> list[Expr]:
        """`(a, name: b, ...c)`."""
        self.pos += 1
        args: list[Expr] = []
        if self.accept(RPAREN):
            return args
        in_brackets, arrow_ends = self.in_brackets, self.arrow_ends
        self.in_brackets, self.arrow_ends = True, False
        while True:
            index = self.pos
            if self.kinds[index + 1] == COLON and self.kinds[index] == IDENT:
                self.pos = index + 2
                value = self.argument()
                args.append(NamedArg(self.starts[index], value.end, self.values[index], value))
            elif self.kinds[index] == ELLIPSIS:
                args.append(self.spread_or_expression())
            else:
                args.append(self.argument())
            if not self.separated(RPAREN, "in the arguments"):
                break
        self.pos += 1
        self.in_brackets, self.arrow_ends = in_brackets, arrow_ends
        return args

    def argument(self) -> Expr:
        """One argument; with a free `it` in it, and not only that, it is a lambda."""
        its = len(self.its)
        value = self.expression()
        if self.kinds[self.pos] == ASSIGN:
            hint = "a named argument is written `name: value`; to compare, write `==`"
            raise self.error("E0021", "an assignment is not a value", None, hint)
        if len(self.its) > its and type(value) is not Name:
            del self.its[its:]
            return self.implicit_lambda(value)
        return value

    def subscript(self, left: Expr) -> Expr:
        """`[i]`, `[low:high:step]`."""
        outer = (self.in_brackets, self.arrow_ends)
        self.in_brackets, self.arrow_ends = True, False
        self.pos += 1
        parts: list[Expr | None] = [None]
        while not self.at(RBRACKET):
            if self.at(COLON) and len(parts) < 3:
                self.pos += 1
                parts.append(None)
            elif parts[-1] is None:
                parts[-1] = self.expression()
            else:
                break
        if len(parts) == 1 and parts[0] is None:
            raise self.unexpected("expected an index")
        self.expect(RBRACKET, "after the index")
        self.in_brackets, self.arrow_ends = outer
        if len(parts) == 1 and parts[0] is not None:
            return Index(left.start, self.end(), left, parts[0])
        low, high, step = (*parts, None)[:3]
        return Slice(left.start, self.end(), left, low, high, step)


# Tokens that start an operand, which postfix forms may follow.
_OPERANDS: dict[int, Callable[[ExpressionParser], Expr]] = {
    IDENT: ExpressionParser.name_operand,
    INT: ExpressionParser.integer,
    FLOAT: ExpressionParser.float,
    STRING: ExpressionParser.string,
    TEXT_OPEN: ExpressionParser.template,
    REGEX: ExpressionParser.regex,
    TRUE: ExpressionParser.word_literal,
    FALSE: ExpressionParser.word_literal,
    NIL: ExpressionParser.word_literal,
    LPAREN: ExpressionParser.parentheses,
    LBRACKET: ExpressionParser.array,
    LBRACE: ExpressionParser.record,
    IF: ExpressionParser.if_value,
    MATCH: ExpressionParser.match,
}
# Tokens that start a prefix operator or a lambda; the functions get the level of the surrounding expression.
_PREFIXES: dict[int, Callable[[ExpressionParser, int], Expr]] = {
    MINUS: ExpressionParser.minus,
    TILDE: ExpressionParser.complement,
    NOT: ExpressionParser.negation,
    BANG: ExpressionParser.negation,
    AWAIT: ExpressionParser.await_value,
    YIELD: ExpressionParser.yield_value,
    FN: ExpressionParser.bare_lambda,
    ASYNC: ExpressionParser.bare_lambda,
}
# Infix operators that are not simply `Binary` and left associative. They may return None: not an operator here.
_INFIX: dict[int, Callable[[ExpressionParser, Expr, int], Expr | None]] = {
    PIPE: ExpressionParser.pipe,
    COALESCE: ExpressionParser.coalesce,
    **dict.fromkeys(_LOGICAL, ExpressionParser.logical),
    **{kind: ExpressionParser.comparison for kind, level in enumerate(LEVELS) if level == COMPARE_LEVEL},
    IN: ExpressionParser.membership,
    NOT: ExpressionParser.membership,
    IS: ExpressionParser.type_test,
    DOTDOT: ExpressionParser.range,
    DOTDOT_EQ: ExpressionParser.range,
    POW: ExpressionParser.power,
}
