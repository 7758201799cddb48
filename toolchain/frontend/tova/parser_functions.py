"""Functions as values: parameters, lambdas in their spellings, bodies; and the branching expressions `if` and `match`."""

from __future__ import annotations

from wasmlathe.frontend.tova.parser_core import Abandoned
from wasmlathe.frontend.tova.parser_literals import LiteralParser
from wasmlathe.frontend.tova.syntax import (
    Arm,
    BindPattern,
    Block,
    Branch,
    Expr,
    ExprStmt,
    If,
    Lambda,
    Match,
    Param,
    Pattern,
    Stmt,
    TypeExpr,
    WildcardPattern,
)
from wasmlathe.frontend.tova.tokens import (
    ARROW,
    ASSIGN,
    ASYNC,
    BREAK,
    COLON,
    COMMA,
    CONTINUE,
    ELIF,
    ELLIPSIS,
    ELSE,
    EOF,
    FAT_ARROW,
    FN,
    IDENT,
    IF,
    LBRACE,
    LBRACKET,
    LPAREN,
    RBRACE,
    RETURN,
    RPAREN,
    SEMI,
)


class FunctionParser(LiteralParser):
    """The layer of lambdas and branches."""

    # --- entries of the layer of statements ---------------------------------------------------------------------------

    def simple_statement(self) -> Stmt:
        """An expression or assignment."""
        raise NotImplementedError

    # --- parameters and bodies ----------------------------------------------------------------------------------------

    def parameters(self) -> list[Param]:
        """`(a, b: T = e, {x}, ...rest)`."""
        self.expect(LPAREN, "to open the parameters")
        outer = (self.in_brackets, self.arrow_ends)
        self.in_brackets, self.arrow_ends = True, False
        params: list[Param] = []
        more = not self.at(RPAREN)
        while more:
            if params and params[-1].is_rest:
                raise self.error("E0025", "a rest parameter must be the last one")
            params.append(self.parameter())
            more = self.separated(RPAREN, "in the parameters")
        self.expect(RPAREN, "after the parameters")
        self.in_brackets, self.arrow_ends = outer
        return params

    def parameter(self) -> Param:
        start = self.start()
        is_rest = self.accept(ELLIPSIS)
        if is_rest or self.kinds[self.pos] not in (LBRACE, LBRACKET, LPAREN):
            pattern: Pattern = self.named_parameter()
        else:
            pattern = self.binding_pattern()
        annotation = self.type_expr() if self.accept(COLON) else None
        default = self.expression() if self.accept(ASSIGN) else None
        return Param(start, self.end(), pattern, annotation, default, is_rest)

    def named_parameter(self) -> Pattern:
        start, name = self.start(), self.name("a parameter name")
        return WildcardPattern(start, self.end()) if name == "_" else BindPattern(start, self.end(), name)

    def function_rest(self, start: int, params: list[Param], result: TypeExpr | None, is_async: bool) -> Lambda:
        """The body of a lambda; its `yield`s and `it`s are its own."""
        outer_yield, its = self.has_yield, len(self.its)
        self.has_yield = False
        body = self.block("the function") if self.at(LBRACE) else self.simple_body()
        made = Lambda(start, body.end, params, result, body, is_async, self.has_yield, False)
        self.has_yield = outer_yield
        del self.its[its:]
        return made

    def simple_body(self) -> Block:
        """One expression or assignment in the place of a block."""
        statement = self.simple_statement()
        return Block(statement.start, statement.end, [statement])

    # --- lambdas ------------------------------------------------------------------------------------------------------

    def fn_lambda(self) -> Expr:
        """`fn(x) body`, `async fn(x) body`."""
        start, is_async = self.start(), self.accept(ASYNC)
        self.expect(FN, "after `async`")
        if self.at(IDENT):
            hint = "a named function is a statement of its own"
            raise self.error("E0010", "a function used as a value has no name", None, hint)
        params = self.parameters()
        result = self.type_expr() if self.accept(ARROW) else None
        return self.function_rest(start, params, result, is_async)

    def is_arrow(self, index: int) -> bool:
        """Whether the token makes what stands before it the parameters of a lambda."""
        kind = self.kinds[index]
        return kind == ARROW or (kind == FAT_ARROW and not self.arrow_ends)

    def parentheses_lambda(self) -> Expr:
        """`(a, b) => body`."""
        start, params = self.start(), self.parameters()
        self.pos += 1
        return self.function_rest(start, params, None, False)

    def name_lambda(self) -> Expr:
        """`x => body`."""
        start, pattern = self.start(), self.named_parameter()
        param = Param(start, pattern.end, pattern, None, None, False)
        self.pos += 1
        return self.function_rest(start, [param], None, False)

    def implicit_lambda(self, value: Expr) -> Lambda:
        """`fn(it) value` for an argument with a free `it`."""
        start, end = value.start, value.end
        param = Param(start, start, BindPattern(start, start, "it"), None, None, False)
        body = Block(start, end, [ExprStmt(start, end, value)])
        return Lambda(start, end, [param], None, body, False, False, True)

    # --- branches -----------------------------------------------------------------------------------------------------

    def condition(self) -> Expr:
        """A condition; an assignment in its place is reported and read as comparison."""
        value = self.expression()
        if self.at(ASSIGN):
            self.report("E0021", "an assignment is not a condition", None, "to compare, write `==`")
            self.pos += 1
            self.expression()
        return value

    def if_value(self) -> Expr:
        """`if` as a value: it needs an `else`."""
        index, found = self.pos, self.if_branches()
        if found.otherwise is None:
            hint = "add `else { ... }`; without it there is no value when the condition is false"
            self.report("E0014", "an `if` used as a value needs an `else`", index, hint)
        return found

    def if_branches(self) -> If:
        """`if c {...} elif d {...} else {...}`."""
        start, branches, otherwise = self.start(), list[Branch](), None
        while True:
            at = self.start()
            self.pos += 1
            condition = self.condition()
            body = self.block("`if`")
            branches.append(Branch(at, body.end, condition, body))
            if self.at(ELSE) and self.kinds[self.pos + 1] == IF:
                self.pos += 1
            elif not self.at(ELIF):
                break
        if self.accept(ELSE):
            otherwise = self.block("`else`")
        return If(start, self.end(), branches, otherwise)

    def match(self) -> Expr:
        """`match e { pattern if guard => body, ... }`."""
        start = self.start()
        self.pos += 1
        subject = self.condition()
        if not self.at(LBRACE):
            raise self.unexpected("expected `{` to open the arms of `match`")
        self.deeper()
        opener, outer = self.pos, (self.in_brackets, self.arrow_ends)
        self.in_brackets = self.arrow_ends = False
        self.pos += 1
        arms: list[Arm] = []
        while self.next_case(opener):
            arms.append(self.arm())
        self.in_brackets, self.arrow_ends = outer
        self.depth -= 1
        return Match(start, self.end(), subject, arms)

    def next_case(self, opener: int) -> bool:
        """Between the arms of `match` or `select`: skip separators; False behind the closing brace."""
        is_first = self.pos == opener + 1
        separated = is_first or not self.same_line() or self.kinds[self.pos - 1] == RBRACE
        while self.kinds[self.pos] in (COMMA, SEMI):
            self.pos += 1
            separated = True
        if self.accept(RBRACE):
            return False
        if not separated:
            raise self.unexpected("expected `,` or a new line between the arms")
        if self.at(EOF):
            raise self.unclosed_bracket(RBRACE) or Abandoned
        return True

    def arm(self) -> Arm:
        start, pattern, guard = self.start(), self.match_pattern(), None
        if self.accept(IF):
            self.arrow_ends = True
            guard = self.condition()
            self.arrow_ends = False
        if self.at(ARROW):
            raise self.unexpected("expected `=>` after the pattern")
        self.expect(FAT_ARROW, "after the pattern")
        body = self.case_body()
        return Arm(start, body.end, pattern, guard, body)

    def case_body(self) -> Block:
        """What follows `=>` in `match` and `select`: a block, an expression, or a statement that leaves."""
        if self.at(LBRACE):
            return self.block("the arm")
        if self.kinds[self.pos] in (RETURN, BREAK, CONTINUE):
            statement = self.statement()
            return Block(statement.start, statement.end, [statement])
        return self.simple_body()
