"""What every part of the parser works with: the position in the tokens, expectations, errors and recovery.

The parser is one class in layers, each a module with one idea, each using only the layers below it and the few entries
declared here for the ones above:

    Cursor < TypeParser < PatternParser < ExpressionParser < StatementParser < DeclarationParser < Parser

An error is reported where it is found and then raised as `_Abandoned`; the nearest list of statements catches it, skips
to the start of the next statement and goes on.
"""

from __future__ import annotations

from wasmlathe.diagnostics import Diagnostics, SourceFile, Span
from wasmlathe.frontend.tova import syntax
from wasmlathe.frontend.tova.lexer import Tokens
from wasmlathe.frontend.tova.tokens import (
    BRACKET_LIMIT,
    COMMA,
    EOF,
    IDENT,
    INT,
    KEYWORDS,
    LBRACE,
    MINUS,
    RBRACE,
    SEMI,
    STRING,
    TEXT_OPEN,
    describe,
)

MAX_NESTING = 200  # of expressions and blocks in each other
MAX_CHAIN = 1_500  # operators or postfix forms in a row; their tree leans to one side and is as deep


class Abandoned(Exception):
    """The statement being parsed cannot be understood; the error is already reported."""


class StopParsing(Exception):
    """So many errors were found that the rest of the file is not looked at."""


