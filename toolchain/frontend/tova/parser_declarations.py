"""Declarations: functions, types, impl, trait, imports and exports, test and bench blocks."""

from __future__ import annotations

from collections.abc import Callable

from wasmlathe.frontend.tova.parser_core import Abandoned
from wasmlathe.frontend.tova.parser_statements import StatementParser
from wasmlathe.frontend.tova.syntax import (
    Bench,
    Decorator,
    Export,
    Expr,
    Field,
    FnDecl,
    Hook,
    Impl,
    Import,
    ImportItem,
    Pub,
    Stmt,
    Test,
    Trait,
    TypeAlias,
    TypeDecl,
    Variant,
)
from wasmlathe.frontend.tova.tokens import (
    ARROW,
    AS,
    ASSIGN,
    ASYNC,
    AT,
    COLON,
    COMMA,
    DEFAULT,
    DERIVE,
    EOF,
    EXPORT,
    EXTERN,
    FN,
    FOR,
    FROM,
    IDENT,
    IMPL,
    IMPORT,
    INT,
    INTERFACE,
    KEYWORDS,
    LBRACE,
    LBRACKET,
    LPAREN,
    PUB,
    RBRACE,
    RBRACKET,
    RPAREN,
    SEMI,
    STAR,
    STRING,
    TRAIT,
    TYPE,
)


