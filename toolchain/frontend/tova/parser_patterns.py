"""Patterns: of match arms, and the binding patterns of destructuring, parameters and loops.

In a match arm an upper case name tests a variant; in a binding pattern every name binds.
"""

from __future__ import annotations

from wasmlathe.frontend.tova.parser_types import TypeParser
from wasmlathe.frontend.tova.syntax import (
    ArrayPattern,
    BindPattern,
    BoolLit,
    Expr,
    FieldPattern,
    FloatLit,
    IntLit,
    LiteralPattern,
    NilLit,
    OrPattern,
    Pattern,
    PrefixPattern,
    RangePattern,
    RecordPattern,
    StrLit,
    TuplePattern,
    VariantPattern,
    WildcardPattern,
)
from wasmlathe.frontend.tova.tokens import (
    ASSIGN,
    BAR,
    COLON,
    DOT,
    DOTDOT,
    DOTDOT_EQ,
    ELLIPSIS,
    FALSE,
    FLOAT,
    IDENT,
    INT,
    KEYWORDS,
    LBRACE,
    LBRACKET,
    LPAREN,
    MINUS,
    NIL,
    PLUS,
    RBRACE,
    RBRACKET,
    RPAREN,
    STRING,
    TEXT_OPEN,
    TRUE,
)

INT_MIN_MAGNITUDE = 1 << 63