class Cursor:
    """A position in the tokens of one file."""

    def __init__(self, source: SourceFile, tokens: Tokens, diagnostics: Diagnostics) -> None:
        self.source = source
        self.diagnostics = diagnostics
        self.kinds = tokens.kinds
        self.values = tokens.values
        self.starts = tokens.starts
        self.ends = tokens.ends
        self.line_starts = tokens.line_starts
        self.partner = tokens.partner
        self.pos = 0
        self.depth = 0  # nesting of expressions and blocks
        self.deepest = 0
        self.longest_chain = 0
        self.in_brackets = False  # between ( ) or [ ], where a line end cannot end a statement
        self.arrow_ends = False  # in a guard: `x =>` is the end of the guard, not a lambda
        self.has_yield = False  # the function being parsed is a generator
        self.its: list[int] = []  # token indices of free `it`s of the argument being parsed
        self.statement_start = 0  # index of the first token of the statement
        self.unclosed: set[int] = set()  # brackets that are reported as never closed
        self.end_reported = tokens.is_truncated  # that something is missing at the end of the file is known
        self.placeholders: list[int] = []  # token indices of `_`s no pipe has claimed yet

    # --- entries of the layers above ----------------------------------------------------------------------------------

    def expression(self, level: int = 0) -> syntax.Expr:
        """An expression of operators that bind tighter than `level`."""
        raise NotImplementedError

    def statement(self) -> syntax.Stmt:
        """Any statement or declaration."""
        raise NotImplementedError

    def block(self, owner: str) -> syntax.Block:
        """`{ statements }`; `owner` names what needs it in messages."""
        raise NotImplementedError

    # --- tokens -------------------------------------------------------------------------------------------------------

    def at(self, kind: int) -> bool:
        """Whether the next token is of this kind."""
        return self.kinds[self.pos] == kind

    def at_word(self, word: str) -> bool:
        """Whether the next token is this word that is a keyword only by position."""
        return self.kinds[self.pos] == IDENT and self.values[self.pos] == word

    def accept(self, kind: int) -> bool:
        """Skip the next token if it is of this kind."""
        if self.kinds[self.pos] == kind:
            self.pos += 1
            return True
        return False

    def expect(self, kind: int, where: str) -> int:
        """Skip a token of this kind and return its index; `where` completes "expected X ..." for the message."""
        index = self.pos
        if self.kinds[index] != kind:
            raise self.unclosed_bracket(kind) or self.unexpected(f"expected {describe(kind)} {where}")
        self.pos = index + 1
        return index

    def same_line(self) -> bool:
        """Whether the next token stands on the line of the one before it."""
        return self.pos not in self.line_starts

    def name(self, what: str) -> str:
        """Skip an identifier and return it; `what` says which name is expected."""
        index = self.pos
        if self.kinds[index] != IDENT:
            if self.values[index] in KEYWORDS and self.kinds[index] == KEYWORDS[self.values[index]]:
                raise self.error("E0026", f"expected {what}, but `{self.values[index]}` is a reserved word")
            raise self.unexpected(f"expected {what}")
        self.pos = index + 1
        name: str = self.values[index]
        return name

    def string_value(self, what: str) -> str:
        """Skip a string without interpolation and return its text."""
        text: str = self.values[self.expect(STRING, what)]
        return text

    def start(self) -> int:
        """Offset of the next token."""
        return self.starts[self.pos]

    def end(self) -> int:
        """Offset behind the last token."""
        return self.ends[self.pos - 1]

    def separated(self, closer: int, owner: str) -> bool:
        """In a comma separated list that ends with `closer`: skip a comma; True if another element follows."""
        kinds = self.kinds
        if kinds[self.pos] == COMMA:
            self.pos += 1
            return kinds[self.pos] != closer
        if kinds[self.pos] == closer:
            return False
        raise self.unclosed_bracket(closer) or self.unexpected(f"expected `,` or {describe(closer)} {owner}")

    # --- errors -------------------------------------------------------------------------------------------------------

    def report(self, code: str, message: str, index: int | None = None, hint: str | None = None) -> None:
        """Report an error at a token, by default the next one."""
        index = self.pos if index is None else index
        self.report_at(code, message, self.starts[index], self.ends[index], hint)

    def report_at(self, code: str, message: str, start: int, end: int, hint: str | None = None) -> None:
        """Report an error at the characters `start` to `end`."""
        self.diagnostics.error(code, message, Span(self.source, start, end), hint)
        if self.diagnostics.is_full:
            raise StopParsing

    def report_node(self, code: str, message: str, node: syntax.Node, hint: str | None = None) -> None:
        """Report an error at a part of the tree."""
        self.report_at(code, message, node.start, node.end, hint)

    def error(self, code: str, message: str, index: int | None = None, hint: str | None = None) -> Abandoned:
        """Report an error and return the exception that abandons the statement."""
        self.report(code, message, index, hint)
        return Abandoned()

    def error_at(self, code: str, message: str, start: int, end: int, hint: str | None = None) -> Abandoned:
        """Like `error`, for the characters `start` to `end`."""
        self.report_at(code, message, start, end, hint)
        return Abandoned()

    def unexpected(self, message: str, hint: str | None = None, code: str = "E0010") -> Abandoned:
        """Like `error`, for a token that does not fit; the message is completed with what was found.

        A token that is the first of its line is not what is wrong: something is missing on the line before.
        """
        if self.is_known_end():
            return Abandoned()
        if self.same_line() or self.pos in (0, self.statement_start):
            return self.error(code, f"{message}, found {self.found()}", None, hint)
        what = "the end of the file" if self.at(EOF) else "the end of the line"
        end = self.end()
        return self.error_at(code, f"{message}, found {what}", end, end + 1, hint)

    def unclosed_bracket(self, closer: int) -> Abandoned | None:
        """When `closer` is missing: the report of the bracket that lacks it, if there is one."""
        if closer >= BRACKET_LIMIT or not closer & 1:
            return None
        if self.is_known_end():
            return Abandoned()
        for index in range(self.pos - 1, max(self.pos - 10_000, -1), -1):
            if self.kinds[index] == closer - 1 and index not in self.partner:
                if index in self.unclosed:
                    return None
                self.unclosed.add(index)
                return self.error("E0011", f"this {describe(closer - 1)} is never closed", index)
        return None

    def is_known_end(self) -> bool:
        """Whether this is the end of the file, and not for the first time: what is missing there is a consequence."""
        if not self.at(EOF):
            return False
        known, self.end_reported = self.end_reported, True
        return known

    def found(self) -> str:
        """The next token as messages show it."""
        kind, value = self.kinds[self.pos], self.values[self.pos]
        if kind in (IDENT, INT):
            return f"`{value}`"
        return "an interpolated string" if kind == TEXT_OPEN else describe(kind)

    def deeper(self) -> None:
        """Enter one more level of nesting; the caller leaves it by decrementing `depth`."""
        self.depth += 1
        if self.depth > self.deepest:
            if self.depth > MAX_NESTING:
                raise self.error("E0012", f"nested more than {MAX_NESTING} levels deep", None, _NESTING_HINT)
            self.deepest = self.depth

    def recover(self, first: int) -> None:
        """After an error in the statement that starts at token `first`: skip to the start of the next statement.

        Brackets are skipped as a whole, so that the inside of a broken statement is not taken for statements.
        """
        kinds, error_at, index = self.kinds, self.pos, first
        while kinds[index] != EOF:
            kind, is_behind = kinds[index], index >= error_at
            if kind == RBRACE and is_behind:
                break
            if is_behind and index > first and (kind == SEMI or self.opens_statement(index)):
                break
            if kind == LBRACE and is_behind and index not in self.partner:
                index = len(kinds) - 3  # a block that is never closed: nothing behind it can be trusted
                break
            if kind < BRACKET_LIMIT:
                index = self.partner.get(index, index)
            index += 1
        self.pos = index if kinds[first] == EOF else max(index, first + 1)

    def opens_statement(self, index: int) -> bool:
        """Whether the token is the first of its line and does not continue the line before."""
        return index in self.line_starts and self.kinds[index] not in _CONTINUES


# Operators: a line that starts with one belongs to the line before.
_CONTINUES = frozenset(range(BRACKET_LIMIT, IDENT)) - {*KEYWORDS.values(), MINUS}
_NESTING_HINT = "split it: give inner parts names, or move them into functions"
