"""Statements and blocks; recovery after errors happens here, at the boundaries of statements."""

from __future__ import annotations

from collections.abc import Callable

from wasmlathe.frontend.tova.parser_core import Abandoned
from wasmlathe.frontend.tova.parser_expressions import ExpressionParser
from wasmlathe.frontend.tova.syntax import (
    Assign,
    Block,
    Break,
    CompoundAssign,
    Concurrent,
    Continue,
    Defer,
    Destructure,
    Expr,
    ExprStmt,
    For,
    Guard,
    Index,
    Loop,
    Member,
    MethodCall,
    Name,
    Placeholder,
    Return,
    Select,
    SelectCase,
    Stmt,
    Try,
    TupleField,
    TypeExpr,
    VarDecl,
    While,
    With,
)
from wasmlathe.frontend.tova.tokens import (
    AS,
    ASSIGN,
    ASYNC,
    BREAK,
    CATCH,
    COLON,
    COMMA,
    CONTINUE,
    DEFER,
    ELSE,
    EOF,
    FAT_ARROW,
    FINALLY,
    FOR,
    FROM,
    GUARD,
    IDENT,
    IF,
    IN,
    KEYWORDS,
    LAST_ASSIGN,
    LBRACE,
    LBRACKET,
    LET,
    LOOP,
    LPAREN,
    MUT,
    NOT,
    QUESTION,
    RBRACE,
    RBRACKET,
    RETURN,
    RPAREN,
    SEMI,
    STARTS_EXPRESSION,
    STRING,
    TEXT_OPEN,
    TRY,
    VAR,
    WHEN,
    WHILE,
    WITH,
    describe,
    spelling,
)

# Words that start a statement in other languages, and what is written instead.
FOREIGN_WORDS = {
    "const": "write `x = ...` for an immutable name, `var x = ...` for a variable",
    "function": "functions are declared with `fn`",
    "func": "functions are declared with `fn`",
    "def": "functions are declared with `fn`",
    "class": "types are declared with `type T { ... }`, their methods with `impl T { ... }`",
    "struct": "types are declared with `type T { ... }`",
    "enum": "types are declared with `type T { A, B }`",
    "switch": "write `match x { pattern => value, ... }`",
    "throw": "return `Err(...)`, or panic with `assert(false, message)`",
    "raise": "return `Err(...)`, or panic with `assert(false, message)`",
    "new": "call the type as a function: `Point(1, 2)`, `Map.new()`",
    "elseif": "write `elif` or `else if`",
    "elsif": "write `elif` or `else if`",
    "do": "write `loop { ... }` and leave it with `break`",
    "foreach": "write `for x in xs { ... }`",
    "unless": "write `if not ... { ... }` or `guard ... else { ... }`",
    "until": "write `while not ... { ... }`",
}
# Names that other languages have, and what they are called here; for whoever finds them undefined.
FOREIGN_NAMES = {"null": "nil", "undefined": "nil", "NULL": "nil", "True": "true", "False": "false", "this": "self"}

_TARGETS = (Name, Member, Index, TupleField, Placeholder)
_STATEMENT_WORDS = frozenset(KEYWORDS.values()) - STARTS_EXPRESSION - {NOT, IN, ELSE, CATCH, FINALLY, AS, FROM, WHEN}