class PatternParser(TypeParser):
    """The layer of patterns."""

    def match_pattern(self) -> Pattern:
        """The pattern of a match arm, with alternatives."""
        first = self.single_pattern(binds=False)
        if not self.at(BAR):
            return first
        options = [first]
        while self.accept(BAR):
            options.append(self.single_pattern(binds=False))
        return OrPattern(first.start, self.end(), options)

    def binding_pattern(self) -> Pattern:
        """A pattern in which all names bind."""
        return self.single_pattern(binds=True)

    def single_pattern(self, binds: bool) -> Pattern:
        kind = self.kinds[self.pos]
        if kind == IDENT:
            return self.name_pattern(binds)
        self.deeper()
        if kind == LBRACKET:
            found: Pattern = self.array_pattern(binds)
        elif kind == LPAREN:
            found = self.tuple_pattern(binds)
        elif kind == LBRACE:
            found = self.record_pattern(binds)
        elif binds:
            raise self.unexpected("expected a name or a destructuring pattern")
        else:
            found = self.literal_pattern(kind)
        self.depth -= 1
        return found

    def name_pattern(self, binds: bool) -> Pattern:
        """`_`, a name to bind, or a variant."""
        start, name = self.start(), self.values[self.pos]
        self.pos += 1
        if name == "_":
            return WildcardPattern(start, self.end())
        if binds:
            return BindPattern(start, self.end(), name)
        qualifier = None
        if self.at(DOT):
            self.pos += 1
            qualifier, name = name, self.name("a variant name after `.`")
        if self.at(LPAREN):
            items = self.pattern_list(LPAREN, RPAREN, "in the pattern")
            return VariantPattern(start, self.end(), qualifier, name, items)
        if qualifier is not None or name[0].isupper():
            return VariantPattern(start, self.end(), qualifier, name, None)
        return BindPattern(start, self.end(), name)

    def pattern_list(self, opener: int, closer: int, where: str) -> list[Pattern]:
        """`(p, q)` of a variant or tuple."""
        self.expect(opener, where)
        items: list[Pattern] = []
        if not self.at(closer):
            items.append(self.match_pattern())
            while self.separated(closer, where):
                items.append(self.match_pattern())
        self.expect(closer, where)
        return items

    def tuple_pattern(self, binds: bool) -> Pattern:
        """`(p, q)`; a single pattern in parentheses is that pattern."""
        start = self.start()
        if binds:
            self.pos += 1
            items = [self.binding_pattern()]
            while self.separated(RPAREN, "in the pattern"):
                items.append(self.binding_pattern())
            self.expect(RPAREN, "in the pattern")
            return TuplePattern(start, self.end(), items)
        items = self.pattern_list(LPAREN, RPAREN, "in the pattern")
        return items[0] if len(items) == 1 else TuplePattern(start, self.end(), items)

    def array_pattern(self, binds: bool) -> ArrayPattern:
        """`[p, q, ...rest]`."""
        start, items, rest = self.start(), list[Pattern](), None
        self.pos += 1
        more = not self.at(RBRACKET)
        while more:
            if rest is not None:
                raise self.error("E0018", "the rest `...` must be the last element of the pattern")
            if self.accept(ELLIPSIS):
                at = self.start()
                rest = self.name_pattern(binds=True) if self.at(IDENT) else WildcardPattern(at, at)
            else:
                items.append(self.binding_pattern() if binds else self.match_pattern())
            more = self.separated(RBRACKET, "in the pattern")
        self.expect(RBRACKET, "in the pattern")
        return ArrayPattern(start, self.end(), items, rest)

    def record_pattern(self, binds: bool) -> RecordPattern:
        """`{a, b: p, c = 1}`; defaults only where all names bind."""
        start, fields = self.start(), list[FieldPattern]()
        self.pos += 1
        more = not self.at(RBRACE)
        while more:
            at, key = self.start(), self.field_name()
            if self.accept(COLON):
                pattern = self.binding_pattern() if binds else self.match_pattern()
            else:
                pattern = WildcardPattern(at, self.end()) if key == "_" else BindPattern(at, self.end(), key)
            default = self.expression() if binds and self.accept(ASSIGN) else None
            fields.append(FieldPattern(at, self.end(), key, pattern, default))
            more = self.separated(RBRACE, "in the pattern")
        self.expect(RBRACE, "in the pattern")
        return RecordPattern(start, self.end(), fields)

    def field_name(self) -> str:
        """The key of a field; a reserved word can be one only if a pattern follows."""
        if self.values[self.pos] in KEYWORDS and self.kinds[self.pos + 1] == COLON:
            self.pos += 1
            return str(self.values[self.pos - 1])
        return self.name("a field name")

    def literal_pattern(self, kind: int) -> Pattern:
        """A literal, number range or string prefix."""
        start = self.start()
        if kind in (INT, FLOAT, MINUS):
            low = self.number_pattern()
            if self.kinds[self.pos] in (DOTDOT, DOTDOT_EQ):
                inclusive = self.at(DOTDOT_EQ)
                self.pos += 1
                high = self.number_pattern()
                return RangePattern(start, self.end(), low, high, inclusive)
            return LiteralPattern(start, self.end(), low)
        if kind == STRING:
            return self.string_pattern(start)
        if kind == TEXT_OPEN:
            raise self.error(
                "E0018", "a pattern cannot be an interpolated string", None, "compare in a guard: `s if ...`"
            )
        self.pos += 1
        value: Expr
        if kind == NIL:
            value = NilLit(start, self.end())
        elif kind in (TRUE, FALSE):
            value = BoolLit(start, self.end(), kind == TRUE)
        else:
            self.pos -= 1
            raise self.unexpected("expected a pattern")
        return LiteralPattern(start, self.end(), value)

    def string_pattern(self, start: int) -> Pattern:
        """`"text"` or `"text" ++ rest`."""
        text = self.values[self.pos]
        self.pos += 1
        if not (self.at(PLUS) and self.kinds[self.pos + 1] == PLUS):
            return LiteralPattern(start, self.end(), StrLit(start, self.end(), text))
        self.pos += 2
        if not self.at(IDENT):
            raise self.unexpected("expected a name or `_` after `++`")
        return PrefixPattern(start, self.end(), text, self.name_pattern(binds=True))

    def number_pattern(self) -> IntLit | FloatLit:
        """A number with an optional minus."""
        start = self.start()
        negative = self.accept(MINUS)
        kind, value = self.kinds[self.pos], self.values[self.pos]
        if kind not in (INT, FLOAT):
            raise self.unexpected("expected a number in the pattern")
        if value == INT_MIN_MAGNITUDE and kind == INT and not negative:
            self.report("E0007", "integer literal does not fit into 64 bits")
        self.pos += 1
        value = -value if negative else value
        return IntLit(start, self.end(), value) if kind == INT else FloatLit(start, self.end(), value)