class DeclarationParser(StatementParser):
    """The layer of declarations."""

    def statement(self) -> Stmt:
        handler = _DECLARATIONS.get(self.kinds[self.pos])
        return super().statement() if handler is None else handler(self)

    def word_statement(self, index: int) -> Callable[[], Stmt] | None:
        handler = _WORDS.get(self.values[index])
        if handler is None or index + 1 in self.line_starts:
            return super().word_statement(index)
        kind, is_hook = self.kinds[index + 1], self.values[index] in _HOOKS
        if kind == LBRACE or (kind == STRING and not is_hook) or self.values[index + 1] == "timeout":
            return lambda: handler(self)
        return None

    # --- functions ----------------------------------------------------------------------------------------------------

    def function_or_lambda(self) -> Stmt:
        """`fn name(...)` and `async fn name(...)` declare; without a name they are lambdas."""
        named = self.pos + (2 if self.at(ASYNC) else 1)
        if self.kinds[named - 1] == FN and self.kinds[named] != LPAREN:
            return self.function([], needs_body=True)
        return super().statement()

    def function(self, decorators: list[Decorator], needs_body: bool, is_method: bool = False) -> FnDecl:
        """A function or method, from `async` or `fn` on. Reserved words may name methods: they stand behind a dot."""
        start = decorators[0].start if decorators else self.start()
        is_async = self.accept(ASYNC)
        self.expect(FN, "to declare a function")
        name_start = self.start()
        name = self.method_name() if is_method else self.name("a function name")
        type_params = self.type_parameters()
        params = self.parameters()
        result = self.type_expr() if self.accept(ARROW) else None
        body, outer_yield = None, self.has_yield
        self.has_yield = False
        if needs_body or self.at(LBRACE):
            body = self.block(f"function `{name}`")
        is_generator, self.has_yield = self.has_yield, outer_yield
        return FnDecl(
            *(start, self.end(), name, name_start, type_params, params, result, body),
            *(is_async, is_generator, decorators),
        )

    def method_name(self) -> str:
        word = self.values[self.pos]
        if word in KEYWORDS and self.kinds[self.pos] == KEYWORDS[word]:
            self.pos += 1
            return str(word)
        return self.name("a method name")

    def decorated(self) -> Stmt:
        """`@name(args) fn ...`."""
        start, decorators = self.start(), list[Decorator]()
        while self.at(AT):
            at = self.start()
            self.pos += 1
            name = self.name("a decorator name")
            args: list[Expr] = self.arguments() if self.at(LPAREN) and self.same_line() else []
            decorators.append(Decorator(at, self.end(), name, args))
        is_public = self.at(PUB) or self.at(EXPORT)
        if is_public:
            self.pos += 1
        if not (self.at(FN) or self.at(ASYNC)):
            raise self.unexpected("expected a function after the decorator")
        made = self.function(decorators, needs_body=True)
        return Pub(start, made.end, made, False) if is_public else made

    def methods(self, owner: str, need_bodies: bool) -> list[FnDecl]:
        """`{ fn ... }` of an impl, trait or interface."""
        opener, found = self.expect(LBRACE, f"to open {owner}"), list[FnDecl]()
        self.deeper()
        while not self.accept(RBRACE):
            if self.accept(SEMI) or self.accept(COMMA):
                continue
            if self.at(EOF):
                self.report_unclosed(opener)
                break
            if not (self.at(FN) or self.at(ASYNC)):
                raise self.unexpected(f"expected `fn` or `}}` in {owner}")
            found.append(self.function([], need_bodies, is_method=True))
        self.depth -= 1
        return found

    def impl(self) -> Stmt:
        """`impl Type {...}`, `impl Trait for Type {...}`."""
        start = self.start()
        self.pos += 1
        trait_name, type_name = None, self.name("a type name after `impl`")
        self.type_parameters()
        if self.accept(FOR):
            trait_name, type_name = type_name, self.name("a type name after `for`")
            self.type_parameters()
        methods = self.methods("`impl`", need_bodies=True)
        return Impl(start, self.end(), type_name, trait_name, methods)

    def trait(self) -> Stmt:
        """`trait T {...}`, `interface T {...}`."""
        start, is_interface = self.start(), self.at(INTERFACE)
        self.pos += 1
        name = self.name("a name for the trait")
        self.type_parameters()
        methods = self.methods("the trait", need_bodies=False)
        return Trait(start, self.end(), name, methods, is_interface)

    # --- types --------------------------------------------------------------------------------------------------------

    def type_declaration(self) -> Stmt:
        """`type T {...}` or `type T = ...`."""
        start = self.start()
        self.pos += 1
        name, type_params = self.name("a type name"), self.type_parameters()
        if self.accept(ASSIGN):
            aliased = self.type_expr()
            conditions = self.refinement() if self.at_word("where") else []
            return TypeAlias(start, self.end(), name, type_params, aliased, conditions)
        opener = self.expect(LBRACE, "or `=` after the name of the type")
        fields, variants = list[Field](), list[Variant]()
        while not self.accept(RBRACE):
            if self.accept(COMMA) or self.accept(SEMI):
                continue
            if self.at(EOF):
                self.report_unclosed(opener)
                break
            self.member_declaration(fields, variants)
        derives = self.derives() if self.accept(DERIVE) else []
        return TypeDecl(start, self.end(), name, type_params, fields, variants, derives)

    def member_declaration(self, fields: list[Field], variants: list[Variant]) -> None:
        """One field or variant; a type has only one of both."""
        start, index, name = self.start(), self.pos, self.name("a field or variant")
        if self.accept(COLON):
            annotation = self.type_expr()
            fields.append(Field(start, self.end(), name, annotation))
        elif not self.at(LPAREN) and not name[0].isupper():
            raise self.unexpected(f"expected `:` and a type after the field `{name}`")
        else:
            variants.append(Variant(start, 0, name, self.payload() if self.at(LPAREN) else []))
            variants[-1].end = self.end()
        if fields and variants:
            raise self.error("E0010", "a type has either fields or variants, not both", index)

    def payload(self) -> list[Field]:
        """`(radius: Float, Expr, name)` of a variant."""
        self.pos += 1
        found: list[Field] = []
        more = not self.at(RPAREN)
        while more:
            found.append(self.payload_field())
            more = self.separated(RPAREN, "in the variant")
        self.expect(RPAREN, "after the fields of the variant")
        return found

    def payload_field(self) -> Field:
        start, name, annotation = self.start(), None, None
        is_word = self.at(IDENT) and not self.values[self.pos][0].isupper()
        if self.at(IDENT) and (self.kinds[self.pos + 1] == COLON or is_word):
            name = self.name("a field name")
            annotation = self.type_expr() if self.accept(COLON) else None
        else:
            annotation = self.type_expr()
        return Field(start, self.end(), name, annotation)

    def refinement(self) -> list[Expr]:
        """`where { conditions }`."""
        its = len(self.its)
        self.pos += 1
        self.expect(LBRACE, "after `where`")
        conditions: list[Expr] = []
        while not self.accept(RBRACE):
            if not (self.accept(COMMA) or self.accept(SEMI)):
                conditions.append(self.condition())
        del self.its[its:]
        return conditions

    def derives(self) -> list[str]:
        """`[Eq, Show]` behind `derive`."""
        self.expect(LBRACKET, "after `derive`")
        names: list[str] = []
        more = not self.at(RBRACKET)
        while more:
            names.append(self.name("a name to derive"))
            more = self.separated(RBRACKET, "in the list")
        self.expect(RBRACKET, "after the derived names")
        return names

    # --- modules ------------------------------------------------------------------------------------------------------

    def import_statement(self) -> Stmt:
        """The three forms of `import`."""
        start, items, default, namespace = self.start(), list[ImportItem](), None, None
        self.pos += 1
        if self.at(LBRACE):
            items = self.import_items()
        elif self.accept(STAR):
            self.expect(AS, "after `*`")
            namespace = self.name("a name after `as`")
        else:
            default = self.name("a name, `{` or `*` after `import`")
        self.expect(FROM, "in the import")
        path = self.string_value("with the path after `from`")
        return Import(start, self.end(), path, items, default, namespace)

    def import_items(self) -> list[ImportItem]:
        """`{a, b as c}`."""
        self.pos += 1
        found: list[ImportItem] = []
        more = not self.at(RBRACE)
        while more:
            start, name = self.start(), self.name("a name in the list")
            alias = self.alias(name)
            found.append(ImportItem(start, self.end(), name, alias))
            more = self.separated(RBRACE, "in the list")
        self.expect(RBRACE, "after the names")
        return found

    def alias(self, name: str) -> str:
        if not self.accept(AS):
            return name
        return "default" if self.accept(DEFAULT) else self.name("a name after `as`")

    def pub(self) -> Stmt:
        """`pub` and its synonym `export`."""
        start = self.start()
        self.pos += 1
        is_default = self.accept(DEFAULT)
        if self.at(PUB) or self.at(EXPORT) or self.at(DEFAULT):
            raise self.unexpected("expected a declaration after `pub`")
        if self.accept(STAR):
            self.expect(FROM, "after `*`")
            return Export(start, self.ends[self.pos], None, self.string_value("with the path after `from`"))
        if self.at(LBRACE) and self.kinds[self.partner.get(self.pos, self.pos) + 1] != ASSIGN and not is_default:
            items = self.import_items()
            path = self.string_value("with the path after `from`") if self.accept(FROM) else None
            return Export(start, self.end(), items, path)
        statement = self.statement()
        return Pub(start, statement.end, statement, is_default)

    def extern(self) -> Stmt:
        self.report("E0022", "`extern` declarations are not part of the language core")
        raise Abandoned

    # --- tests --------------------------------------------------------------------------------------------------------

    def test(self) -> Stmt:
        """`test "name" timeout=N {...}`."""
        start, name = self.start(), self.block_name()
        timeout = None
        if self.at_word("timeout"):
            self.pos += 1
            self.expect(ASSIGN, "after `timeout`")
            timeout = self.values[self.expect(INT, "for the timeout in milliseconds")]
        body = self.block("`test`")
        return Test(start, body.end, name, timeout, body)

    def bench(self) -> Stmt:
        """`bench "name" {...}`."""
        start, name = self.start(), self.block_name()
        body = self.block("`bench`")
        return Bench(start, body.end, name, body)

    def block_name(self) -> str | None:
        self.pos += 1
        return self.string_value("for the name") if self.at(STRING) else None

    def hook(self) -> Stmt:
        """`before_each {...}`, `after_each {...}`."""
        start, kind = self.start(), self.values[self.pos]
        self.pos += 1
        body = self.block(f"`{kind}`")
        return Hook(start, body.end, kind, body)


_DECLARATIONS: dict[int, Callable[[DeclarationParser], Stmt]] = {
    FN: DeclarationParser.function_or_lambda,
    ASYNC: DeclarationParser.function_or_lambda,
    AT: DeclarationParser.decorated,
    TYPE: DeclarationParser.type_declaration,
    IMPL: DeclarationParser.impl,
    TRAIT: DeclarationParser.trait,
    INTERFACE: DeclarationParser.trait,
    IMPORT: DeclarationParser.import_statement,
    PUB: DeclarationParser.pub,
    EXPORT: DeclarationParser.pub,
    EXTERN: DeclarationParser.extern,
}
_HOOKS = ("before_each", "after_each")
_WORDS: dict[str, Callable[[DeclarationParser], Stmt]] = {
    "test": DeclarationParser.test,
    "bench": DeclarationParser.bench,
    **dict.fromkeys(_HOOKS, DeclarationParser.hook),
}
