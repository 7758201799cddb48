"""Type expressions: `Int`, `[T]`, `Map<K, V>`, `(A, B) -> R`, `A | B`."""

from __future__ import annotations

from wasmlathe.frontend.tova.parser_core import Cursor
from wasmlathe.frontend.tova.syntax import ArrayType, FunctionType, NamedType, TupleType, TypeExpr, UnionType
from wasmlathe.frontend.tova.tokens import (
    ARROW,
    BAR,
    COMMA,
    FIXED,
    GT,
    IDENT,
    LBRACKET,
    LPAREN,
    LT,
    NIL,
    RBRACKET,
    RPAREN,
    spelling,
)


class TypeParser(Cursor):
    """The layer of type expressions."""

    def type_expr(self) -> TypeExpr:
        """A type or a union of types."""
        first = self.single_type()
        if not self.at(BAR):
            return first
        options = [first]
        while self.accept(BAR):
            options.append(self.single_type())
        return UnionType(first.start, self.end(), options)

    def single_type(self) -> TypeExpr:
        start, kind = self.start(), self.kinds[self.pos]
        self.deeper()
        self.pos += 1
        if kind == IDENT:
            name = self.values[self.pos - 1]
            found: TypeExpr = NamedType(start, 0, name, self.type_arguments() if self.at(LT) else [])
        elif kind == LBRACKET:
            element = self.type_expr()
            self.expect(RBRACKET, "after the element type")
            found = ArrayType(start, 0, element)
        elif kind == LPAREN:
            found = self.parenthesized_type(start)
        elif kind == NIL:
            found = NamedType(start, 0, "Nil", [])
        else:
            self.pos -= 1
            raise self.unexpected("expected a type")
        found.end = self.end()
        self.depth -= 1
        return found

    def type_arguments(self) -> list[TypeExpr]:
        """`<A, B>`, at the `<`."""
        self.pos += 1
        found = [self.type_expr()]
        while self.accept(COMMA):
            found.append(self.type_expr())
        self.close_angle()
        return found

    def close_angle(self) -> None:
        """Skip one `>`, also as the first character of `>>`, `>=` and the like."""
        index = self.pos
        text = spelling(self.kinds[index])
        if text == ">":
            self.pos += 1
        elif text.startswith(">"):
            self.kinds[index] = FIXED[text[1:]]
            self.starts[index] += 1
        else:
            self.expect(GT, "after the type arguments")

    def parenthesized_type(self, start: int) -> TypeExpr:
        """`()`, `(A)`, `(A, B)`, `(A) -> R`, behind the `(`."""
        items: list[TypeExpr] = []
        if not self.at(RPAREN):
            items.append(self.type_expr())
            while self.separated(RPAREN, "in the type"):
                items.append(self.type_expr())
        self.expect(RPAREN, "in the type")
        if self.accept(ARROW):
            return FunctionType(start, 0, items, self.single_type())
        if len(items) == 1:
            return items[0]
        return TupleType(start, self.end(), items)

    def type_parameters(self) -> list[str]:
        """`<A, B>` of a declaration; empty if there are none."""
        if not self.accept(LT):
            return []
        names = [self.name("a type parameter")]
        while self.accept(COMMA):
            names.append(self.name("a type parameter"))
        self.close_angle()
        return names
