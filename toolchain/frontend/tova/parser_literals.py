"""Literals with parts: arrays, records, tuples, interpolated strings, comprehensions."""

from __future__ import annotations

from wasmlathe.frontend.tova.parser_patterns import PatternParser
from wasmlathe.frontend.tova.syntax import (
    ArrayComp,
    ArrayLit,
    Expr,
    ForClause,
    Name,
    Pattern,
    Property,
    RecordComp,
    RecordLit,
    Spread,
    StrLit,
    Template,
    TupleLit,
)
from wasmlathe.frontend.tova.tokens import (
    ASSIGN,
    COLON,
    COMMA,
    ELLIPSIS,
    FLOAT,
    FOR,
    IDENT,
    IF,
    IN,
    INT,
    KEYWORDS,
    LBRACKET,
    RBRACE,
    RBRACKET,
    RPAREN,
    STRING,
    TEXT,
    TEXT_CLOSE,
    TEXT_OPEN,
)


class LiteralParser(PatternParser):
    """The layer of composite literals."""

    def spread_or_expression(self) -> Expr:
        if not self.at(ELLIPSIS):
            return self.expression()
        start = self.start()
        self.pos += 1
        value = self.expression()
        return Spread(start, value.end, value)

    def array(self) -> Expr:
        """`[...]`: an array or an array comprehension."""
        start, outer = self.start(), (self.in_brackets, self.arrow_ends)
        self.in_brackets, self.arrow_ends = True, False
        self.pos += 1
        items: list[Expr] = []
        if not self.at(RBRACKET):
            items.append(self.spread_or_expression())
            if self.at(FOR):
                clauses = self.for_clauses()
                self.expect(RBRACKET, "after the comprehension")
                self.in_brackets, self.arrow_ends = outer
                return ArrayComp(start, self.end(), items[0], clauses)
            while self.separated(RBRACKET, "in the array"):
                items.append(self.spread_or_expression())
        self.expect(RBRACKET, "after the array")
        self.in_brackets, self.arrow_ends = outer
        return ArrayLit(start, self.end(), items)

    def parenthesized(self) -> Expr:
        """`(e)` is `e`; `(a, b)` and `(a,)` are tuples."""
        start, outer = self.start(), (self.in_brackets, self.arrow_ends)
        self.in_brackets, self.arrow_ends = True, False
        self.pos += 1
        if self.at(RPAREN):
            raise self.unexpected("expected an expression in the parentheses", "there is no empty tuple; use `nil`")
        value = self.expression()
        if self.at(COMMA):
            items = [value]
            while self.separated(RPAREN, "in the tuple"):
                items.append(self.expression())
            value = TupleLit(start, 0, items)
        elif self.at(ASSIGN):
            raise self.misplaced_assignment()
        self.expect(RPAREN, "after the expression")
        self.in_brackets, self.arrow_ends = outer
        if type(value) is TupleLit and not value.end:
            value.end = self.end()
        return value

    def misplaced_assignment(self) -> Exception:
        return self.error("E0021", "an assignment is not a value", None, "to compare, write `==`")

    def template(self) -> Expr:
        """An interpolated string."""
        start, outer = self.start(), (self.in_brackets, self.arrow_ends)
        self.in_brackets, self.arrow_ends = True, False
        self.pos += 1
        parts: list[str | Expr] = []
        while True:
            if not self.at(TEXT):
                raise self.unexpected("expected `}` after the interpolated value")
            if self.values[self.pos]:
                parts.append(self.values[self.pos])
            self.pos += 1
            if self.accept(TEXT_CLOSE):
                break
            parts.append(self.expression())
        self.in_brackets, self.arrow_ends = outer
        return Template(start, self.end(), parts)

    # --- records ------------------------------------------------------------------------------------------------------

    def record(self) -> Expr:
        """`{...}`: a record or a record comprehension."""
        start, outer = self.start(), (self.in_brackets, self.arrow_ends)
        self.in_brackets, self.arrow_ends = True, False
        self.pos += 1
        entries: list[Property | Spread] = []
        more = not self.at(RBRACE)
        while more:
            entry = self.record_entry()
            if isinstance(entry, RecordComp):
                if entries:
                    raise self.error("E0010", "a comprehension cannot follow other entries of a record")
                self.expect(RBRACE, "after the comprehension")
                entry.start, entry.end = start, self.end()
                self.in_brackets, self.arrow_ends = outer
                return entry
            entries.append(entry)
            more = self.separated(RBRACE, "in the record")
        self.expect(RBRACE, "after the record")
        self.in_brackets, self.arrow_ends = outer
        return RecordLit(start, self.end(), entries)

    def record_entry(self) -> Property | Spread | RecordComp:
        """`...e`, `key: value`, shorthand, or `key: value for ...`."""
        start, index = self.start(), self.pos
        kind, value = self.kinds[index], self.values[index]
        if kind == ELLIPSIS:
            self.pos += 1
            spread = self.expression()
            return Spread(start, spread.end, spread)
        if self.kinds[index + 1] == COLON and (kind in (STRING, INT, FLOAT, IDENT) or value in KEYWORDS):
            self.pos += 2
            return self.property(start, str(value), self.key_expression(index))
        if kind == IDENT and self.kinds[index + 1] in (COMMA, RBRACE):
            self.pos += 1
            return Property(start, self.end(), value, Name(start, self.end(), value))
        if kind == LBRACKET or kind == TEXT_OPEN:
            key = self.computed_key()
            self.expect(COLON, "after the key")
            return self.property(start, key, key)
        key = self.expression()
        if not self.at(COLON):
            hint = "write `key: value`; there are no free-standing blocks, so `{` opens a record here"
            raise self.unexpected("expected `:` after the key", hint)
        self.pos += 1
        entry = self.property(start, key, key)
        if isinstance(entry, Property):
            self.report_node("E0010", "a computed key must be in brackets", key, "write `[key]: value`")
        return entry

    def key_expression(self, index: int) -> Expr | None:
        """What the key token means if it turns out to be the key of a comprehension."""
        start, end = self.starts[index], self.ends[index]
        if self.kinds[index] == IDENT:
            return Name(start, end, self.values[index])
        return StrLit(start, end, str(self.values[index]))

    def computed_key(self) -> Expr:
        if self.at(TEXT_OPEN):
            return self.template()
        self.pos += 1
        key = self.expression()
        self.expect(RBRACKET, "after the computed key")
        return key

    def property(self, start: int, key: str | Expr, comprehension_key: Expr | None) -> Property | RecordComp:
        """The value behind `key:`, and what makes it a comprehension."""
        value = self.expression()
        if self.at(FOR) and comprehension_key is not None:
            return RecordComp(start, 0, comprehension_key, value, self.for_clauses())
        return Property(start, value.end, key, value)

    # --- comprehensions -----------------------------------------------------------------------------------------------

    def for_clauses(self) -> list[ForClause]:
        """`for x in xs [if c]`, at the `for`, once or several times."""
        clauses = []
        while self.at(FOR):
            start = self.start()
            self.pos += 1
            targets = self.loop_targets()
            self.expect(IN, "after the loop variable")
            source = self.expression()
            condition = self.expression() if self.accept(IF) else None
            clauses.append(ForClause(start, self.end(), targets, source, condition))
        return clauses

    def loop_targets(self) -> list[Pattern]:
        """`x`, `k, v`, `[a, b]`, `{a, b}` of a loop."""
        targets = [self.binding_pattern()]
        if self.accept(COMMA):
            targets.append(self.binding_pattern())
        if self.at(COMMA):
            raise self.error(
                "E0025", "a loop has at most two variables", None, "take the element apart: `for [a, b, c] in`"
            )
        return targets