class StatementParser(ExpressionParser):
    """The layer of statements."""

    # --- blocks -------------------------------------------------------------------------------------------------------

    def block(self, owner: str) -> Block:
        if not self.at(LBRACE):
            hint = f"the body of {owner} is always written in braces"
            raise self.unexpected(f"expected `{{` to open the body of {owner}", hint, "E0023")
        self.deeper()
        opener, outer = self.pos, (self.in_brackets, self.arrow_ends)
        self.in_brackets = self.arrow_ends = False
        self.pos = opener + 1
        statements = self.statements()
        if self.at(EOF):
            self.report_unclosed(opener)
        else:
            self.pos += 1
        self.in_brackets, self.arrow_ends = outer
        self.depth -= 1
        return Block(self.starts[opener], self.end(), statements)

    def report_unclosed(self, opener: int) -> None:
        """Report the innermost block that the end of the file leaves open; the outer ones are a consequence."""
        if not self.is_known_end():
            self.report("E0011", "this `{` is never closed", opener)

    def statements(self) -> list[Stmt]:
        """Statements up to a `}` or the end of the file; broken ones are reported and left out."""
        kinds, line_starts, found = self.kinds, self.line_starts, list[Stmt]()
        claimed = len(self.placeholders)
        while True:
            kind = kinds[self.pos]
            if kind == SEMI:
                self.pos += 1
                continue
            if kind == RBRACE or kind == EOF:
                return found
            first = self.statement_start = self.pos
            state = (self.depth, self.has_yield, len(self.its))
            try:
                found.append(self.statement())
                index = self.pos
                if index not in line_starts and kinds[index] != RBRACE and kinds[index - 1] != RBRACE:
                    self.check_separation(first)
                if len(self.placeholders) > claimed:
                    self.report_placeholders(claimed)
            except Abandoned:
                self.depth, self.has_yield, its = state
                self.in_brackets = self.arrow_ends = False
                del self.its[its:], self.placeholders[claimed:]
                self.recover(first)

    def check_separation(self, first: int) -> None:
        """What follows a statement on its line must not look as if it belonged to it."""
        index, kind = self.pos, self.kinds[self.pos]
        word = self.values[first]
        if self.kinds[first] == IDENT and word in FOREIGN_WORDS and kind != SEMI:
            raise self.error("E0016", f"there is no `{word}` in this language", first, FOREIGN_WORDS[word])
        if kind == SEMI or kind in _STATEMENT_WORDS or (kind == IDENT and self.kinds[index + 1] == ASSIGN):
            return
        if kind in (RPAREN, RBRACKET):
            raise self.error("E0017", f"{describe(kind)} has no opening bracket")
        if kind == COMMA:
            counts = "`a, b = x, y` needs as many values as targets; a tuple is written `(x, y)`"
            raise self.error("E0025", "a comma cannot follow this statement", None, counts)
        message = f"expected a new line or `;` before {self.found()}"
        raise self.error("E0013", message, None, self.separation_hint(first))

    def separation_hint(self, first: int) -> str | None:
        """What was probably meant by a statement from token `first` on that goes on where it should have ended."""
        if QUESTION in self.kinds[first : self.pos]:
            return "there is no `c ? a : b`: write `if c { a } else { b }`"
        is_call = self.kinds[first] == IDENT and self.pos == first + 1 and self.kinds[self.pos] in STARTS_EXPRESSION
        return f"to call it, write `{self.values[first]}(...)`" if is_call else None

    def report_placeholders(self, claimed: int) -> None:
        for index in self.placeholders[claimed:]:
            hint = "`x |> f(_, 1)` calls `f(x, 1)`; anywhere else `_` is not a value"
            self.report("E0019", "the placeholder `_` has no pipe", index, hint)
        del self.placeholders[claimed:]

    # --- expressions and assignments ----------------------------------------------------------------------------------

    def statement(self) -> Stmt:
        handler = _STATEMENTS.get(self.kinds[self.pos])
        return self.expression_statement() if handler is None else handler(self)

    def simple_statement(self) -> Stmt:
        value = self.expression()
        if ASSIGN <= self.kinds[self.pos] <= LAST_ASSIGN:
            return self.assignment(value)
        return ExprStmt(value.start, value.end, value)

    def expression_statement(self) -> Stmt:
        value = self.expression()
        kind = self.kinds[self.pos]
        if ASSIGN <= kind <= LAST_ASSIGN:
            return self.assignment(value)
        if kind == COMMA:
            return self.simultaneous(value)
        return ExprStmt(value.start, value.end, value)

    def assignment(self, target: Expr) -> Stmt:
        """`target = value`, `target op= value`, at the operator."""
        op = self.kinds[self.pos]
        self.check_target(target)
        if op != ASSIGN and type(target) is Placeholder:
            raise self.error("E0015", f"{describe(op)} needs a target with a value")
        self.pos += 1
        value = self.expression()
        if ASSIGN <= self.kinds[self.pos] <= LAST_ASSIGN:
            raise self.error("E0021", "an assignment is not a value", None, "write one assignment per line")
        if op == ASSIGN:
            return Assign(target.start, value.end, [target], None, [value])
        return CompoundAssign(target.start, value.end, spelling(op)[:-1], target, value)

    def check_target(self, target: Expr) -> None:
        """Report a left side that cannot be assigned to; claim the `_` of a discard."""
        if type(target) is Placeholder:
            self.placeholders.pop()
        if isinstance(target, _TARGETS) and not (isinstance(target, Member) and target.optional):
            return
        what = "the result of a call" if isinstance(target, MethodCall) else "this expression"
        hint = "an assignment needs a name, a field `a.b` or an element `a[i]`; to compare, write `==`"
        self.report_node("E0015", f"cannot assign to {what}", target, hint)

    def simultaneous(self, first: Expr) -> Stmt:
        """`a, b = x, y`, at the first comma."""
        targets = [first]
        while self.accept(COMMA):
            targets.append(self.expression())
        if not self.at(ASSIGN):
            raise self.unexpected("expected `=` after the targets")
        for target in reversed(targets):
            self.check_target(target)
        self.pos += 1
        values = [self.expression()]
        while self.accept(COMMA):
            values.append(self.expression())
        self.check_counts(len(targets), len(values), first.start)
        return Assign(first.start, self.end(), targets, None, values)

    def check_counts(self, targets: int, values: int, start: int) -> None:
        if targets == values:
            return
        hint = "to take a tuple apart, write `(a, b) = ...`" if values == 1 else None
        many = f"{targets} target{'s' if targets > 1 else ''} but {values} value{'s' if values > 1 else ''}"
        raise self.error("E0025", many, self.pos - 1, hint)

    def destructure_or_expression(self) -> Stmt:
        """A statement that starts with a bracket: destructuring if `=` follows the closing bracket."""
        closer = self.partner.get(self.pos)
        if closer is None or self.kinds[closer + 1] != ASSIGN:
            return self.expression_statement()
        start, pattern = self.start(), self.binding_pattern()
        self.expect(ASSIGN, "after the pattern")
        value = self.expression()
        return Destructure(start, value.end, pattern, value)

    def name_statement(self) -> Stmt:
        """A statement that starts with a name: binding, label, word by position, or expression."""
        index = self.pos
        kind = self.kinds[index + 1]
        if kind == ASSIGN and self.values[index] != "_":
            self.pos = index + 1
            return self.assignment(Name(self.starts[index], self.ends[index], self.values[index]))
        if kind == COLON:
            return self.labelled() if self.kinds[index + 2] in (FOR, WHILE, LOOP, ASYNC) else self.typed_binding()
        if kind in (LBRACE, STRING, IDENT, TEXT_OPEN):
            handler = self.word_statement(index)
            if handler is not None:
                return handler()
        return self.expression_statement()

    def word_statement(self, index: int) -> Callable[[], Stmt] | None:
        """The handler if the name at `index` is a word that acts as a keyword in this position."""
        if index + 1 in self.line_starts:
            return None
        word, kind = self.values[index], self.kinds[index + 1]
        if kind == LBRACE and word == "select":
            return self.select
        if word == "concurrent" and (
            kind == LBRACE or self.values[index + 1] in ("cancel_on_error", "first", "timeout")
        ):
            return self.concurrent
        return None

    def typed_binding(self) -> Stmt:
        """`x: T = e`."""
        start, name = self.start(), self.values[self.pos]
        target = Name(start, self.ends[self.pos], name)
        self.pos += 2
        annotation = self.type_expr()
        self.expect(ASSIGN, "after the type")
        value = self.expression()
        return Assign(start, value.end, [target], annotation, [value])

    def var(self) -> Stmt:
        """`var a, b: T = x, y`."""
        start = self.start()
        self.pos += 1
        return self.var_rest(start)

    def var_rest(self, start: int) -> Stmt:
        if self.kinds[self.pos] in (LBRACE, LBRACKET, LPAREN):
            hint = "destructure into immutable names, then copy: `var a = b`"
            raise self.error("E0010", "`var` cannot take a value apart", None, hint)
        names, types = list[Name](), list[TypeExpr | None]()
        while True:
            at, name = self.start(), self.name("a variable name")
            names.append(Name(at, self.end(), name))
            types.append(self.type_expr() if self.accept(COLON) else None)
            if not self.accept(COMMA):
                break
        if not self.at(ASSIGN):
            raise self.unexpected("expected `=` after the variable", "a variable needs an initial value, perhaps `nil`")
        self.pos += 1
        values = [self.expression()]
        while self.accept(COMMA):
            values.append(self.expression())
        self.check_counts(len(names), len(values), start)
        return VarDecl(start, self.end(), names, types, values)

    def let(self) -> Stmt:
        """`let` and `mut` of other languages: reported, then read as what was meant."""
        index, start = self.pos, self.start()
        is_mutable = self.at(MUT) or self.kinds[index + 1] == MUT
        hint = "write `var x = ...`" if is_mutable else "write `x = ...`, or `var x = ...` if it changes"
        self.report("E0016", f"there is no {describe(self.kinds[index])} in this language", None, hint)
        self.pos += 2 if self.kinds[index + 1] == MUT else 1
        return self.var_rest(start) if is_mutable else self.statement()

    # --- control flow -------------------------------------------------------------------------------------------------

    def if_statement(self) -> Stmt:
        found = self.if_branches()
        value = found if found.otherwise is None else self.continued(found)
        return ExprStmt(value.start, value.end, value)

    def labelled(self) -> Stmt:
        """`label: for ...`."""
        start, label = self.start(), self.values[self.pos]
        self.pos += 2
        loop = self.statement()
        if not isinstance(loop, For | While | Loop):
            raise self.error("E0010", "a label must be followed by `for`, `while` or `loop`", self.pos - 1)
        loop.label, loop.start = label, start
        return loop

    def for_loop(self) -> Stmt:
        start, is_async = self.start(), self.accept(ASYNC)
        self.expect(FOR, "after `async`")
        if self.at(LPAREN) and self.kinds[self.partner.get(self.pos, self.pos) + 1] == LBRACE:
            raise self.error("E0010", "a loop header has no parentheses", None, "write `for x in xs { ... }`")
        targets = self.loop_targets()
        self.expect(IN, "after the loop variable")
        source = self.expression()
        condition = self.condition() if self.accept(WHEN) else None
        body = self.block("`for`")
        otherwise = self.block("`else`") if self.accept(ELSE) else None
        return For(start, self.end(), None, is_async, targets, source, condition, body, otherwise)

    def while_loop(self) -> Stmt:
        start = self.start()
        self.pos += 1
        condition = self.condition()
        body = self.block("`while`")
        return While(start, body.end, None, condition, body)

    def endless_loop(self) -> Stmt:
        start = self.start()
        self.pos += 1
        body = self.block("`loop`")
        return Loop(start, body.end, None, body)

    def return_statement(self) -> Stmt:
        start = self.start()
        self.pos += 1
        value = None
        if self.kinds[self.pos] in STARTS_EXPRESSION and self.same_line():
            value = self.expression()
        return Return(start, self.end(), value)

    def jump(self) -> Stmt:
        """`break label`, `continue label`."""
        start, kind = self.start(), self.kinds[self.pos]
        self.pos += 1
        label = None
        if self.at(IDENT) and self.same_line():
            label = self.values[self.pos]
            self.pos += 1
        return (Break if kind == BREAK else Continue)(start, self.end(), label)

    def guard(self) -> Stmt:
        start = self.start()
        self.pos += 1
        condition = self.condition()
        self.expect(ELSE, "after the condition of `guard`")
        body = self.block("`guard`")
        return Guard(start, body.end, condition, body)

    def defer(self) -> Stmt:
        start = self.start()
        self.pos += 1
        body = self.block("`defer`") if self.at(LBRACE) else self.simple_body()
        return Defer(start, body.end, body)

    def with_statement(self) -> Stmt:
        start = self.start()
        self.pos += 1
        value = self.expression()
        self.expect(AS, "after the value of `with`")
        name = self.bound_name("a name after `as`")
        body = self.block("`with`")
        return With(start, body.end, value, name, body)

    def bound_name(self, what: str) -> Name:
        start, name = self.start(), self.name(what)
        return Name(start, self.end(), name)

    def try_statement(self) -> Stmt:
        start, index = self.start(), self.pos
        self.pos += 1
        body = self.block("`try`")
        catch_name = catch_body = finally_body = None
        has_catch = self.accept(CATCH)
        if has_catch:
            catch_name = self.catch_name()
            catch_body = self.block("`catch`")
        if self.accept(FINALLY):
            finally_body = self.block("`finally`")
        elif not has_catch:
            raise self.error("E0010", "`try` needs a `catch` or a `finally`", index)
        return Try(start, self.end(), body, catch_name, catch_body, finally_body)

    def catch_name(self) -> Name | None:
        if self.at(LBRACE):
            return None
        if self.at(LPAREN):
            raise self.error("E0010", "`catch` takes its name without parentheses", None, "write `catch e { ... }`")
        return self.bound_name("a name or `{` after `catch`")

    # --- concurrency --------------------------------------------------------------------------------------------------

    def async_statement(self) -> Stmt:
        """`async for`, or a lambda; declarations of async functions are sorted out by the layer above."""
        return self.for_loop() if self.kinds[self.pos + 1] == FOR else self.expression_statement()

    def concurrent(self) -> Stmt:
        """`concurrent [mode] {...}`."""
        start, mode, limit = self.start(), "all", None
        self.pos += 1
        if self.at(IDENT):
            mode = self.values[self.pos]
            self.pos += 1
            if mode == "timeout":
                self.expect(LPAREN, "after `timeout`")
                limit = self.expression()
                self.expect(RPAREN, "after the time")
        body = self.block("`concurrent`")
        return Concurrent(start, body.end, mode, limit, body)

    def select(self) -> Stmt:
        """`select { cases }`."""
        start = self.start()
        self.pos += 1
        self.deeper()
        opener, cases = self.pos, list[SelectCase]()
        self.pos += 1
        while self.next_case(opener):
            cases.append(self.select_case())
        self.depth -= 1
        return Select(start, self.end(), cases)

    def select_case(self) -> SelectCase:
        start, following = self.start(), self.kinds[self.pos + 1]
        kind, name, channel, value = "receive", None, None, None
        if self.at(IDENT) and following == FROM:
            bound = self.bound_name("a name")
            name = None if bound.name == "_" else bound
            self.pos += 1
            channel = self.case_head()
        elif self.at_word("_") and following == FAT_ARROW:
            kind = "default"
            self.pos += 1
        else:
            kind, channel, value = self.calling_case()
        self.expect(FAT_ARROW, "after the case")
        body = self.case_body()
        return SelectCase(start, body.end, kind, name, channel, value, body)

    def case_head(self) -> Expr:
        """The expression before the `=>` of a case."""
        self.arrow_ends = True
        found = self.expression()
        self.arrow_ends = False
        return found

    def calling_case(self) -> tuple[str, Expr | None, Expr]:
        """`timeout(ms)` or `channel.send(value)`: kind, channel, value."""
        if self.at_word("timeout") and self.kinds[self.pos + 1] == LPAREN:
            self.pos += 1
            return "timeout", None, self.parenthesized()
        head = self.case_head()
        if isinstance(head, MethodCall) and head.name == "send" and len(head.args) == 1:
            return "send", head.receiver, head.args[0]
        hint = "cases are `v from channel`, `channel.send(v)`, `timeout(ms)` and `_`"
        self.report_node("E0010", "this is not a case of `select`", head, hint)
        raise Abandoned


_STATEMENTS: dict[int, Callable[[StatementParser], Stmt]] = {
    IDENT: StatementParser.name_statement,
    LBRACE: StatementParser.destructure_or_expression,
    LBRACKET: StatementParser.destructure_or_expression,
    LPAREN: StatementParser.destructure_or_expression,
    VAR: StatementParser.var,
    LET: StatementParser.let,
    MUT: StatementParser.let,
    IF: StatementParser.if_statement,
    FOR: StatementParser.for_loop,
    ASYNC: StatementParser.async_statement,
    WHILE: StatementParser.while_loop,
    LOOP: StatementParser.endless_loop,
    RETURN: StatementParser.return_statement,
    BREAK: StatementParser.jump,
    CONTINUE: StatementParser.jump,
    GUARD: StatementParser.guard,
    DEFER: StatementParser.defer,
    WITH: StatementParser.with_statement,
    TRY: StatementParser.try_statement,
}
